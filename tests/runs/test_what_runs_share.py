"""An answer that has not changed is stored once in a month, whichever run needs it."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import orjson
import pytest
import time_machine

from audit.app.run import Done
from audit.evidence.verify import Verification, verify
from tests.builders import a_task_row
from tests.runs.in_memory import PROJECT, Project

MID_MONTH = datetime(2026, 1, 20, 12, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return Project()


def answers(project: Project, done: Done) -> dict[str, str]:
    """The object of each list."""
    manifest = orjson.loads(project.shelf.objects[f"{done.prefix}/manifest.json"])
    return {page["kind"]: f"{PROJECT}/{page['name']}" for page in manifest["pages"]}


def written(done: Done) -> set[str]:
    return {key for key in done.keys if key.startswith(f"{PROJECT}/shared/")}


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
    shared = written(project.run())
    project.run()
    read = Mock(side_effect=project.shelf.objects.get)
    monkeypatch.setattr(project.shelf, "read", read)
    checked(project)

    assert sorted(key for (key,), _ in read.call_args_list if "/shared/" in key) == sorted(shared)
