"""Stored evidence and its proof: stores, the chain of digests, publishing, verifying, and reading earlier runs.

It knows nothing of how an audit is put together.

Imports answers, cloud, history, records, report and subjects.
"""
