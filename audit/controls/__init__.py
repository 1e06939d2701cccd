"""The controls, one file each, in order of id. The table that lists them is ``audit/judging/control_catalogue.py``.

Imports history, judging, records and subjects.
"""

from importlib import import_module
from typing import Any, Final

from audit.judging.control_catalogue import NAMES
from audit.judging.findings import Control, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, Subject, SubjectKind

__all__ = [
    "CONTROLS",
    "Control",
    "Limits",
    "Outcome",
    "Severity",
    "Subject",
    "SubjectKind",
    "Verdict",
    "failed",
    "not_applicable",
    "passed",
    "unknown",
]


def module_of(control_id: str, name: str) -> str:
    """Name the module of a control: CBR-101 recent-backup is cbr_101_recent_backup."""
    return f"{__name__}.{control_id}_{name}".lower().replace("-", "_")


CONTROLS: Final[tuple[Control[Any], ...]] = tuple(
    import_module(module_of(control_id, name)).CONTROL for control_id, name in NAMES.items()
)
