"""Checking a saved answer of the API against the schemas, without the cloud."""

import gzip
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from audit.collection import Drift, Kind, Page, Rejected
from audit.errors import SourceAnswerError
from audit.validate import Intake, read_envelope

_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a saved answer holds: rows in all, those that cannot be used, and how the others differ."""

    kind: Kind
    rows: int
    rejected: tuple[Rejected, ...]
    drift: tuple[Drift, ...]


def check(data: bytes) -> Checked:
    """Check one answer, gzipped or not; its kind shows in the name of its list.

    Raises:
        SourceAnswerError: it is not an answer of a known kind.
    """
    body = _unpacked(data)
    kind = _kind(body)
    rows, envelope = read_envelope(kind, body)
    intake = Intake()
    intake.accept(
        Page(
            kind=kind,
            path="",
            params=(),
            body=body,
            request_id="",
            received_at=datetime.fromtimestamp(0, UTC),
            rows=rows,
            envelope=envelope,
        )
    )
    return Checked(kind=kind, rows=len(rows), rejected=intake.rejected, drift=intake.drift)


def _kind(body: bytes) -> Kind:
    """Find the list that an answer has; an answer without one is said to lack the list of tasks."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Kind.TASKS
    return next((kind for kind in Kind if isinstance(answer, dict) and kind.key in answer), Kind.TASKS)


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceAnswerError(f"it is gzipped and damaged: {error}") from error
