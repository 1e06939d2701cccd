"""Builders of changes: each test changes the one field that it is about."""

from typing import Any

from audit.judging.findings import Outcome, Severity
from audit.records import Actor
from audit.watch.change_forms import ChangeReport, FormerReport, TraceForm, Unprotected
from audit.watch.undo import UNDO
from tests.builders import NOW, a_trace

EVE = Actor(name="eve", id="user-1", account="acme", access_key_id="AK1", source_ip="192.0.2.7")
WEB = Unprotected(id="server-1", name="web-1", type="OS::Nova::Server", vaults=("blue",), lacks="vault")


def a_change(trace: Any = None, **changes: Any) -> ChangeReport:
    trace = trace or a_trace(actor=EVE)
    values: dict[str, Any] = {
        "tool_version": "0.3.0",
        "project_id": "project-1",
        "region": "eu-west-101",
        "judged_at": NOW,
        "profile_sha256": "0" * 64,
        "trace": TraceForm.of(trace),
        "outcome": Outcome.FAIL,
        "severity": Severity.HIGH,
        "reason": "protection was taken away by somebody whom the profile does not trust",
        "recent": 0,
        "unprotected": (WEB,),
        "unread": (),
        "doubts": (),
        "undo": UNDO[trace.deed],
        "compared_with": FormerReport(run="run-1", as_of="2026-11-23T00:00:00Z", sha256="1" * 64),
    }
    return ChangeReport(**(values | changes))
