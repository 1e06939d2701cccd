"""Events over HTTP against the simulator, from the hint to the message and the stored evidence."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import time_machine

import handler
from audit.errors import ChainError, NotConfirmedError, NotToldError, SourceRefusedError
from audit.evidence.store import open_store
from audit.simulator import Estate, Request, Response, Simulator, serve
from audit.simulator.trace_rows import trace_row
from audit.watch.change_store import StoredChange
from audit.watch.change_verify import replay_changes, verify_changes
from audit.watch.hints import Hint, read_hint
from audit.watch.judged_again import judge_again
from audit.watch.reading import report_before
from audit.watch.watching import carry_out
from tests.cli.test_changes import invoke
from tests.pretend import AS_OF, Context, an_estate, audit, files_of, json_response, without_waiting
from tests.watch.stored import judged

LATER = AS_OF + timedelta(minutes=10)
EVE = {"id": "user-666", "name": "eve", "domain": {"id": "account-1", "name": "acme"}, "access_key_id": "AKEVE"}
DELETED = "7a4e1f6c-7e1d-4a1d-9a2f-5d6d0b8a0f01"


def a_cloud() -> tuple[Estate, Simulator]:
    estate = an_estate("healthy")
    return estate, Simulator(estate)


def a_deletion(estate: Estate) -> Hint:
    """Let Cloud Trace Service know of the deletion of the first vault, and return what the event says."""
    vault = estate.vaults[0]
    row = trace_row(DELETED, LATER, "deleteVault", resource_id=vault["id"], resource_name=vault["name"], user=EVE)
    estate.traces.append(row)
    return hint_of(row)


def refusing(what: str) -> Callable[[Request, int], Response | None]:
    refused = json_response({"error_code": "CBR.0001", "error_msg": "no"}, 403)
    return lambda request, _number: refused if request.split().path.endswith(what) else None


def hint_of(row: dict[str, Any]) -> Hint:
    return read_hint({"cts": row})


def watch(
    simulator: Simulator,
    folder: Path,
    hint: Hint,
    wait: Callable[[float], None] | None = None,
    *,
    remaining: int = 300_000,
    **changed: str,
) -> dict[str, Any]:
    with serve(simulator) as served, without_waiting() as clock:
        data = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "CBR_AUDIT_SMN_TOPIC": simulator.topic,
            "CBR_AUDIT_SMN_ENDPOINT": served.url,
            "CBR_AUDIT_WEBHOOK_URL": f"{served.url}/webhook",
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": str(folder),
            **changed,
        }
        return carry_out(hint, Context(data, token=simulator.token, remaining=remaining), {}, wait or clock.sleep)


def test_a_deleted_vault_is_judged_stored_and_told_with_all_that_it_leaves_unprotected(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    audit(simulator, tmp_path)
    hint = a_deletion(estate)
    vault = estate.vaults.pop(0)
    simulator.inbox.messages.clear()

    answer = watch(simulator, tmp_path, hint)

    assert (answer["outcome"], answer["severity"], answer["new"]) == ("fail", "high", True)
    assert answer["unprotected"] == len(vault["resources"]) > 0
    (message,), (call,) = simulator.inbox.messages, simulator.inbox.calls
    assert message.subject.startswith("cbr-audit: HIGH, a vault was deleted by eve of account acme")
    assert f"- {vault['resources'][0]['name']} ({vault['resources'][0]['type']}): no vault any more" in message.text
    assert "From: 192.0.2.7" in message.text
    assert orjson.loads(call.body)["change"]["trace"]["actor"]["access_key_id"] == "AKEVE"


def test_what_was_judged_verifies_and_comes_to_the_same_bytes_again(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    audit(simulator, tmp_path)
    watch(simulator, tmp_path, a_deletion(estate))
    store = open_store(str(tmp_path))

    result = verify_changes(store, simulator.project_id)
    assert (result.faults, result.notes, result.digests) == ([], [], 1)
    assert [*replay_changes(store, result, lambda change: judge_again(store, change))] == [DELETED]
    assert (result.replayed, result.faults) == (1, [])


def test_verify_judges_changes_again_beside_the_runs(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    audit(simulator, tmp_path)
    prefix = watch(simulator, tmp_path, a_deletion(estate))["prefix"]

    told = invoke("verify", tmp_path, "--replay")
    assert told.exit_code == 0
    assert "Judged again from the evidence, to the same bytes: 1 run." in told.stdout
    assert "Changes judged again from the evidence, to the same bytes: 1." in told.stdout

    (tmp_path / simulator.project_id / "latest.json").unlink()
    (stored,) = (tmp_path / prefix).glob("policies-*")
    stored.unlink()
    told = invoke("verify", tmp_path, "--replay")
    assert told.exit_code == 10
    assert f"{prefix}/{stored.name}" in told.stdout


def test_the_function_takes_the_event_of_a_trigger(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    a_deletion(estate)
    with serve(simulator) as served, without_waiting():
        data = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": str(tmp_path),
        }
        answer = handler.handler({"cts": estate.traces[0]}, Context(data, token=simulator.token))

    assert (answer["trace"], answer["outcome"]) == (DELETED, "fail")


def test_what_was_sent_to_another_service_is_not_kept(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    names = {"service_type": "FunctionGraph", "resource_type": "functions", "request": '{"user_data": "s3cret"}'}
    row = trace_row(DELETED, LATER, "deleteFunction", **names)
    estate.traces.append(row)

    answer = watch(simulator, tmp_path, read_hint({"cts": row}))

    assert (answer["deed"], answer["outcome"], answer["severity"]) == ("touch_watch", "fail", "critical")
    kept = b"".join(files_of(tmp_path).values())
    assert b"s3cret" not in kept
    assert all(b"s3cret" not in gzip.decompress(path.read_bytes()) for path in tmp_path.rglob("*.gz"))


def test_an_event_that_comes_again_changes_nothing_and_tells_nobody(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    watch(simulator, tmp_path, hint)
    before = files_of(tmp_path)

    assert watch(simulator, tmp_path, hint)["new"] is False
    assert files_of(tmp_path) == before
    assert len(simulator.inbox.messages) == 1


def test_whoever_was_killed_before_telling_is_made_good_when_the_event_comes_again(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    prefix = watch(simulator, tmp_path, hint)["prefix"]
    (tmp_path / prefix / "told.json").unlink()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoredChange, "is_due_to_be_told", lambda _change, _now: True)
        watch(simulator, tmp_path, hint)

    assert len(simulator.inbox.messages) == 2
    assert (tmp_path / prefix / "told.json").exists()


@pytest.mark.parametrize("channel", ["publish", "/webhook"])
def test_an_alarm_that_a_channel_lost_is_told_again(channel: str, tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    simulator.intercept = refusing(channel)
    with pytest.raises(NotToldError, match="is judged and stored, and not everybody could be told"):
        watch(simulator, tmp_path, hint)
    with pytest.raises(NotToldError, match="has not told of it yet"):
        watch(simulator, tmp_path, hint)

    simulator.intercept = None
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3)):
        watch(simulator, tmp_path, hint)
        watch(simulator, tmp_path, hint)
    assert len(simulator.inbox.messages) == 1 + (channel == "/webhook")
    assert len(simulator.inbox.calls) == 1 + (channel == "publish")
    assert verify_changes(open_store(str(tmp_path)), simulator.project_id).digests == 1


def test_what_nothing_confirms_is_told_again_if_nobody_could_be_told(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    estate.traces.clear()
    for intercept in (refusing("publish"), None, None):
        simulator.intercept = intercept
        with pytest.raises(NotConfirmedError):
            watch(simulator, tmp_path, hint)

    assert len(simulator.inbox.messages) == 1


def test_what_a_trusted_actor_did_is_stored_and_nobody_is_told(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)

    answer = watch(simulator, tmp_path, hint, CBR_AUDIT_PROFILE="limits: {trusted_actors: [acme/eve]}")

    assert (answer["outcome"], simulator.inbox.messages) == ("pass", [])
    assert verify_changes(open_store(str(tmp_path)), simulator.project_id).digests == 1


def test_a_trace_that_is_late_is_waited_for(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    row, waited = estate.traces.pop(), list[float]()

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            estate.traces.append(row)

    assert watch(simulator, tmp_path, hint, wait)["outcome"] == "fail"
    assert waited == [1.0, 2.0, 4.0]


def test_what_nothing_confirms_is_told_once_as_such_and_the_platform_tries_again(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    row = estate.traces.pop()

    for _ in range(2):
        with pytest.raises(NotConfirmedError, match=f"does not show the trace {DELETED}, which an event tells of"):
            watch(simulator, tmp_path, hint)
    (message,) = simulator.inbox.messages
    assert message.subject.startswith("cbr-audit: not confirmed, an event tells of deleteVault")

    estate.traces.append(row)
    assert watch(simulator, tmp_path, hint)["outcome"] == "fail"
    assert len(simulator.inbox.messages) == 2


def test_little_time_is_kept_for_telling(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    estate.traces.clear()
    waited: list[float] = []

    with pytest.raises(NotConfirmedError):
        watch(simulator, tmp_path, hint, waited.append, remaining=23_000)
    assert waited == [1.0, 2.0]


def test_vaults_that_cannot_be_read_leave_a_doubt_and_the_alarm_goes_out_all_the_same(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    audit(simulator, tmp_path)
    hint = a_deletion(estate)
    simulator.intercept = refusing("/vaults")
    simulator.inbox.messages.clear()

    answer = watch(simulator, tmp_path, hint)

    assert (answer["outcome"], answer["unprotected"]) == ("fail", 0)
    assert "In doubt: the vaults could not be read completely" in simulator.inbox.messages[0].text
    store = open_store(str(tmp_path))
    result = verify_changes(store, simulator.project_id)
    assert [*replay_changes(store, result, lambda change: judge_again(store, change))] == [DELETED]
    assert result.replayed == 1


def test_without_the_permission_to_read_traces_nothing_is_judged(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    hint = a_deletion(estate)
    simulator.intercept = refusing("/traces")

    with pytest.raises(SourceRefusedError, match="cts:trace:list"):
        watch(simulator, tmp_path, hint)


def test_a_report_that_is_damaged_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    first = audit(simulator, tmp_path, as_of=AS_OF - timedelta(hours=2))
    second = audit(simulator, tmp_path)
    (tmp_path / second.prefix / "report.json").write_bytes(b"{}")

    store = open_store(str(tmp_path))
    link = report_before(store, simulator.project_id, LATER).link
    assert link
    assert link.run == first.report.run.id
    assert report_before(store, simulator.project_id, AS_OF - timedelta(hours=3)).report is None
    assert estate.traces == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("report.json", r"report\.json of the run .* is missing or was changed"),
        ("traces-*.json.gz", "is missing or was changed"),
        ("profile-*.json", "is missing or was changed"),
    ],
)
def test_evidence_that_was_changed_is_not_judged_again(name: str, reason: str, tmp_path: Path) -> None:
    estate, simulator = a_cloud()
    run = audit(simulator, tmp_path)
    prefix = watch(simulator, tmp_path, a_deletion(estate))["prefix"]
    folder = tmp_path / (run.prefix if name == "report.json" else prefix)
    for path in folder.glob(name):
        path.write_bytes(b"{}")

    store = open_store(str(tmp_path))
    with pytest.raises(ChainError, match=reason):
        judge_again(store, StoredChange(store, simulator.project_id, DELETED))


def test_a_change_whose_trace_is_in_no_response_is_not_judged_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))

    with pytest.raises(ChainError, match="no response has the trace trace-1"):
        judge_again(store, judged(store, "trace-1", compared_with=None))
