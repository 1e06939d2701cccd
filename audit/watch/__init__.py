"""The watch: a trace of Cloud Trace Service starts a small audit of what was just done.

An event is a hint only: anyone who may start the function can write one. Evidence is what the cloud answers when asked.

Imports answers, app, evidence, history, judging, notify, profile, records, report and subjects.
"""
