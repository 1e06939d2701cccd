"""An answer that has not changed is stored once in a month, whichever run needs it."""

import hashlib
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import orjson
import pytest
import time_machine

from audit.app.replay import replay
from audit.app.run import Done
from audit.collection import Kind
from audit.errors import ChainError, StoreError
from audit.evidence.verify import Verification, verify
from audit.history import History
from audit.timestamps import shown
from tests.builders import DAY, HOUR, a_backup_row, a_task_row
from tests.runs.in_memory import PROJECT, START, Project

MID_MONTH = datetime(2026, 1, 20, 12, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return Project()


def answers(project: Project, done: Done) -> dict[str, str]:
    """The object of each list."""
    manifest = orjson.loads(project.shelf.objects[f"{done.prefix}/manifest.json"])
    return {page["kind"]: f"{PROJECT}/{page['name']}" for page in manifest["pages"]}


def written(done: Done) -> set[str]:
    """The responses that a run wrote."""
    return {key for key in done.keys if key.startswith(f"{PROJECT}/shared/") and key.endswith(".json.gz")}


def checked(project: Project, **options: Any) -> Verification:
    return verify(project.shelf, PROJECT, **options)


def test_only_what_has_changed_is_written(project: Project) -> None:
    first = project.run()
    project.audit()
    again = project.run()
    project.rows[next(iter(project.rows))].append(a_task_row(id="task-2"))
    changed = project.run()

    assert written(first) == {*answers(project, first).values()}
    assert written(again) == set()
    assert answers(project, again) == answers(project, first)
    assert written(changed) == {answers(project, changed)["operation_logs"]}
    assert checked(project).faults == []


def test_backups_that_came_again_are_not_read_from_the_store(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = answers(project, project.run())
    read = Mock(wraps=project.shelf.read)
    monkeypatch.setattr(project.shelf, "read", read)
    project.run()
    again = {call.args[0] for call in read.mock_calls}
    project.rows[Kind.BACKUPS].append(a_backup_row(id="point-2"))
    project.run()

    assert stored["vaults"] in again
    assert stored["backups"] not in again
    assert stored["backups"] in {call.args[0] for call in read.mock_calls}


def test_what_is_gone_from_the_store_is_written_again(project: Project) -> None:
    lost = answers(project, project.run())["vaults"]
    kept = project.shelf.objects.pop(lost)
    done = project.run()

    assert written(done) == {lost}
    assert project.shelf.objects[lost] == kept


def test_everything_is_written_again_when_a_month_begins(project: Project) -> None:
    with time_machine.travel(MID_MONTH, tick=False):
        first = project.run()
    with time_machine.travel(MID_MONTH + timedelta(days=12), tick=False):
        second = project.run()

    before, after = answers(project, first), answers(project, second)
    assert written(second) == {*after.values()}
    assert {key.replace("/2026-01/", "/2026-02/") for key in before.values()} == {*after.values()}


def test_the_loss_of_a_shared_object_is_told_once_with_every_run_that_needs_it(project: Project) -> None:
    runs = [project.run() for _ in range(3)]
    lost = answers(project, runs[0])["vaults"]
    del project.shelf.objects[lost]
    first, second, third = (done.report.run for done in runs)

    result = checked(project)
    (fault,) = result.faults
    assert result.runs == []
    assert (fault.object, fault.problem) == (
        lost,
        f"the object is missing; needed by {first.id}, {second.id}, {third.id}",
    )
    (fault,) = checked(project, since=second.as_of).faults
    assert fault.problem.endswith(f"needed by {second.id}, {third.id}")


def test_a_shared_object_that_no_run_needs_is_noted_where_it_is_what_its_name_says(project: Project) -> None:
    done = project.run()
    folder = answers(project, done)["vaults"].rpartition("/")[0]
    data = b"of a run that was broken off"
    project.shelf.objects[f"{folder}/{hashlib.sha256(data).hexdigest()}.json.gz"] = data
    result = checked(project)

    assert result.faults == []
    assert result.notes == [f"{folder}: no run needs 1 of these objects; they are left of interrupted or removed runs"]

    planted = (f"{folder}/{hashlib.sha256(b'other').hexdigest()}.json.gz", f"{folder}/note.txt", f"{PROJECT}/shared/x")
    project.shelf.objects |= dict.fromkeys(planted, data)
    assert {fault.object for fault in checked(project).faults} == {*planted}


def test_each_shared_object_is_read_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {key for key in project.run().keys if "/shared/" in key}
    project.run()
    read = Mock(side_effect=project.shelf.objects.get)
    monkeypatch.setattr(project.shelf, "read", read)
    checked(project)

    assert sorted(key for (key,), _ in read.call_args_list if "/shared/" in key) == sorted(shared)


def history(project: Project, done: Done) -> list[str]:
    manifest = orjson.loads(project.shelf.objects[f"{done.prefix}/manifest.json"])
    return [f"{PROJECT}/{name}" for name in manifest["history"]]


def tasks(project: Project, number: int) -> None:
    """Let so many more tasks be known."""
    known = project.rows[Kind.TASKS]
    chance = Random(len(known))  # noqa: S311  # repeatable, and cannot be packed
    known += [a_task_row(id=str(UUID(bytes=chance.randbytes(16)))) for _ in range(number)]


def test_a_run_writes_what_is_new_of_the_history(project: Project) -> None:
    tasks(project, 300)
    first, again = project.run(), project.run()
    tasks(project, 3)
    later = project.run()
    project.audit()

    assert history(project, again) == history(project, first)
    assert history(project, later)[:-1] == history(project, first)
    whole, added = (project.shelf.objects[key] for key in history(project, later))
    assert len(added) < len(whole) / 10
    assert len(History.load(whole, added)) == len(project.rows[Kind.TASKS])


@pytest.mark.parametrize(("since", "kept"), [(None, 1), ("30d", 0)])
def test_a_run_that_looks_further_back_than_the_one_before_remembered_writes_the_history_anew(
    project: Project, since: str | None, kept: int
) -> None:
    profile: dict[str, Any] = {"CBR_AUDIT_PROFILE": "look_back: 5d"}
    old = [a_task_row(id=str(UUID(int=number)), created_at=shown(START - HOUR)) for number in range(99)]
    known = project.rows[Kind.TASKS] = [*old, a_task_row(created_at=shown(START + 6 * DAY))]
    project.run(**profile)
    project.rows[Kind.TASKS] = known[-1:]  # the cloud lists the others no longer
    before = [project.run(after, **profile) for after in (7 * DAY, HOUR)][-1]
    done = project.run(since=since, **profile)

    assert len({*history(project, done)} & {*history(project, before)}) == kept
    assert replay(project.shelf, PROJECT, done.report.run.id, reads_again=False).differing == ()


def test_segments_stay_few_and_each_is_much_larger_than_the_next(project: Project) -> None:
    tasks(project, 200)
    for _ in range(12):
        tasks(project, 5)
        done = project.run()
        sizes = [len(project.shelf.objects[key]) for key in history(project, done)]
        assert all(2 * size < before for before, size in pairwise(sizes))
        assert len(History.load(*map(project.shelf.objects.__getitem__, history(project, done)))) == len(
            project.rows[Kind.TASKS]
        )

    assert replay(project.shelf, PROJECT, done.report.run.id, reads_again=False).differing == ()


def test_a_segment_that_is_lost_while_a_run_goes_on_is_not_needed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks(project, 300)
    project.run()
    tasks(project, 20)
    lost = history(project, project.run())[-1]
    tasks(project, 20)
    read = project.shelf.read
    seen: list[str] = []

    def once(key: str) -> bytes | None:
        seen.append(key)
        return None if key == lost and seen.count(lost) > 1 else read(key)

    monkeypatch.setattr(project.shelf, "read", once)
    (whole,) = history(project, project.run())

    assert len(History.load(project.shelf.objects[whole])) == len(project.rows[Kind.TASKS])


def test_what_was_damaged_is_written_again_beside_it(project: Project) -> None:
    (segment,) = history(project, project.run())
    project.shelf.objects[segment] = b"damaged"
    done = project.run()

    assert history(project, done) == [segment.replace(".history", ".again.history")]
    assert {fault.object for fault in checked(project).faults} == {segment}
    assert project.shelf.objects[segment] == b"damaged"


def test_a_response_that_was_damaged_is_told_and_stored_anew(project: Project) -> None:
    first = project.run()
    damaged = answers(project, first)["vaults"]
    project.shelf.objects[damaged] = b"damaged"
    done = project.run()
    report = project.audit()

    (note,) = project.report(done)["run"]["previous"]["notes"]
    assert note.startswith(f"{damaged}, a response about vaults that the run {first.report.run.id} received, is ")
    assert answers(project, done)["vaults"] == damaged.replace(".json.gz", ".again.json.gz")
    assert report["run"]["previous"]["notes"] == []
    assert [fault.problem for fault in checked(project).faults] == [
        f"the object was changed; needed by {first.report.run.id}"
    ]


def test_no_verdict_is_better_where_what_it_compares_with_was_damaged(project: Project) -> None:
    project.rows[Kind.VAULTS][0]["locked"] = True
    first = project.run()
    project.rows[Kind.VAULTS][0]["locked"] = False
    damaged = deepcopy(project)
    damaged.shelf.objects[answers(project, first)["vaults"]] = b"damaged"

    weakened, unknown = (
        {each["outcome"] for each in now.audit()["findings"] if each["control"] == "CBR-114" and "vault" in str(each)}
        for now in (project, damaged)
    )
    assert "fail" in weakened
    assert unknown == {"unknown"}


def test_evidence_that_was_damaged_after_a_run_compared_with_it_is_named(project: Project) -> None:
    first = project.run()
    project.rows[Kind.VAULTS][0]["locked"] = False
    done = project.run()
    damaged = answers(project, first)["vaults"]
    project.shelf.objects[damaged] = b"damaged"

    with pytest.raises(ChainError, match=f"^{damaged}, a response about vaults"):
        replay(project.shelf, PROJECT, done.report.run.id, reads_again=False)
    with pytest.raises(ChainError, match=f"1 of . stored answers are missing or were changed: {damaged}"):
        replay(project.shelf, PROJECT, first.report.run.id, reads_again=False)


def test_what_cannot_be_written_ends_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project.shelf, "create", Mock(side_effect=StoreError("no room")))

    with pytest.raises(StoreError, match="no room"):
        project.run()
