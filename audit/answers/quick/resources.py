"""The resources that tasks name: what is written of one comes again in every task on it, and is read once for all."""

from collections.abc import Sequence
from operator import length_hint
from typing import Any, Final

from msgspec import ValidationError
from msgspec.json import Decoder, Encoder

from audit.answers.quick.schema_types import REFUSALS
from audit.answers.strict_json import colons
from audit.history.commons import Common
from audit.records.fields import SHARED

_MOST: Final = 1 << 15
_LONGEST: Final = 400  # bytes, so that what is remembered takes some megabytes at most

NamedResource = Common | None
"""The id, the name and the type of a resource, as tasks have them; None where there is no id."""


class Resources(dict[bytes, NamedResource]):
    """Resources by the bytes that describe them."""

    def __init__(self, kind: Any) -> None:
        """Begin without any; each has to be of a type."""
        super().__init__()
        self._decode = Decoder(kind).decode
        self._encode = Encoder().encode

    def of(self, rows: Sequence[Any]) -> list[NamedResource]:
        """Read the resources of rows that hold them as they are written.

        Raises:
            ValidationError: one is not as its type demands, or may have a key twice; its row is told.
        """
        left = iter(rows)
        try:
            return [
                self[bytes(written)] if (extra := row.extra_info) and (written := extra.resource) else None
                for row in left
            ]
        except REFUSALS as error:
            place = len(rows) - length_hint(left) - 1
            raise ValidationError(f"$.operation_logs[{place}].extra_info.resource: {error}") from error

    def __missing__(self, written: bytes) -> NamedResource:
        """Read one that was not seen before.

        Raises:
            DecodeError: as above.
        """
        held = self._decode(written)
        again = self._encode(held)
        if len(again) != len(written) and again.count(b":") != colons(written):
            raise ValidationError("a key that may come twice")
        named = _named(held)
        if len(written) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[written] = named
        return named


def resources_of(rows: Sequence[Any]) -> list[NamedResource]:
    """Read the resources of rows that hold them by their types; None stands for other rows, and has none."""
    return [_named(held) if row and (extra := row.extra_info) and (held := extra.resource) else None for row in rows]


def _named(held: Any) -> NamedResource:
    return (SHARED[held.id], SHARED[held.name], SHARED[held.type]) if held.id else None
