"""Checks a saved API response against the schemas, without the cloud."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.answers.intake import Intake
from audit.answers.kinds import ANSWERS, AnswerKind, parse
from audit.answers.sorting import Keep, Sorting, one_by_one
from audit.collection import Drift, Kind, Rejected, Sheet
from audit.errors import SourceAnswerError

_GZIP: Final = b"\x1f\x8b"
_LARGEST: Final = 1 << 30
_RECORDS: Final = {
    "operation_logs": Kind.TASKS,
    "operation_log": Kind.TASKS,
    "policies": Kind.POLICIES,
    "policy": Kind.POLICIES,
    "vaults": Kind.VAULTS,
    "vault": Kind.VAULTS,
    "backups": Kind.BACKUPS,
    "backup": Kind.BACKUPS,
    "protectables": Kind.PROTECTABLES,
    "agents": Kind.AGENTS,
    "organization_policies": Kind.ORGANIZATION_POLICIES,
    "deployments": Kind.DEPLOYMENTS,
    "members": Kind.MEMBERS,
    "storage_usage": Kind.STORAGE_USAGE,
    "traces": Kind.TRACES,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The contents of a saved response: documented rows, rows that differ, unusable rows, and why.

    Attributes:
        refused: the number of unusable rows; equal ones are each counted but appear once in ``rejected``.
    """

    kind: str
    rows: int
    used: int
    drifted: int
    refused: int
    rejected: tuple[Rejected, ...]
    drift: tuple[Drift, ...]


def check(data: bytes, kind: str | None = None) -> Checked:
    """Check one response, gzipped or not, exactly as an audit would.

    Args:
        data: the response as saved.
        kind: the expected kind, one of ANSWERS; by default, it is recognised by its fields.

    Raises:
        SourceAnswerError: it is not a response of that kind, or of any known one.
    """
    body, is_known = parse(_unpacked(data), kind or "")
    answer = ANSWERS[kind] if kind else _recognised(body)
    rows, rest = answer.rows(body, is_known=is_known)
    sorting = Sorting()
    sorting.enter(answer, enumerate(rows), rest, _keeper(answer), sheet=Sheet(1))
    return Checked(
        kind=answer.name,
        rows=len(rows),
        used=sorting.used,
        drifted=sorting.drifted,
        refused=sorting.refused,
        rejected=sorting.rejected,
        drift=sorting.drift,
    )


def as_lines(found: Checked) -> Iterator[str]:
    """Yield the result for people: a summary, then each rejected row and each kind of drift."""
    kinds = f"{len(found.drift)} {'kind' if len(found.drift) == 1 else 'kinds'} of drift"
    where = f" in {_rows(found.drifted)}" if found.drifted else ""
    yield f"{found.kind}, {_rows(found.rows)}, {found.refused} rejected, {kinds}{where}"
    for row in found.rejected:
        place = " ".join(filter(None, (f"row {row.row}", row.id, row.path)))
        yield f"  rejected  {place}: {row.message}"
    for each in found.drift:
        seen = f"in {_rows(each.count)}, first {each.first_id}" if each.first_id else "in the answer itself"
        example = "" if each.problem == "missing field" else f", such as {each.example}"
        yield f"  drift     {each.path}: {each.problem} {seen}{example}"


def as_values(found: Checked) -> Mapping[str, Any]:
    """Return the result for programs."""
    return {
        "kind": found.kind,
        "error": None,
        "rows": found.rows,
        "used": found.used,
        "drifted": found.drifted,
        "refused": found.refused,
        "rejected": [
            {"row": row.row, "id": row.id, "path": row.path, "message": row.message} for row in found.rejected
        ],
        "drift": [
            {
                "path": drift.path,
                "problem": drift.problem,
                "count": drift.count,
                "first_id": drift.first_id,
                "example": drift.example,
            }
            for drift in found.drift
        ],
    }


def _recognised(body: Mapping[str, Any]) -> AnswerKind:
    """Find the kind by the field that contains the rows; an error is recognised by its code or message."""
    keyed = [answer for answer in ANSWERS.values() if answer.key and answer.key in body]
    if not keyed and ANSWERS["error"].required.is_valid(body):
        return ANSWERS["error"]
    keys = {answer.key: None for answer in (keyed or ANSWERS.values()) if answer.key}
    if not keyed or len(keys) > 1:
        known = ", ".join(keys)
        raise SourceAnswerError(f"it has {'several' if keyed else 'none'} of the fields {known}; name it with --kind")
    return _one_of(keyed, body)


def _one_of(alike: list[AnswerKind], body: Mapping[str, Any]) -> AnswerKind:
    """Of kinds with the same field, return that of the first row, or the first kind if there are no rows."""
    rows = body[alike[0].key]
    first = rows[0] if isinstance(rows, list) and rows else None
    return next((answer for answer in alike if answer.required.is_valid(first)), alike[0])


def _keeper(answer: AnswerKind) -> Keep:
    """Return what builds records of such rows as an audit does; if no audit reads them, accept any valid row."""
    record = _RECORDS.get(answer.name)
    return Intake().keeper(record) if record else one_by_one(lambda _row: True)


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            body = packed.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceAnswerError(f"it is gzipped and damaged: {error}") from error
    if len(body) > _LARGEST:
        raise SourceAnswerError(f"it is gzipped and holds more than {_LARGEST:,} bytes")
    return body


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"
