"""When backups are due: recurrence rules, maintenance windows, and how planned runs meet tasks.

Imports history and records.
"""
