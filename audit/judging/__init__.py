"""How subjects are judged: findings, the profile's rules per subject, the evaluation, and the mapping to standards.

The controls themselves are in the room above.

Imports history, records, schedule and subjects.
"""
