import io
import json
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import handler
from audit.errors import AuditError, EventError, IncompleteError, SourceError, SourceRefusedError
from audit.simulator import Response, Simulator, serve
from tests.pretend import AS_OF, Context, a_simulator, files_of, json_response, without_waiting
from tests.watch.events import of_cts

TIMER = {
    "version": "v1.0",
    "time": "2026-11-23T20:00:00+08:00",
    "trigger_type": "TIMER",
    "trigger_name": "Timer_001",
    "user_event": "",
}
BY_HAND = {"as_of": AS_OF.isoformat()}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with without_waiting():
        yield


def call(simulator: Simulator, folder: Path, event: Any, **context: Any) -> dict[str, Any]:
    with serve(simulator) as served:
        data = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": str(folder),
        }
        keys = context or {"keys": (simulator.ak, simulator.sk, "STS-token-of-the-agency")}
        handler.initializer(Context())
        return handler.handler(event, Context(data, **keys))


@pytest.mark.parametrize("event", [TIMER, BY_HAND])
def test_an_audit_returns_a_small_summary(event: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = call(a_simulator("healthy"), tmp_path, event)

    assert json.loads(json.dumps(answer)) == answer
    assert answer["conclusion"] == "compliant"
    assert all((tmp_path / key).is_file() for key in answer["keys"])
    assert f"{answer['prefix']}/report.json" in answer["keys"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["run.started", "run.finished"]
    assert all(line["run_id"] == answer["run"] for line in lines)


@pytest.mark.parametrize("event", [TIMER, BY_HAND])
def test_non_compliance_is_a_result_and_not_an_error(event: Any, tmp_path: Path) -> None:
    assert call(a_simulator("failing"), tmp_path, event)["conclusion"] == "non_compliant"


def test_a_token_of_the_agency_will_do(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    assert call(simulator, tmp_path, BY_HAND, token=simulator.token)["conclusion"] == "compliant"


def test_an_incomplete_audit_on_a_timer_is_stored_and_then_raised(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="the audit is incomplete; its report is stored under ") as error:
        call(a_simulator("gapped"), tmp_path, TIMER)

    prefix = str(error.value).rpartition(" ")[2]
    assert json.loads((tmp_path / prefix / "report.json").read_bytes())["conclusion"] == "incomplete"
    assert (tmp_path / prefix / "manifest.json").exists()


def test_an_incomplete_audit_by_hand_is_returned(tmp_path: Path) -> None:
    answer = call(a_simulator("gapped"), tmp_path, BY_HAND)

    assert answer["conclusion"] == "incomplete"
    assert answer["gaps"]


@pytest.mark.parametrize("event", [TIMER, BY_HAND])
def test_an_audit_that_cannot_be_carried_out_raises(event: Any, tmp_path: Path) -> None:
    simulator = a_simulator()
    simulator.intercept = lambda _request, _number: Response(503)

    with pytest.raises(SourceError, match="answered 503"):
        call(simulator, tmp_path, event)


def test_with_too_little_time_it_raises_and_nothing_is_asked(tmp_path: Path) -> None:
    simulator = a_simulator()

    with pytest.raises(SourceError, match="time for it is used up"):
        call(simulator, tmp_path, TIMER, token=simulator.token, remaining=6_000)

    assert simulator.requests == 0


def test_an_event_that_cannot_be_used_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EventError, match="sinse is not a key of an event"):
        handler.handler({"sinse": "7d"}, Context())

    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["event"], line["level"], line["request_id"]) == ("run.failed", "error", "0123-4567")
    assert line["cause"].startswith("EventError: the event cannot be used: sinse")


def test_a_broken_trace_is_raised_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EventError, match="the trace in the event has no trace_id"):
        handler.handler(of_cts(trace_id=None), Context())

    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["event"], line["request_id"]) == ("run.failed", "0123-4567")


def everything_said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_no_secret_is_in_a_log_a_file_or_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator("drifting")
    secrets = [simulator.sk, "STS-token-of-the-agency", simulator.token, "AnotherSecretKey99", "bad\ntoken-secret"]
    said = io.StringIO()

    def attempt(event: Any, **context: Any) -> None:
        try:
            said.write(str(call(simulator, tmp_path, event, **context)))
        except AuditError as error:
            said.write(everything_said(error))

    def echo(request: Any, _number: int) -> Response | None:
        """A gateway that quotes every header of a request that it refuses."""
        quoted = " ".join(f"{name}={value}" for name, value in request.headers.items())
        return json_response({"error_code": "APIGW.0301", "error_msg": f"refused: {quoted}"}, 401)

    attempt(TIMER)
    attempt(BY_HAND, token=simulator.token)
    attempt(BY_HAND, keys=(simulator.ak, "AnotherSecretKey99", "STS-token-of-the-agency"))
    attempt(BY_HAND, token="bad\ntoken-secret")
    simulator.intercept = echo
    for event in (TIMER, BY_HAND):
        attempt(event)
        attempt(event, token=simulator.token)
    simulator.intercept = lambda request, number: echo(request, number) if "/policies" in request.url else None
    attempt(TIMER)
    attempt({**BY_HAND, "since": "3d"}, token=simulator.token)
    try:
        structlog.get_logger().info("failed", secret=secrets, text=" ".join(secrets[:3]), more=[secrets[0]])
    finally:
        logged = capsys.readouterr()

    places = {"log": logged.out + logged.err, "answers and tracebacks": said.getvalue()}
    places |= {name: data.decode("latin-1") for name, data in files_of(tmp_path).items()}
    assert len(places) > 10
    for secret in [*secrets[:4], "token-secret"]:
        assert [name for name, text in places.items() if secret in text or secret[:40] in text] == []


def test_a_refusal_reaches_the_platform(tmp_path: Path) -> None:
    simulator = a_simulator()
    with pytest.raises(SourceRefusedError, match="answered 401"):
        call(simulator, tmp_path, TIMER, token="expired-token")


def test_the_function_needs_no_terminal_and_no_simulator() -> None:
    absent = ["click", "rich", "responses", "audit.cli", "audit.simulator", "audit.cli.progress", "audit.cli.screen"]
    code = f"import sys; sys.modules.update(dict.fromkeys({absent})); import handler; handler.initializer(None)"

    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
