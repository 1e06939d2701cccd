"""Reading a page of the task log in one step, where its rows are as documented.

Parsing, proving that nothing was lost, validating and making records take half as long as one by one. It is exact
because it only ever accepts: a row is taken where the types of the schema hold it, its times have the usual form, and
the page, written again, shows that no key came twice. Any other row is parsed as ever, and a page of many such rows, or
of which it cannot be said that nothing was lost, is left to be read with care.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec
import orjson
from msgspec import UNSET, Raw, to_builtins
from msgspec.json import Decoder, Encoder

from audit.answers import ANSWERS
from audit.records import BACKUP, COPIES, RESTORE, Task
from audit.records.fields import SHARED, truth
from audit.records.task import DELETE, NO_ERROR
from audit.strict_json import colons
from audit.typed import Types

_MOST_ODD: Final = 16  # rows of one page
_NO_ZONE: Final = "+00:00"  # times without a zone are UTC
_TIMES: Final = {"created_at": str, "updated_at": str, "started_at": str | None, "ended_at": str | None}
_USUAL: Final = b"0000-00-00T00:00:00.000000"
_WHOLE_SECONDS: Final = b"0000-00-00T00:00:00"
_AS_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_REFUSALS: Final = (msgspec.DecodeError, UnicodeDecodeError)
_moment: Final = datetime.fromisoformat

Found = tuple[list[Any], dict[str, Any]]


@cache
def reader() -> "Reader":
    """Return the reader, whose types are made once."""
    return Reader()


class Reader:
    """Reads pages by types that are made of the schema."""

    def __init__(self) -> None:
        answer = ANSWERS["operation_logs"]
        schema = answer.schema_of_page
        self._key = answer.key
        self._first = f"$.{answer.key}[0]"
        self._whole = Decoder(Types(schema, _TIMES).of(schema)).decode
        self._split = Decoder(Types(schema, {answer.key: list[Raw]}).of(schema)).decode
        self._row = Decoder(Types(schema, _TIMES).of(schema["properties"][answer.key]["items"])).decode
        self._encoder = Encoder()
        self._around = tuple(name for name in schema["properties"] if name != answer.key)

    def read(self, body: bytes) -> Found | None:
        """Read a page into tasks, with other rows as they are parsed, and the rest of the answer.

        Returns:
            None where it has to be read with care.
        """
        try:
            page = self._whole(body)
        except _REFUSALS as error:
            return None if self._first in str(error) else self._read_apart(body)  # where one differs, all may
        if not self._is_whole(page, body):
            return None
        try:
            tasks = _tasks_or_none(getattr(page, self._key))
        except _TooManyError:
            return None
        items = tasks if all(tasks) else _with_rows(tasks, getattr(self._split(body), self._key))
        return items, self._rest(page)

    def _is_whole(self, page: Any, body: bytes) -> bool:
        """Whether no key was lost.

        What is written here is nowhere longer than what was read, so that it lacks nothing if both are of one length.
        """
        written = bytearray(len(body))
        self._encoder.encode_into(page, written)
        return len(written) == len(body) or written.count(b":") == colons(body)

    def _rest(self, page: Any) -> dict[str, Any]:
        values = {name: getattr(page, name) for name in self._around}
        return {name: value for name, value in values.items() if value is not UNSET}

    def _read_apart(self, body: bytes) -> Found | None:
        """Read a page row by row, so that a few odd ones do not cost the others."""
        try:
            page = self._split(body)
            raws = getattr(page, self._key)
            rows = self._typed(raws)
            made = iter(_tasks_or_none([row for row in rows if row is not None]))
            tasks = [None if row is None else next(made) for row in rows]
            items, rest = _with_rows(tasks, raws), self._rest(page)
            odd = [item for item, task in zip(items, tasks, strict=True) if task is None]
            written = orjson.dumps({**rest, self._key: odd})
        except (*_REFUSALS, _TooManyError, orjson.JSONDecodeError, orjson.JSONEncodeError):
            return None
        known = [row for row, task in zip(rows, tasks, strict=True) if task is not None]
        number = written.count(b":") + self._encoder.encode(known).count(b":")
        return (items, rest) if number == colons(body) else None

    def _typed(self, raws: Sequence[Raw]) -> list[Any]:
        """Fill the types with rows; None for one that does not fit."""
        rows: list[Any] = []
        odd = 0
        for raw in raws:
            try:
                rows.append(self._row(raw))
            except _REFUSALS as error:
                odd += 1
                if odd > _MOST_ODD:
                    raise _TooManyError from error
                rows.append(None)
        return rows


class _TooManyError(Exception):
    """A page has so many odd rows that reading it in this way saves nothing."""


def _with_rows(tasks: Sequence[Task | None], raws: Sequence[Raw]) -> list[Any]:
    """Put rows in the place of tasks that could not be made."""
    return [orjson.loads(bytes(raw)) if task is None else task for task, raw in zip(tasks, raws, strict=True)]


def _tasks_or_none(rows: Sequence[Any]) -> list[Task | None]:
    """Make a task of each row, None where it cannot be made; halving finds such a row in a few steps."""
    try:
        return [*_tasks(rows)]
    except ValueError:
        if len(rows) == 1:
            return [None]
    half = len(rows) // 2
    tasks = [*_tasks_or_none(rows[:half]), *_tasks_or_none(rows[half:])]
    if sum(task is None for task in tasks) > _MOST_ODD:
        raise _TooManyError
    return tasks


def _tasks(rows: Sequence[Any]) -> list[Task]:
    """Make the same tasks of rows as Task.from_row does.

    Raises:
        ValueError: a time has an unusual form or does not exist, or a backup names no resource.
    """
    created = _moments([row.created_at for row in rows])
    updated = _moments([row.updated_at for row in rows])
    started = _moments([row.started_at for row in rows if row.started_at is not None])
    ended = _moments([row.ended_at for row in rows if type(row.ended_at) is str])
    shared = SHARED
    tasks = []
    for row, created_at, updated_at in zip(rows, created, updated, strict=True):
        started_at = None if row.started_at is None else next(started)
        ended_at = next(ended) if type(row.ended_at) is str else None
        operation, extra, error = row.operation_type, row.extra_info, row.error_info
        resource = extra and extra.resource
        if not resource or not resource.id or extra.remove_resources:
            tasks.append(Task.from_row(to_builtins(row)))
            continue
        backup_id = incremental = consistency = inconsistency = target_id = None
        if operation == BACKUP:
            if own := extra.backup:
                backup_id, incremental = own.backup_id or None, truth(own.incremental)
                consistency, code = own.app_consistency_status or None, own.app_consistency_error_code
                inconsistency = None if code == NO_ERROR else shared[code]
        elif operation in COPIES:
            if own := extra.replication:
                backup_id = own.source_backup_id or None
        elif operation == DELETE:
            if own := extra.delete:
                backup_id = own.backup_id or None
        elif operation == RESTORE and (own := extra.restore):
            backup_id, target_id = own.backup_id or None, own.target_resource_id or None
        tasks.append(
            Task(
                row.id,
                operation,
                row.status,
                created_at,
                updated_at,
                started_at,
                ended_at,
                shared[resource.id],
                shared[resource.name],
                resource.type,
                shared[row.vault_id],
                shared[row.vault_name],
                shared[row.policy_id],
                shared[error.code] if error.code else None,
                shared[error.message] if error.message else None,
                backup_id,
                incremental,
                consistency,
                inconsistency,
                target_id,
            )
        )
    return tasks


def _moments(texts: Sequence[str]) -> Iterator[datetime]:
    """Read times; all together are held against the two forms that are usual.

    Raises:
        ValueError: one has another form, or does not exist.
    """
    if not _have_form(texts, _USUAL):
        whole_seconds = [text for text in texts if len(text) == len(_WHOLE_SECONDS)]
        others = [text for text in texts if len(text) != len(_WHOLE_SECONDS)]
        if not (_have_form(whole_seconds, _WHOLE_SECONDS) and _have_form(others, _USUAL)):
            raise ValueError("a time of an unusual form")
    return map(_moment, [text + _NO_ZONE for text in texts])


def _have_form(texts: Sequence[str], form: bytes) -> bool:
    """Whether each time has the form, is of this millennium, and of an hour that every Python understands alike.

    Lines are compared all at once: a text of another length, or with a line break of its own, moves what comes after.
    """
    lines = "\n".join([*texts, ""]).encode()
    is_usual = lines.translate(_AS_ZEROS) == (form + b"\n") * len(texts)
    return is_usual and lines[:: len(form) + 1] == b"2" * len(texts) and b"T24" not in lines
