"""Requests and readings follow from the responses of a run: whatever else a manifest says of them is found."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.answers.intake import Intake
from audit.app.collect import things_of
from audit.app.read_again import is_as_read
from audit.app.replay import replay
from audit.app.run import Done
from audit.collection import Kind
from audit.errors import ChainError
from audit.evidence.read_forms import Manifest, read_form
from audit.evidence.requested import in_requests
from audit.evidence.store.folder import Folder
from audit.evidence.stored_runs import stored_page
from audit.evidence.verify import verify
from audit.simulator import Request, Response
from tests.evidence.forging import forge, put_back, shelf_of
from tests.pretend import a_simulator, audit, json_response

PROFILE = "{controls: [default, CBR-207, CBR-407, CBR-408, CBR-503, CBR-505]}"
MOST = 100
SIZE = 35
Values = dict[str, Any]


def a_run(place: Path, answer: Callable[[Request], Response | None] = lambda _request: None) -> Done:
    """Audit a cloud that may answer in another way."""
    simulator = a_simulator("mixed", resources=4, days=3)
    simulator.intercept = lambda request, _number: answer(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.cloud.cbr.client.PAGE_SIZE", SIZE)
        return audit(simulator, place, CBR_AUDIT_PROFILE=PROFILE)


def told(place: Path, done: Done) -> Values:
    values: Values = orjson.loads((place / done.prefix / "manifest.json").read_bytes())
    return values


class Stored:
    """A run, and what is found if its manifest says something else."""

    def __init__(self, place: Path, done: Done) -> None:
        self.place, self.values = place, told(place, done)
        self._read = partial(stored_page, Folder(place), done.prefix)
        intake = Intake()
        for page in filter(None, map(self._read, self._form(self.values).pages)):
            intake.accept(page)
        self._things = partial(things_of, intake=intake, most=MOST)

    def problems(self, values: Values) -> list[str]:
        return [*in_requests(self._form(values))]

    def is_as_read(self, values: Values) -> bool:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("audit.cloud.cbr.client.PAGE_SIZE", SIZE)
            return is_as_read(self._form(values), self._read, None, self._things)

    def _form(self, values: Values) -> Manifest:
        return read_form(orjson.dumps(values), "manifest.json", Manifest)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    place = tmp_path_factory.mktemp("stored")
    return Stored(place, a_run(place))


def test_a_run_that_nobody_changed_requests_the_same_again(stored: Stored) -> None:
    assert {page["kind"] for page in stored.values["pages"]} == {*Kind}
    assert {"start_time", "end_time", "limit", "offset", "status", "enterprise_project_id"} < {
        name for page in stored.values["pages"] for name in page["params"]
    }
    assert (stored.problems(stored.values), stored.is_as_read(stored.values)) == ([], True)


OTHER = {
    "start_time": "2026-11-20T00:00:00Z",
    "end_time": "2026-11-21T00:00:00Z",
    "limit": "7",
    "offset": "3",
    "status": "success",
    "enterprise_project_id": "0",
    "show_replication": "false",
    "operation_type": "other",
    "trace_type": "data",
    "service_type": "ECS",
    "from": "7",
    "to": "7",
}


def flips(page: Values) -> Iterator[Values]:
    """A page with one part of its request changed or left out."""
    params = page["params"]
    for name in params:
        yield {**page, "params": {**params, name: OTHER[name]}}
        yield {**page, "params": {each: value for each, value in params.items() if each != name}}
    yield {**page, "params": {**params, "more": "1"}}
    yield {**page, "path": page["path"].replace("/v3/", "/v3/x")}
    yield {**page, "path": f"{page['path']}/x"}
    yield {**page, "kind": "agents" if page["kind"] != "agents" else "vaults"}
    yield {**page, "rows": page["rows"] + 1}


def chosen(values: Values) -> Iterator[int]:
    """A whole list that is too long, where it is cut, a slice, the count of the whole; and a page of other lists."""
    places: dict[str, list[int]] = {}
    for number, page in enumerate(values["pages"]):
        places.setdefault(page["kind"], []).append(number)
    for kind, numbers in places.items():
        yield from (*numbers[:2], *numbers[-2:]) if kind == "backups" else numbers[-1:]


def test_each_part_of_a_request_is_proved_by_reading_the_lists_again(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.app.read_again._WORKERS", (4,))
    unseen = []
    for number in chosen(stored.values):
        for flipped in flips(stored.values["pages"][number]):
            forged = {**stored.values, "pages": [*stored.values["pages"]]}
            forged["pages"][number] = flipped
            if stored.is_as_read(forged):
                unseen.append(flipped)

    assert unseen == []


READ = ("pages", "passes", "count_first", "count_last", "distinct", "duplicates")


def test_each_part_of_a_reading_is_proved_by_reading_the_lists_again(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.app.read_again._WORKERS", (4,))
    kinds = [reading["kind"] for reading in stored.values["readings"]]
    changes: list[Values] = [*({name: 9_999} for name in READ), {"gaps": ["a page is missing"]}, {"refused": True}]
    for number in map(kinds.index, ("operation_logs", "vaults", "members")):
        reading = stored.values["readings"][number]
        for change in changes:
            forged = deepcopy(stored.values)
            forged["readings"][number] = {**reading, **change}
            assert not stored.is_as_read(forged), change


def put(values: Values, kind: str, name: str, value: str) -> Values:
    """Change one parameter of the requests for a list."""
    forged = deepcopy(values)
    for page in forged["pages"]:
        if page["kind"] == kind and "status" not in page["params"]:
            page["params"][name] = value
    return forged


def test_what_the_requests_contradict_shows_without_any_response(stored: Stored) -> None:
    values = stored.values
    moved, numbered, fewer, less, open_ended, untold = (deepcopy(values) for _ in range(6))
    moved["pages"][0]["path"] = "/v3/another/operation-logs"
    numbered["pages"][0]["number"] = 7
    less["readings"][0]["distinct"] = 9_999
    fewer["pages"] = [page for page in values["pages"] if page["kind"] != "agents"]
    for page in open_ended["pages"]:
        page["params"].pop("end_time", None)
    untold["pages"] = [page for page in values["pages"] if page["params"].get("service_type") != "CTS"]

    for forged, problem in (
        (moved, "a request for task log has the path /v3/another/operation-logs"),
        (numbered, "has the number 7, and should have 1"),
        (less, "task log: the reading says 9999 different rows, and "),
        (fewer, "agents: the reading says 2 responses, and 0 are listed"),
        (open_ended, "task log: a request is about a time that the run did not read"),
        (put(values, "operation_logs", "start_time", "2026-11-22T00:00:00Z"), "task log: the reading says that it is "),
        (put(values, "vaults", "enterprise_project_id", "0"), "vaults: a request is about another enterprise project"),
        (put(values, "vaults", "offset", "9"), "vaults: the reading says that it is complete, and the requests leave"),
        (
            put(values, "vaults", "offset", "9" * 5_000),
            "vaults: the reading says that it is complete, and the requests",
        ),
        (put(values, "backups", "end_time", "2026-11-20T00:00:00Z"), "backups: the reading says that it is complete"),
        (put(values, "traces", "from", "7"), "traces: a request is about a time that the run did not read"),
        (untold, "traces: the reading says that it is complete, and the requests leave something out"),
    ):
        assert problem in "\n".join(stored.problems(forged)), problem


GONE = json_response({"error_code": "BackupService.0001", "error_msg": "not there"}, 404)
DENIED = json_response({"error_code": "BackupService.9900", "error_msg": "denied"}, 403)
UNFIT = json_response({"error_code": "BackupService.1000", "error_msg": "unknown parameter"}, 400)


def answering(response: Response, *parts: str) -> Callable[[Request], Response | None]:
    return lambda request: response if all(part in request.url for part in parts) else None


@pytest.mark.parametrize(
    ("answer", "is_complete"),
    [
        (answering(GONE, "/members"), False),
        (answering(GONE, "/agents"), False),
        (answering(DENIED, "/members"), False),
        (answering(DENIED, "/storage_usage"), False),
        (answering(DENIED, "/turbo/"), False),
        (answering(GONE, "/turbo/"), True),
        (answering(UNFIT, "enterprise_project_id"), True),
        (answering(DENIED, "enterprise_project_id"), True),
        (answering(UNFIT, "/backups?", "start_time"), True),
        (answering(DENIED, "/backups?", "limit=1&"), False),
    ],
)
def test_what_did_not_come_is_told_by_the_reading(
    answer: Callable[[Request], Response | None], is_complete: object, tmp_path: Path
) -> None:
    done = a_run(tmp_path, answer)
    stored = Stored(tmp_path, done)

    assert done.report.collection.complete == is_complete
    assert (stored.problems(stored.values), stored.is_as_read(stored.values)) == ([], True)


def test_a_run_that_calls_itself_complete_in_spite_of_its_responses_is_found(tmp_path: Path) -> None:
    done = a_run(tmp_path, answering(DENIED, "/backups?", "limit=1&"))
    shelf = shelf_of(tmp_path)

    def whole(values: Values) -> None:
        for reading in values["readings"]:
            reading.update(gaps=[], refused=False)

    put_back(forge(shelf, 1, manifest=whole, report=lambda report: whole(report["collection"])), tmp_path)

    problems = [fault.problem for fault in verify(Folder(tmp_path), done.report.run.project_id).faults]
    assert problems == ["backups: the reading says that it is complete, and the requests leave something out"]
    with pytest.raises(ChainError, match="says that lists were read more or less completely"):
        replay(Folder(tmp_path), done.report.run.project_id, done.report.run.id)
