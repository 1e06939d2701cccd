"""From the bytes of an answer to records: what can be used, what is odd, and what had to be refused.

An answer that is not what its envelope promises is an error of the source. A row that lacks what the audit needs
becomes Rejected. A row that only differs from the documents is used and its difference counted as Drift. A compiled
validator decides on every row; ``jsonschema`` explains the rejected ones.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any, Final, TypeVar

import jsonschema_rs
import orjson

from audit.collection import Drift, Kind, Page, Rejected
from audit.errors import SourceAnswerError
from audit.history import History
from audit.records import Backup, Policy, Protectable, Task, Vault

_ROW_SCHEMAS: Final = {
    Kind.TASKS: "OperationLog",
    Kind.POLICIES: "Policy",
    Kind.VAULTS: "Vault",
    Kind.BACKUPS: "BackupResp",
    Kind.PROTECTABLES: "ProtectablesResp",
}
_LONGEST_EXAMPLE: Final = 80
_LONGEST_MESSAGE: Final = 300
_LONGEST_PATH: Final = 200
_MOST_KINDS_OF_DRIFT: Final = 500
_PROBLEMS: Final = {
    "additionalProperties": "unknown field",
    "required": "missing field",
    "enum": "unknown value",
    "pattern": "unknown format",
    "not": "unknown format",
    "type": "wrong type",
}


def read_envelope(kind: Kind, body: bytes) -> tuple[list[Any], dict[str, Any]]:
    """Parse an answer into its rows and the rest of the answer.

    Raises:
        SourceAnswerError: the body is not JSON, or not the list that was asked for.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = len(error.doc[: error.pos].encode())  # orjson counts characters
        looks = "looks like a web page" if body.lstrip()[:1] == b"<" else f"breaks at byte {place}"
        raise SourceAnswerError(f"the answer for {kind} is not JSON, it {looks}") from error
    if not isinstance(answer, dict):
        raise SourceAnswerError(f"the answer for {kind} is not a JSON object")
    rows = answer.pop(kind.key, None)
    if not isinstance(rows, list):
        raise SourceAnswerError(f'the answer has no list "{kind.key}"')
    count = answer.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise SourceAnswerError(f'the answer for {kind} states no "count"')
    if not _written(answer):
        raise SourceAnswerError(f"the answer for {kind} is nested too deeply")
    return rows, answer


R = TypeVar("R", Policy, Vault, Backup, Protectable)


class Intake:
    """Everything usable that was read so far, and an account of everything else."""

    def __init__(self, history: History | None = None) -> None:
        """Begin with what earlier runs know of the tasks; the history itself is not changed."""
        self.tasks = History() if history is None else history + History()
        self.policies: dict[str, Policy] = {}
        self.vaults: dict[str, Vault] = {}
        self.backups: dict[str, Backup] = {}
        self.protectables: dict[str, Protectable] = {}
        self.pages = 0
        self._rejected: dict[bytes, Rejected] = {}
        self._drift: dict[tuple[Kind, str, str], Drift] = {}

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Every row that could not be used, in the order read."""
        return tuple(self._rejected.values())

    @property
    def drift(self) -> tuple[Drift, ...]:
        """Every way in which answers differ from the documents, in order of list, path and problem."""
        return tuple(self._drift[key] for key in sorted(self._drift))

    def accept(self, page: Page) -> None:
        """Sort the rows of a page into records, drift and rejected; reading a row again changes nothing."""
        self.pages += 1
        answer = {**page.envelope, page.kind.key: []}
        self._note(page.kind, _seen(_answer_validator(page.kind).iter_errors(answer)), "")
        documented, required = _row_validator(page.kind), _row_validator(page.kind, ".required")
        for number, row in enumerate(page.rows):
            try:
                if documented.is_valid(row):
                    self._keep(page.kind, row)
                elif required.is_valid(row):
                    seen = _seen(documented.iter_errors(row))
                    if self._keep(page.kind, row):
                        self._note(page.kind, seen, row["id"])
                else:
                    self._reject(page, number, row, *_explain(page.kind, row))
            except (ValueError, RecursionError) as error:  # no such time, or nested deeper than a validator goes
                self._reject(page, number, row, "", str(error))

    def _keep(self, kind: Kind, row: Mapping[str, Any]) -> bool:
        """Keep the record of a row; False where the same one is known already.

        Raises:
            ValueError: the row cannot be used, or another one had the same id.
        """
        if kind is Kind.TASKS:
            return self._keep_task(Task.from_row(row))
        if kind is Kind.POLICIES:
            return _keep_once(self.policies, Policy.from_row(row))
        if kind is Kind.VAULTS:
            return _keep_once(self.vaults, Vault.from_row(row))
        if kind is Kind.BACKUPS:
            return _keep_newest(self.backups, Backup.from_row(row))
        return _keep_once(self.protectables, Protectable.from_row(row))

    def _keep_task(self, task: Task) -> bool:
        known = self.tasks.get(task.id)
        if known == task:
            return False
        if known and (known.operation, known.resource_id) != (task.operation, task.resource_id):
            raise ValueError("another task has the same id")
        self.tasks.update((task,))
        return True

    def _reject(self, page: Page, number: int, row: Any, path: str, message: str) -> None:
        content = _written(row) or hashlib.sha256(page.body).digest() + f" row {number}".encode()
        key = hashlib.sha256(content).digest()
        row_id = row.get("id") if isinstance(row, dict) else None
        self._rejected.setdefault(
            key,
            Rejected(
                kind=page.kind,
                page=self.pages,
                row=number,
                id=row_id[:_LONGEST_PATH] if isinstance(row_id, str) else "",
                path=path,
                message=message[:_LONGEST_MESSAGE],
            ),
        )

    def _note(self, kind: Kind, seen: Mapping[tuple[str, str], str], row_id: str) -> None:
        """Count the deviations of one row."""
        for (path, problem), example in seen.items():
            key = (kind, path, problem)
            if key not in self._drift and len(self._drift) >= _MOST_KINDS_OF_DRIFT:
                key = (kind, "…", "further differences")
            known = self._drift.get(key)
            self._drift[key] = (
                replace(known, count=known.count + 1)
                if known
                else Drift(*key, count=1, first_id=row_id[:_LONGEST_PATH], example=example)
            )


def _keep_once(records: dict[str, R], record: R) -> bool:
    """Keep a record unless it is known; which of two that differ is true, nobody can say."""
    known = records.setdefault(record.id, record)
    if known != record:
        raise ValueError("another row has the same id and differs")
    return known is record


def _keep_newest(records: dict[str, Backup], record: Backup) -> bool:
    """Keep a backup as it was answered last: its status may change while the list is read."""
    known = records.get(record.id)
    records[record.id] = record
    return known is None


def _seen(errors: Iterable[jsonschema_rs.ValidationError]) -> dict[tuple[str, str], str]:
    """Name each kind of deviation of a row once, by path and problem, with an example."""
    return {(path, problem): _example(value) for path, problem, value in _deviations(errors)}


def _deviations(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[tuple[str, str, Any]]:
    """Name the path, the problem and the value of each deviation, down to the innermost."""
    for error in errors:
        kind, path = error.kind, tuple(error.instance_path)
        if kind.name == "additionalProperties":
            fields: Any = error.instance
            for field in kind.value:
                yield _path(*path, field), "unknown field", fields[field]
        elif kind.name == "required":
            yield _path(*path, kind.value), "missing field", None
        elif error.instance is None:
            yield _path(*path), "unexpected null", None
        else:
            yield _path(*path), _PROBLEMS.get(kind.name, "out of range"), error.instance


def _path(*parts: str | int) -> str:
    """Write a path as ``extra_info.resources[].id``."""
    path = "".join("[]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    return path[:_LONGEST_PATH]


def _example(value: Any) -> str:
    return _written(value).decode()[:_LONGEST_EXAMPLE]


def _written(value: Any) -> bytes:
    """Write a value in one way only; empty where it is nested deeper than orjson writes."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return b""


def _explain(kind: Kind, row: Any) -> tuple[str, str]:
    """Say in words why a row cannot be used: the path of the field at fault, and the reason."""
    import jsonschema  # noqa: PLC0415  # takes 0.1 s to import, and most runs reject nothing

    validator = jsonschema.Draft202012Validator(_row_schema(kind, ".required"))
    error = jsonschema.exceptions.best_match(validator.iter_errors(row))
    if error is None:
        return "", "the two validators disagree about this row"
    return _path(*error.absolute_path), error.message


@cache
def _row_validator(kind: Kind, variant: str = "") -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_row_schema(kind, variant))


@cache
def _answer_validator(kind: Kind) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_schema(kind, ""))


def _row_schema(kind: Kind, variant: str) -> dict[str, Any]:
    """Return the part of a schema that describes one row."""
    return {"$ref": f"#/$defs/{_ROW_SCHEMAS[kind]}", "$defs": _schema(kind, variant)["$defs"]}


def _schema(kind: Kind, variant: str) -> dict[str, Any]:
    text = resources.files("schemas").joinpath("cbr", f"{kind}{variant}.json").read_bytes()
    schema: dict[str, Any] = orjson.loads(text)
    return schema
