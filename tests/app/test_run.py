"""Whole audits over a socket: right conclusions, and never a good one on missing data."""

import gzip
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from audit.answers.intake import Intake
from audit.app.collect import CloudLists, Progress, collect
from audit.app.run import Done, assess
from audit.cloud.cbr.client import CbrClient
from audit.cloud.cts.client import CtsClient
from audit.cloud.http.transport import Transport
from audit.collection import Kind, Window
from audit.errors import AuditError, SourceRefusedError, SourceUnreachableError, StoreError
from audit.evidence.chain import Unsigned
from audit.evidence.publish import Publication
from audit.evidence.store import open_store
from audit.judging.findings import Outcome
from audit.profile import Profile
from audit.profile.applied import lists_of
from audit.report.facts import Conclusion, RunFacts
from audit.report.formats import FORMATS
from audit.simulator import Request, Response, Simulator, build_estate, replan, serve
from audit.simulator.protectables import INNER_ADDRESS, OUTER_ADDRESS, PASSWORD, USER_DATA
from tests.pretend import AS_OF, a_simulator, audit, by_token, files_of, json_response, whole_report
from tests.runs.test_history_across_runs import answers_of

HTML = Response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")


def report_of(done: Done, folder: Path) -> Any:
    return whole_report(folder / done.prefix)


def pairs(findings: Any, outcome: str = "fail") -> set[tuple[str, str, str]]:
    return {
        (finding["control"], finding["subject"]["kind"], finding["subject"]["id"])
        for finding in findings
        if finding["outcome"] == outcome
    }


def failing(report: Any) -> set[tuple[str, str, str]]:
    return pairs(report["findings"])


def test_an_audit_writes_whatever_the_profile_asks_for(tmp_path: Path) -> None:
    done = audit(a_simulator("mixed"), tmp_path)

    assert set(done.keys) >= {f"{done.prefix}/{name}" for name in Profile().formats}


@pytest.mark.no_cover
def test_a_policy_that_may_have_been_moved_is_left_open_in_a_first_run(tmp_path: Path) -> None:
    before, now = replan(build_estate("healthy", seed=1, resources=20, days=30, as_of=AS_OF))

    report = report_of(audit(Simulator(before), tmp_path, as_of=before.as_of), tmp_path)

    planned_times = [each for each in report["findings"] if each["control"] == "CBR-116"]
    shifted = {pair for pair in pairs(now.truth()["expected"]) if pair[0] == "CBR-116"}
    assert pairs(planned_times, "unknown") == shifted != set()


def test_an_estate_without_resources_proves_nothing(tmp_path: Path) -> None:
    done = audit(a_simulator("healthy", resources=0), tmp_path)

    assert done.report.conclusion is Conclusion.INCOMPLETE


def on(path: str, answer: Response, first: int = 0) -> Callable[[Request, int], Response | None]:
    """Answer requests for a list with something else, from a request on."""

    def intercept(request: Request, number: int) -> Response | None:
        return answer if path in request.url and number >= first else None

    return intercept


REFUSED = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)


@pytest.mark.parametrize("answer", [REFUSED, HTML, Response(500), json_response({})], ids=["403", "html", "500", "{}"])
@pytest.mark.parametrize("path", ["/policies", "/vaults"])
@pytest.mark.parametrize("scenario", ["healthy", "failing"])
@pytest.mark.no_cover
def test_an_inventory_that_cannot_be_read_leaves_unknowns(
    scenario: str, path: str, answer: Response, tmp_path: Path
) -> None:
    simulator = a_simulator(scenario, resources=8, days=12)
    simulator.intercept = on(path, answer)

    done = audit(simulator, tmp_path)

    report = report_of(done, tmp_path)
    found = failing(report)
    assert report["conclusion"] == ("non_compliant" if found else "incomplete")
    assert bool(found) == (scenario == "failing")
    assert report["summary"]["outcomes"]["unknown"] > 0
    assert any(gap.startswith(path[1:]) for gap in report["collection"]["gaps"])
    assert not report["collection"]["complete"]


def test_a_task_log_that_breaks_off_midway_is_stored_as_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 20)
    simulator = a_simulator("healthy", resources=12, days=30)
    simulator.intercept = on("/operation-logs", Response(500), 30)

    done = audit(simulator, tmp_path, CBR_AUDIT_WORKERS="1")

    report = report_of(done, tmp_path)
    assert report["conclusion"] == "incomplete"
    assert "answered 500" in report["collection"]["gaps"][0]
    assert (tmp_path / done.prefix / "manifest.json").exists()
    assert report["collection"]["distinct"] > 20


@pytest.mark.parametrize(
    ("answer", "error"), [(REFUSED, SourceRefusedError), (Response(503), SourceUnreachableError)], ids=["403", "503"]
)
def test_where_nothing_can_be_read_there_is_an_error_and_no_file(
    answer: Response, error: type[AuditError], tmp_path: Path
) -> None:
    simulator = a_simulator()
    simulator.intercept = lambda _request, _number: answer

    with pytest.raises(error):
        audit(simulator, tmp_path / "store")

    assert not (tmp_path / "store").exists()


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    simulator = a_simulator()

    with pytest.raises(SourceRefusedError, match="username or password is wrong"):
        audit(simulator, tmp_path, CBR_AUDIT_PASSWORD="wrong-password")

    assert simulator.requests == 1
    assert files_of(tmp_path) == {}


def test_a_store_that_fails_ends_the_run_without_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Publication.put_report

    def fail_at_the_report(self: Publication, name: str, pieces: Iterable[bytes]) -> Any:
        if name == "report.json":
            raise StoreError("cannot write report.json")
        return write(self, name, pieces)

    monkeypatch.setattr(Publication, "put_report", fail_at_the_report)

    with pytest.raises(StoreError):
        audit(a_simulator(), tmp_path)

    assert not any(name.endswith(("manifest.json", "latest.json")) for name in files_of(tmp_path))


def test_progress_is_told_for_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 20)
    simulator = a_simulator("healthy")
    seen: list[Progress] = []
    with serve(simulator) as served:
        collected = read(simulator, served.url, tmp_path, seen.append)

    tasks = [progress for progress in seen if progress.kind is Kind.TASKS]
    assert [progress.pages for progress in tasks] == list(range(1, len(tasks) + 1))
    assert {progress.passes for progress in tasks} == {1}
    assert tasks[-1].expected == len(simulator.tasks)
    assert tasks[-1].rows >= len(simulator.tasks)
    assert list(dict.fromkeys(progress.kind for progress in seen)) == [*[*Kind][:4], Kind.TRACES]
    assert [reading.status for reading in collected[1]] == [None, "running", "waiting", *[None] * 4]


def facts(simulator: Simulator) -> RunFacts:
    return RunFacts(
        id="r1",
        as_of=AS_OF,
        window=Window(AS_OF.replace(month=10), AS_OF),
        read=Window(AS_OF.replace(month=10), AS_OF),
        project_id=simulator.project_id,
        region="",
        tool_version="0",
        profile_sha256=Profile().sha256,
        timezone="UTC",
    )


def read(simulator: Simulator, url: str, folder: Path, watch: Callable[[Progress], None]) -> Any:
    transport = Transport()
    try:
        signed = by_token(simulator.token)
        client = CloudLists(
            CbrClient(transport, signed, endpoint=url, project_id=simulator.project_id, workers=4),
            CtsClient(transport, signed, endpoint=url, project_id=simulator.project_id),
        )
        run = facts(simulator)
        publication = Publication(open_store(str(folder)), run, head=None, signer=Unsigned())
        intake = Intake()
        return intake, collect(client, lists_of(Profile()), run.read, publication, watch, intake)
    finally:
        transport.close()


@pytest.mark.parametrize("scenario", ["mixed", "drifting"])
def test_the_same_evidence_gives_the_same_bytes(scenario: str, tmp_path: Path) -> None:
    simulator = a_simulator(scenario, resources=12)
    with serve(simulator) as served:
        taken = [read(simulator, served.url, tmp_path / name, lambda _progress: None) for name in ("a", "b")]

    first, second = (assess(facts(simulator), Profile(), *each) for each in taken)
    for pieces in FORMATS.values():
        assert b"".join(pieces(first)) == b"".join(pieces(second))


def test_tasks_from_after_the_window_are_a_doubt(tmp_path: Path) -> None:
    """A cloud that ignores the end of the window moves its pages while they are read."""
    simulator = a_simulator("healthy")
    with serve(simulator) as served:
        intake, readings = read(simulator, served.url, tmp_path, lambda _progress: None)
    earlier = structs.replace(facts(simulator), window=Window(AS_OF.replace(month=10), AS_OF.replace(day=22)))

    report = assess(earlier, Profile(), intake, readings)

    assert report.conclusion is Conclusion.INCOMPLETE
    assert any("tasks were created after the window's end" in gap for gap in report.collection.gaps)


def test_the_same_audit_twice_differs_in_nothing_but_the_evidence(tmp_path: Path) -> None:
    simulator = a_simulator(resources=12)
    runs = [files_of(tmp_path / name / audit(simulator, tmp_path / name).prefix) for name in ("first", "second")]

    assert runs[0].keys() == runs[1].keys()
    different = {name for name in runs[0] if runs[0][name] != runs[1][name]}
    assert different <= {"manifest.json"}, "it says when each page came"


def test_a_run_that_finds_other_evidence_does_not_overwrite_what_it_published(tmp_path: Path) -> None:
    simulator = a_simulator()
    audit(simulator, tmp_path)
    before = files_of(tmp_path)
    simulator.tasks.remove(next(iter(simulator.tasks))["id"])

    with pytest.raises(StoreError, match="nothing published is overwritten"):
        audit(simulator, tmp_path)

    assert files_of(tmp_path).items() >= before.items()


def test_resources_outside_of_vaults_are_listed_and_nothing_private_of_them_is_kept(tmp_path: Path) -> None:
    done = audit(a_simulator("mixed"), tmp_path, CBR_AUDIT_PROFILE="strict")

    contents = b"".join(
        gzip.decompress(data) if name.endswith(".gz") else data for name, data in files_of(tmp_path).items()
    )
    assert {reading.kind for reading in done.report.collection.readings} == set(Kind)
    assert "CBR-503" in {finding.control for finding in done.report.findings if finding.outcome is Outcome.FAIL}
    assert not [text for text in (PASSWORD, USER_DATA, INNER_ADDRESS, OUTER_ADDRESS) if text.encode() in contents]


def test_resources_that_may_not_be_listed_are_a_gap(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=6, days=5, as_of=AS_OF)
    simulator = Simulator(estate, denied=["cbr:vaults:listProtectables"])
    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE="strict")

    judged = {finding.outcome for finding in done.report.findings if finding.control == "CBR-503"}
    assert (done.report.collection.complete, judged) == (False, {Outcome.UNKNOWN})
    assert any("cbr:vaults:listProtectables" in gap for gap in done.report.collection.gaps)


def test_what_is_lost_of_the_run_before_is_said(tmp_path: Path) -> None:
    estate = build_estate("healthy", seed=3, resources=4, days=5, as_of=AS_OF)
    first = audit(Simulator(estate), tmp_path)
    for path in answers_of(first, tmp_path, Kind.VAULTS):
        path.unlink()
    estate.vaults[0]["name"] = "renamed"  # or else the new answer replaces the old one
    second = audit(Simulator(estate), tmp_path, as_of=AS_OF + timedelta(hours=1))

    assert "is missing or was changed" in second.report.run.previous.notes[0]


def test_a_run_that_may_not_read_traces_says_so_in_one_note(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    simulator.deny("cts:trace:list")
    collection = audit(simulator, tmp_path).report.collection

    assert collection.complete
    assert collection.notes == ("it is not known who did what: cts:trace:list is not granted",)
