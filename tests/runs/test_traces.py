"""Whole audits that ask Cloud Trace Service who did what, and do without it where they must."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import time_machine

from audit.app.replay import replay
from audit.app.run import Done
from audit.collection import Kind
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.simulator import Request, Response, Simulator, build_estate, trace_row
from tests.pretend import AS_OF, audit, json_response

DAY = timedelta(days=1)
FIRST = AS_OF.replace(hour=0) - 6 * DAY
ROWS = [
    trace_row(f"trace-{number}", AS_OF - number * timedelta(minutes=6), "updateVault", resource_id=f"vault-{number}")
    for number in range(1, 1700)
]
"""More than a page a day, for more days than CTS keeps."""


def a_run(
    folder: Path, rows: list[dict[str, Any]] = ROWS, change: Callable[[Simulator], object] = lambda _simulator: None
) -> tuple[Done, Simulator]:
    estate = build_estate("healthy", resources=4, days=5, as_of=AS_OF)
    estate.traces.extend(rows)
    simulator = Simulator(estate, clock=lambda: AS_OF)
    change(simulator)
    with time_machine.travel(AS_OF, tick=False):
        return audit(simulator, folder), simulator


def trail(done: Done) -> Any:
    return done.report.collection.trail


def answering(answer: Callable[[Request], Response | None]) -> Callable[[Simulator], None]:
    """Answer requests for traces in another way."""

    def change(simulator: Simulator) -> None:
        simulator.intercept = lambda request, _number: answer(request) if "/traces?" in request.url else None

    return change


def test_a_run_reads_the_traces_that_cts_keeps_and_is_recomputed_to_the_same_bytes(tmp_path: Path) -> None:
    done, simulator = a_run(tmp_path)
    store = open_store(str(tmp_path))

    kept = [row["trace_id"] for row in ROWS if row["time"] >= FIRST.timestamp() * 1000]
    assert [trace.id for trace in trail(done).traces] == kept[::-1]
    assert (trail(done).since, trail(done).why_not) == (FIRST, "")
    assert done.report.collection.notes == ()
    result = replay(store, simulator.project_id, done.report.run.id)
    assert (result.differing, result.reasons) == ((), ())
    assert not verify(store, simulator.project_id).faults


def test_without_the_permission_a_run_is_as_good_and_says_once_what_it_lacks(tmp_path: Path) -> None:
    granted, _ = a_run(tmp_path / "granted")
    denied, simulator = a_run(tmp_path / "denied", change=lambda simulator: simulator.deny("cts:trace:list"))

    assert denied.report.conclusion == granted.report.conclusion
    assert denied.report.collection.complete
    assert [*denied.report.findings] == [*granted.report.findings]
    assert denied.report.collection.notes == ("it is not known who did what: cts:trace:list is not granted",)
    assert not trail(denied).traces
    assert trail(denied).since is None
    store = open_store(str(tmp_path / "denied"))
    assert replay(store, simulator.project_id, denied.report.run.id).differing == ()
    assert not verify(store, simulator.project_id).faults


@pytest.mark.parametrize("status", [404, 400])
def test_where_there_is_no_such_service_a_run_does_without(status: int, tmp_path: Path) -> None:
    absent = json_response({"error_code": "APIGW.0101", "error_msg": "The API does not exist."}, status)
    done, simulator = a_run(tmp_path, change=answering(lambda _request: absent))

    assert done.report.collection.complete
    (note,) = done.report.collection.notes
    assert note.startswith("it is not known who did what: Cloud Trace Service could not be read completely: ")
    assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()


@pytest.mark.parametrize(("status", "pages"), [(403, 2), (400, 13), (404, 2)])
def test_what_came_before_a_refusal_is_used_and_nothing_is_sure(status: int, pages: int, tmp_path: Path) -> None:
    refusal = json_response({"error_code": "CTS.0001", "error_msg": "No."}, status)
    second = str(int((FIRST + DAY).timestamp() * 1000) - 1)
    done, simulator = a_run(
        tmp_path, change=answering(lambda request: refusal if f"from={second}" in request.url else None)
    )

    assert done.report.collection.reading(Kind.TRACES).pages == pages
    assert trail(done).traces
    assert (trail(done).since, bool(trail(done).why_not)) == (None, True)
    assert done.report.collection.complete
    store = open_store(str(tmp_path))
    assert replay(store, simulator.project_id, done.report.run.id).differing == ()
    assert not verify(store, simulator.project_id).faults


def test_a_trace_that_cannot_be_used_leaves_the_collection_complete(tmp_path: Path) -> None:
    odd = trace_row("odd", AS_OF - timedelta(hours=1), "deleteVault", trace_name=None)
    done, _ = a_run(tmp_path, [*ROWS, odd])

    assert done.report.collection.complete
    assert done.report.collection.rejected == ()
    assert trail(done).since is None
    assert done.report.collection.notes == ("it is not known who did what: 1 trace could not be used",)


def test_a_run_that_judges_a_time_long_ago_does_not_take_silence_for_peace(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=1, days=2, as_of=AS_OF)
    with time_machine.travel(AS_OF + 8 * DAY, tick=False):
        done = audit(Simulator(estate, clock=lambda: AS_OF + 8 * DAY), tmp_path)

    assert (trail(done).since, trail(done).traces) == (None, ())
    assert trail(done).why_not.startswith("the run was too late")
    assert done.report.collection.notes == ()


def test_a_trace_of_a_day_that_is_over_is_stored_once(tmp_path: Path) -> None:
    first, simulator = a_run(tmp_path)
    with time_machine.travel(AS_OF + timedelta(hours=1), tick=False):
        second = audit(simulator, tmp_path, as_of=AS_OF + timedelta(hours=1))

    def stored(done: Done) -> list[str]:
        manifest = orjson.loads((tmp_path / done.prefix / "manifest.json").read_bytes())
        return [page["name"] for page in manifest["pages"] if page["kind"] == "traces"]

    assert len({*stored(first)}) == 6 * 2 + 1 + 1  # two pages a day, one of today, and an answer without rows
    assert {*stored(second)} - {*stored(first)} == set()
