"""Starting the deployed function by hand: over HTTP, through a pretend FunctionGraph that really calls the handler."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

import handler
from audit import log
from audit.cli.commands import main
from audit.cli.invoke import _verdict
from audit.cloud.functiongraph import invoke, target
from audit.errors import AuditError, EventError, FunctionFailedError, SettingsError, SourceError
from audit.simulator import Request, Response, Simulator, serve
from tests.cloud.http.rude_server import answer as raw
from tests.cloud.http.rude_server import keeps_silent, rude_server, says
from tests.pretend import AS_OF, Context, a_simulator, json_response, without_waiting

AS_OF_EVENT = json.dumps({"as_of": AS_OF.isoformat()})
URN = "urn:fss:sim-1:p1:function:default:cbr-audit:latest"
KEYS = {"HUAWEICLOUD_SDK_AK": "AKEY12", "HUAWEICLOUD_SDK_SK": "SKEY12"}
HERE = {"HUAWEICLOUD_SDK_REGION": "sim-1", "HUAWEICLOUD_SDK_PROJECT_ID": "p1"}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with without_waiting():
        yield


class Deployed:
    """A simulator whose FunctionGraph runs our handler, and a person with keys."""

    def __init__(self, simulator: Simulator, url: str, store: Path) -> None:
        self.simulator, self.url = simulator, url
        self.events: list[Any] = []
        keys = simulator.temporary_keys()
        data = {
            "CBR_AUDIT_ENDPOINT": url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": str(store),
        }
        context = Context(data, keys=(keys.ak, keys.sk, keys.token))

        def function(event: Any) -> Any:
            self.events.append(event)
            return handler.handler(event, context)

        simulator.plug_in(function)

    def invoke(self, *args: str, **changed: str) -> Result:
        keys = {"HUAWEICLOUD_SDK_AK": self.simulator.ak, "HUAWEICLOUD_SDK_SK": self.simulator.sk, **changed}
        place = ("--endpoint", self.url, "--function", self.simulator.function_urn)
        result = CliRunner().invoke(main, ["invoke", *place, *args], env=keys)
        log.silence()
        return result


@pytest.fixture(params=["failing"])
def deployed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployed]:
    simulator = a_simulator(request.param)
    with serve(simulator) as served:
        yield Deployed(simulator, served.url, tmp_path / "store")


def reports(folder: Path) -> list[str]:
    return [orjson.loads(path.read_bytes())["conclusion"] for path in folder.rglob("report.json")]


@pytest.mark.parametrize(
    ("deployed", "code", "verdict"),
    [("healthy", 0, "COMPLIANT: "), ("failing", 10, "NOT COMPLIANT: "), ("gapped", 3, "INCOMPLETE: ")],
    indirect=["deployed"],
)
def test_waiting_shows_how_the_audit_ended(deployed: Deployed, tmp_path: Path, code: int, verdict: str) -> None:
    result = deployed.invoke("--event", AS_OF_EVENT)

    assert result.exit_code == code, result.output
    lines = [line for line in result.stdout.splitlines() if not line.startswith("{")]
    assert lines[0].startswith(verdict)
    run = lines[-1].rpartition(" ")[2]
    assert lines[-2] == f"Report   {deployed.simulator.project_id}/2026/11/23/{run}/report.html in the function's store"
    assert (tmp_path / "store" / deployed.simulator.project_id / "2026/11/23" / run / "report.html").is_file()
    assert any(line.startswith("Problems ") for line in lines) == (verdict == "NOT COMPLIANT: ")
    assert any(line.startswith("Gap      ") for line in lines) == (verdict == "INCOMPLETE: ")


def test_starting_does_not_tell_how_it_ended(deployed: Deployed, tmp_path: Path) -> None:
    result = deployed.invoke("--async", "--event", AS_OF_EVENT)

    assert result.exit_code == 0
    assert "Started. The request id is invocation-1." in result.stdout
    assert reports(tmp_path) == ["non_compliant"]


def test_a_fleet_is_started_and_not_waited_for(deployed: Deployed) -> None:
    deployed.simulator.plug_in(lambda _event: {})
    waited, started = (deployed.invoke(how, "--event", '{"fleet": "start"}') for how in ("--wait", "--async"))

    assert (waited.exit_code, "add --async" in waited.stderr) == (2, True)
    assert (started.exit_code, "`cbr-audit fleet show` shows the latest one" in started.stdout) == (0, True)


def test_the_event_may_be_a_file_and_the_answer_json(deployed: Deployed, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(AS_OF_EVENT)
    result = deployed.invoke("--event", str(path), "--json")

    told = json.loads(result.stdout.splitlines()[-1])
    assert told["request_id"] == "invocation-1"
    assert told["returned"]["conclusion"] == "non_compliant"
    assert deployed.events == [json.loads(AS_OF_EVENT)]


def test_without_an_event_the_function_is_told_nothing(deployed: Deployed) -> None:
    deployed.invoke("--async")

    assert deployed.events == [{}]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ('{"sinse": "7d"}', "sinse is not a key of an event; did you mean since?"),
        ("{", "the event is not JSON: "),
        (
            "no-such-file.json",
            "cannot read the event no-such-file.json: No such file or directory; give a file, or JSON",
        ),
        ("a\0b", "cannot read the event a?b: embedded null byte"),
    ],
)
def test_a_wrong_event_is_found_before_it_is_sent(deployed: Deployed, event: str, words: str) -> None:
    result = deployed.invoke("--event", event)

    assert result.exit_code == 2
    assert words in result.stderr
    assert deployed.simulator.requests == 0


def test_a_function_that_fails_says_why(deployed: Deployed) -> None:
    deployed.simulator.intercept = lambda request, _: Response(503) if "/v3/" in request.url else None
    result = deployed.invoke("--event", AS_OF_EVENT)

    assert result.exit_code == 3
    assert "cbr-audit: the function failed: " in result.stderr
    assert "answered 503" in result.stderr
    assert "; its log ends with: result " in result.stderr


def test_an_audit_is_never_started_twice(deployed: Deployed) -> None:
    started: list[str] = []

    def lose(request: Request, _number: int) -> Response | None:
        if "/invocations" in request.url:
            started.append(request.url)
            raise ConnectionResetError
        return None

    deployed.simulator.intercept = lose
    for how in ("--wait", "--async"):
        result = deployed.invoke(how)
        assert result.exit_code == 3
        assert " did not answer: " in result.stderr

    assert len(started) == 2


@pytest.mark.parametrize(
    ("how", "action"),
    [("--wait", "functiongraph:function:invoke"), ("--async", "functiongraph:function:invokeAsync")],
)
def test_a_missing_permission_is_named(deployed: Deployed, how: str, action: str) -> None:
    deployed.simulator.deny(action)
    result = deployed.invoke(how)

    assert result.exit_code == 2
    policies = "deploy/iam/function-invoke.json; for the function itself, start-itself.json"
    assert f"; allow the action {action} ({policies}), and check the project id" in result.stderr


REFUSALS = [
    (404, "check the function's name or URN (--function), the region and the project id"),
    (401, "sign in with valid credentials for the function's project, and check that this machine's clock is right"),
    (400, "FunctionGraph did not accept the event"),
    (418, "see the error codes of FunctionGraph"),
]


@pytest.mark.parametrize(("status", "words"), REFUSALS)
def test_a_refusal_comes_with_its_remedy(deployed: Deployed, status: int, words: str) -> None:
    deployed.simulator.intercept = lambda _request, _number: json_response(
        {"error_code": "FSS.1", "error_msg": "No."}, status
    )
    result = deployed.invoke()

    assert result.exit_code == 2
    assert f"answered {status} (FSS.1 No.); {words}" in result.stderr


def test_the_limit_of_the_gateway_is_explained_when_it_hits(deployed: Deployed) -> None:
    deployed.simulator.intercept = lambda _request, _number: Response(504)

    waited, started = deployed.invoke(), deployed.invoke("--async")
    assert waited.exit_code == started.exit_code == 3
    assert "answered 504: the gateway gives up after 90 seconds, and the audit goes on without it" in waited.stderr
    assert "start long audits with --async" in waited.stderr
    assert "gateway gives up" not in started.stderr


def test_silence_for_as_long_as_the_gateway_waits_is_explained_too() -> None:
    with (
        rude_server(keeps_silent) as server,
        pytest.raises(FunctionFailedError, match=r"did not answer: .*the gateway gives up after 90 seconds"),
    ):
        invoke(URN, {**HERE, **KEYS}, {}, endpoint=server.url, patience=timedelta(seconds=0.5))


def v1(result: Any, log_text: str = "", *headers: str) -> bytes:
    body = {"request_id": "r1", "result": result, "log": log_text, "status": 200}
    return raw(orjson.dumps(body), *headers)


ANSWERS = [
    (raw(b"<html>"), "the FunctionGraph response is not JSON; check the endpoint"),
    (raw(b"[]"), "the FunctionGraph response is not a JSON object"),
    (v1(json.dumps({"conclusion": "compliant"}), "", "X-Is-Func-Err: true"), "the function failed: {'conclusion'"),
    (
        v1(json.dumps({"errorMessage": "out of memory"}), "", "X-Func-Err-Code: 4"),
        "the function failed: out of memory$",
    ),
    (v1(json.dumps({"statusCode": 200})), "the function failed: {'statusCode': 200}$"),
    (v1("plain text"), "the function failed: plain text$"),
    (v1("x", "first line\nlast line: 5 %\n"), "the function failed: x; its log ends with: last line: 5 %$"),
    (v1("x", base64.b64encode(b"a\nb \xff").decode()), "the function failed: x; its log ends with: b \ufffd$"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS)
def test_an_answer_that_is_no_audit_is_an_error(answer: bytes, words: str) -> None:
    with rude_server(says(answer)) as server, pytest.raises(AuditError, match=words) as error:
        invoke(URN, {**HERE, **KEYS}, {}, endpoint=server.url)

    assert isinstance(error.value, (FunctionFailedError, SourceError))


def test_an_answer_of_another_version_is_shown_as_far_as_it_goes(deployed: Deployed) -> None:
    deployed.simulator.plug_in(lambda _event: {"conclusion": "fine", "problems": 2})
    result = deployed.invoke()

    assert result.exit_code == 3
    assert result.stdout.splitlines()[:3] == ["Conclusion: fine", "", "Problems 2 problems"]


@pytest.mark.parametrize(
    ("function", "variables", "words"),
    [
        ("no such", HERE, "'no such' is neither a function name nor a URN"),
        ("urn:fss:r:p:function:default", HERE, "is neither a function name nor a URN"),
        (
            "cbr-audit",
            {},
            "set HUAWEICLOUD_SDK_REGION and HUAWEICLOUD_SDK_PROJECT_ID, or give the function's URN",
        ),
    ],
)
def test_a_function_that_cannot_be_found_is_named(function: str, variables: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        target(function, variables)


def test_a_name_is_looked_for_in_the_project_and_a_urn_says_its_own() -> None:
    assert target("cbr-audit", HERE) == (URN, HERE)
    urn = "urn:fss:eu-west-101:p2:function:default:cbr-audit"
    assert target(urn, HERE)[1] == {"HUAWEICLOUD_SDK_REGION": "eu-west-101", "HUAWEICLOUD_SDK_PROJECT_ID": "p2"}


def test_region_and_project_may_be_options(deployed: Deployed) -> None:
    arguments = ["--function", "cbr-audit", "--region", "sim-1", "--project-id", deployed.simulator.project_id]

    assert deployed.invoke(*arguments, "--async").exit_code == 0
    assert deployed.invoke(*arguments[:-1], "another", "--async").exit_code == 2


def test_a_large_event_is_not_sent_asynchronously() -> None:
    event = {"profile": "x" * (256 * 1024)}
    with pytest.raises(EventError, match="the event has 262,158 bytes; with --async, at most 262,144"):
        invoke(URN, {**HERE, **KEYS}, event, wait=False)


def test_an_endpoint_is_checked_before_anything_is_sent_to_it() -> None:
    with pytest.raises(
        SettingsError, match=r"invalid endpoint http://evil\.example: an endpoint must start with https://"
    ):
        invoke(URN, {**HERE, **KEYS}, {}, endpoint="http://evil.example")


def test_the_region_gives_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(_self: Any, request: Any, *_args: Any, **_options: Any) -> Any:
        asked.append(request.url)
        raise SourceError("far away")

    monkeypatch.setattr("audit.cloud.functiongraph.Transport.ask", ask)
    with pytest.raises(SourceError, match="far away"):
        invoke(URN, {**HERE, **KEYS}, {})

    assert asked == [f"https://functiongraph.sim-1.myhuaweicloud.com/v2/p1/fgs/functions/{URN}/invocations"]


def test_without_credentials_nothing_is_sent() -> None:
    with pytest.raises(SettingsError, match="no credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"):
        invoke(URN, HERE, {})


def test_nothing_is_left_running() -> None:
    before = set(threading.enumerate())
    with rude_server(says(v1("x"))) as server, pytest.raises(FunctionFailedError):
        invoke(URN, {**HERE, **KEYS}, {}, endpoint=server.url)

    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=30)  # a connection of the server may be about to end
        assert not thread.is_alive()


def test_a_function_that_applied_a_few_controls_is_not_summed_up_as_everything() -> None:
    told = {"conclusion": "compliant", "controls": 2, "controls_left_out": 5}

    assert _verdict(told) == "COMPLIANT BY 2 CONTROLS ONLY: the profile leaves out 5 of the usual ones."
