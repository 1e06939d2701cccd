"""What is kept, and how it is proven: stores, the chain of digests, publishing, verifying, reading what a run left.

Imports reports, judging and the cloud's HTTP; knows nothing of how an audit is put together.
"""
