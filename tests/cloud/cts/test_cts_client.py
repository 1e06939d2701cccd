from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from audit.cloud.cts.client import CtsClient
from audit.cloud.cts.dialect import TRACING
from audit.cloud.http.transport import Transport
from audit.collection import Kind, Window
from audit.errors import SourceAnswerError, SourceRefusedError
from audit.records import Trace
from audit.simulator import Request, Response, serve
from tests.builders import a_trace_row
from tests.pretend import AS_OF, a_simulator, by_token, json_response

Answer = Callable[[dict[str, str]], Response]


@contextmanager
def a_client(answer: Answer) -> Iterator[tuple[CtsClient, list[dict[str, str]]]]:
    """A client of a CTS that answers in this way, and what it asked."""
    simulator, asked = a_simulator(resources=1), list[dict[str, str]]()

    def respond(request: Request, _number: int) -> Response:
        parts = urlsplit(request.url)
        assert parts.path == f"/v3/{simulator.project_id}/traces"
        asked.append(dict(parse_qsl(parts.query)))
        return answer(asked[-1])

    simulator.intercept = respond
    transport = Transport(dialect=TRACING, sleep=lambda _seconds: None)
    try:
        with serve(simulator) as served:
            yield (
                CtsClient(transport, by_token(simulator.token), endpoint=served.url, project_id=simulator.project_id),
                asked,
            )
    finally:
        transport.close()


def listing(*rows: dict[str, object]) -> Response:
    return json_response({"traces": rows, "meta_data": {"count": len(rows), "marker": None}})


def test_one_trace_is_asked_for_by_its_id_alone() -> None:
    with a_client(lambda _params: listing(a_trace_row(trace_id="trace-7"))) as (client, asked):
        page = client.fetch_trace("trace-7")

    assert asked == [{"trace_type": "system", "trace_id": "trace-7"}]
    assert page.kind == Kind.TRACES
    assert Trace.from_row(page.rows[0]).id == "trace-7"


def test_a_trace_that_is_not_there_yet_is_an_answer_without_rows() -> None:
    with a_client(lambda _params: listing()) as (client, _):
        assert list(client.fetch_trace("trace-7").rows) == []


def test_recent_traces_are_those_of_cbr_within_the_time() -> None:
    with a_client(lambda _params: listing(a_trace_row())) as (client, asked):
        found = client.recent(AS_OF - timedelta(hours=1), AS_OF)
        pages = list(found)

    until = int(AS_OF.timestamp() * 1000)
    assert asked == [
        {
            "trace_type": "system",
            "service_type": "CBR",
            "from": str(until - 3_600_001),
            "to": str(until),
            "limit": "200",
        }
    ]
    assert [len(page.rows) for page in pages] == [1]
    assert found.reading().complete


def test_a_run_asks_for_days_and_for_each_service() -> None:
    with a_client(lambda _params: listing()) as (client, asked):
        (found,) = client.lists(Kind.TRACES, Window(AS_OF - timedelta(days=30), AS_OF))
        assert len(list(found)) == len(asked) == 9


def test_an_answer_about_cbr_is_kept_as_it_came() -> None:
    row = a_trace_row(request={"vault": {"locked": False}}, message="what the vault said")
    with a_client(lambda _params: listing(row)) as (client, _):
        page = client.fetch_trace("trace-1")

    assert page.body == listing(row).body


def test_what_was_sent_to_another_service_is_not_kept() -> None:
    secret = a_trace_row(
        service_type="FunctionGraph", trace_name="updateFunctionConfig", request={"user_data": "hunter2"}, message="so"
    )
    with a_client(lambda _params: listing(secret, a_trace_row(request="{}"))) as (client, _):
        page = client.fetch_trace("trace-1")

    assert b"hunter2" not in page.body
    other, own = page.rows
    assert other["trace_name"] == "updateFunctionConfig"
    assert other.keys() & {"request", "response", "message"} == set()
    assert own["request"] == "{}"
    assert orjson.loads(page.body)["meta_data"] == {"count": 2, "marker": None}


def test_a_refusal_names_the_permission() -> None:
    refusal = json_response({"error_code": "CTS.0013", "error_msg": "No."}, 403)
    with (
        a_client(lambda _params: refusal) as (client, _),
        pytest.raises(SourceRefusedError, match="give the user or agency the permission cts:trace:list"),
    ):
        client.try_list()


def test_a_project_that_is_unknown_is_refused_as_elsewhere() -> None:
    refusal = json_response({"error_code": "CTS.0004", "error_msg": "No."}, 404)
    with a_client(lambda _params: refusal) as (client, _), pytest.raises(SourceRefusedError, match="the endpoint"):
        client.try_list()


@pytest.mark.parametrize(
    ("body", "words"),
    [(b'{"traces": ]}', "is not JSON"), (b'{"traces": {}}', 'no list "traces"'), (b'{"a": 1, "a": 2}', "")],
)
def test_an_answer_that_is_no_list_names_the_address(body: bytes, words: str) -> None:
    with (
        a_client(lambda _params: Response(200, {}, body)) as (client, _),
        pytest.raises(SourceAnswerError, match=f"/traces: .*{words}.*; check the endpoint"),
    ):
        client.try_list()
