"""What is kept, and how it is proven: stores, the chain of digests, publishing, verifying, reading what a run left.

It knows nothing of how an audit is put together.

Imports answers, cloud, history, records, report and subjects.
"""
