"""How subjects are judged: findings, what is demanded of whom, the evaluation, and what standards make of it.

Imports subjects and what is below them; the controls themselves stand above it.
"""
