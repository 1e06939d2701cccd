"""Prune beside a run that has not ended: whenever it removes, nothing is missing that is kept of that run."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from itertools import count

import pytest

from audit.collection import Kind
from audit.evidence.prune import plan_removal
from audit.evidence.retention import is_pruned
from audit.evidence.store.buffered_object import Data
from audit.evidence.stored_runs import find_digest
from audit.evidence.verify import Verification, verify
from audit.timestamps import shown
from tests.builders import DAY, a_task_row
from tests.evidence.chains import SCOPE, Shelf, a_chain, facts, publish
from tests.runs.in_memory import PROJECT, START, Project

RETENTION = "retention: {evidence_days: 2, reports_days: 4}"
DAYS = 7


class Meanwhile(Shelf):
    """A store in memory; something happens before the n-th object is written."""

    number = 0
    happens: Callable[[], object]

    def create(self, key: str, data: Data) -> None:
        self._step()
        super().create(key, data)

    def replace(self, key: str, data: Data) -> None:
        self._step()
        super().replace(key, data)

    def _step(self) -> None:
        self.number -= 1
        if self.number == 0:
            self.happens()


def audit(project: Project, profile: str = RETENTION, at: datetime | None = None) -> str:
    """Audit a day later, with a task more; return the id of the run."""
    now = shown(project.now + DAY)
    project.rows[Kind.TASKS] = [*project.rows[Kind.TASKS], a_task_row(id=now, created_at=now)]
    return project.run(DAY, CBR_AUDIT_PROFILE=profile, at=at).report.run.id


@pytest.fixture(scope="module")
def project() -> Project:
    """A run a day; of most of them something can be removed."""
    made = Project()
    for _ in range(DAYS):
        audit(made)
    return made


def planned(shelf: Shelf) -> list[str]:
    return [key for removal in plan_removal(shelf, PROJECT, datetime.now(UTC)) for key in removal.keys]


def checked(shelf: Shelf) -> Verification:
    return verify(Shelf(shelf.objects), PROJECT)


@pytest.mark.parametrize(("back", "is_stale", "every"), [(0, True, 5), (1, False, 5), (3, False, 1), (5, True, 5)])
def test_whenever_something_is_removed_the_run_that_goes_on_is_whole(
    project: Project, back: int, is_stale: object, every: int
) -> None:
    at = START + (DAYS - back) * DAY if back else None
    for number in count(1, every):
        now = deepcopy(project)
        shelf = Meanwhile(now.shelf.objects)
        before = planned(Shelf(shelf.objects))
        shelf.number, now.shelf = number, shelf

        def remove(shelf: Shelf = shelf, before: list[str] = before) -> None:
            for key in before if is_stale else planned(Shelf(shelf.objects)):
                del shelf.objects[key]

        shelf.happens = remove
        run = audit(now, at=at)
        result = checked(shelf)
        assert result.faults == []
        assert run not in result.pruned or back == 5
        if shelf.number > 0:  # it wrote fewer objects
            break
        assert not {*before} & {*shelf.objects}
    assert number > 8


def test_what_was_let_go_under_a_shorter_retention_is_called_pruned_and_nothing_else(project: Project) -> None:
    now = deepcopy(project)
    for key in planned(now.shelf):
        del now.shelf.objects[key]
    runs = [audit(now, profile) for profile in ("", "retention: {evidence_days: 90}")]
    digests = {run: find_digest(now.shelf, PROJECT, run) for run in (*runs, *checked(now.shelf).pruned)}

    assert checked(now.shelf).faults == []
    assert {run for run, digest in digests.items() if digest and is_pruned(now.shelf, digest, datetime.now(UTC))} == {
        *checked(now.shelf).pruned
    }


def test_a_run_that_judged_the_future_lets_go_no_more_than_what_is_old_now() -> None:
    shelf = a_chain(1)
    publish(shelf, 2, judged=100_000, more={"profile.json": b'{"retention": {"evidence_days": 1}}'})
    digest = find_digest(shelf, SCOPE, facts(1).id)

    assert digest
    assert [is_pruned(shelf, digest, digest.until + days * DAY) for days in (1, 2)] == [False, True]
