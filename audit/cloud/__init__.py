"""The Huawei Cloud client: HTTP, signing in, CBR, CTS, FunctionGraph, and the permissions needed in IAM.

It knows nothing of judging and reports.

Imports answers and records.
"""
