"""What writes files of this repository: schemas of the API's pages, the published schemas, docs/controls.md.

The function ships nothing of it; only `make` and `cbr-audit schemas derive` use it.

Imports app, controls, evidence, judging, profile, report and subjects.
"""
