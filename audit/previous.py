"""What the last run of a project knew, so that this one can say what is new."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.collection import Drift, instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The last run of a project, as far as this one compares itself with it.

    Attributes:
        run: its id; None where there is none that can be used.
        as_of: its time of judgement.
        trouble: why it cannot be used; None where it can, or where there is none.
        drift: each kind of drift that it saw, by list, path and problem, and the time of the run that saw it first.
    """

    run: str | None = None
    as_of: datetime | None = None
    trouble: str | None = None
    drift: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)

    def knows(self, drift: Drift) -> bool:
        """Whether the last run saw this kind of drift, too."""
        return _key(drift) in self.drift

    def first_seen(self, drift: Drift, now: datetime) -> datetime:
        """Say when a kind of drift was seen first; what the last run did not see is seen first now."""
        return self.drift.get(_key(drift), now)


def recall(report: Mapping[str, Any]) -> Previous:
    """Take what is compared out of the report.json of a run.

    Raises:
        ValueError: it is not such a report.
    """
    try:
        run = report["run"]
        seen = report["collection"]["drift"]
        return Previous(
            run=str(run["id"]),
            as_of=instant(run["as_of"]),
            drift={
                (each["kind"], each["path"], each["problem"]): instant(each.get("since", run["as_of"])) for each in seen
            },
        )
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError("not a report of this version") from error


def _key(drift: Drift) -> tuple[str, str, str]:
    return drift.kind, drift.path, drift.problem
