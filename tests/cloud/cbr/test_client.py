from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from urllib.parse import parse_qs

import orjson
import pytest

from audit.app.collect import Pages
from audit.cloud.cbr.client import PROTECTABLE_TYPES, CbrClient
from audit.cloud.http.transport import RequestLimits, Transport
from audit.collection import Kind, Page, Received, Window
from audit.errors import SourceAnswerError, SourceRefusedError
from audit.simulator import Request, Response, Simulator, build_estate, serve
from audit.simulator.messages import Row
from audit.timestamps import instant
from tests.pretend import AS_OF, Clock, a_simulator, by_token, json_response

WINDOW = Window(AS_OF - timedelta(days=30), AS_OF)


@contextmanager
def a_client(simulator: Simulator, *, workers: int = 4, received: Sequence[Received] = ()) -> Iterator[CbrClient]:
    clock = Clock()
    transport = Transport(limits=RequestLimits(budget=timedelta(hours=1)), sleep=clock.sleep, clock=clock)
    try:
        with serve(simulator) as served:
            yield CbrClient(
                transport,
                by_token(simulator.token),
                endpoint=served.url,
                project_id=simulator.project_id,
                workers=workers,
                received=received,
            )
    finally:
        transport.close()


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 20)


def ids(pages: Pages) -> set[str]:
    return {row["id"] for page in pages for row in page.rows}


@pytest.mark.parametrize("workers", [1, 8])
def test_tasks_policies_and_vaults_are_read_completely(workers: int) -> None:
    simulator = a_simulator(resources=12)
    with a_client(simulator, workers=workers) as client:
        tasks, policies, vaults = (client.read(kind, WINDOW) for kind in (Kind.TASKS, Kind.POLICIES, Kind.VAULTS))
        assert ids(tasks) == {row["id"] for row in simulator.tasks}
        assert len(ids(policies)) == policies.expected > 0
        assert len(ids(vaults)) == vaults.expected > 0

    assert len(simulator.tasks) > 40
    assert all(walk.reading().complete for walk in (tasks, policies, vaults))


def test_a_page_says_what_was_asked_and_holds_the_bytes_as_received() -> None:
    simulator = a_simulator()
    with a_client(simulator) as client:
        page = next(iter(client.read(Kind.TASKS, WINDOW)))

    assert page.path == f"/v3/{simulator.project_id}/operation-logs"
    assert page.params == (
        ("start_time", "2026-10-24T12:00:00Z"),
        ("end_time", "2026-11-23T12:00:00Z"),
        ("enterprise_project_id", "all_granted_eps"),
        ("limit", "20"),
        ("offset", "0"),
    )
    assert orjson.loads(page.body)["operation_logs"] == list(page.rows)
    assert len(page.request_id) == 32


def test_an_answer_that_is_no_list_names_the_address() -> None:
    simulator = a_simulator(resources=1)
    answers = {
        "looks like a web page": Response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"),
        'no list "vaults"': json_response({"count": 0}),
        'no "count"': json_response({"vaults": []}),
        "not a JSON object": json_response([]),
        "breaks at byte": Response(200, {}, b'{"vaults": ['),
    }
    with a_client(simulator) as client:
        for words, answer in answers.items():
            simulator.intercept = lambda _request, _number, answer=answer: answer
            with pytest.raises(SourceAnswerError, match=f"/vaults: .*{words}.*; check the endpoint"):
                list(client.read(Kind.VAULTS, WINDOW))


@pytest.mark.parametrize("odd", [b"<html>One moment", b"", b'{"vaults": [{"id": "v'])
def test_one_answer_that_is_no_json_is_asked_for_again(odd: bytes) -> None:
    simulator = a_simulator(resources=1)
    simulator.intercept = lambda _request, number: Response(200, {}, odd) if number == 0 else None
    with a_client(simulator) as client:
        assert list(client.read(Kind.VAULTS, WINDOW))


def test_another_project_is_refused_with_the_remedy() -> None:
    simulator = a_simulator(resources=1)
    refusal = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)
    simulator.intercept = lambda _request, _number: refusal
    with a_client(simulator) as client, pytest.raises(SourceRefusedError, match="check the project id"):
        list(client.read(Kind.POLICIES, WINDOW))


def test_a_type_that_the_region_does_not_know_keeps_no_other_from_being_tried() -> None:
    simulator = a_simulator(resources=1)
    refusal = json_response({"error_code": "BackupService.0001", "error_msg": "No."}, 400)
    asked: list[str] = []

    def refuse(request: Request, _number: int) -> Response | None:
        asked.extend(name for name in PROTECTABLE_TYPES if f"/{name}/" in request.url)
        return refusal if asked[-1:] == [unknown] else None

    simulator.intercept = refuse
    with a_client(simulator) as client:
        unknown = "turbo"
        assert client.try_list("protectables") == ""
        assert asked == list(PROTECTABLE_TYPES)
        unknown = "disk"
        with pytest.raises(SourceRefusedError):
            client.try_list("protectables")


Change = Callable[[Simulator, Random, int], None]


def add(simulator: Simulator, odd: Random, number: int) -> None:
    """A task on top of the list, after the end of the window: it must not move the pages."""
    del odd
    row = next(iter(simulator.tasks))
    simulator.tasks.add({**row, "id": f"new-{number}", "created_at": f"2026-11-23T12:00:{number % 60:02d}.5"})


def without_new(received: set[str]) -> set[str]:
    """Leave out what was added: the look at what is newer than the window may show it."""
    return {each for each in received if not each.startswith("new-")}


def add_late(simulator: Simulator, odd: Random, number: int) -> None:
    row = odd.choice(list(simulator.tasks))
    simulator.tasks.add({**row, "id": f"late-{number}"})


def update(simulator: Simulator, odd: Random, number: int) -> None:
    row: Row = odd.choice(list(simulator.tasks))
    simulator.tasks.replace({**row, "updated_at": f"2026-11-23T12:00:00.{number:06d}"})


def remove(simulator: Simulator, odd: Random, number: int) -> None:
    del number
    if rows := list(simulator.tasks):
        simulator.tasks.remove(odd.choice(rows[-40:])["id"])


def _names(changes: tuple[Callable[..., None], ...]) -> str:
    return "-".join(change.__name__ for change in changes)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("changes", [(add,), (remove,), (update,), (add, add_late, update, remove)], ids=_names)
@pytest.mark.no_cover
def test_changes_during_a_walk_over_the_socket_lose_nothing_without_a_gap(
    seed: int, changes: tuple[Change, ...]
) -> None:
    simulator = a_simulator(seed=seed % 3 + 1, resources=8)
    odd = Random(seed)  # noqa: S311  # repeatable, not secret
    there_at_first = {row["id"] for row in simulator.tasks}

    def interfere(_request: Request, number: int) -> Response | None:
        if number < 40 and odd.random() < 0.6:
            odd.choice(changes)(simulator, odd, number)
        return None

    simulator.intercept = interfere
    with a_client(simulator, workers=seed % 8 + 1) as client:
        walk = client.read(Kind.TASKS, WINDOW)
        received = ids(walk)

    lost = (there_at_first & {row["id"] for row in simulator.tasks}) - received
    assert not lost or walk.reading().gaps
    assert simulator.requests < 8 * 40
    if changes in ((add,), (update,)):
        assert walk.reading().complete, "what happens after the window does not disturb it"
        assert without_new(received) == there_at_first


def test_organisation_policies_are_read_in_pages_of_each_operation() -> None:
    estate = build_estate("healthy", resources=2, days=2, as_of=AS_OF)
    templates = list(estate.organisation_policies)
    estate.organisation_policies[:] = [each | {"id": f"{each['id']}-{n}"} for each in templates for n in range(45)]
    simulator = Simulator(estate)
    with a_client(simulator) as client:
        walk = client.read(Kind.ORGANIZATION_POLICIES, WINDOW)
        seen = ids(walk)

    assert (len(seen), walk.reading().complete) == (90, True)


def test_an_id_leads_nowhere_but_to_its_own_list_and_comes_back_as_it_was() -> None:
    simulator = a_simulator()
    asked: list[str] = []

    def note(request: Request, _number: int) -> Response | None:
        asked.append(request.split().path)
        return json_response({"policies": [], "count": 0})

    simulator.intercept = note
    with a_client(simulator) as client:
        pages = list(client.read(Kind.DEPLOYMENTS, WINDOW, ["../../vaults?x=", "b c"]))

    prefix = f"/v3/{simulator.project_id}/organization-policies/"
    assert asked == [f"{prefix}..%2F..%2Fvaults%3Fx%3D/policy-detail", f"{prefix}b%20c/policy-detail"]
    assert [page.about for page in pages] == ["../../vaults?x=", "b c"]


def test_agents_are_read_in_pages_and_told_apart_by_their_own_id_while_they_report() -> None:
    estate = build_estate("healthy", resources=12, days=2, as_of=AS_OF)
    template = estate.agents[0]
    estate.agents[:] = [template | {"agent_id": f"agent-{number}"} for number in range(50)]

    def report(_request: Request, number: int) -> None:
        for agent in estate.agents:
            agent["last_active_time"] = f"2026-11-23T11:00:{number:02}"

    simulator = Simulator(estate)
    simulator.intercept = report
    with a_client(simulator) as client:
        walk = client.read(Kind.AGENTS, WINDOW)
        seen = {row["agent_id"] for page in walk for row in page.rows}

    assert (len(seen), walk.reading().complete, walk.reading().passes) == (50, True, 2)


def test_usage_is_read_in_pages_by_its_own_count_while_backups_are_made() -> None:
    estate = build_estate("healthy", resources=12, days=2, as_of=AS_OF)
    template = estate.storage_usage[0]
    estate.storage_usage[:] = [template | {"resource_id": f"server-{number}"} for number in range(50)]

    def make(_request: Request, number: int) -> None:
        for row in estate.storage_usage:
            row["backup_count"] = number

    simulator = Simulator(estate)
    simulator.intercept = make
    with a_client(simulator) as client:
        walk = client.read(Kind.STORAGE_USAGE, WINDOW)
        seen = {row["resource_id"] for page in walk for row in page.rows}

    assert (len(seen), walk.expected, walk.reading().complete) == (50, 50, True)


@pytest.mark.parametrize("change", [add, add_late, update, remove])
def test_a_list_that_changes_before_it_is_counted_is_read_completely(change: Change) -> None:
    simulator = a_simulator(resources=12)
    odd = Random(1)  # noqa: S311  # repeatable, not secret
    spans: set[str] = set()

    def interfere(request: Request, number: int) -> Response | None:
        """Change it when it is requested as a whole once more."""
        asked = parse_qs(request.split().query)
        if asked["offset"] == ["0"] and (span := f"{asked['start_time']} {asked['end_time']}") in spans:
            change(simulator, odd, number)
            simulator.intercept = None
        elif asked["offset"] == ["0"]:
            spans.add(span)
        return None

    there_at_first = {row["id"] for row in simulator.tasks}
    simulator.intercept = interfere
    with a_client(simulator) as client:
        tasks = client.read(Kind.TASKS, WINDOW)
        received = ids(tasks)

    reading = tasks.reading()
    assert reading.complete, reading.gaps
    added = {row["id"] for row in simulator.tasks} if change is add_late else set()
    assert without_new(received) == there_at_first | added
    assert reading.distinct == reading.count_last
    assert (reading.passes, len(reading.notes)) == ((2, 1) if change in {add_late, remove} else (1, 0))


def received_from(page: Page) -> Received:
    params = dict(page.params)
    since = instant(params["start_time"]) if "start_time" in params else None
    return Received(
        page.kind, since, instant(params["end_time"]), params["enterprise_project_id"], "a run", lambda: page
    )


@pytest.mark.parametrize(("status", "note"), [(200, "slices are from the run a run"), (400, "read page by page")])
def test_received_backups_are_only_counted_unless_the_cloud_refuses_to_sort_them(status: int, note: str) -> None:
    simulator = a_simulator("healthy", resources=6)
    with a_client(simulator) as client:
        pages = [page for page in client.read(Kind.BACKUPS, WINDOW) if "end_time" in dict(page.params)]
    slices = [received_from(page) for page in pages if len(page.rows) == page.count]

    def refuse(request: Request, _number: int) -> Response | None:
        return json_response({}, status) if "sort=" in request.url and status != 200 else None

    simulator.intercept = refuse
    with a_client(simulator, received=slices) as client:
        backups = client.read(Kind.BACKUPS, WINDOW)
        list(backups)

    assert len(slices) > 2
    assert backups.reading().complete
    assert [note in told for told in backups.reading().notes] == [True]


@pytest.mark.parametrize("kind", [Kind.TASKS, Kind.POLICIES, Kind.VAULTS])
def test_a_missing_permission_is_named(kind: Kind) -> None:
    action = kind.permission
    simulator = a_simulator()
    simulator.deny(action)
    with a_client(simulator) as client, pytest.raises(SourceRefusedError) as refusal:
        list(client.read(kind, WINDOW))

    assert f"answered 403 (Forbidden Policy doesn't allow {action} to be performed.)" in str(refusal.value)
    assert f"read permission for CBR (the action {action}, or CBR ReadOnlyAccess)" in str(refusal.value)


def test_a_list_with_private_parts_is_reduced_every_time_that_it_is_read() -> None:
    row = {"id": "s1", "name": "web", "type": "OS::Nova::Server", "size": 1, "detail": {"adminPass": "hidden"}}
    rows = [{**row, "id": f"s{number}"} for number in range(70)]
    simulator = a_simulator(resources=1)

    def interfere(request: Request, _number: int) -> Response | None:
        start = int(parse_qs(request.split().query)["offset"][0])
        return json_response({"instances": rows[start : start + 50], "count": 70})

    simulator.intercept = interfere
    with a_client(simulator) as client:
        bodies = [page.body for page in client.read(Kind.PROTECTABLES, WINDOW)]

    assert len(bodies) == 5 * 4  # four requests for each type
    assert bodies[0] == bodies[2]
    assert not any(b"hidden" in body for body in bodies)
