"""Whole audits over a socket: right conclusions, and never a good one on missing data."""

import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec import structs

from audit.assess import assess
from audit.cbr.client import CbrClient
from audit.chain import Unsigned
from audit.collection import Kind, Window
from audit.errors import AuditError, SourceRefusedError, SourceUnreachableError, StoreError
from audit.findings import Outcome
from audit.profile import Profile
from audit.publish import Publication
from audit.report import FORMATS
from audit.report.facts import Conclusion, RunFacts
from audit.run import Done, Progress, _lists, collect
from audit.simulator import Request, Response, Simulator, build_estate, replan, serve
from audit.simulator.protectables import INNER_ADDRESS, OUTER_ADDRESS, PASSWORD, USER_DATA
from audit.store import open_store
from audit.validate import Intake
from audit.web.transport import Transport
from tests.edges.pretend import AS_OF, a_simulator, audit, by_token, files_of, json_response

HTML = Response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")


def report_of(done: Done, folder: Path) -> Any:
    return orjson.loads((folder / done.prefix / "report.json").read_bytes())


def pairs(findings: Any, outcome: str = "fail") -> set[tuple[str, str, str]]:
    return {
        (finding["control"], finding["subject"]["kind"], finding["subject"]["id"])
        for finding in findings
        if finding["outcome"] == outcome
    }


def failing(report: Any) -> set[tuple[str, str, str]]:
    return pairs(report["findings"])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("scenario", ["healthy", "mixed", "failing", "drifting", "gapped"])
def test_an_audit_concludes_what_is_true(scenario: str, seed: int, tmp_path: Path) -> None:
    estate = build_estate(scenario, seed=seed, resources=8, days=30, as_of=AS_OF)
    truth = estate.truth()

    done = audit(Simulator(estate), tmp_path)

    report = report_of(done, tmp_path)
    assert report["conclusion"] == truth["conclusion"]
    assert failing(report) == pairs(truth["expected"])
    if scenario != "gapped":
        first_backups = [each for each in report["findings"] if each["control"] == "CBR-101"]
        assert pairs(first_backups, "unknown") == pairs(truth.get("unknown", ()), "unknown")
    assert set(done.keys) >= {f"{done.prefix}/{name}" for name in Profile().formats}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_changed_in_the_plans_between_two_audits_is_told_from_what_failed(seed: int, tmp_path: Path) -> None:
    as_of = AS_OF - seed * timedelta(hours=5)
    before, now = replan(build_estate("healthy", seed=seed, resources=20, days=30, as_of=as_of), seed=seed)

    first = report_of(audit(Simulator(before), tmp_path, as_of=before.as_of), tmp_path)
    report = report_of(audit(Simulator(now), tmp_path, as_of=as_of), tmp_path)

    assert failing(report) == pairs(now.truth()["expected"])
    assert report["conclusion"] == now.truth()["conclusion"]
    planned_times = [each for each in first["findings"] if each["control"] == "CBR-116"]
    assert pairs(planned_times, "unknown") == {pair for pair in failing(report) if pair[0] == "CBR-116"}


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
def test_an_inventory_that_cannot_be_read_leaves_unknowns(
    scenario: str, path: str, answer: Response, tmp_path: Path
) -> None:
    simulator = a_simulator(scenario, resources=12, days=30)
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
    monkeypatch.setattr("audit.cbr.client.PAGE_SIZE", 20)
    simulator = a_simulator("healthy", resources=12, days=30)
    simulator.intercept = on("/operation-logs", Response(500), 4)

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
    create = Publication.put

    def fail_at_the_report(self: Publication, name: str, data: bytes | Iterable[bytes]) -> Any:
        if name == "report.json":
            raise StoreError("cannot write report.json")
        return create(self, name, data)

    monkeypatch.setattr(Publication, "put", fail_at_the_report)

    with pytest.raises(StoreError):
        audit(a_simulator(), tmp_path)

    assert not any(name.endswith(("manifest.json", "latest.json")) for name in files_of(tmp_path))


def test_what_judges_is_imported_after_the_first_list(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = threading.Event()
    monkeypatch.setattr("audit.run._import_what_judges", imported.set)
    lists = _lists(Profile())

    assert next(lists) is Kind.TASKS
    assert not imported.is_set()
    assert tuple(lists) == Profile().lists[1:]
    assert imported.wait(60)


def test_progress_is_told_for_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cbr.client.PAGE_SIZE", 20)
    simulator = a_simulator("healthy")
    seen: list[Progress] = []
    with serve(simulator) as served:
        collected = read(simulator, served.url, tmp_path, seen.append)

    tasks = [progress for progress in seen if progress.kind is Kind.TASKS]
    assert [progress.pages for progress in tasks] == 2 * list(range(1, len(tasks) // 2 + 1))
    assert [progress.passes for progress in tasks] == sorted(progress.passes for progress in tasks)
    assert tasks[-1].expected == len(simulator.tasks)
    assert tasks[-1].rows >= len(simulator.tasks)
    assert list(dict.fromkeys(progress.kind for progress in seen)) == list(Kind)[:4]
    assert [reading.status for reading in collected[1]] == [None, "running", "waiting", None, None, None]


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
        client = CbrClient(
            transport, by_token(simulator.token), endpoint=url, project_id=simulator.project_id, workers=4
        )
        run = facts(simulator)
        publication = Publication(open_store(str(folder)), run, head=None, signer=Unsigned())
        intake = Intake()
        return intake, collect(client, Profile().lists, run.read, publication, watch, intake)
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

    assert files_of(tmp_path) == before


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


def truncated(answer: Response) -> Response:
    return Response(200, {**answer.headers, "Content-Length": str(len(answer.body) + 9)}, answer.body[:-9])


def without_the_list(answer: Response) -> Response:
    return json_response({"count": orjson.loads(answer.body).get("count", 0)})


def without_the_count(answer: Response) -> Response:
    content = orjson.loads(answer.body)
    content.pop("count", None)
    return json_response(content)


def counting(lie: Callable[[int, int], int]) -> Callable[[Response], Response]:
    def answer(right: Response) -> Response:
        content = orjson.loads(right.body)
        if "count" not in content:
            return right  # a token, not a list
        rows = next(len(value) for value in content.values() if isinstance(value, list))
        return json_response({**content, "count": lie(content["count"], rows)})

    return answer


def lost(_answer: Response) -> Response:
    raise ConnectionResetError


def respelled(old: bytes, new: bytes) -> Callable[[Response], Response]:
    """Write the first such piece of an answer in another way."""
    return lambda right: replace(right, body=right.body.replace(old, new, 1))


FAULTS: dict[str, Callable[[Response], Response]] = {
    "500": lambda _: Response(500),
    "401": lambda _: Response(401),
    "reset": lost,
    "truncated": truncated,
    "html": lambda _: HTML,
    "no list": without_the_list,
    "no count": without_the_count,
    "two equal keys": respelled(b'"id":', b'"id":"other","id":'),
    "half a character": respelled(b'"name":"', b'"name":"\\ud800'),
    "count too high": counting(lambda count, _: count + 1),
    "count too low": counting(lambda count, _: max(0, count - 1)),
    "count huge": counting(lambda _count, _rows: 10**12),
    "count zero": counting(lambda _count, _rows: 0),
    "count of the page": counting(lambda _count, rows: rows),
}


@dataclass
class Saboteur:
    """Spoils the answer to one request, or to every request from there on."""

    simulator: Simulator
    fault: Callable[[Response], Response]
    at: int
    persistently: bool
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _inside: threading.local = field(default_factory=threading.local)

    def __call__(self, request: Request, _number: int) -> Response | None:
        if getattr(self._inside, "asking", False):
            return None
        with self._lock:
            number, self.seen = self.seen, self.seen + 1
        if number != self.at and not (self.persistently and number > self.at):
            return None
        self._inside.asking = True
        try:
            right = self.simulator.dispatch(request)
        finally:
            self._inside.asking = False
        return self.fault(right)


@pytest.fixture
def _pages_of_fifty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("audit.cbr.client.PAGE_SIZE", 50)
    return iter(())


LASTING = ("500", "401", "html", "count of the page")
SWEEPS = [
    *(("healthy", name, "once") for name in FAULTS),
    *(("healthy", name, "from then on") for name in LASTING),
    ("mixed", "500", "from then on"),
    ("mixed", "html", "once"),
    ("mixed", "count of the page", "once"),
]


def judged(report: Any) -> list[Any]:
    """The findings but for those about the collection itself: they count passes and odd answers."""
    return [finding for finding in report["findings"] if finding["subject"]["kind"] != "collection"]


@pytest.mark.usefixtures("_pages_of_fifty")
@pytest.mark.parametrize(("scenario", "fault", "how_long"), SWEEPS, ids=map(" ".join, SWEEPS))
def test_no_fault_at_any_request_makes_missing_data_look_good(
    scenario: str, fault: str, how_long: str, tmp_path: Path
) -> None:
    simulator = a_simulator(scenario, resources=4, days=9)
    clean = report_of(audit(simulator, tmp_path / "clean"), tmp_path / "clean")
    assert clean["conclusion"] == {"healthy": "compliant", "mixed": "non_compliant"}[scenario]
    requests = simulator.requests
    assert requests >= 8

    for number in range(requests):
        simulator.intercept = Saboteur(simulator, FAULTS[fault], number, how_long == "from then on")
        folder = tmp_path / str(number)
        try:
            report = report_of(audit(simulator, folder), folder)
        except AuditError:
            assert not list(folder.rglob("latest.json"))
            continue
        same = judged(report) == judged(clean)
        assert same or not report["collection"]["complete"], number
        assert same or report["conclusion"] != "compliant", number
        assert failing(report) <= failing(clean), number


def test_what_can_be_tried_again_gives_the_findings_of_a_clean_run(tmp_path: Path) -> None:
    simulator = a_simulator("mixed", resources=8, days=14)
    clean = report_of(audit(simulator, tmp_path / "clean"), tmp_path / "clean")

    for name in ("500", "reset", "truncated"):
        simulator.intercept = Saboteur(simulator, FAULTS[name], 2, persistently=False)
        report = report_of(audit(simulator, tmp_path / name), tmp_path / name)
        assert (report["findings"], report["conclusion"]) == (clean["findings"], clean["conclusion"])
