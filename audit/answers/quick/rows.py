"""The rows of a page, of which most became records while they were parsed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any, Final

from msgspec import UNSET

from audit.answers.kinds import ANSWERS, parse
from audit.answers.quick.decoder import Reader
from audit.answers.quick.page import Make, QuickPage
from audit.answers.quick.schema_types import Path
from audit.answers.strict_json import FaultError, refuse_long_texts
from audit.collection import Kind, LateRows
from audit.history import Columns, packed
from audit.history.moments import moments_of, states_of
from audit.records.backup import backups_of
from audit.records.fields import fields_of
from audit.records.task import Task, columns_of

_CREATED: Final = Task.__struct_fields__.index("created_at")  # the columns of tasks are in the order of their fields


class QuickRows(LateRows):
    """Rows as any others, parsed for who looks at them; most know better.

    Attributes:
        page: the same rows, sorted.
    """

    def __init__(self, kind: Kind, page: QuickPage, body: bytes) -> None:
        super().__init__(len(page.ids), partial(_parsed, kind, body))
        self.page = page
        self._kind = kind

    @property
    def created(self) -> list[datetime]:
        """When those rows were created that became records."""
        parts = [made for _, made in self.page.parts]
        if self._kind == Kind.BACKUPS:
            return [backup.created_at for made in parts for backup in made]
        return [moment for columns in parts for moment in moments_of(columns[_CREATED])]


def _parsed(kind: Kind, body: bytes) -> Sequence[Any]:
    answer, is_known = parse(body)
    return ANSWERS[kind].rows(answer, is_known=is_known)[0]


def read_quickly(kind: Kind, body: bytes) -> tuple[QuickRows, dict[str, Any]] | None:
    """Read a page into its rows and the rest of the answer; None where it has to be read with care."""
    quick = reader(kind)
    if quick is None:
        return None
    try:
        refuse_long_texts(body)
    except FaultError:
        return None
    found = quick.read(body)
    return (QuickRows(kind, found[0], body), found[1]) if found and found[0].is_plain else None


@cache
def reader(kind: Kind) -> Reader | None:
    """Return the reader of a list, whose types are made once, if the list has one."""
    return Reader(kind, _MAKERS[kind]) if kind in _MAKERS else None


def packed_together(rows: Sequence[Mapping[str, Any]]) -> QuickPage:
    """Pack the tasks of rows as they were parsed, as far as their times are usual; a validator found them usable."""
    return QuickPage([fields_of(row) for row in rows], _packed, most_odd=len(rows))


def _packed(rows: Sequence[Any]) -> Columns:
    return packed(columns_of(rows))


def _tasks(_times: Collection[Path]) -> Make:
    """Pack tasks, which proves their times."""
    return _packed


def _proven(make: Make, times: Collection[Path]) -> Make:
    """Make records once their times are proven."""

    def made(rows: Sequence[Any]) -> Any:
        states_of([*_values(times, rows)])
        return make(rows)

    return made


def _values(paths: Collection[Path], objects: Sequence[Any]) -> Iterator[Any]:
    """Yield what the fields lead to that is there, in all objects of one type."""
    for name, group in groupby(sorted(paths), itemgetter(0)):
        values = [value for value in map(attrgetter(name), objects) if value is not None and value is not UNSET]
        further = [path[1:] for path in group if path[1:]]
        if not further:
            yield from values
        elif values:
            yield from _values(further, [*chain(*values)] if isinstance(values[0], list) else values)


_MAKERS: Final[Mapping[Kind, Callable[[Collection[Path]], Make]]] = {
    Kind.TASKS: _tasks,
    Kind.BACKUPS: partial(_proven, backups_of),
}
"""Lists that are long enough to be worth types."""
