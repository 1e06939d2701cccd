"""One audit put together: what is asked, what it needs of the world, and the steps of a run; also doctor and replay.

Only commands and the function import it.

Imports answers, cloud, evidence, judging, notify, profile, records, report and subjects.
"""
