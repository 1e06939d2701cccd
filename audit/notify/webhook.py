"""A webhook: the change as JSON (schemas/webhook/v1.json), signed so that the receiver can check who sent it.

The signature is HMAC-SHA256 with the shared secret over the timestamp, a dot and the body; docs/deploy.md shows how to
check it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
import requests

from audit import __version__
from audit.notify.change import ChangedReport, ProblemJson

SCHEMA_VERSION: Final = 1
TIMESTAMP: Final = "X-Cbr-Audit-Timestamp"
SIGNATURE: Final = "X-Cbr-Audit-Signature"
MOST_PROBLEMS: Final = 200


def call(url: str, secret: str, content: Mapping[str, Any], now: datetime) -> requests.Request:
    """Return the request that sends JSON; without a secret it is not signed."""
    body = orjson.dumps(content)
    timestamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json", "User-Agent": f"cbr-audit/{__version__}", TIMESTAMP: timestamp}
    if secret:
        headers[SIGNATURE] = f"sha256={signature(secret, timestamp, body)}"
    return requests.Request("POST", url, data=body, headers=headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature that a receiver must expect."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def content(change: ChangedReport, report_url: str) -> Mapping[str, Any]:
    """Return what a program is told of a change."""
    report = change.report
    problems = [
        *(_problem(problem, new=True) for problem in change.new),
        *(_problem(problem, new=False, compared=False) for problem in change.unlike),
        *(_problem(problem, new=False) for problem in change.known),
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "run": {name: report["run"][name] for name in ("id", "as_of", "project_id", "region", "profile_changes")},
        "conclusion": report["conclusion"],
        "conclusion_before": change.before.conclusion if change.before else None,
        "complete": report["collection"]["complete"],
        "resources": report["summary"]["resources"],
        "resources_failing": report["summary"]["resources_failing"],
        "problems_count": len(report["problems"]),
        "problems": problems[:MOST_PROBLEMS],
        "ended": [{"kind": ended.kind, "name": ended.name, "controls": list(ended.controls)} for ended in change.ended],
        "report": report_url,
    }


def _problem(problem: ProblemJson, *, new: bool, compared: bool = True) -> Mapping[str, Any]:
    return {**problem, "new": new, "compared": compared}
