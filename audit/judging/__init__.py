"""How subjects are judged: findings, what is demanded of whom, the evaluation, and what standards make of it.

The controls themselves stand above it.

Imports records, schedule and subjects.
"""
