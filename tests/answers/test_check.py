import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from audit.answers import check as checking
from audit.answers.check import as_lines, as_values, check
from audit.answers.kinds import ANSWERS
from audit.errors import SourceAnswerError
from tests.builders import Row, a_policy_row, a_task_row, a_vault_row

EXAMPLES = Path(__file__).parents[1] / "schemas"
# Rows that fit the schemas and are rejected all the same are tested below.
SINGLE = {"operation_logs": "operation_log", "policies": "policy", "vaults": "vault", "backups": "backup"}


def an_answer(key: str, *rows: object, **more: object) -> bytes:
    return json.dumps({"count": len(rows), key: rows, **more}).encode()


def examples(folder: str) -> list[Path]:
    return sorted(EXAMPLES.glob(f"*/{folder}/*.json"))


def name(path: Path) -> str:
    return str(path.relative_to(EXAMPLES).with_suffix(""))


@pytest.mark.parametrize("path", examples("accept"), ids=name)
def test_what_is_as_documented_is_recognised_and_passes(path: Path) -> None:
    has_rows = not path.stem.startswith("no-")  # several kinds have the field "policies"
    checked = check(path.read_bytes(), None if has_rows else path.parts[-3])

    assert (checked.kind, checked.rejected, checked.drift) == (path.parts[-3], (), ())


@pytest.mark.parametrize("path", examples("drift"), ids=name)
def test_what_only_differs_is_used_and_its_differences_are_named(path: Path) -> None:
    checked = check(path.read_bytes())

    assert (checked.kind, checked.rejected) == (path.parts[-3], ())
    assert checked.drift


@pytest.mark.parametrize("path", examples("reject"), ids=name)
def test_what_cannot_be_used_is_rejected_or_no_such_answer(path: Path) -> None:
    try:
        checked = check(path.read_bytes(), path.parts[-3])
    except SourceAnswerError:
        return
    assert checked.rejected


@pytest.mark.parametrize("path", [path for path in examples("accept") if path.parts[-3] in SINGLE], ids=name)
def test_a_row_alone_gets_the_verdict_that_it_gets_in_a_list(path: Path) -> None:
    key = path.parts[-3]
    for row in json.loads(path.read_bytes())[key]:
        checked = check(json.dumps({SINGLE[key]: row}).encode())
        assert (checked.kind, checked.rows, checked.rejected, checked.drift) == (SINGLE[key], 1, (), ())


@pytest.mark.parametrize("kind", [kind for kind, answer in ANSWERS.items() if not answer.is_list and answer.key])
def test_a_row_alone_must_be_there_and_stand_alone(kind: str) -> None:
    with pytest.raises(SourceAnswerError, match=f'the answer has no "{kind}"'):
        check(b'{"x": 1}', kind)
    assert [row.message for row in check(f'{{"{kind}": null}}'.encode()).rejected] == ["None is not of type 'object'"]
    (drift, *_) = check(f'{{"{kind}": null, "more": 1}}'.encode()).drift
    assert (drift.path, drift.problem) == ("more", "unknown field")


def test_lists_that_the_audit_reads_are_checked_as_the_audit_reads_them() -> None:
    for answer, reason in (
        (an_answer("vaults", a_vault_row(), a_vault_row(name="green")), "another row has the same id and differs"),
        (an_answer("operation_logs", a_task_row(extra_info={})), "a backup that names no resource"),
        (an_answer("policies", a_policy_row(), a_policy_row(enabled=False)), "another row has the same id"),
    ):
        assert [row.message.startswith(reason) for row in check(answer).rejected] == [True]


@pytest.mark.parametrize("other", ["policies", "operation_logs"])
def test_a_vault_that_is_named_like_a_list_does_not_confuse(other: str) -> None:
    assert check(an_answer("vaults", a_vault_row(name=other))).kind == "vaults"


@pytest.mark.parametrize("rows", ["[]", "[5]", f'[{{"a": {"[" * 250}{"]" * 250}}}]'])
def test_of_kinds_with_the_same_field_the_first_is_meant_where_no_row_tells(rows: str) -> None:
    assert check(f'{{"policies": {rows}, "count": 1}}'.encode()).kind == "policies"


def test_a_field_that_several_kinds_have_must_hold_a_list() -> None:
    with pytest.raises(SourceAnswerError, match='the answer has no list "policies"'):
        check(b'{"policies": 5, "count": 0}')


def test_a_gzipped_answer_is_unpacked() -> None:
    assert check(gzip.compress(an_answer("vaults"))).rows == 0


def test_rejected_rows_and_drift_are_told_apart() -> None:
    checked = check(an_answer("operation_logs", a_task_row(), a_task_row(id="odd", colour="blue"), a_task_row(id=5)))

    assert (checked.rows, checked.used, checked.drifted, checked.refused) == (3, 1, 1, 1)
    assert [row.path for row in checked.rejected] == ["id"]
    assert [drift.path for drift in checked.drift] == ["colour"]


def test_what_was_found_is_said_in_words() -> None:
    odd: Row = {key: value for key, value in a_task_row(id="odd", colour="blue").items() if key != "project_id"}
    checked = check(an_answer("operation_logs", odd, {**odd, "id": "too"}, a_task_row(id="bad", status=1), 5, limit=0))

    assert list(as_lines(checked)) == [
        "operation_logs, 4 rows, 2 rejected, 3 kinds of drift in 2 rows",
        "  rejected  row 2 bad status: 1 is not of type 'string'",
        "  rejected  row 3: 5 is not of type 'object'",
        '  drift     colour: unknown field in 2 rows, first odd, such as "blue"',
        "  drift     limit: out of range in the answer itself, such as 0",
        "  drift     project_id: missing field in 2 rows, first odd",
    ]


SOUND = gzip.compress(an_answer("operation_logs", a_task_row()))


@pytest.mark.parametrize(
    "data",
    [SOUND[:20], SOUND[:-4], SOUND[:3] + b"\xff" * 20, SOUND[:15] + b"\xff" * 20, SOUND[:-8] + b"\0" * 8],
    ids=["cut", "cut at the end", "no header", "no block", "another checksum"],
)
def test_damaged_gzip_is_an_error_of_the_source(data: bytes) -> None:
    with pytest.raises(SourceAnswerError, match="gzipped and damaged"):
        check(data)


def test_a_small_file_that_unpacks_to_a_flood_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_LARGEST", 1000)
    flood = zlib.compressobj(wbits=31)

    with pytest.raises(SourceAnswerError, match="holds more than 1,000 bytes"):
        check(flood.compress(b" " * 10**6) + flood.flush())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not JSON, it breaks at byte 0"),
        (b"<html>", "looks like a web page"),
        (b"[]", "is not a JSON object"),
        (b"5", "is not a JSON object"),
        (
            b"{}",
            "it has none of the fields operation_logs, policies, vaults, backups, instances, agents, members, storage_",
        ),
        (b'{"vaults": [], "backup": {}}', "it has several of the fields vaults, backup; name it with --kind"),
        (b'{"error_msg": null}', "it has none of the fields"),
        (b'{"vaults": [], "count": 0, "x": "\\ud800"}', "the answer for vaults has a value that cannot be read"),
    ],
)
def test_what_is_no_answer_of_a_known_kind_says_why(data: bytes, words: str) -> None:
    with pytest.raises(SourceAnswerError, match=words):
        check(data)


def test_one_row_that_cannot_be_read_does_not_cost_the_others() -> None:
    good: Any = [a_task_row(id=f"good-{number}") for number in range(5)]
    page = (
        an_answer("operation_logs", *good)
        .decode()
        .replace('"good-2", "project_id": "', '"good-2", "project_id": "\\ud800')
    )

    checked = check(page.encode())

    assert (checked.rows, checked.drift) == (5, ())
    (rejected,) = checked.rejected
    assert (rejected.row, rejected.id) == (2, "good-2")
    assert rejected.message == "it has a text with half a character (a lone surrogate)"


def test_however_many_rows_cannot_be_read_the_others_are_used() -> None:
    rows = [a_task_row(id=f"row-{number}") for number in range(40)]
    page = an_answer("operation_logs", *rows).decode()
    for number in range(0, 40, 2):
        page = page.replace(f'"row-{number}", "project_id": "', f'"row-{number}", "project_id": "\\ud800')

    checked = check(page.encode())

    assert (checked.rows, [row.row for row in checked.rejected]) == (40, [*range(0, 40, 2)])


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "1" + "0" * 300])
def test_a_number_that_would_be_rounded_rejects_its_row(number: str) -> None:
    page = an_answer("policies", a_policy_row()).decode().replace('"max_backups": -1', f'"max_backups": {number}')

    (rejected,) = check(page.encode()).rejected

    assert (rejected.id, rejected.message) == (
        "policy-1",
        "operation_definition.max_backups has a number that cannot be read exactly",
    )


def test_no_value_at_fault_hides_behind_another() -> None:
    row = a_vault_row(tags=[1e30, 1.0, 7])

    (rejected,) = check(an_answer("vaults", row)).rejected

    assert rejected.message == "tags[] has a number that cannot be read exactly"
    assert check(an_answer("vaults", {**row, "tags": [7, "x"]})).drift[0].example == "7"


def test_a_number_around_the_rows_that_would_be_rounded_is_drift() -> None:
    checked = check(b'{"vaults": [], "count": 0, "limit": 18446744073709551616}')

    assert [(drift.path, drift.problem) for drift in checked.drift] == [("limit", "out of range")]


def test_programs_are_told_what_people_are_told() -> None:
    rows = (a_vault_row(), a_vault_row(id="odd", colour="red"), a_vault_row(id=None))
    told = as_values(check(an_answer("vaults", *rows)))

    assert {name: told[name] for name in ("kind", "error", "rows", "used", "drifted", "refused")} == {
        "kind": "vaults",
        "error": None,
        "rows": 3,
        "used": 1,
        "drifted": 1,
        "refused": 1,
    }
    assert [(row["row"], row["path"]) for row in told["rejected"]] == [(2, "id")]
    assert [(each["path"], each["count"], each["first_id"]) for each in told["drift"]] == [("colour", 1, "odd")]
