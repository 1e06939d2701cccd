"""Requests over HTTP, as API Gateway passes them on: through the handler, to a simulated cloud."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import handler
from audit.app import http_event
from audit.simulator import Response, Simulator, serve
from tests.pretend import AS_OF, Context, a_simulator, without_waiting
from tests.watch.events import APIG, Event

API = APIG["requestContext"]["apiId"]
BODY = json.dumps({"as_of": AS_OF.isoformat()})


class FunctionContext(Context):
    """A context that names the function."""

    def __init__(self, simulator: Simulator, data: dict[str, str]) -> None:
        keys = simulator.temporary_keys()
        super().__init__(data, keys=(keys.ak, keys.sk, keys.token))
        self._urn = simulator.function_urn.split(":")

    def getProjectID(self) -> str:  # noqa: N802  # named by the platform
        return self._urn[3]

    def getPackage(self) -> str:  # noqa: N802  # named by the platform
        return self._urn[5]

    def getFunctionName(self) -> str:  # noqa: N802  # named by the platform
        return self._urn[6]

    def getVersion(self) -> str:  # noqa: N802  # named by the platform
        return self._urn[7]


class Served:
    """The function behind API Gateway."""

    def __init__(self, simulator: Simulator, url: str, store: Path) -> None:
        self.simulator, self.store = simulator, store
        self.started: list[Any] = []
        self.data = {
            "CBR_AUDIT_ENDPOINT": url,
            "CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT": url,
            "CBR_AUDIT_STORE": str(store),
            "CBR_AUDIT_HTTP_CALLERS": f"another-api, {API}",
            "HUAWEICLOUD_SDK_REGION": simulator.function_urn.split(":")[2],
        }
        simulator.plug_in(self.started.append)

    def ask(self, method: str = "GET", body: object = "", **changed: Any) -> tuple[int, Any]:
        event: Event = {**APIG, "httpMethod": method, "body": body, "isBase64Encoded": False, **changed}
        answer = handler.handler(event, FunctionContext(self.simulator, self.data))
        assert {*answer} == {"statusCode", "headers", "isBase64Encoded", "body"}
        assert (answer["isBase64Encoded"], answer["headers"]["Content-Type"]) == (False, "application/json")
        assert self.simulator.sk not in answer["body"]
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    simulator = a_simulator("failing")
    with without_waiting(), serve(simulator) as server:
        yield Served(simulator, server.url, tmp_path / "store")


def test_an_audit_that_is_waited_for_is_summed_up_and_then_the_latest(served: Served) -> None:
    assert served.ask() == (
        404,
        {"error": f"there is no report of the project {served.simulator.project_id} yet: start an audit with POST"},
    )

    status, summary = served.ask("POST", BODY, queryStringParameters={"wait": "true"})
    assert (status, summary["conclusion"], summary["complete"]) == (200, "non_compliant", True)

    status, latest = served.ask()
    assert (status, latest["run"], latest["conclusion"]) == (200, summary["run"], "non_compliant")
    assert (latest["problems"], latest["complete"], latest["note"]) == (summary["problems"], True, "")
    assert latest["report"].endswith(f"{summary['prefix']}/report.html")
    assert latest["summary"]["resources_failing"] == summary["resources_failing"]


@pytest.mark.parametrize(
    ("body", "encoded", "asked"),
    [
        (BODY, False, json.loads(BODY)),
        (base64.b64encode(BODY.encode()).decode(), True, json.loads(BODY)),
        ("", "true", {}),
        (None, None, {}),
        ("{}", "false", {}),
    ],
)
def test_an_audit_that_is_not_waited_for_goes_on_as_a_start_of_the_function(
    served: Served, body: object, encoded: object, asked: object
) -> None:
    status, answer = served.ask("POST", body, isBase64Encoded=encoded)

    assert (status, answer) == (202, {"request_id": "invocation-1"})
    assert served.started == [asked]
    assert not served.store.exists()


@pytest.mark.parametrize(
    "context", [{"apiId": "a-stranger"}, {"apiId": None}, {}, None, {"apiId": ""}, {"apiId": f"another-api, {API}"}]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_an_api_that_the_settings_do_not_name_gets_nothing(served: Served, context: object, method: str) -> None:
    status, answer = served.ask(method, "not even JSON", requestContext=context)

    assert status == 403
    assert "CBR_AUDIT_HTTP_CALLERS" in answer["error"]
    assert (served.started, served.simulator.requests) == ([], 0)


def test_without_a_setting_nobody_is_served(served: Served) -> None:
    del served.data["CBR_AUDIT_HTTP_CALLERS"]

    assert served.ask()[0] == 403


def test_other_methods_are_refused_with_those_that_are_served(served: Served) -> None:
    event = {**APIG, "httpMethod": "DELETE"}
    answer = handler.handler(event, FunctionContext(served.simulator, served.data))

    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, POST")
    assert json.loads(answer["body"]) == {"error": "DELETE is not served: GET or POST"}


@pytest.mark.parametrize(
    ("body", "changed", "reason"),
    [
        ("{", {}, "the body is not JSON"),
        ("[]", {}, "the body is no JSON object"),
        ('{"since": "7d", "since": "1d"}', {}, "the body has two keys 'since' in one object"),
        ('{"sinse": "7d"}', {}, "the body cannot be used: sinse is not a key of an event; did you mean since?"),
        ('{"fleet": "start"}', {}, "the body cannot be used: fleet is not a key of an event"),
        ('{"trigger_type": "TIMER"}', {}, "the body cannot be used: trigger_type is not a key of an event"),
        ('{"\\ud800": 1}', {}, "the body cannot be used: "),
        ('{"as_of": "soon"}', {}, "'soon' is not a time"),
        ('{"store": "/x", "official": true}', {}, "official and store cannot be chosen over HTTP"),
        ("%%%", {"isBase64Encoded": True}, "the body is no text, or not in Base64 as the event says"),
        ({"since": "7d"}, {}, "the body is no text"),
        ("\ud800", {}, "the body is no text"),
        (f'"{"x" * 256 * 1024}"', {}, "the body has 262,146 bytes, and may have 262,144"),
    ],
)
def test_a_body_that_cannot_be_used_says_why(
    served: Served, body: object, changed: Event, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = served.ask("POST", body, **changed)

    assert status == 400
    assert reason in answer["error"]
    assert answer["request_id"] == "0123-4567"
    assert served.started == []
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["event"], line["level"]) == ("request.refused", "warning"), "no alarm for what a caller does"


def test_a_cloud_that_does_not_answer_is_a_bad_gateway(served: Served) -> None:
    served.simulator.intercept = lambda _request, _number: Response(503)

    status, answer = served.ask("POST", BODY, queryStringParameters={"wait": "True"})
    assert status == 502
    assert "answered 503" in answer["error"]


def test_a_function_that_may_not_start_itself_says_which_policy_is_missing(served: Served) -> None:
    served.simulator.deny("functiongraph:function:invokeAsync")

    status, answer = served.ask("POST")
    assert status == 502
    assert "for the function itself, start-itself.json" in answer["error"]


def test_wrong_settings_are_our_own_fault(served: Served) -> None:
    served.data["CBR_AUDIT_WORKERS"] = "many"

    status, answer = served.ask()
    assert (status, "CBR_AUDIT_WORKERS" in answer["error"]) == (500, True)


def test_whatever_goes_wrong_is_an_answer_and_a_line_in_the_log(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("with details that are nobody's business")

    monkeypatch.setattr(http_event, "opened", fail)

    assert served.ask() == (
        500,
        {"error": "internal error; the log of the function says more", "request_id": "0123-4567"},
    )
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["event"], line["cause"]) == (
        "request.failed",
        "RuntimeError: with details that are nobody's business",
    )
