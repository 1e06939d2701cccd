"""Which task answers which planned run: every due time of a policy beside what really happened.

A run belongs to the last due time before it, and a due time's period reaches to the next one of the same policy. Of
several runs in one period the first that names the policy is the planned one; where none names it, and the log does
often leave it out, the first that began within the grace and names no other. The rest are unscheduled: started by
hand, or by a policy that is gone. So no run can answer for two due times, and none can hide that an earlier one is
missing.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from audit.records import Task

_EARLY: Final = timedelta(minutes=1)  # clocks differ: a run may be noted a little before it was due
_LATEST: Final = timedelta(days=366)


class RunState(StrEnum):
    """What became of a planned run."""

    ON_TIME = "on_time"
    LATE = "late"  # it succeeded, and began after the grace
    FAILED = "failed"  # failed or timed out
    SKIPPED = "skipped"  # a task that did not start
    OVERLAP = "overlap"  # no task, and an earlier run was still going: CBR then leaves one out
    MISSING = "missing"  # no task
    OPEN = "open"  # it still waits or runs
    UNKNOWN = "unknown"  # the log has gaps, or the task has a status that is not documented
    PENDING = "pending"  # its grace has not passed
    EXCUSED = "excused"  # it is not judged; ``why`` says the reason


_UNMET: Final = frozenset({RunState.FAILED, RunState.SKIPPED, RunState.OVERLAP, RunState.MISSING})
_JUDGED: Final = _UNMET | {RunState.ON_TIME, RunState.LATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One due time and the task that answers it.

    Attributes:
        repaired_by: a success that came in the same period although the run itself did not bring it.
        why: the reason where the run is not judged, or an empty text.
    """

    due: datetime
    policy_id: str
    state: RunState
    task: Task | None = None
    repaired_by: Task | None = None
    why: str = ""

    @property
    def is_judged(self) -> bool:
        """Its time is over, nothing excuses it, and the log shows what happened."""
        return self.state in _JUDGED

    @property
    def is_met(self) -> bool:
        """Its period brought a successful backup."""
        return self.state in {RunState.ON_TIME, RunState.LATE} or self.repaired_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one policy plans for one resource.

    Attributes:
        due: in order, none after the time of judgement.
        grace: how much later than due a run may begin.
        excuse: why the run that is due at a time is not judged, or an empty text.
    """

    policy_id: str
    due: Sequence[datetime]
    grace: timedelta
    excuse: Callable[[datetime], str]


class Matcher:
    """The backup tasks of one resource, held against one plan after the other; no task answers twice."""

    def __init__(self, tasks: Sequence[Task], *, now: datetime, log_complete: bool) -> None:
        """Take the tasks in order of creation; those after ``now`` are left out."""
        self._tasks = [task for task in tasks if task.created_at <= now]
        self._created = [task.created_at for task in self._tasks]
        self._now = now
        self._log_complete = log_complete
        self._used: set[str] = set()
        self._first_due: datetime | None = None

    def match(self, plan: Plan) -> tuple[PlannedRun, ...]:
        """Find the task of each due time."""
        if plan.due:
            self._first_due = min(plan.due[0], self._first_due or plan.due[0])
        ends = [*plan.due[1:], self._now + _LATEST]
        return tuple(self._run(plan, due, end) for due, end in zip(plan.due, ends, strict=True))

    @property
    def unscheduled(self) -> tuple[Task, ...]:
        """The tasks since the first due time that are the run of none."""
        first = self._now if self._first_due is None else self._first_due - _EARLY
        later = self._tasks[bisect_left(self._created, first) :]
        return tuple(task for task in later if task.id not in self._used)

    def _run(self, plan: Plan, due: datetime, end: datetime) -> PlannedRun:
        task = self._answering(plan, due, end)
        if task:
            self._used.add(task.id)
        state = self._state(task, due, plan.grace)
        why = plan.excuse(due)
        if why:
            return PlannedRun(due=due, policy_id=plan.policy_id, state=RunState.EXCUSED, task=task, why=why)
        repair = self._repair(due, end) if state in _UNMET else None
        if state in _UNMET and repair is None:
            state = self._doubted(state, due + plan.grace)
        return PlannedRun(due=due, policy_id=plan.policy_id, state=state, task=task, repaired_by=repair)

    def _answering(self, plan: Plan, due: datetime, end: datetime) -> Task | None:
        low, high = (bisect_left(self._created, moment - _EARLY) for moment in (due, end))
        period = [task for task in self._tasks[low:high] if task.id not in self._used]
        named = (task for task in period if task.policy_id == plan.policy_id)
        nameless = (task for task in period if task.policy_id is None and task.began - due <= plan.grace)
        return next(named, None) or next(nameless, None)

    def _state(self, task: Task | None, due: datetime, grace: timedelta) -> RunState:
        if task is None:
            return RunState.OVERLAP if self._was_going(due) else RunState.MISSING
        if task.succeeded:
            return RunState.LATE if task.began - due > grace else RunState.ON_TIME
        if task.broke:
            return RunState.FAILED
        if not task.is_understood:
            return RunState.UNKNOWN
        return RunState.SKIPPED if task.finished else RunState.OPEN

    def _was_going(self, due: datetime) -> bool:
        """Whether an earlier task had not ended when a run was due."""
        earlier = self._tasks[: bisect_left(self._created, due - _EARLY)]
        return any((task.ended_at or due) > due if task.finished else True for task in earlier)

    def _repair(self, due: datetime, end: datetime) -> Task | None:
        """Find a success that began or ended in the period."""
        before_end = self._tasks[: bisect_left(self._created, end - _EARLY)]
        return next((task for task in before_end if task.succeeded and (task.ended_at or task.began) >= due), None)

    def _doubted(self, state: RunState, judged_from: datetime) -> RunState:
        """A run without a success is not held against anybody before its time is over, nor where rows are missing."""
        if judged_from > self._now:
            return RunState.PENDING
        return state if self._log_complete else RunState.UNKNOWN
