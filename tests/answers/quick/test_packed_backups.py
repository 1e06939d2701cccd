"""Packed backups: what they give is what reading the answer gives, and they give nothing for any other answer."""

from typing import Any

import orjson
import pytest
from msgspec import structs

from audit.answers.intake import Intake, read_envelope, read_slow_path
from audit.answers.quick.packed_backups import FEWEST, pack, with_packed
from audit.answers.quick.rows import QuickRows
from audit.collection import Kind, Page
from tests.answers.quick.test_rows import an_id
from tests.builders import a_backup_row, a_page

ROWS = [
    a_backup_row(
        id=an_id(number), parent_id=an_id(7) if number % 2 else "", **({"expired_at": None} if number % 3 else {})
    )
    for number in range(FEWEST)
]


def an_answer(*rows: Any, kind: Kind = Kind.BACKUPS) -> Page:
    """A response that was not read yet."""
    body = orjson.dumps({kind.key: rows, "count": len(rows)})
    return structs.replace(a_page(), kind=kind, body=body, rows=(), envelope={})


def as_read(page: Page, way: Any = read_envelope) -> Page:
    return page.with_rows(*way(page.kind, page.body))


def taken(page: Page) -> Any:
    intake = Intake()
    intake.accept(page)
    intake.accept(as_read(an_answer(a_backup_row(id=an_id(1), resource_id="another"))))
    return [*intake.backups.items()], intake.backups_of, intake.rejected, intake.drift


def test_they_give_what_reading_the_answer_gives() -> None:
    answer = an_answer(*ROWS)
    read = as_read(answer)
    packed = pack(read)
    assert packed
    known = with_packed(answer, packed)

    assert known
    assert (known.envelope, known.sha256) == (read.envelope, answer.sha256)
    assert isinstance(known.rows, QuickRows)
    assert (known.rows.page.ids, [*known.rows]) == ([row["id"] for row in ROWS], [*read.rows])
    assert taken(known) == taken(read)
    assert len(taken(known)[2]) == 1, "one of two rows with one id is rejected, whoever read the other"
    assert pack(known) == packed


@pytest.mark.parametrize(
    "page",
    [
        as_read(an_answer(*ROWS[1:])),
        as_read(an_answer(*ROWS, a_backup_row(id=an_id(999), created_at="2026-01-05"))),
        as_read(an_answer(*ROWS), read_slow_path),
        structs.replace(as_read(an_answer(*ROWS)), kind=Kind.VAULTS),
    ],
    ids=["few rows", "an odd row", "read with care", "another list"],
)
def test_what_is_not_only_usual_backups_or_few_of_them_is_not_packed(page: Page) -> None:
    assert pack(page) is None


def without_a_time(packed: dict[str, Any]) -> None:
    packed["backups"]["created_at"].pop()


@pytest.mark.parametrize(
    "change",
    [
        lambda packed: packed.update(answer="0" * 64),
        lambda packed: packed.pop("backups"),
        lambda packed: packed["backups"].update(id=[5] * FEWEST),
        without_a_time,
    ],
)
def test_what_is_damaged_or_of_another_answer_gives_nothing(change: Any) -> None:
    values = orjson.loads(pack(as_read(an_answer(*ROWS))) or b"")
    change(values)

    assert with_packed(an_answer(*ROWS), orjson.dumps(values)) is None
    assert with_packed(an_answer(*ROWS), b"\xff") is None
