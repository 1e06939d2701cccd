"""Reports as report.json has them, as far as messages read them."""

from copy import deepcopy
from typing import Any

PROBLEM: dict[str, Any] = {
    "subject": {"kind": "resource", "id": "r1", "name": "db-1"},
    "severity": "high",
    "control": "CBR-101",
    "reason": "no successful backup within the limit",
    "since": "2026-11-20T11:00:00Z",
    "or_earlier": False,
    "task": None,
    "error": "BackupService.6114",
    "todo": "The vault is full: enlarge it.",
    "also": [],
    "explains": [],
}


def a_problem(name: str = "db-1", **changes: Any) -> dict[str, Any]:
    return {**deepcopy(PROBLEM), "subject": {"kind": "resource", "id": f"id-of-{name}", "name": name}, **changes}


def a_report(*problems: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "run": {
            "id": "20261123T120000Z-0123456789ab",
            "as_of": "2026-11-23T12:00:00Z",
            "project_id": "p1",
            "region": "r1",
            "profile_changes": [],
            "what_if": False,
        },
        "conclusion": "non_compliant" if problems else "compliant",
        "collection": {"complete": True, "gaps": []},
        "summary": {"resources": 4, "resources_failing": len(problems), "waived": 0, "controls_left_out": []},
        "problems": list(problems),
        "controls": [],
        "changes": None,
        **changes,
    }
