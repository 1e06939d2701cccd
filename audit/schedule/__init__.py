"""When backups are due: recurrence rules, maintenance windows, and the matching of planned runs with tasks.

Imports history and records.
"""
