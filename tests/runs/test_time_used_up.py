"""Runs whose time ends before every list is read: what was read is judged, and what was not says why."""

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import time_machine
from msgspec.structs import replace

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.cloud.cbr import client
from audit.collection import Kind
from audit.controls import CONTROLS
from audit.evidence.chain import Digest
from audit.evidence.store import open_store
from audit.evidence.stored_runs import digest_of
from audit.evidence.unfinished_lists import received_in_part
from audit.history import History
from audit.judging.findings import Outcome
from audit.simulator import Request, Response, Simulator, build_estate, serve
from audit.timestamps import shown
from tests.builders import DAY, HOUR
from tests.pretend import AS_OF, Clock, a_simulator, audit, variables, without_waiting

ALL_THE_TIME = 3_600
USED_UP = "was not asked: the time for it is used up"


class Unhurried(Simulator):
    """A cloud whose answers take their time: an empty one a twentieth of a full one."""

    clock = Clock()
    pace = 0.0

    def dispatch(self, request: Request) -> Response:
        answer = super().dispatch(request)
        if request.method == "GET" and answer.body.startswith(b"{"):
            rows = max((len(each) for each in orjson.loads(answer.body).values() if isinstance(each, list)), default=0)
            self.clock.now += self.pace * (1 + 19 * rows / client.PAGE_SIZE) / 20
        return answer


def audit_within(answers: float, cloud: Unhurried, folder: Path, as_of: datetime = AS_OF) -> tuple[Done, float]:
    """Audit while there is time for so many full answers; also return how many it took."""
    with serve(cloud) as served, without_waiting() as clock:
        begin = clock.now
        cloud.clock, cloud.pace = clock, ALL_THE_TIME / answers
        made = request_from_settings(variables(cloud, served.url, folder), as_of=shown(as_of))
        return execute(made, lambda _progress: None), (clock.now - begin) / cloud.pace


def audit_until(path: str, simulator: Simulator, folder: Path) -> Done:
    """Audit, while the last answer from one path takes all the time that there is."""
    with serve(simulator) as served, without_waiting() as clock:

        def take(request: Request, _number: int) -> Response | None:
            is_last = request.split().path.endswith(path) and "offset=0" not in request.split().query
            clock.now += ALL_THE_TIME if is_last else 0
            return None

        simulator.intercept = take
        made = request_from_settings(variables(simulator, served.url, folder), as_of=shown(AS_OF))
        return execute(replace(made, nonce="always the same"), lambda _progress: None)


def outcomes(done: Done, control: str) -> Counter[str]:
    return Counter(finding.outcome.value for finding in done.report.findings if finding.control == control)


def verdicts(done: Done) -> dict[tuple[str, str], Outcome]:
    """What was found, apart from what is compared with earlier runs."""
    comparing = {"CBR-903", *(control.id for control in CONTROLS if control.compares)}
    return {(each.control, each.id): each.outcome for each in done.report.findings if each.control not in comparing}


def passed(done: Done) -> set[tuple[str, str]]:
    return {each for each, outcome in verdicts(done).items() if outcome is Outcome.PASS}


def test_short_lists_are_judged_where_there_is_no_time_for_the_long_ones(tmp_path: Path) -> None:
    simulator = a_simulator("healthy", days=30, resources=40)

    done = audit_until("/vaults", simulator, tmp_path)

    found = done.report.collection
    assert done.report.conclusion == "incomplete"
    assert {reading.kind for reading in found.readings if not reading.complete} == {
        Kind.TASKS,
        Kind.BACKUPS,
        Kind.TRACES,
    }
    assert [*dict.fromkeys(reading.kind for reading in found.readings)] == [*[*Kind][:4], Kind.TRACES]
    assert all(USED_UP in gap or "different rows came" in gap for gap in found.gaps), found.gaps
    assert outcomes(done, "CBR-302").keys() == {"pass"}
    assert outcomes(done, "CBR-101").keys() == {"unknown"}
    assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()


def test_a_short_list_that_is_refused_does_not_keep_the_long_ones_from_being_read(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    simulator.deny("cbr:policies:list", "cbr:vaults:list")

    found = audit(simulator, tmp_path).report.collection

    assert found.reading(Kind.POLICIES).refused
    assert found.reading(Kind.TASKS).complete
    assert found.reading(Kind.BACKUPS).complete


class TestGoingOn:
    """A project that is too large for one run."""

    @pytest.fixture(autouse=True)
    def _small_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 60)

    def test_it_comes_to_the_verdict_of_one_long_run_although_old_rows_change(self, tmp_path: Path) -> None:
        simulator = Unhurried(build_estate("mixed", resources=8, days=30, as_of=AS_OF - DAY))
        _, needed = audit_within(10_000, simulator, tmp_path / "before")
        is_open = [*simulator.tasks][-100]
        simulator.tasks.replace(is_open | {"status": "running", "ended_at": None})

        runs = [audit_within(needed / 3, simulator, tmp_path / "parts")[0]]
        simulator.tasks.replace(is_open | {"status": "failed"})
        simulator.tasks.add([*simulator.tasks][-60] | {"id": str(UUID(int=7))})
        while not runs[-1].report.collection.complete:
            assert len(runs) < 5
            runs.append(audit_within(needed / 3, simulator, tmp_path / "parts", AS_OF + len(runs) * HOUR)[0])
        whole, _ = audit_within(10_000, simulator, tmp_path / "whole", runs[-1].report.run.as_of)

        assert len(runs) > 2
        assert verdicts(runs[-1]) == verdicts(whole)
        told = [
            (before.report.run.id, note)
            for before, run in pairwise(runs)
            for kind in (Kind.TASKS, Kind.BACKUPS)
            for note in run.report.collection.reading(kind).notes
        ]
        assert told
        assert all(
            re.match(rf"\d+ slices? (is|are) from the run {run}, which could not read everything", note)
            for run, note in told
        )
        for run in runs:
            assert replay(open_store(str(tmp_path / "parts")), simulator.project_id, run.report.run.id).differing == ()

    def test_runs_a_day_apart_come_to_the_end_and_pass_nothing_more_than_one_long_run(self, tmp_path: Path) -> None:
        cloud = Unhurried(build_estate("mixed", resources=3, days=30, as_of=AS_OF - DAY))
        _, needed = audit_within(10_000, cloud, tmp_path / "whole")

        for number in range(1, 7):
            moment = AS_OF + number * DAY
            with time_machine.travel(moment):
                done, _ = audit_within(needed / 4, cloud, tmp_path / "parts", moment)
            if done.report.collection.complete:
                break

        whole, _ = audit_within(10_000, cloud, tmp_path / "at once", moment)
        assert number > 3
        assert done.report.collection.complete
        assert passed(done) <= passed(whole)

    def test_ten_times_too_large_it_takes_few_runs_more_than_ten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "PAGE_SIZE", 12)
        cloud = Unhurried(build_estate("mixed", resources=4, days=30, as_of=AS_OF - DAY))
        _, needed = audit_within(10_000, cloud, tmp_path / "whole")

        for number in range(1, 14):
            done, _ = audit_within(needed / 10, cloud, tmp_path / "parts", AS_OF + number * HOUR)
            if done.report.collection.complete:
                break

        assert done.report.collection.complete
        assert number >= 10

    def test_a_run_without_time_for_a_list_loses_nothing_of_what_was_received_before(self, tmp_path: Path) -> None:
        cloud = Unhurried(build_estate("mixed", resources=8, days=30, as_of=AS_OF - DAY))
        store = open_store(str(tmp_path))
        runs = [
            audit_within(answers, cloud, tmp_path, AS_OF + number * HOUR)[0].report.run.id
            for number, answers in enumerate([35, 0.3, 0.3, 10_000, 0.3])
        ]
        digests = [digest_of(store, cloud.project_id, run) for run in runs]

        def kept(digest: Digest, kind: Kind) -> set[str]:
            return {each.run for each in received_in_part(store, digest, History()).received if each.kind == kind}

        assert [kept(digest, Kind.BACKUPS) for digest in digests] == [{runs[0]}, {runs[0]}, {runs[0]}, set(), set()]
        assert all(runs[0] in kept(digest, Kind.TASKS) for digest in digests[:3])
        (tmp_path / digests[0].manifest.object).unlink()
        assert kept(digests[1], Kind.BACKUPS) == set()

    def test_nothing_is_taken_over_of_a_list_that_was_refused(self, tmp_path: Path) -> None:
        cloud = Unhurried(build_estate("mixed", resources=8, days=30, as_of=AS_OF - DAY))
        store = open_store(str(tmp_path))
        audit_within(35, cloud, tmp_path)
        cloud.deny("cbr:backups:list")
        refused, _ = audit_within(10_000, cloud, tmp_path, AS_OF + HOUR)

        assert refused.report.collection.reading(Kind.BACKUPS).refused
        digest = digest_of(store, cloud.project_id, refused.report.run.id)
        assert received_in_part(store, digest, History()).received == ()
