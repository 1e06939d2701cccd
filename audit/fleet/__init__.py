"""Many accounts, regions and projects in one audit: a plan, an ordinary audit of each target, and a roll-up.

The plan is stored before anything is audited, and the roll-up is judged against it: what was never looked at is named.
A plan comes from the fleet's file and from what Organizations and IAM say.

Imports app, cloud, evidence, judging, notify, profile, report and subjects.
"""
