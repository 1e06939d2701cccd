"""What a run takes over where evidence was lost, and from which run."""

from pathlib import Path

from audit.app.replay import replay
from audit.evidence.store import open_store
from tests.builders import HOUR
from tests.pretend import AS_OF, json_response
from tests.runs.test_history_across_runs import DAY, a_long_log, answers_of, audit_at, manifest_of, remove_history, span


def test_what_was_lost_with_its_evidence_is_not_covered_any_more(tmp_path: Path) -> None:
    simulator = a_long_log("healthy", days=75)
    _, last = audit_at(simulator, tmp_path, AS_OF - 20 * DAY, AS_OF - 10 * DAY)
    remove_history(last, tmp_path)
    for path in answers_of(last, tmp_path):
        path.unlink()
    (done,) = audit_at(simulator, tmp_path, AS_OF)

    manifest = manifest_of(done, tmp_path)
    assert span(manifest["run"]["read"]) == span(manifest["covered"]) == (AS_OF - 31 * DAY, AS_OF)
    assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()


def test_a_run_over_an_earlier_time_loses_nothing_that_was_known(tmp_path: Path) -> None:
    simulator = a_long_log("healthy", days=75)
    first, known, earlier, last = audit_at(simulator, tmp_path, *(AS_OF - days * DAY for days in (20, 10, 12, 0)))

    assert manifest_of(earlier, tmp_path)["origin"]["run"] == first.report.run.id
    assert manifest_of(last, tmp_path)["origin"]["run"] == known.report.run.id
    assert span(manifest_of(last, tmp_path)["covered"]) == (AS_OF - 50 * DAY, AS_OF)
    for done in (earlier, last):
        assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()


def test_a_log_that_is_empty_although_tasks_of_its_time_are_known_is_doubted(tmp_path: Path) -> None:
    simulator = a_long_log("healthy")
    audit_at(simulator, tmp_path, AS_OF - HOUR)
    empty = json_response({"operation_logs": [], "count": 0})
    simulator.intercept = lambda request, _number: empty if "operation-logs" in request.url else None
    (done,) = audit_at(simulator, tmp_path, AS_OF)

    (doubt,) = done.report.collection.doubts
    assert doubt.startswith("the task log is empty, and earlier runs read ")
    assert not done.report.collection.log_complete
    assert span(manifest_of(done, tmp_path)["covered"])[1] == AS_OF - HOUR
    assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()
