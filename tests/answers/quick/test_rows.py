import json
from functools import partial
from typing import Any

import pytest

from audit.answers.intake import Intake, read_envelope, read_slow_path
from audit.answers.kinds import ANSWERS
from audit.answers.quick.page import QuickPage
from audit.answers.quick.rows import QuickRows, read_quickly, reader
from audit.answers.strict_json import LONGEST_TEXT
from audit.collection import Kind, Page
from audit.history import History
from audit.records import Task
from tests.builders import a_page, a_task_row
from tests.fuzz.mutator import good_rows

SCHEMA = ANSWERS["operation_logs"].schema_of_row("")["$defs"]
OPERATIONS = SCHEMA["OperationLog"]["properties"]["operation_type"]["enum"]
RESOURCE = {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"}
UUID = "0b3f9a52-7c1d-4e8b-9f0a-000000000001"
OTHER_UUID = "0b3f9a52-7c1d-4e8b-9f0a-000000000002"
read_tasks = partial(read_quickly, Kind.TASKS)
SAMPLES = {"string": "text", "integer": 7, "boolean": True}


def a_body(*rows: Any, **rest: Any) -> bytes:
    return json.dumps({"operation_logs": rows, "count": len(rows), **rest}).encode()


def items(*rows: Any, **rest: Any) -> Any:
    found = read_tasks(a_body(*rows, **rest))
    return found and items_of(found[0].page)


def items_of(page: QuickPage) -> list[Any]:
    """The rows of a page in their order, each a task or what is odd."""
    items = {**page.odd}
    for places, columns in page.parts:
        history = History()
        assert all(history.keep_all(columns))
        tasks = {task.id: task for task in history}
        items |= {place: tasks[page.ids[place]] for place in places}
    assert len(items) == len(page.odd) + sum(len(places) for places, _columns in page.parts)
    return [items[place] for place in range(len(page.ids))]


def taken(*bodies: bytes, way: Any = read_envelope) -> Intake:
    intake = Intake()
    for body in bodies:
        rows, rest = way(Kind.TASKS, body)
        sent = a_page()
        intake.accept(Page(Kind.TASKS, sent.path, sent.params, body, "", sent.received_at, rows, rest))
    return intake


def with_care(*bodies: bytes) -> Intake:
    return taken(*bodies, way=read_slow_path)


def told(intake: Intake) -> Any:
    return sorted(map(repr, intake.tasks)), intake.drift, intake.rejected


def an_id(number: int) -> str:
    return f"0b3f9a52-7c1d-4e8b-9f0a-{number:012x}"


def filled(name: str) -> dict[str, Any]:
    """An object with every field that its definition has."""
    return {key: sample(schema) for key, schema in SCHEMA[name]["properties"].items() if "pattern" not in schema}


def sample(schema: Any) -> Any:
    if "$ref" in schema:
        return filled(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return schema["enum"][-1]
    return [sample(schema["items"])] if "items" in schema else SAMPLES[schema["type"]]


class TestTasks:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_every_documented_field_makes_the_same_task(self, operation: str) -> None:
        extra = {key: value for key, value in filled("OpExtraInfo").items() if key != "remove_resources"}
        row = a_task_row(operation_type=operation, error_info=filled("OpErrorInfo"), extra_info=extra)

        assert items(row) == [Task.from_row(row)]

    @pytest.mark.parametrize("operation", [operation for operation in OPERATIONS if operation != "backup"])
    @pytest.mark.parametrize(
        "extra", [{}, {"resource": {**RESOURCE, "id": ""}}, {"resource": RESOURCE}, "removed", None]
    )
    def test_what_may_be_left_out_may(self, operation: str, extra: Any) -> None:
        row = a_task_row(operation_type=operation, started_at=None, ended_at=None, error_info={}, extra_info=extra)
        if extra == "removed":
            row["extra_info"] = {"resource": RESOURCE, "remove_resources": {"resources": [RESOURCE, RESOURCE]}}
        if extra is None:
            del row["extra_info"], row["ended_at"], row["policy_id"]

        assert items(row) == [Task.from_row(row)]

    @pytest.mark.parametrize("own", [{}, {"backup": {}}, {"backup": {"app_consistency_error_code": "0"}}])
    def test_a_backup_needs_no_more_than_a_resource(self, own: Any) -> None:
        row = a_task_row(extra_info={"resource": RESOURCE, **own})

        assert items(row) == [Task.from_row(row)]

    def test_the_rest_of_the_answer_comes_apart(self) -> None:
        found = read_tasks(a_body(a_task_row(), limit=1000))

        assert found
        assert found[1] == {"count": 1, "limit": 1000}

    def test_most_examples_are_read_in_one_step(self) -> None:
        rows = good_rows()["operation_logs"]
        made = [row for row in rows if items(row)]

        assert len(made) > len(rows) / 2


class TestRows:
    def test_they_are_there_for_who_looks_at_them(self) -> None:
        rows = [a_task_row(id=f"task-{number}") for number in range(3)]
        found = read_envelope(Kind.TASKS, a_body(*rows))[0]

        assert isinstance(found, QuickRows)
        assert (len(found), found[1], found[1:], list(found)) == (3, rows[1], rows[1:], rows)

    def test_an_odd_row_stands_beside_tasks(self) -> None:
        good, odd, other = a_task_row(), a_task_row(id="task-2", colour="blue"), a_task_row(id=UUID)

        assert items(good, odd, other) == [Task.from_row(good), odd, Task.from_row(other)]

    @pytest.mark.parametrize(
        "time",
        [
            *("2026-01-05T22:00:03Z", "2026-01-05T22:00:03.12", "2026-01-05 22:00:03", "", "1" * 26),
            *("2026-02-30T00:00:00", "2026-01-05T24:00:00", "0926-01-05T22:00:03", "2026-01-05T22:00:03\n"),
            *("3026-01-05T22:00:03", "2026-01-05T22:00:03\n2026-01-05T22:00:03"),
            "2026-01-05T22:00:0\N{FULLWIDTH DIGIT THREE}",
        ],
    )
    @pytest.mark.parametrize("name", ["created_at", "ended_at"])
    def test_a_row_with_an_odd_time_stands_beside_tasks(self, name: str, time: str) -> None:
        good, odd, other = a_task_row(), a_task_row(id="task-2", **{name: time}), a_task_row(id=UUID)

        assert items(good, odd, other) == [Task.from_row(good), odd, Task.from_row(other)]

    def test_times_that_would_be_right_together_are_odd(self) -> None:
        good = a_task_row()
        one = a_task_row(id="task-2", created_at="2026-01-05T22:00:032")
        other = a_task_row(id="task-3", created_at="026-01-05T22:00:03")

        assert items(good, one, other) == [Task.from_row(good), one, other]

    @pytest.mark.parametrize(
        "time",
        [
            *("2026-01-05T22:00:03", "2028-02-29T00:00:00.000000", "2999-12-31T23:59:59.999999"),
            *("1000-01-01T00:00:00.000000", "2026-01-05T22:00:03.000001"),
        ],
    )
    @pytest.mark.parametrize("field", ["created_at", "updated_at", "started_at", "ended_at"])
    def test_usual_times_are_read(self, time: str, field: str) -> None:
        rows = [a_task_row(**{"id": row_id, field: time}) for row_id in (UUID, OTHER_UUID, "task-1")]

        assert items(*rows) == [Task.from_row(row) for row in rows]

    def test_a_backup_of_nothing_stands_beside_tasks_until_it_is_rejected(self) -> None:
        good, odd = a_task_row(), a_task_row(id="task-2", extra_info={})
        intake = taken(a_body(good, odd))

        assert items(good, odd) == [Task.from_row(good), odd]
        assert [(each.row, each.id) for each in intake.rejected] == [(1, "task-2")]


class TestPagesThatAreReadWithCare:
    @pytest.mark.parametrize(
        "odd",
        [
            {"colour": []},
            {"colour": "blue"},
            {"created_at": "2026-01-05T22:00:03Z"},
            {"extra_info": {}},
        ],
    )
    def test_one_with_many_odd_rows(self, odd: Any) -> None:
        good = [a_task_row(id=f"task-{number}") for number in range(50)]

        rows = [a_task_row(id=f"odd-{number}", **odd) for number in range(17)]

        assert items(*good, *rows[:16])
        assert items(*good, *rows) is None

    def test_one_whose_first_row_is_odd_since_the_others_may_be_too(self) -> None:
        assert items(a_task_row(colour=[]), a_task_row(id="task-2")) is None

    def test_one_in_which_an_id_comes_twice(self) -> None:
        assert items(a_task_row(), a_task_row()) is None
        assert items(a_task_row(), a_task_row(colour="blue")) is None
        assert items(a_task_row(id=UUID), a_task_row(), a_task_row(id=UUID)) is None

    def test_one_without_tasks(self) -> None:
        assert items() is None
        assert items({"id": "a"}, 5) is None

    @pytest.mark.parametrize("rest", [{"colour": 1}, {"count": -1}, {"count": 1.0}, {"count": None}, {"limit": 0}])
    def test_one_that_has_something_odd_around_its_rows(self, rest: Any) -> None:
        assert items(a_task_row(), **rest) is None

    @pytest.mark.parametrize(
        ("text", "other"),
        [
            ('"id":', '"id": "task-0", "id":'),
            ('"code":', '"code": "a", "code":'),
            ('"resource":', '"resource": {}, "resource":'),
            ('"blue"', '"\\u003a"'),
            ('"blue"', '"\\ud800"'),
            ('"blue"', "1e400"),
            ('"blue"', '"\xff"'),
            ('"blue"', "[" * 300 + "]" * 300),
            ('"blue"', '{"a": 1, "a": 2}'),
            ('"blue"', '{"a": 1, "a\\u003a": 2}'),
        ],
    )
    def test_one_that_might_have_lost_something(self, text: str, other: str) -> None:
        for change in ({}, {"colour": "blue"}):
            body = a_body(a_task_row(id="task-2"), {**a_task_row(), **change})
            assert read_tasks(body)
            changed = body.replace(text.encode(), other.encode("latin-1"))
            assert changed == body or read_tasks(changed) is None

    def test_a_key_that_comes_twice_where_colons_are_escaped(self) -> None:
        body = a_body(a_task_row(vault_name="a:")).replace(b'"a:"', b'"\\u003a\\u003a", "vault_name": "a:"')

        assert read_tasks(body) is None

    @pytest.mark.parametrize("levels", [300, 5000, 100_000])
    @pytest.mark.parametrize("text", ['"blue"', '"deep-1"', '"deep-2"'])
    def test_one_that_has_too_many_levels(self, text: str, levels: int) -> None:
        odd = a_task_row(vault_name="blue", extra_info={"resource": {**RESOURCE, "id": "deep-1", "name": "deep-2"}})
        body = a_body(a_task_row(id="task-2", vault_name="red"), odd)
        reader.cache_clear()

        assert read_tasks(body)
        assert read_tasks(body.replace(text.encode(), b"[" * levels + b"]" * levels)) is None

    def test_one_with_a_text_that_is_too_long(self) -> None:
        assert items(a_task_row(vault_name="a" * (LONGEST_TEXT - 2)))
        assert items(a_task_row(vault_name="a" * LONGEST_TEXT * 2)) is None

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b'{"operation_logs": [', b'\xef\xbb\xbf{"operation_logs": [], "count": 0}']
    )
    def test_one_that_is_no_page(self, body: bytes) -> None:
        assert read_tasks(body) is None


@pytest.mark.parametrize("row_id", ["task-1", UUID])
def test_another_task_of_the_same_id_is_rejected_as_the_row_that_it_came_in(row_id: str) -> None:
    first, second = a_task_row(id=row_id), a_task_row(id=row_id, operation_type="delete")
    other = a_task_row(id=OTHER_UUID)
    for bodies in ([a_body(first), a_body(other, second)], [a_body(first, second, other)]):
        intake = taken(*bodies)

        assert sorted(task.id for task in intake.tasks) == sorted([row_id, OTHER_UUID])
        assert Task.from_row(first) in list(intake.tasks)
        (rejected,) = intake.rejected
        assert (rejected.row, rejected.id, rejected.message) == (1, row_id, "another task has the same id")
