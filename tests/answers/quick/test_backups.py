"""Pages of backups, read in one step or with care: what is kept of them is the same."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.answers.intake import Intake, read_envelope, read_slow_path
from audit.answers.kinds import ANSWERS
from audit.answers.quick.rows import read_quickly
from audit.answers.quick.schema_types import Types
from audit.collection import Kind, Page
from tests.answers.quick.test_rows import an_id
from tests.builders import a_backup_row, a_page

ODD_TIMES = (
    "2026-01-05T22:00:03Z",
    "2026-01-05 22:00:03",
    "2026-01-05",
    "2026-02-30T00:00:00",
    "0926-01-05T22:00:03",
    "",
)
COPY = a_backup_row()["replication_records"][0]


def a_body(*rows: Any, key: str = "backups") -> bytes:
    return json.dumps({key: rows, "count": len(rows)}).encode()


def taken(*bodies: bytes, way: Any = read_envelope, **more: Any) -> Intake:
    intake, sent = Intake(**more), a_page()
    for body in bodies:
        rows, rest = way(Kind.BACKUPS, body)
        intake.accept(Page(Kind.BACKUPS, sent.path, sent.params, body, "", sent.received_at, rows, rest))
    return intake


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def told(intake: Intake) -> Any:
    """What is kept of pages, in order."""
    return [*intake.backups.items()], intake.drift, intake.rejected


def odd_places(*rows: Any) -> list[int]:
    found = read_quickly(Kind.BACKUPS, a_body(*rows))
    assert found
    return [*found[0].page.odd]


def with_a_time(path: str, time: str) -> dict[str, Any]:
    """A backup that has a time at a place."""
    *way, name = path.split(".")
    row: dict[str, Any] = {name: time}
    for above in reversed(way):
        row = {above: [{**(COPY if above == "replication_records" else a_backup_row()), **row}]}
    return a_backup_row(id="odd", **row)


@pytest.mark.parametrize("time", ODD_TIMES)
@pytest.mark.parametrize(
    "path",
    [
        *("created_at", "expired_at", "protected_at", "updated_at", "replication_records.created_at"),
        *("children.created_at", "children.expired_at", "children.replication_records.created_at"),
    ],
)
def test_a_row_with_an_unusual_time_anywhere_is_read_with_care(path: str, time: str) -> None:
    rows = [a_backup_row(id="first"), with_a_time(path, time), a_backup_row(id="last")]

    assert odd_places(*rows) == [1]
    assert odd_places(rows[0], with_a_time(path, "2026-01-05T22:00:03.000001")) == []
    assert told(taken(a_body(*rows))) == told(taken(a_body(*rows), way=read_slow_path))


def test_every_time_of_a_task_is_proven_when_it_is_packed() -> None:
    schema = ANSWERS["operation_logs"].schema_of_page
    types = Types(schema, {})
    types.of({"$ref": "#/$defs/OperationLog"})

    assert types.times == {("created_at",), ("updated_at",), ("started_at",), ("ended_at",)}


@pytest.mark.parametrize("way", [read_envelope, read_slow_path])
def test_a_backup_that_did_not_change_is_kept_once(way: Any) -> None:
    now = taken(a_body(a_backup_row(id="same"), a_backup_row(id="other")))
    earlier = taken(a_body(a_backup_row(id="same"), a_backup_row(id="other", status="error")), way=way, now=now)

    assert earlier.backups["same"] is now.backups["same"]
    assert (earlier.backups["other"].status, now.backups["other"].status) == ("error", "available")


def test_a_response_that_a_later_run_received_too_is_known_by_its_hash_alone() -> None:
    bodies = [a_body(a_backup_row(id=name), a_backup_row(id=f"{name}-2")) for name in ("first", "second")]
    earlier, known = Intake(now=taken(*bodies)), taken(*bodies[::-1])

    assert [earlier.accept_again(hash_of(body)) for body in bodies[::-1]] == [True, True]
    assert (earlier.pages, told(earlier)) == (known.pages, told(known))


def test_a_response_is_not_known_by_its_hash_where_that_leaves_something_out() -> None:
    plain = a_body(a_backup_row(), a_backup_row(id="other"))
    partly = a_body(a_backup_row(), with_a_time("created_at", ODD_TIMES[0]))
    now = taken(partly, plain)
    contested = taken(a_body(a_backup_row(resource_id="server-2")), now=now)
    before = told(contested)

    assert not Intake(now=now).accept_again(hash_of(partly))
    assert not Intake(now=now).accept_again(hash_of(a_body()))
    assert not Intake().accept_again(hash_of(plain))
    assert not contested.accept_again(hash_of(plain))
    assert (contested.pages, told(contested)) == (1, before)


@pytest.mark.parametrize("kind", sorted({*Kind} - {Kind.TASKS, Kind.BACKUPS}))
def test_other_lists_are_read_with_care(kind: Kind) -> None:
    assert read_quickly(kind, a_body(a_backup_row(), key=kind.key)) is None


ROWS = st.builds(
    a_backup_row,
    id=st.sampled_from([an_id(number) for number in range(3)] + ["point-1"]),
    resource_id=st.sampled_from(["server-1", "server-2"]),
    status=st.sampled_from(["available", "error", "unheard of"]),
    expired_at=st.none()
    | st.sampled_from(["2026-02-04T22:07:41", "2026-02-04T22:07:41.000345", "2026-02-04 22:07:41Z"]),
    parent_id=st.none() | st.just("whole"),
    extend_info=st.sampled_from(
        [{}, {"auto_trigger": False}, {"encrypted": None, "encrypted_algorithm": "AES256"}, {"encrypted": "true"}]
    ),
    replication_records=st.lists(st.sampled_from([COPY, {"id": "copy-2"}, {"status": "fail"}]), max_size=2),
    children=st.lists(st.just(a_backup_row(id="child", children=[])), max_size=1),
)


@given(st.lists(st.lists(ROWS, min_size=1, max_size=4), max_size=4))
def test_backups_are_kept_alike_in_whichever_way_they_were_read(pages: list[list[Any]]) -> None:
    bodies = [a_body(*rows) for rows in pages]

    assert told(taken(*bodies)) == told(taken(*bodies, way=read_slow_path))
