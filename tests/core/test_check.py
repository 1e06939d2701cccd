import gzip
import json

import pytest

from audit.check import check
from audit.collection import Kind
from audit.errors import SourceAnswerError
from tests.core.builders import Row, a_policy_row, a_task_row, a_vault_row


def an_answer(kind: Kind, *rows: object) -> bytes:
    return json.dumps({"count": len(rows), kind: rows}).encode()


@pytest.mark.parametrize(
    ("kind", "row"),
    [(Kind.TASKS, a_task_row()), (Kind.POLICIES, a_policy_row()), (Kind.VAULTS, a_vault_row())],
)
def test_an_answer_is_recognised_by_its_list(kind: Kind, row: Row) -> None:
    checked = check(an_answer(kind, row))

    assert (checked.kind, checked.rows, checked.rejected, checked.drift) == (kind, 1, (), ())


@pytest.mark.parametrize("name", ["policies", "operation_logs"])
def test_a_vault_that_is_named_like_a_list_does_not_confuse(name: str) -> None:
    assert check(an_answer(Kind.VAULTS, a_vault_row(name=name))).kind is Kind.VAULTS


def test_a_gzipped_answer_is_unpacked() -> None:
    assert check(gzip.compress(an_answer(Kind.VAULTS))).rows == 0


def test_rejected_rows_and_drift_are_told_apart() -> None:
    checked = check(an_answer(Kind.TASKS, a_task_row(), a_task_row(id="odd", colour="blue"), a_task_row(id=5)))

    assert checked.rows == 3
    assert [row.path for row in checked.rejected] == ["id"]
    assert [drift.path for drift in checked.drift] == ["colour"]


SOUND = gzip.compress(an_answer(Kind.TASKS, a_task_row()))


@pytest.mark.parametrize(
    "data",
    [SOUND[:20], SOUND[:-4], SOUND[:3] + b"\xff" * 20, SOUND[:15] + b"\xff" * 20, SOUND[:-8] + b"\0" * 8],
    ids=["cut", "cut at the end", "no header", "no block", "another checksum"],
)
def test_damaged_gzip_is_an_error_of_the_source(data: bytes) -> None:
    with pytest.raises(SourceAnswerError, match="gzipped and damaged"):
        check(data)


@pytest.mark.parametrize("data", [b"", b"<html>", b"{", b"[]", b"5", b"{}", b'{"error_code": "x"}'])
def test_what_is_no_answer_of_a_known_kind_is_an_error_of_the_source(data: bytes) -> None:
    with pytest.raises(SourceAnswerError, match=r"operation_logs|not a JSON object"):
        check(data)
