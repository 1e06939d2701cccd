"""Pages whose rows differ from the documents in ways that can be learnt."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.answers.examiner import Examiner
from audit.answers.intake import Intake, read_with_care
from audit.answers.kinds import ANSWERS
from audit.answers.quick.decoder import reader
from audit.answers.quick.known_drift import Learnt, RowDifference
from audit.answers.quick.rows import read_tasks
from audit.collection import Drift
from audit.records import Task
from tests.core.builders import a_page, a_task_row
from tests.core.test_task_rows import a_body, items_of, taken

ANSWER = ANSWERS["operation_logs"]
TIMES = ("created_at", "updated_at", "started_at", "ended_at")


@pytest.fixture(autouse=True)
def nothing_is_learnt() -> Iterator[None]:
    reader.cache_clear()
    yield
    reader.cache_clear()


def an_id(number: int) -> str:
    return f"0b3f9a52-7c1d-4e8b-9f0a-{number:012x}"


def changed(number: int, place: tuple[str, ...], name: str, value: Any) -> dict[str, Any]:
    row = a_task_row(id=an_id(number))
    held = row
    for part in place:
        held = held[part]
    if value is ...:
        del held[name]
    else:
        held[name] = value
    return row


def with_care(*bodies: bytes) -> Intake:
    intake = Intake()
    for body in bodies:
        rows, rest = read_with_care(ANSWER.name, body)  # type: ignore[arg-type]  # a kind is its name
        sent = a_page()
        intake.accept(type(sent)(sent.kind, sent.path, sent.params, body, "", sent.received_at, rows, rest))
    return intake


def told(intake: Intake) -> Any:
    return sorted(map(repr, intake.tasks)), intake.drift, intake.rejected


LEARNT = [
    ((), "colour", "blue"),
    ((), "colour", 5),
    ((), "colour", None),
    ((), "colour", False),
    (("extra_info",), "new_block", "text"),
    (("extra_info", "resource"), "region", "a:b"),
    ((), "provider_id", None),
    ((), "project_id", None),
    ((), "project_id", ...),
    ((), "error_info", ...),
    (("extra_info", "resource"), "name", None),
    (("extra_info", "backup"), "backup_id", None),
    (("error_info",), "code", None),
]


@pytest.mark.parametrize(("place", "name", "value"), LEARNT)
def test_rows_that_all_differ_in_a_simple_way_are_read_in_one_step(place: Any, name: str, value: Any) -> None:
    rows = [changed(number, place, name, value) for number in range(5)]
    rows.insert(3, a_task_row(id=an_id(9)))
    found = read_tasks(a_body(*rows))

    assert found
    assert items_of(found[0].page) == [Task.from_row(row) for row in rows]
    assert [places for _differences, places in found[0].page.seen] == [[0, 1, 2, 4, 5]]
    assert told(taken(a_body(*rows))) == told(with_care(a_body(*rows)))
    assert [drift.count for drift in taken(a_body(*rows)).drift] == [5]


NOT_LEARNT = [
    ((), "new-field", "blue"),
    ((), "_new", "blue"),
    ((), "class", "blue"),
    ((), "colour", 1.5),
    ((), "colour", 1 << 63),
    ((), "colour", -(1 << 63)),
    ((), "colour", []),
    ((), "colour", {"a": 1}),
    ((), "name", "blue"),
    (("extra_info", "backup"), "source_backup_id", "blue"),
    ((), "id", None),
    ((), "status", ...),
    ((), "status", "paused"),
    ((), "operation_type", None),
    ((), "error_info", None),
    ((), "extra_info", None),
    ((), "vault_id", 5),
    (("extra_info", "resource"), "type", None),
    ((), "created_at", "2026-01-05T22:00:03Z"),
]


@pytest.mark.parametrize(("place", "name", "value"), NOT_LEARNT)
def test_others_are_read_with_care(place: Any, name: str, value: Any) -> None:
    rows = [changed(number, place, name, value) for number in range(20)]

    assert read_tasks(a_body(*rows)) is None
    assert told(taken(a_body(*rows))) == told(with_care(a_body(*rows)))


def test_several_differences_are_learnt_from_the_rows_that_show_them() -> None:
    rows = [changed(number, *LEARNT[number]) for number in (0, 4, 6, 8)]
    intake = taken(a_body(*rows), a_body(a_task_row(id=an_id(70), colour=7, provider_id=None)))

    assert told(intake) == told(with_care(a_body(*rows), a_body(a_task_row(id=an_id(70), colour=7, provider_id=None))))
    assert intake.drift[0] == Drift("operation_logs", "colour", "unknown field", 2, an_id(0), '"blue"')


def test_one_page_teaches_a_few_differences_and_no_more() -> None:
    rows = [changed(number, (), f"field{number}", 1) for number in range(8)]

    assert read_tasks(a_body(*rows[:7]))
    reader.cache_clear()
    assert read_tasks(a_body(*rows)) is None
    assert read_tasks(a_body(*rows))


def test_rows_without_the_object_that_differs_do_not_differ() -> None:
    rows = [changed(0, ("extra_info", "resource"), "region", "a"), a_task_row(id=an_id(1), operation_type="sync")]
    del rows[1]["extra_info"]

    assert told(taken(a_body(*rows))) == told(with_care(a_body(*rows)))
    assert [drift.count for drift in taken(a_body(*rows)).drift] == [1]


def test_what_differs_in_the_middle_of_a_page_is_learnt_where_it_is_much() -> None:
    sound = [a_task_row(id=an_id(number)) for number in range(100, 130)]
    rows = [changed(number, (), "colour", "blue") for number in range(20)]
    found = read_tasks(a_body(*sound, *rows))

    assert found
    assert found[0].page.seen == [((RowDifference(("colour",), "unknown field"),), [*range(30, 50)])]


def test_a_row_beside_them_that_is_odd_lets_all_be_read_with_care() -> None:
    rows = [changed(number, (), "colour", "blue") for number in range(20)]
    odd = a_task_row(id=an_id(99), created_at="2026-01-05T22:00:03Z")

    assert read_tasks(a_body(*rows, odd)) is None


def test_rows_that_come_again_are_counted_once() -> None:
    rows = [changed(number, (), "colour", "blue") for number in range(3)]
    tail = [changed(number, (), "colour", "red") for number in range(2, 5)]
    bodies = a_body(*rows), a_body(*tail[1:], rows[2])

    assert told(taken(*bodies)) == told(with_care(*bodies))
    assert taken(*bodies).drift[0].count == 5
    assert taken(bodies[0], bodies[0]).drift[0].count == 3


def test_rows_that_are_refused_are_not_counted() -> None:
    rows = [changed(number, (), "colour", "blue") for number in range(3)]
    other = {**rows[1], "operation_type": "delete"}
    bodies = a_body(*rows), a_body(changed(5, (), "colour", "red"), other)

    assert told(taken(*bodies)) == told(with_care(*bodies))
    assert [(drift.count, drift.first_id) for drift in taken(*bodies).drift] == [(4, an_id(0))]


def test_a_place_is_changed_by_itself_although_others_share_its_definition() -> None:
    """Resources that a task removes are described by the same words as the one that it works on."""
    first = changed(0, ("extra_info", "resource"), "name", None)
    inner = {"resources": [{**first["extra_info"]["resource"], "name": None}]}
    second = a_task_row(id=an_id(1), operation_type="remove_resource", extra_info={"remove_resources": inner})

    assert read_tasks(a_body(first))
    assert read_tasks(a_body(first, second)) is None


def test_no_more_is_learnt_than_a_few_differences() -> None:
    learnt = Learnt(ANSWER, dict.fromkeys(TIMES, str), frozenset())
    lessons = [learnt.learn(a_task_row(**{f"field{number}": 1})) for number in range(20)]

    assert lessons == [True] * 16 + [False] * 4
    assert not learnt.learn(a_task_row(field1=2))


def test_nothing_is_learnt_where_one_place_of_a_schema_depends_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.answers.quick.known_drift.has_conditions", lambda _answer: True)

    assert not Learnt(ANSWER, dict.fromkeys(TIMES, str), frozenset()).learn(a_task_row(colour="blue"))
    assert Examiner(ANSWER).examine(a_task_row(colour="blue"))


def test_a_log_that_teaches_nothing_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("audit.answers.quick.known_drift.Learnt.learn", lambda _self, row: asked.append(row))
    for number in range(20):
        assert read_tasks(a_body(changed(number, (), "colour", []))) is None

    assert len(asked) == 8


def test_a_list_that_comes_twice_teaches_nothing() -> None:
    body = a_body(changed(0, (), "colour", "blue")).replace(b'"count"', b'"operation_logs": [], "count"')

    assert read_tasks(body) is None
