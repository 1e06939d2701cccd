"""Resources in every way to write them."""

import json
from collections.abc import Iterator

import pytest

from audit.answers.quick.rows import reader
from audit.records import Task
from tests.answers.quick.test_rows import RESOURCE, a_body, an_id, items, items_of, read_tasks, taken, told, with_care
from tests.builders import a_task_row

WRITTEN = json.dumps(RESOURCE)


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    reader.cache_clear()
    yield
    reader.cache_clear()


def rows(number: int, *, written: str = WRITTEN) -> bytes:
    """A page of which the last row has a resource that is written in some way."""
    body = a_body(*(a_task_row(id=an_id(each), extra_info={"resource": RESOURCE}) for each in range(number)))
    head, _, tail = body.rpartition(WRITTEN.encode())
    return head + written.encode() + tail


SOUND = [
    '{"id":"server-1","name":"web-1","type":"OS::Nova::Server"}',
    '{ "type" : "OS::Nova::Server" , "name" : "web-1" , "id" : "server-1" }',
    '{"id": "server:1", "name": "\\"}],{", "type": "OS::Nova::Server"}',
    '{"id": "\\u0073erver-1", "name": "\\u65e5\\ud83d\\ude00", "type": "OS::Nova::Server"}',
    '{"id": "server-1", "name": "日本", "type": "OS::Nova::Server"}',
    '{"id": "server-1", "type": "OS::Nova::Server", "name": "' + "a:" * 100 + '"}',
    '{"id": "server-1", "name": "", "type": "OS::Nova::Server", "extra_info": {}}',
    '{"id": "server-1", "name": "web-1", "type": "OS::Nova::Server", "extra_info": {"exclude_volumes": ["a", "b"]}}',
]


@pytest.mark.parametrize("written", SOUND)
def test_every_way_to_write_one_makes_the_same_task(written: str) -> None:
    body = rows(3, written=written)
    for _ in range(2):
        found = read_tasks(body)

        assert found
        assert items_of(found[0].page) == [Task.from_row(row) for row in json.loads(body)["operation_logs"]]


ODD = [
    *("null", "[]", '"server-1"', "5", '{"id": 5}', '{"id": null}', '{"id": "server-1", "name": ["a"]}'),
    *('{"id": "server-1", "colour": {}}', '{"id": "server-1", "extra_info": 1}', '{"id": "server-1", "type": "sun"}'),
    '{"id": "server-1", "name": "' + "a" * 5000 + '"}',
]


@pytest.mark.parametrize("written", ODD)
def test_one_that_does_not_fit_its_type_stands_beside_tasks(written: str) -> None:
    body = rows(3, written=written)
    for _ in range(2):
        assert items(*json.loads(body)["operation_logs"])[2] == json.loads(body)["operation_logs"][2]
        assert told(taken(body)) == told(with_care(body))


TWICE = [
    '{"type": "OS::Nova::Server", "id": "server-1", "id": "server-1"}',
    '{"type": "OS::Nova::Server", "id": "server-1", "name": "a", "name": "b"}',
    '{"type": "OS::Nova::Server", "id": "server-1", "\\u0069d": "server-2"}',
    '{"type": "OS::Nova::Server", "id": "server-1", "name": "\\u003a", "id": "server-2"}',
    '{"type": "OS::Nova::Server", "id": "server-1", "extra_info": {}, "extra_info": {}}',
    '{"type": "OS::Nova::Server", "id": "server-1", "extra_info": {"exclude_volumes": [], "exclude_volumes": []}}',
    '{"type": "OS::Nova::Server", "id": "server-1", "colour": 1, "colour": 2}',
]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("written", TWICE)
def test_one_that_has_a_key_twice_is_never_read_in_one_step(written: str, number: int) -> None:
    for _ in range(2):
        assert read_tasks(rows(number, written=written)) is None
        assert read_tasks(rows(number)) is not None


@pytest.mark.parametrize("written", ['{"id": "\\ud800"}', '{"id": "server-1"', '{"id": "server-1",}', "{id: 1}"])
def test_one_that_is_no_json_is_never_read_in_one_step(written: str) -> None:
    assert read_tasks(rows(3, written=written)) is None


def test_many_pages_are_read_alike() -> None:
    row = a_task_row(id=an_id(1))
    turned = dict(reversed([*row.items()]))
    for body in [a_body(row), a_body(turned)] * 10:
        found = read_tasks(body)

        assert found
        assert items_of(found[0].page) == [Task.from_row(row)]
