import gzip
import shutil
from collections import deque
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from audit.cli.stores import project_of
from audit.errors import ChainError, StoreError
from audit.evidence.chain import Unsigned
from audit.evidence.reader import read_report, read_run
from audit.evidence.store import open_store
from audit.fleet.forms import Status
from audit.fleet.publication import begin
from audit.fleet.target_run import what_was_found
from audit.report.facts import Conclusion
from audit.reports import StoredRun, latest_report, open_fleet, open_reports
from audit.timestamps import shown
from tests.evidence.chains import Shelf, a_chain, facts
from tests.evidence.forging import forge
from tests.fleet.builders import PROFILES, RUN, a_plan, a_receipt, a_target
from tests.pretend import AS_OF, a_simulator, audit

HOUR = timedelta(hours=1)


def test_a_report_is_read_as_typed_objects(tmp_path: Path) -> None:
    simulator = a_simulator("failing")
    done = audit(simulator, tmp_path)

    (run,) = open_reports(tmp_path.as_uri())

    assert (run.id, run.as_of, run.conclusion) == (done.report.run.id, AS_OF, Conclusion.NON_COMPLIANT)
    assert (run.prefix, run.manifest.run.id) == (done.prefix, run.id)
    assert {problem.subject.name for problem in run.report.problems} == {
        problem.name for problem in done.report.problems
    }
    assert [(each.control, each.subject.id, each.outcome) for each in run.findings()] == [
        (finding.control, finding.id, finding.outcome) for finding in done.report.findings.by_subject()
    ]
    assert latest_report(str(tmp_path), simulator.project_id).id == run.id


def test_runs_come_in_order_and_can_be_chosen_by_time() -> None:
    shelf = a_chain(4)

    def chosen(**times: object) -> list[int]:
        return [run.digest.seq for run in open_reports(shelf, **times)]  # type: ignore[arg-type]  # times only

    assert chosen() == [1, 2, 3, 4]
    assert chosen(since=facts(3).as_of) == [3, 4]
    assert chosen(since=facts(2).as_of, until=facts(3).as_of) == [2, 3]
    assert latest_report(shelf).id == facts(4).id


def test_a_store_without_runs_has_no_latest_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no run; run an audit first"):
        latest_report(str(tmp_path))
    with pytest.raises(StoreError, match="shelf: has no run"):
        latest_report(Shelf())


@pytest.mark.parametrize(
    ("part", "words"), [("manifest.json", "manifest.json was changed"), ("report", "report.json is")]
)
def test_what_was_changed_is_refused_when_it_is_read(part: str, words: str) -> None:
    shelf = a_chain(1)
    key = next(key for key in shelf.objects if part in key)
    shelf.objects[key] += b" "

    (run,) = open_reports(shelf)
    with pytest.raises(ChainError, match=words):
        _ = run.report


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"conclusion": "compliant"},
            "report.json contradicts its run or itself: conclusion: manifest says ",
        ),
        ({"controls": 5}, "report.json contradicts its run or itself: not a report of a known form"),
        ({"schema_version": 3}, "report.json is damaged or was written by a later version of cbr-audit"),
        ({"more": 5}, "report.json is damaged or was written by a later version of cbr-audit"),
    ],
)
def test_a_report_that_was_forged_is_refused(change: dict[str, object], words: str) -> None:
    (run,) = open_reports(forge(a_chain(1), 1, report=lambda report: report.update(change)))

    with pytest.raises(ChainError, match=words):
        _ = run.report


def test_findings_that_are_gone_are_an_error_and_no_empty_list(tmp_path: Path) -> None:
    audit(a_simulator(), tmp_path)
    run = latest_report(str(tmp_path))
    (tmp_path / run.prefix / "findings.ndjson.gz").unlink()

    with pytest.raises(ChainError, match=r"findings\.ndjson\.gz is missing or was changed"):
        list(run.findings())
    assert run.report.findings


def test_findings_that_are_not_those_of_the_report_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit(a_simulator(), tmp_path)
    run = latest_report(str(tmp_path))
    read = StoredRun.read
    empty = gzip.compress(b"")
    monkeypatch.setattr(StoredRun, "read", lambda self, name: empty if "ndjson" in name else read(self, name))

    with pytest.raises(ChainError, match=r"findings\.ndjson\.gz is damaged .+ findings are missing"):
        list(run.findings())


def test_a_digest_that_does_not_follow_is_refused() -> None:
    shelf = a_chain(3)
    keys = shelf.keys("p1/digest/")
    damaged, missing = shelf.copy(), shelf.copy()
    damaged.objects[keys[1]] = b"{}"
    del missing.objects[keys[1]]

    with pytest.raises(ChainError, match=f"{keys[1]}: not an envelope"):
        list(open_reports(damaged))
    with pytest.raises(ChainError, match="one of them was changed, or is missing"):
        list(open_reports(missing))


def test_an_object_that_is_none_of_the_run_is_refused(tmp_path: Path) -> None:
    audit(a_simulator(), tmp_path)
    run = latest_report(open_store(str(tmp_path)))

    with pytest.raises(ChainError, match=r"other\.txt is missing or was changed"):
        run.read("other.txt")
    assert shown(run.report.run.as_of) == orjson.loads(run.read("report.json"))["run"]["as_of"]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with a project, and a fleet that audited it and could not see another one; and the project's id."""
    folder = tmp_path_factory.mktemp("fleet")
    simulator = a_simulator("failing")
    done = audit(simulator, folder)
    seen, unseen = a_target(project_id=simulator.project_id), a_target(2)
    run = begin(open_store(str(folder)), a_plan(seen, unseen, as_of=AS_OF), PROFILES)
    run.leave(a_receipt(seen, audited=what_was_found(done)))
    run.leave(a_receipt(unseen, Status.DENIED, reason="answered 403"))
    run.roll_up(Unsigned(), lambda _report: {"fleet.csv": b"a,b"})
    return folder, simulator.project_id


def test_a_fleet_is_read_with_the_audit_of_every_target_and_what_nobody_saw(beside: tuple[Path, str]) -> None:
    folder, project = beside
    (run,) = open_fleet(str(folder))
    (seen, audited), (unseen, nothing) = run.audits()
    (single,) = open_reports(str(folder))

    assert (run.fleet, run.id, run.as_of, run.prefix) == ("all", RUN, AS_OF, f"fleet-all/2026/11/23/{RUN}")
    assert (run.conclusion, run.complete) == (Conclusion.NON_COMPLIANT, False)
    assert (run.report.summary.targets, run.plan.targets[0].project_id) == (2, project)
    assert audited is not None
    assert (audited.id, audited.report.conclusion) == (single.id, Conclusion.NON_COMPLIANT)
    assert (seen.status, unseen.status, unseen.reason, nothing) == ("audited", "denied", "answered 403", None)
    assert run.read("fleet.csv") == b"a,b"
    assert [*open_fleet(open_store(str(folder)), "all", since=AS_OF + HOUR)] == []
    assert [*open_fleet(str(folder), "other")] == []


def test_what_was_changed_in_a_fleet_is_refused_when_it_is_read(beside: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(beside[0], tmp_path, dirs_exist_ok=True)
    store = open_store(str(tmp_path))
    (run,) = open_fleet(store)
    digest = run.report.targets[0].audited.digest.object if run.report.targets[0].audited else ""
    store.remove(digest)
    forged = replace(run, digest=run.digest.model_copy(update={"complete": True}))

    with pytest.raises(ChainError, match="is missing or was changed"):
        deque(run.audits())
    with pytest.raises(ChainError, match="contradicts its digest"):
        assert forged.report.run
    store.replace(f"{run.prefix}/plan.json", b"{}")
    with pytest.raises(ChainError, match=r"plan\.json is missing or was changed"):
        assert run.plan.run
    with pytest.raises(ChainError, match=r"fleet\.html is missing or was changed"):
        run.read("fleet.html")


def test_a_fleet_is_no_project(beside: tuple[Path, str]) -> None:
    store, project = open_store(str(beside[0])), beside[1]

    assert project_of(store, None) == project
    assert latest_report(store).digest.scope == project
    assert read_report(store).report["run"]["project_id"] == project
    for ask in (
        lambda: project_of(store, "fleet-all"),
        lambda: latest_report(store, "fleet-all"),
        lambda: read_report(store, "fleet-all"),
        lambda: read_report(open_store(str(beside[0] / "fleet-all"))),
        lambda: read_run(store, RUN),
    ):
        with pytest.raises(
            StoreError, match="fleet-all is a fleet and no project: use `cbr-audit fleet show --name all`"
        ):
            ask()
    with pytest.raises(StoreError, match="is the run of a fleet: give its store to `cbr-audit fleet show`"):
        read_report(open_store(str(beside[0] / f"fleet-all/2026/11/23/{RUN}")))
