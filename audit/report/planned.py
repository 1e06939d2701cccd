"""The results of the planned runs of a resource, as CBR-102 sees them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from audit.history import NO_TASKS
from audit.schedule.matching import UNMET, PlannedRun, RunState
from audit.subjects import Limits, Presence, Resource, Schedules

NOTHING_PLANNED: Final = Schedules(NO_TASKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The planned runs of the window, counted.

    Attributes:
        states: the number of runs by result; repaired runs are counted by their own result.
        judged: the number of runs of which it is known whether they were met.
        repaired: the number of runs without a backup of their own whose period still brought one.
        unscheduled: the number of backups that answer no planned run.
        unmet: the runs whose period brought no backup, oldest first, without their tasks, which would stay in memory.
    """

    states: Mapping[RunState, int]
    judged: int
    repaired: int
    unscheduled: int
    unmet: tuple[PlannedRun, ...]


def planned(resource: Resource, limits: Limits) -> Planned | None:
    """Count the planned runs; None if a schedule is unknown."""
    found = match(resource, limits)
    if found is None:
        return None
    states = _once(tuple(Counter(found.states).items()))
    unmet = found.runs_in(UNMET)
    return Planned(
        states=states,
        judged=len(unmet) + states.get(RunState.ON_TIME, 0) + states.get(RunState.LATE, 0),
        repaired=sum(run.repaired_by is not None for run in unmet),
        unscheduled=len(found.unscheduled),
        unmet=tuple([run._replace(task=None) for run in unmet if not run.is_met]),
    )


@lru_cache(maxsize=256)
def _once(states: tuple[tuple[RunState, int], ...]) -> Mapping[RunState, int]:
    """Store equal counts once: most resources of one plan have the same."""
    return dict(states)


def match(resource: Resource, limits: Limits) -> Schedules | None:
    """Match planned runs with tasks; nothing is planned for a resource that no backup vault holds."""
    return resource.planned_runs(limits) if resource.presence == Presence.PROTECTED else NOTHING_PLANNED
