"""What a published report passes on to the next run: what it saw of policies and resources, and since when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.collection import Kind, instant
from audit.subjects import Memory


def memory_of(report: Mapping[str, Any]) -> Memory:
    """Read a report.json as the memory of the run that wrote it.

    Raises:
        LookupError, TypeError, ValueError: the report is damaged, or another version of cbr-audit wrote it.
    """
    complete = {part["kind"] for part in report["collection"]["readings"] if part["complete"]}
    complete -= {row["kind"] for row in report["collection"]["rejected_rows"]}
    return Memory(
        run=report["run"]["id"],
        until=instant(report["run"]["window"]["until"]),
        policies={part["id"]: (part["mark"], _moment(part["known_since"])) for part in report["policies"]},
        resources={
            part["id"]: (tuple(part["follows"] or ()), _moment(part["known_since"]))
            for part in report["resources"]
            if part["vaults"]
        },
        taken={part["id"]: tuple(map(int, part.get("taken_mb", ()))) for part in report["resources"]},
        policies_complete=Kind.POLICIES in complete,
        vaults_complete=Kind.VAULTS in complete,
    )


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text is not None else None
