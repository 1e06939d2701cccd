"""Many accounts, regions and projects in one audit: a plan, an ordinary audit of each target, and a roll-up.

The plan is stored before anything is audited, and the roll-up is judged against it: what was never looked at is named.

Imports app, evidence, judging, profile, report and subjects.
"""
