"""Behaviour that no document defines, so the service may do either."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from audit.simulator import parameters
from audit.simulator.messages import Row
from audit.simulator.task_log import instant

_PROJECT = "enterprise_project_id"
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class Quirks:
    """The undocumented behaviour of the service; each switch may be changed at any time.

    Attributes:
        open_tasks_have_no_end: whether open tasks are missing from lists with ``end_time``.
        knows_enterprise_projects: whether lists accept an enterprise project; otherwise the parameter is refused.
        shows_default_project: whether a list without an enterprise project shows only the default one.
        selects_by: the time that ``start_time`` and ``end_time`` are compared with; if empty, they are ignored.
        ends_are_within: whether the two themselves are within.
        counts: what the count of a list counts.
        most_rows: the number of rows that a page of tasks or backups can have.
        tells_most_rows: whether such a page says so; otherwise, it repeats the limit that was requested.
        hours_ahead: how much later than in UTC the clock shows by which the times of a request are read.
    """

    open_tasks_have_no_end: bool = False
    knows_enterprise_projects: bool = True
    shows_default_project: bool = False
    selects_by: str = "created_at"
    ends_are_within: bool = True
    counts: Literal["what is selected", "the page", "everything"] = "what is selected"
    most_rows: int = parameters.MOST_ROWS
    tells_most_rows: bool = True
    hours_ahead: int = 0

    def read(self, query: str, readers: Mapping[str, parameters.Reader], *, repeatable: str = "") -> dict[str, object]:
        """Read the query of a list that accepts an enterprise project."""
        known = {name: reader for name, reader in readers.items() if self.knows_enterprise_projects or name != _PROJECT}
        asked = parameters.read(query, known, repeatable=repeatable)
        return {_PROJECT: "0", **asked} if self.shows_default_project else asked

    @property
    def selects_as_usual(self) -> bool:
        """Whether lists select by the time of creation, with both ends."""
        return self.selects_by == "created_at" and self.ends_are_within and not self.hours_ahead

    def selects(self, row: Row, start: datetime | None, end: datetime | None) -> bool:
        """Whether a row belongs to the list of a time; one whose time cannot be read is older than any."""
        if not self.selects_by or (start is None and end is None):
            return True
        try:
            moment = instant(datetime.fromisoformat(row[self.selects_by]))
        except (KeyError, TypeError, ValueError):
            moment = 0
        moment += instant(_EPOCH + timedelta(hours=self.hours_ahead))
        inside = 0 if self.ends_are_within else 1
        return (start is None or moment >= instant(start) + inside) and (end is None or moment <= instant(end) - inside)

    def stated_limit(self, asked: Mapping[str, object], limit: int) -> int:
        """Return the limit that a page states of which it can have as many rows."""
        return limit if self.tells_most_rows else int(str(asked.get("limit", limit)))

    def counted(self, *, selected: int, page: int, everything: int) -> int:
        """Return the count that a list states."""
        return {"what is selected": selected, "the page": page, "everything": everything}[self.counts]
