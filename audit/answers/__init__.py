"""From the bytes of a response to rows: strict JSON, kinds of responses, drift, and unusable rows.

Nothing here contacts the cloud.

Imports history and records.
"""
