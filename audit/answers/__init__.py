"""From the bytes of an answer to rows: strict JSON, kinds of answers, drift, and rows that cannot be used.

Imports history, records and the ground; nothing here asks the cloud.
"""
