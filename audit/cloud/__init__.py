"""Whatever is asked of Huawei Cloud: HTTP, signing in, CBR, FunctionGraph, and what IAM must allow.

Imports answers and what is below it; knows nothing of judging and reports.
"""
