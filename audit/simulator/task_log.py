"""The task log as the service keeps it: newest first, filtered, paged, and safe to change during a walk."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, Final

from audit.simulator.messages import Row

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_VIEWS: Final = 64
Criteria = tuple[tuple[str, str], ...]
ENDED: Final = ("has_ended", "yes")


def instant(moment: datetime) -> int:
    """Return microseconds since the epoch; a time without a zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - _EPOCH) // _MICROSECOND


@dataclass(slots=True)
class _Entry:
    """A row and its sort key; its text is made once, when it is first delivered."""

    row: Row
    hidden: bool
    place: tuple[int, str]
    text: bytes = b""

    def delivered(self) -> bytes:
        if not self.text:
            self.text = json.dumps(self.row).encode()
        return self.text


@dataclass(frozen=True, slots=True)
class _View:
    """The entries that match some criteria, in order, with their keys for searching."""

    entries: list[_Entry]
    places: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of rows, ready to be sent, and the total number of rows."""

    rows: list[bytes]
    count: int


@dataclass(slots=True)
class TaskLog:
    """A log that can be read in pages and changed at any time.

    A hidden task is counted and has a place in a page, but is never delivered. A row with an invalid ``created_at``
    comes last.
    """

    rows: Iterable[Row]
    hidden: frozenset[str] = frozenset()
    enterprise_projects: Mapping[str, str] = field(default_factory=dict)
    _entries: dict[str, _Entry] = field(init=False)
    _views: dict[Criteria, _View] = field(init=False, default_factory=dict)
    _lock: RLock = field(init=False, default_factory=RLock)

    def __post_init__(self) -> None:
        self._entries = {row["id"]: self._entry(row) for row in self.rows}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Row]:
        """Yield the current rows, including hidden ones, newest first."""
        return iter([entry.row for entry in self._view(()).entries])

    def add(self, row: Row) -> None:
        """Add a new task; its id must be new."""
        with self._lock:
            if row["id"] in self._entries:
                raise KeyError(row["id"])
            self._put(row)

    def replace(self, row: Row) -> None:
        """Replace the task with the same id."""
        with self._lock:
            self._entries[row["id"]]  # an unknown id is an error
            self._put(row)

    def remove(self, task_id: str) -> None:
        """Remove a task."""
        with self._lock:
            del self._entries[task_id]
            self._views.clear()

    def find(self, task_id: str) -> Row | None:
        """Return one task, unless it is unknown or hidden."""
        entry = self._entries.get(task_id)
        return None if entry is None or entry.hidden else entry.row

    def page(
        self, criteria: Criteria, *, start: datetime | None, end: datetime | None, limit: int, offset: int
    ) -> LogPage:
        """Return a page of the tasks that match the criteria and were created from ``start`` to ``end``, inclusive."""
        view = self._view(criteria)
        first = 0 if end is None else bisect_left(view.places, (-instant(end), ""))
        last = len(view.places) if start is None else bisect_right(view.places, (-instant(start), "\U0010ffff"))
        chosen = view.entries[first + offset : min(last, first + offset + limit)]
        rows = [entry.delivered() for entry in chosen if not entry.hidden]
        return LogPage(rows, max(0, last - first))

    def chosen(self, criteria: Criteria, fits: Callable[[Row], bool], *, limit: int, offset: int) -> LogPage:
        """Return a page of the tasks that match the criteria and fit in another way, too."""
        entries = [entry for entry in self._view(criteria).entries if fits(entry.row)]
        page = entries[offset : offset + limit]
        return LogPage([entry.delivered() for entry in page if not entry.hidden], len(entries))

    def _entry(self, row: Row) -> _Entry:
        try:
            created = instant(datetime.fromisoformat(row["created_at"]))
        except (KeyError, TypeError, ValueError):
            created = 0
        return _Entry(row, row["id"] in self.hidden, (-created, row["id"]))

    def _put(self, row: Row) -> None:
        self._entries[row["id"]] = self._entry(row)
        self._views.clear()

    def _view(self, criteria: Criteria) -> _View:
        """Cache what matches the criteria until the log changes."""
        with self._lock:
            if criteria not in self._views:
                if len(self._views) >= _MOST_VIEWS:
                    self._views.clear()
                self._views[criteria] = self._choose(criteria)
            return self._views[criteria]

    def _choose(self, criteria: Criteria) -> _View:
        if not criteria:
            entries = sorted(self._entries.values(), key=lambda entry: entry.place)
        else:
            entries = [entry for entry in self._view(()).entries if self._fits(entry.row, criteria)]
        return _View(entries, [entry.place for entry in entries])

    def _fits(self, row: Row, criteria: Criteria) -> bool:
        return all(self._meets(row, name, wanted) for name, wanted in criteria)

    def _meets(self, row: Row, name: str, wanted: str) -> bool:
        if name == "enterprise_project_id":
            # A task does not state it: that of its vault counts, or else the default project.
            return self.enterprise_projects.get(row.get("vault_id") or "", "0") == wanted
        if name == "vault_name":
            return wanted in (row.get("vault_name") or "")
        found: Any = _FIELDS[name](row)
        return bool(found == wanted)


def _named(key: str) -> Callable[[Row], Any]:
    return lambda row: row.get(key)


def _of_resource(key: str) -> Callable[[Row], Any]:
    return lambda row: ((row.get("extra_info") or {}).get("resource") or {}).get(key)


_FIELDS: Final[Mapping[str, Callable[[Row], Any]]] = {
    "operation_type": _named("operation_type"),
    "provider_id": _named("provider_id"),
    "resource_id": _of_resource("id"),
    "resource_name": _of_resource("name"),
    "status": _named("status"),
    "vault_id": _named("vault_id"),
    "has_ended": lambda row: "yes" if row.get("ended_at") else "no",
}
