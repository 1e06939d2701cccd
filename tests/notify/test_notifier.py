"""Whole audits that tell of themselves, over HTTP, and what arrived."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit import log
from audit.app.execute import execute
from audit.app.request import RunRequest, request_from_settings
from audit.cloud.http.auth import TokenAuth
from audit.cloud.http.renewable import Fresh
from audit.errors import SourceError
from audit.notify import Notifier, webhook
from audit.settings import Settings
from audit.simulator import Request, Response, Simulator, build_estate, serve
from audit.timestamps import shown
from tests.cloud.http.rude_server import keeps_silent, rude_server
from tests.pretend import AS_OF, a_simulator, files_of, json_response, variables

SECRET = "a-secret-that-both-sides-know"
CHECK = "/ping/0ff1ce-1"


def channels(simulator: Simulator, url: str) -> dict[str, str]:
    return {
        "CBR_AUDIT_SMN_TOPIC": simulator.topic,
        "CBR_AUDIT_SMN_ENDPOINT": url,
        "CBR_AUDIT_WEBHOOK_URL": f"{url}/webhook",
        "CBR_AUDIT_WEBHOOK_SECRET": SECRET,
        "CBR_AUDIT_PING_URL": f"{url}{CHECK}",
    }


def audit(simulator: Simulator, store: Path, as_of: str = shown(AS_OF), **changed: str) -> str:
    """Audit a simulator that also takes the notifications; return the run's prefix."""
    log.set_up()
    with serve(simulator) as served:
        values = {**variables(simulator, served.url, store), **channels(simulator, served.url), **changed}
        return execute(request_from_settings(values, as_of=as_of), lambda _progress: None).prefix


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def told(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["event"], line["channel"]) for line in lines if "channel" in line]


def test_a_first_run_tells_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator("failing")
    prefix = audit(simulator, tmp_path)

    (message,), (call,), pings = simulator.inbox.messages, simulator.inbox.calls, simulator.inbox.pings
    report = orjson.loads((tmp_path / prefix / "report.json").read_bytes())
    page = f"{tmp_path.as_uri()}/{prefix}/report.html"
    assert message.subject.startswith("cbr-audit: NOT COMPLIANT, ")
    assert report["problems"][0]["subject"]["name"] in message.text
    assert f"\nReport: {page}\n" in message.text
    assert orjson.loads(call.body)["report"] == page
    signature = webhook.signature(SECRET, call.header(webhook.TIMESTAMP) or "", call.body)
    assert call.header(webhook.SIGNATURE) == f"sha256={signature}"
    assert pings == [("start", report["run"]["id"]), ("success", message.subject)]
    assert told(logged(capsys)) == [("notification.sent", channel) for channel in ("ping", "smn", "webhook", "ping")]


def arrived(simulator: Simulator) -> list[str]:
    """The channels that something came through."""
    inbox = simulator.inbox
    return [name for name, came in (("smn", inbox.messages), ("webhook", inbox.calls), ("ping", inbox.pings)) if came]


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("smn", ["CBR_AUDIT_SMN_TOPIC", "CBR_AUDIT_SMN_ENDPOINT"]),
        ("webhook", ["CBR_AUDIT_WEBHOOK_URL"]),
        ("ping", ["CBR_AUDIT_PING_URL"]),
    ],
)
def test_every_channel_works_alone(channel: str, names: list[str], tmp_path: Path) -> None:
    simulator = a_simulator()
    with serve(simulator) as served:
        chosen = {name: value for name, value in channels(simulator, served.url).items() if name in names}
        made = request_from_settings({**variables(simulator, served.url, tmp_path), **chosen}, as_of=shown(AS_OF))
        execute(made, lambda _progress: None)

    assert arrived(simulator) == [channel]


@pytest.mark.parametrize("scenario", ["healthy", "failing", "gapped"])
def test_the_same_again_is_told_to_the_dead_man_switch_alone(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = a_simulator(scenario)
    for _ in range(3):
        audit(simulator, tmp_path)

    assert (len(simulator.inbox.messages), len(simulator.inbox.calls)) == (1, 1)
    assert [signal for signal, _ in simulator.inbox.pings] == 3 * [
        "start",
        "fail" if scenario == "gapped" else "success",
    ]
    assert [line["cause"] for line in logged(capsys) if line["event"] == "notification.not_needed"] == 2 * ["no change"]


def test_every_change_is_told_once(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=6, days=5, as_of=AS_OF)
    simulator = Simulator(estate)
    short = json_response({"vaults": [], "count": 5})
    steps = ("available", "available", "frozen", "frozen", "unread", "available")
    for second, step in enumerate(steps):
        estate.vaults[0]["billing"]["status"] = "frozen" if step == "frozen" else "available"
        hidden = "/vaults" if step == "unread" else "nothing"
        simulator.intercept = lambda request, _, hidden=hidden: short if hidden in request.url else None
        audit(simulator, tmp_path, as_of=shown(AS_OF + timedelta(seconds=second)))

    assert [message.subject.split(",")[0] for message in simulator.inbox.messages] == [
        f"cbr-audit: {verdict}" for verdict in ("COMPLIANT", "NOT COMPLIANT", "INCOMPLETE", "COMPLIANT")
    ]


@pytest.mark.parametrize("damage", [b"{}", b"[1]", b"not JSON", None])
def test_a_previous_report_that_cannot_be_trusted_is_no_reason_for_silence(
    damage: bytes | None, tmp_path: Path
) -> None:
    simulator = a_simulator()
    prefix = audit(simulator, tmp_path)
    path = tmp_path / prefix / "report.json"
    path.write_bytes(path.read_bytes() + b" ") if damage is None else path.write_bytes(damage)
    audit(simulator, tmp_path)

    assert len(simulator.inbox.messages) == 2
    assert "Before" not in simulator.inbox.messages[1].text


def test_what_is_judged_of_the_past_is_no_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(a_simulator("healthy"), tmp_path)
    simulator = a_simulator("failing")
    audit(simulator, tmp_path, as_of="2026-11-22T12:00:00Z")

    assert simulator.inbox.messages == []
    assert "a later run is stored" in [line.get("cause") for line in logged(capsys)]


def test_a_run_without_a_report_is_told_to_the_dead_man_switch_and_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = a_simulator()

    def refuse(request: Request, _number: int) -> Response | None:
        return json_response({"error_code": "Forbidden", "error_msg": "No."}, 403) if "/v3/" in request.url else None

    simulator.intercept = refuse
    with pytest.raises(SourceError):
        audit(simulator, tmp_path)

    assert [signal for signal, _ in simulator.inbox.pings] == ["start", "fail"]
    assert simulator.inbox.pings[1][1].startswith("SourceRefusedError: ")
    assert simulator.inbox.messages == []
    (line,) = (line for line in logged(capsys) if line["event"].startswith("run.f"))
    assert (line["event"], line["level"]) == ("run.failed", "error")
    assert "answered 403" in line["cause"]


@pytest.mark.parametrize(
    ("scenario", "level", "worst"),
    [("healthy", "info", None), ("failing", "warning", "critical"), ("gapped", "warning", None)],
)
def test_one_line_a_run_is_enough_for_an_alarm(
    scenario: str, level: str, worst: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(a_simulator(scenario), tmp_path)

    (line,) = (line for line in logged(capsys) if line["event"] == "run.finished")
    assert (line["level"], line["worst"]) == (level, worst)
    assert line["resources"] >= 6
    assert {
        "conclusion",
        "problems",
        "resources_failing",
        "complete",
        "run_id",
        "project_id",
        "request_id",
    } <= line.keys()


def on(path: str, answer: Response) -> Any:
    return lambda request, _number: answer if path in request.url else None


REFUSALS = [
    (
        "/publish",
        "smn",
        403,
        "answered 403 (SMN.0005 Denied); give the agency the action smn:topic:publish for this topic",
    ),
    ("/webhook", "webhook", 500, "answered with 500; check the URL and the requirements of its receiver"),
    ("/webhook", "webhook", 302, "answered with 302; check the URL and the requirements of its receiver"),
    ("/ping", "ping", 404, "answered with 404; check the ping URL"),
]


@pytest.mark.parametrize(("path", "channel", "status", "words"), REFUSALS)
def test_a_channel_that_refuses_is_named_in_the_log_and_harms_nothing(
    path: str, channel: str, status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = a_simulator("healthy")
    body = {"error_code": "SMN.0005", "error_msg": "Denied"} if status == 403 else {}
    simulator.intercept = on(path, json_response(body, status, Location="https://elsewhere.example/"))
    prefix = audit(simulator, tmp_path)

    assert (tmp_path / prefix / "manifest.json").is_file()
    failures = [line for line in logged(capsys) if line["event"] == "notification.failed"]
    assert {line["channel"] for line in failures} == {channel}
    assert all(words in line["cause"] and line["level"] == "warning" for line in failures)
    assert arrived(simulator) == [name for name in ("smn", "webhook", "ping") if name != channel]


def test_keys_sign_what_is_published(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    nobody = {"CBR_AUDIT_USER": "", "CBR_AUDIT_PASSWORD": "", "CBR_AUDIT_DOMAIN": ""}
    audit(simulator, tmp_path, HUAWEICLOUD_SDK_AK=simulator.ak, HUAWEICLOUD_SDK_SK=simulator.sk, **nobody)

    assert len(simulator.inbox.messages) == 1


def test_a_topic_that_is_not_there_is_an_answer_of_smn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator("healthy")
    audit(simulator, tmp_path, CBR_AUDIT_SMN_TOPIC=f"{simulator.topic}-2")

    (failure,) = (line for line in logged(capsys) if line["event"] == "notification.failed")
    assert "answered 404 (SMN.0011 Topic not found.)" in failure["cause"]


def a_notifier(url: str, seconds: float) -> Notifier:
    log.set_up()
    values = {
        "CBR_AUDIT_ENDPOINT": url,
        "CBR_AUDIT_TOKEN": "MIItoken",
        "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
        "CBR_AUDIT_STORE": "never-written",
        "CBR_AUDIT_PING_URL": f"{url}{CHECK}",
    }
    return Notifier(
        Settings.read(values),
        lambda _transport, _project: TokenAuth(Fresh(lambda: "MIItoken")),
        lambda: timedelta(seconds=seconds),
    )


def test_a_silent_channel_gets_a_quarter_of_the_time_that_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    with rude_server(keeps_silent) as server:
        a_notifier(server.url, 4.8).failed(ValueError("no report"))

    (line,) = logged(capsys)
    assert line["event"] == "notification.failed"
    assert "did not answer" in line["cause"]


@pytest.mark.parametrize("seconds", [3.9, 0, -1])
def test_with_too_little_time_left_nothing_is_sent(seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator()
    with serve(simulator) as served:
        a_notifier(served.url, seconds).started("run")

    (line,) = logged(capsys)
    assert line["cause"] == "SourceError: not sent: too little of the function's time is left"
    assert simulator.inbox.pings == []


def test_without_channels_nothing_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up()
    simulator = a_simulator()
    with serve(simulator) as served:
        made: RunRequest = request_from_settings(variables(simulator, served.url, tmp_path), as_of=shown(AS_OF))
        execute(made, lambda _progress: None)

    assert [line["event"] for line in logged(capsys)] == ["run.started", "run.finished"]
    assert arrived(simulator) == []


def test_no_address_and_no_secret_of_a_channel_is_printed_or_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = a_simulator("healthy")
    nowhere = "http://127.0.0.1:1"
    hook, check = f"{nowhere}/T000-HOOK?key=QUERYKEY", f"{nowhere}/0ff1ce-KEY"
    audit(simulator, tmp_path, CBR_AUDIT_WEBHOOK_URL=hook, CBR_AUDIT_PING_URL=check)

    output = capsys.readouterr().out
    failures = [json.loads(line) for line in output.splitlines() if "notification.failed" in line]
    assert len(failures) == 3
    written = b"".join(files_of(tmp_path).values()).decode("latin-1")
    for secret in ("T000-HOOK", "QUERYKEY", "0ff1ce-KEY", SECRET):
        assert secret not in output + written
