"""Whatever is asked of Huawei Cloud: HTTP, signing in, CBR, FunctionGraph, and what IAM must allow.

It knows nothing of judging and reports.

Imports answers and records.
"""
