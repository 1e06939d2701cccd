"""The backups of an answer, packed: they are read in a tenth of the time that the answer takes.

Whoever receives the same bytes again may take this in place of reading them. Only an answer that the quick reader took
as a whole is packed, so that nothing in it was rejected or differed from the documents. It proves nothing: who judges a
run again reads the answers, and compares.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import DecodeError, Struct, defstruct, structs
from msgspec.json import Decoder, Encoder

from audit.answers.quick.page import QuickPage
from audit.answers.quick.rows import QuickRows
from audit.collection import Kind, Page
from audit.records import Backup
from audit.records.backup import Replica
from audit.records.fields import all_shared, shared
from audit.records.keys import each_key

FEWEST: Final = 100  # rows; what has fewer is read as fast as one more object
_FIELDS: Final = {field.name: field.type for field in structs.fields(Backup) if field.name != "key"}  # made of the id
_REPEATED: Final = (
    *("resource_id", "vault_id", "status", "image_type", "resource_name", "resource_type", "encrypted_algorithm"),
)
"""Fields with texts that many backups have, each of which is in memory once."""
_Columns: Final[Any] = defstruct("_Columns", [(name, list[kind]) for name, kind in _FIELDS.items()])  # type: ignore[valid-type]  # made while it runs


class _Packed(Struct):
    """The hash of the answer, what it says besides rows, and each field of its backups."""

    answer: str
    envelope: dict[str, Any]
    backups: _Columns


_ENCODER: Final = Encoder()
_DECODER: Final = Decoder(_Packed)


def backups_in(page: Page) -> Sequence[Backup] | None:
    """Return the backups of an answer in the order of its rows; None where it has other rows, or they were not read."""
    if page.kind != Kind.BACKUPS or not isinstance(page.rows, QuickRows) or page.rows.page.odd:
        return None
    return [backup for _, made in page.rows.page.parts for backup in made]


def pack(page: Page) -> bytes | None:
    """Pack the backups of an answer; None where that is not possible, or not worth it. The same give the same bytes."""
    backups = backups_in(page) if len(page.rows) >= FEWEST else None
    if backups is None:
        return None
    columns = _Columns(*([getattr(each, name) for each in backups] for name in _FIELDS))
    return _ENCODER.encode(_Packed(page.sha256, dict(page.envelope), columns))


def with_packed(page: Page, packed: bytes) -> Page | None:
    """Return an answer with its backups, which were packed before; None if they are not those of this answer."""
    try:
        found = _DECODER.decode(packed)
    except (DecodeError, UnicodeDecodeError):
        return None
    columns = structs.asdict(found.backups)
    if found.answer != page.sha256 or len({*map(len, columns.values())}) != 1:
        return None
    columns |= {name: all_shared(columns[name]) for name in _REPEATED}
    columns["replicas"] = [tuple(map(_sharing, copies)) for copies in columns["replicas"]]
    ids = columns.pop("id")
    backups = list(map(Backup, ids, each_key(ids), *columns.values()))
    return page.with_rows(QuickRows(page.kind, QuickPage(backups, list, 0), page.body), found.envelope)


def _sharing(copy: Replica) -> Replica:
    return Replica(status=shared(copy.status), region=shared(copy.region), created_at=copy.created_at)
