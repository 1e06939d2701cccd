"""Generators of files in this repository: schemas of API pages, the published schemas, docs/controls.md.

The function does not contain them; only `make` and `cbr-audit schemas derive` use them.

Imports app, controls, evidence, fleet, judging, profile, report, subjects and watch.
"""
