"""Which task answers which planned run: every due time of a policy beside what really happened.

The period of a due time reaches to the next one of the same policy. A task of the period answers it if it names the
policy; where none does, and the log does often leave the policy out, one that began within the grace, names no policy
and names no vault that the policy is not applied to. The first such task is the one. Due times choose in turn, the
latest first, and no task answers two, so that none can hide that an earlier run is missing. A run that brought no
success is repaired by a success that began in its period and answers no other run, whoever started it. What answers
no due time is unscheduled: started by hand, or by a policy that is gone.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate, chain, pairwise
from typing import Final

from audit.records import Task

_EARLY: Final = timedelta(minutes=1)  # clocks differ: a run may be noted a little before it was due
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class RunState(StrEnum):
    """What became of a planned run."""

    ON_TIME = "on_time"
    LATE = "late"  # it succeeded, and began after the grace
    FAILED = "failed"  # failed or timed out
    SKIPPED = "skipped"  # a task that did not start
    OVERLAP = "overlap"  # no task, and an earlier run was still going: CBR then leaves one out
    MISSING = "missing"  # no task
    OPEN = "open"  # it still waits or runs
    UNKNOWN = "unknown"  # the log has gaps, or a task of the period has a status that is not documented
    PENDING = "pending"  # it brought no success yet, and its grace has not passed
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
        vault_ids: the vaults that the policy is applied to.
        due: in order, none after the time of judgement.
        grace: how much later than due a run may begin.
        excuse: why the run that is due at a time is not judged, with or without a task, or an empty text.
    """

    policy_id: str
    vault_ids: frozenset[str]
    due: Sequence[datetime]
    grace: timedelta
    excuse: Callable[[datetime, Task | None], str]

    def names(self, task: Task) -> bool:
        """The task says that it is of this policy."""
        return task.policy_id == self.policy_id

    def may_be(self, task: Task) -> bool:
        """The task does not say whose it is, and nothing speaks against this policy."""
        return task.policy_id is None and (task.vault_id is None or task.vault_id in self.vault_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """Every planned run of a resource beside the task that answers it.

    Attributes:
        runs: in order of due time and policy.
        unscheduled: the tasks that are the run of no due time.
        made_good: ids of the tasks that failed or were skipped, and that a success followed in the same period.
    """

    runs: tuple[PlannedRun, ...]
    unscheduled: tuple[Task, ...]
    made_good: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Period:
    """A due time of a plan, where the next one begins, and the tasks that were created in between.

    Attributes:
        earlier: how many tasks were created before.
    """

    plan: Plan
    due: datetime
    end: datetime
    earlier: int
    tasks: Sequence[Task]


class Matcher:
    """The backup tasks of one resource, ready to be held against what its policies plan."""

    def __init__(self, tasks: Sequence[Task], *, since: datetime, now: datetime, log_complete: bool) -> None:
        """Take the tasks in order of creation; those after ``now`` are left out, older ones than ``since`` help."""
        self._tasks = [task for task in tasks if task.created_at <= now]
        self._created = [task.created_at for task in self._tasks]
        self._busy_until = list(accumulate(map(_end, self._tasks), max))
        self._since = since
        self._now = now
        self._log_complete = log_complete

    def match(self, plans: Sequence[Plan]) -> Schedules:
        """Find the task of each due time of every plan."""
        periods = sorted(chain(*map(self._periods, plans)), key=lambda period: (period.due, period.plan.policy_id))
        answers = self._answers(periods)
        used = {task.id for task in answers.values()}
        spare = _Spare([task for task in self._tasks if task.id not in used])
        return Schedules(
            runs=tuple(self._run(period, answers.get(place), spare) for place, period in enumerate(periods)),
            unscheduled=tuple(task for task in self._tasks if task.id not in used and self._is_of_window(task, plans)),
            made_good=frozenset(chain(*map(_made_good, periods))),
        )

    def _periods(self, plan: Plan) -> Iterator[_Period]:
        starts = [bisect_left(self._created, due - _EARLY) for due in plan.due]
        bounds = zip(pairwise((*plan.due, _NEVER)), pairwise((*starts, len(self._tasks))), strict=True)
        return (_Period(plan, due, end, low, self._tasks[low:high]) for (due, end), (low, high) in bounds)

    def _answers(self, periods: Sequence[_Period]) -> Mapping[int, Task]:
        """Let each due time choose its task, the latest first."""
        answers: dict[int, Task] = {}
        used: set[str] = set()
        for place, period in reversed(list(enumerate(periods))):
            task = _answer(period, used)
            if task:
                answers[place] = task
                used.add(task.id)
        return answers

    def _run(self, period: _Period, task: Task | None, spare: "_Spare") -> PlannedRun:
        due, policy_id, why = period.due, period.plan.policy_id, period.plan.excuse(period.due, task)
        if why:
            return PlannedRun(due=due, policy_id=policy_id, state=RunState.EXCUSED, task=task, why=why)
        state = self._state(period, task)
        repair = spare.success(period) if state in _UNMET else None
        if state in _UNMET and repair is None:
            state = self._doubted(state, period, spare)
        return PlannedRun(due=due, policy_id=policy_id, state=state, task=task, repaired_by=repair)

    def _state(self, period: _Period, task: Task | None) -> RunState:
        if task is None:
            return RunState.OVERLAP if self._was_busy(period) else RunState.MISSING
        if task.succeeded:
            return RunState.LATE if task.began - period.due > period.plan.grace else RunState.ON_TIME
        if task.broke:
            return RunState.FAILED
        if not task.is_understood:
            return RunState.UNKNOWN
        return RunState.SKIPPED if task.finished else RunState.OPEN

    def _was_busy(self, period: _Period) -> bool:
        """Whether an earlier task had not ended when a run was due."""
        return period.earlier > 0 and self._busy_until[period.earlier - 1] > period.due

    def _doubted(self, state: RunState, period: _Period, spare: "_Spare") -> RunState:
        """A run without a success is held against nobody before its time is over, nor where the log is not clear."""
        if period.due + period.plan.grace > self._now:
            return RunState.PENDING
        return state if self._log_complete and not spare.puzzles(period) else RunState.UNKNOWN

    def _is_of_window(self, task: Task, plans: Sequence[Plan]) -> bool:
        """Whether a task was made in the window, and not for a due time before it."""
        mine = (plan.due[0] - _EARLY if plan.due else _NEVER for plan in plans if plan.names(task) or plan.may_be(task))
        return task.created_at >= max(mine, default=self._since)


class _Spare:
    """The tasks that answer no due time, by when they began."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        telling = (task for task in tasks if task.succeeded or not task.is_understood)
        self._tasks = sorted(telling, key=lambda task: (task.began, task.id))
        self._began = [task.began for task in self._tasks]

    def success(self, period: _Period) -> Task | None:
        """Return the first success of a period."""
        return next((task for task in self._begun_in(period) if task.succeeded), None)

    def puzzles(self, period: _Period) -> bool:
        """Whether a task of a period has a status that is not documented: it may mean success."""
        return any(not task.is_understood for task in self._begun_in(period))

    def _begun_in(self, period: _Period) -> Sequence[Task]:
        low, high = (bisect_left(self._began, moment - _EARLY) for moment in (period.due, period.end))
        return self._tasks[low:high]


def _answer(period: _Period, used: set[str]) -> Task | None:
    plan, free = period.plan, [task for task in period.tasks if task.id not in used]
    named = (task for task in free if plan.names(task))
    nameless = (task for task in free if plan.may_be(task) and task.began - period.due <= plan.grace)
    return next(named, None) or next(nameless, None)


def _made_good(period: _Period) -> Iterator[str]:
    """Name the tasks of a period that did not succeed and began before its last success."""
    bad = [task for task in period.tasks if task.broke or task.status == "skipped"]
    last = max((task.began for task in period.tasks if task.succeeded), default=None) if bad else None
    return (task.id for task in bad if last is not None and task.began < last)


def _end(task: Task) -> datetime:
    """When a task ended; one that did not say so has ended at once, and an open one never."""
    return (task.ended_at or task.created_at) if task.finished else _NEVER
