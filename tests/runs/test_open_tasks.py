"""Open tasks are found whether or not the cloud lists them where the end of a window is given."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.evidence.run_before import rebuild
from audit.evidence.store import open_store
from audit.evidence.stored_runs import digest_of
from audit.evidence.verify import verify
from audit.profile import Profile
from audit.simulator import Response, Simulator, build_estate, serve
from audit.timestamps import shown
from tests.pretend import AS_OF, a_simulator, audit, json_response, variables, whole_report, without_waiting

DAY = timedelta(days=1)


def stuck(simulator: Simulator, age: timedelta, status: str = "running") -> str:
    """Let a backup that has not ended stand in the log; return its id."""
    row = next(row for row in simulator.tasks if row["operation_type"] == "backup" and row["vault_id"])
    begun = (AS_OF - age).replace(tzinfo=None).isoformat()
    times = {"created_at": begun, "started_at": begun, "updated_at": begun, "ended_at": None}
    simulator.tasks.add({**row, **times, "id": f"open-{age.days}-{status}", "status": status})
    return f"open-{age.days}-{status}"


def an_estate(*, open_tasks_have_no_end: bool) -> Simulator:
    simulator = a_simulator("healthy", resources=4, days=8)
    simulator.quirks.open_tasks_have_no_end = open_tasks_have_no_end
    return simulator


def report_of(done: Done, folder: Path) -> Any:
    return whole_report(folder / done.prefix)


def manifest_of(done: Done, folder: Path) -> Any:
    return orjson.loads((folder / done.prefix / "manifest.json").read_bytes())


def outcomes(report: Any, control: str = "CBR-106") -> set[str]:
    return {finding["outcome"] for finding in report["findings"] if finding["control"] == control}


@pytest.mark.parametrize("status", ["running", "waiting"])
@pytest.mark.parametrize("age", [3 * DAY, 45 * DAY])
@pytest.mark.parametrize("open_tasks_have_no_end", [True, False])
def test_a_task_that_does_not_end_fails_however_the_cloud_takes_the_end_of_a_window(
    *, open_tasks_have_no_end: bool, age: timedelta, status: str, tmp_path: Path
) -> None:
    simulator = an_estate(open_tasks_have_no_end=open_tasks_have_no_end)
    task = stuck(simulator, age, status)

    report = report_of(audit(simulator, tmp_path), tmp_path)

    found = [finding for finding in report["findings"] if finding["control"] == "CBR-106"]
    assert [finding["tasks"] for finding in found if finding["outcome"] == "fail"] == [[task]]
    assert report["collection"]["complete"]


def test_what_was_asked_besides_is_counted_and_kept_with_what_was_asked(tmp_path: Path) -> None:
    simulator = an_estate(open_tasks_have_no_end=True)
    stuck(simulator, 3 * DAY)

    done = audit(simulator, tmp_path)

    readings = report_of(done, tmp_path)["collection"]["readings"]
    told = [(part["status"], part["count_last"], part["distinct"]) for part in readings[:3]]
    assert told == [(None, len(simulator.tasks) - 1, len(simulator.tasks) - 1), ("running", 1, 1), ("waiting", 0, 0)]
    asked = [page["params"] for page in manifest_of(done, tmp_path)["pages"] if "status" in page["params"]]
    assert [params["status"] for params in asked] == ["running", "waiting"]
    assert not any("end_time" in params or "start_time" in params for params in asked)


def test_it_is_judged_again_to_the_same_bytes_and_stays_in_a_history_made_anew(tmp_path: Path) -> None:
    simulator = an_estate(open_tasks_have_no_end=True)
    task = stuck(simulator, 3 * DAY)
    done = audit(simulator, tmp_path)
    store = open_store(str(tmp_path))

    assert replay(store, simulator.project_id, done.report.run.id).differing == ()
    assert verify(store, simulator.project_id).faults == []
    digest = digest_of(store, simulator.project_id, done.report.run.id)
    history, is_whole = rebuild(store, digest, AS_OF - 30 * DAY)
    known = history.get(task)
    assert is_whole
    assert known is not None
    assert known.status == "running"


ANSWERS = {
    "refused": (json_response({"error_code": "Forbidden", "error_msg": "No."}, 403), "the action cbr:tasks:list"),
    "not known": (json_response({"error_code": "BackupService.9900", "error_msg": "'status'."}, 400), "did not accept"),
    "broken": (Response(500), "answered 500"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_cannot_be_asked_is_a_gap_with_the_remedy_and_no_pass(case: str, tmp_path: Path) -> None:
    answer, words = ANSWERS[case]
    simulator = an_estate(open_tasks_have_no_end=False)
    simulator.intercept = lambda request, _number: answer if "status=running" in request.url else None

    report = report_of(audit(simulator, tmp_path), tmp_path)

    (gap,) = report["collection"]["gaps"]
    assert gap.startswith("running tasks: ")
    assert words in gap
    assert report["conclusion"] == "incomplete"
    assert outcomes(report) == {"unknown"}


def test_an_old_open_task_does_not_show_that_the_log_goes_back_as_far(tmp_path: Path) -> None:
    simulator = an_estate(open_tasks_have_no_end=True)
    stuck(simulator, 80 * DAY)
    profile = Profile.model_validate({"look_back": "90d"})

    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE=profile.model_dump_json(exclude_unset=True))

    assert done.report.collection.covered is not None
    assert done.report.collection.covered.since >= AS_OF - 31 * DAY


def test_an_empty_log_stays_in_doubt_although_a_task_is_open(tmp_path: Path) -> None:
    simulator = an_estate(open_tasks_have_no_end=True)
    stuck(simulator, 40 * DAY)
    for row in list(simulator.tasks):
        if row["status"] != "running":
            simulator.tasks.remove(row["id"])

    done = audit(simulator, tmp_path)

    assert "the task log of the window is empty" in done.report.collection.gaps


def test_one_that_began_after_the_time_of_judgement_is_no_doubt_and_is_not_judged(tmp_path: Path) -> None:
    simulator = an_estate(open_tasks_have_no_end=False)
    stuck(simulator, -DAY)

    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, tmp_path)
        for _ in range(2):
            done = execute(request_from_settings(settings, as_of=shown(AS_OF)), lambda _progress: None)
            assert done.report.collection.gaps == ()
            assert outcomes(report_of(done, tmp_path)) <= {"pass", "not_applicable"}


def test_a_small_project_takes_few_requests(tmp_path: Path) -> None:
    simulator = a_simulator("healthy", resources=2)
    before = simulator.requests

    assert audit(simulator, tmp_path).report.collection.complete
    lists = "a token, the log, two for open tasks, policies, vaults and backups"
    looks = "at what the log, the backups and the vaults count, and at the days before and after those of the log"
    traces = "seven days of traces, and those of whoever watches over them"
    assert simulator.requests - before == 7 + 5 + 9, f"{lists}; looks {looks}; {traces}"


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_every_planted_task_that_does_not_end_is_found(scenario: str, tmp_path: Path) -> None:
    estate = build_estate(scenario, seed=3, resources=18, days=30, as_of=AS_OF)
    simulator = Simulator(estate)
    simulator.quirks.open_tasks_have_no_end = True

    report = report_of(audit(simulator, tmp_path), tmp_path)

    expected = {part["subject"]["id"] for part in estate.truth()["expected"] if part["control"] == "CBR-106"}
    found = {
        part["subject"]["id"]
        for part in report["findings"]
        if (part["control"], part["outcome"]) == ("CBR-106", "fail")
    }
    assert found == expected
    assert found
