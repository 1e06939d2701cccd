"""Who is told of a fleet, over HTTP, and what arrived."""

import json
from datetime import timedelta
from typing import Any

import orjson
import pytest

from audit import log
from audit.cloud.http.auth import TokenAuth
from audit.cloud.http.renewable import Fresh
from audit.fleet.fleet_notifier import tell_fleet
from audit.fleet.roll_up import FleetReport
from audit.notify import webhook
from audit.settings import Settings
from audit.simulator import Simulator, serve
from tests.fleet.test_fleet_change import DENIED, FAILING, FINE
from tests.pretend import a_simulator

SECRET = "a-secret-that-both-sides-know"


def tell(simulator: Simulator, report: FleetReport, before: FleetReport | None, **changed: str) -> None:
    log.set_up()
    with serve(simulator) as served:
        channels = {
            "CBR_AUDIT_SMN_TOPIC": simulator.topic,
            "CBR_AUDIT_SMN_ENDPOINT": served.url,
            "CBR_AUDIT_WEBHOOK_URL": f"{served.url}/webhook",
            "CBR_AUDIT_WEBHOOK_SECRET": SECRET,
            "CBR_AUDIT_PING_URL": f"{served.url}/ping/0ff1ce-1",
        }
        values = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "CBR_AUDIT_TOKEN": simulator.token,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": "never-written",
            **channels,
            **changed,
        }
        tell_fleet(
            report,
            before,
            "obs://reports/fleet-all/index.html",
            Settings.read(values),
            lambda _transport, _project: TokenAuth(Fresh(lambda: simulator.token)),
            lambda: timedelta(minutes=1),
        )


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_change_is_told_to_everybody_and_an_incomplete_fleet_pings_fail() -> None:
    simulator = a_simulator()
    tell(simulator, DENIED, FINE)

    (message,), (call,), pings = simulator.inbox.messages, simulator.inbox.calls, simulator.inbox.pings
    assert message.subject == "cbr-audit: INCOMPLETE, 1 not seen of 2 targets, fleet all"
    assert message.text.startswith("Not seen: company-2.\n")
    assert orjson.loads(call.body)["fleet"] == "all"
    signature = webhook.signature(SECRET, call.header(webhook.TIMESTAMP) or "", call.body)
    assert call.header(webhook.SIGNATURE) == f"sha256={signature}"
    assert pings == [("fail", message.subject)]


def test_the_same_again_is_told_to_the_dead_man_switch_alone(capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator()
    tell(simulator, FAILING, FAILING)

    assert (simulator.inbox.messages, simulator.inbox.calls) == ([], [])
    assert [signal for signal, _ in simulator.inbox.pings] == ["success"]
    assert [line["cause"] for line in logged(capsys) if line["event"] == "notification.not_needed"] == ["no change"]


def test_without_channels_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {
        f"CBR_AUDIT_{name}": "" for name in ("SMN_TOPIC", "SMN_ENDPOINT", "WEBHOOK_URL", "WEBHOOK_SECRET", "PING_URL")
    }
    tell(a_simulator(), FAILING, FAILING, **nobody)

    assert logged(capsys) == []


def test_a_channel_that_fails_is_logged_and_harms_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    tell(a_simulator(), DENIED, None, CBR_AUDIT_WEBHOOK_URL="http://127.0.0.1:1/hook")

    assert [line["channel"] for line in logged(capsys) if line["event"] == "notification.failed"] == ["webhook"]
