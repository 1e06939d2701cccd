"""From the bytes of an answer to rows: strict JSON, kinds of answers, drift, and rows that cannot be used.

Nothing here asks the cloud.

Imports history and records.
"""
