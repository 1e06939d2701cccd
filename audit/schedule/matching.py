"""Matches the planned runs of a policy with tasks: which task answers which due time.

The period of a due time lasts until the next due time of the policy. The run is answered by

    1. the first task of the period that names the policy;
    2. otherwise, because the log often leaves the policy out, the first task that began within the grace, names no
       policy, and names no vault that the policy is not applied to.

Due times choose in turn, latest first, and no task answers two of them, so that a task cannot hide an earlier missed
run. A run without a success is repaired by a success that began in its period and answers no other run, whoever
started it. A task that answers no due time is unscheduled: started by hand, or by a policy that is gone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, chain, repeat
from operator import itemgetter
from typing import Final, NamedTuple

from audit.history import TaskList
from audit.records import Task

_EARLY: Final = timedelta(minutes=1)  # clocks differ: a run may be recorded a little before it was due
EVER: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class RunState(StrEnum):
    """The result of a planned run."""

    ON_TIME = "on_time"
    LATE = "late"  # succeeded, but began after the grace
    FAILED = "failed"  # failed or timed out
    SKIPPED = "skipped"  # the task did not start
    OVERLAP = "overlap"  # no task, and an earlier run was still going: CBR then skips one
    MISSING = "missing"  # no task
    OPEN = "open"  # waiting or running
    UNKNOWN = "unknown"  # the log has gaps, or it is unclear how a task of the period went, or what it did
    PENDING = "pending"  # no success yet, and the grace has not passed
    EXCUSED = "excused"  # not judged; ``why`` has the reason


_ON_TIME: Final = RunState.ON_TIME  # compared for every planned run; a module constant saves the lookup of the member
_LATE: Final = RunState.LATE
_EXCUSED: Final = RunState.EXCUSED
_MET: Final = frozenset({_ON_TIME, _LATE})
UNMET: Final = frozenset({RunState.FAILED, RunState.SKIPPED, RunState.OVERLAP, RunState.MISSING})
JUDGED: Final = UNMET | _MET


class PlannedRun(NamedTuple):
    """One due time and the task that answers it.

    Attributes:
        repaired_by: a success in the same period, if the run itself brought none.
        why: the reason why the run is not judged, or an empty string.
    """

    due: datetime
    policy_id: str
    state: RunState
    task: Task | None = None
    repaired_by: Task | None = None
    why: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether its time is over, nothing excuses it, and the log shows what happened."""
        return self.state in JUDGED

    @property
    def is_met(self) -> bool:
        """Whether its period brought a successful backup."""
        return self.state in _MET or self.repaired_by is not None


class Timetable:
    """The due times of a policy and what follows from them alone, computed once for all resources with the policy.

    Attributes:
        due: the due times in order, none after the time of judgement.
        begins: the start of the period of each.
        start_by: the end of the start window of each.
        latest: the latest start of each that is still on time.
        excuses: for each, why a run due then is not judged, such as a maintenance window, or an empty string.
    """

    def __init__(
        self,
        due: Sequence[datetime],
        grace: timedelta,
        maintenance: Callable[[datetime], str] = lambda _moment: "",
        start_window: Callable[[datetime], timedelta] = lambda _moment: timedelta(0),
    ) -> None:
        """Store the due times, how much later a run may begin, and what names the maintenance window of a time.

        The start window of a time is added to the grace.
        """
        self.due = due
        self.begins = [moment - _EARLY for moment in due]
        self.start_by = [moment + start_window(moment) for moment in due]
        self.latest = [moment + grace for moment in self.start_by]
        self.excuses = [maintenance(moment) for moment in due]


class Plan:
    """What one policy plans for one resource.

    Attributes:
        settled: the time from which no bound excuses a run.
    """

    __slots__ = ("_bounds", "_vault_ids", "policy_id", "settled", "times")

    def __init__(
        self,
        policy_id: str,
        vault_ids: frozenset[str],
        times: Timetable,
        bounds: Sequence[tuple[datetime, str, bool]] = (),
    ) -> None:
        """Store a policy, its vaults and its due times.

        Args:
            policy_id: the id of the policy.
            vault_ids: the vaults that it is applied to.
            times: its due times.
            bounds: the times before which no run is judged, the reason, and whether that includes runs with a task.
        """
        self.policy_id = policy_id
        self.times = times
        self.settled = max((moment for moment, _why, _always in bounds), default=EVER)
        self._vault_ids = vault_ids
        self._bounds = bounds

    def names(self, task: Task) -> bool:
        """Whether the task names this policy."""
        return task.policy_id == self.policy_id

    def may_be(self, task: Task) -> bool:
        """Whether the task names no policy and may belong to this one."""
        return task.policy_id is None and (task.vault_id is None or task.vault_id in self._vault_ids)

    def excuse(self, number: int, *, is_answered: bool) -> str:
        """Return why the run of a due time is not judged, with or without a task, or an empty string."""
        due = self.times.due[number]
        for moment, why, always in self._bounds:
            if due < moment and (always or not is_answered):
                return why
        return self.times.excuses[number]


class Schedules:
    """Every planned run of a resource and the task that answers it, sorted by due time and policy.

    The runs are stored as columns, because nearly every question is only how they ended.

    Attributes:
        due: when each run was due.
        start_by: the end of each run's start window.
        policy_ids: the policy of each run.
        states: the result of each run.
        answers: the index in ``backups`` of the task that answers each run, or None.
        backups: the tasks that may answer.
        unscheduled: the tasks that answer no due time.
        recovered: the ids of failed or skipped tasks that a success in the same period followed.
    """

    __slots__ = ("_notes", "answers", "backups", "due", "policy_ids", "recovered", "start_by", "states", "unscheduled")

    def __init__(self, backups: TaskList) -> None:
        """Start with no runs."""
        self.backups = backups
        self.due: Sequence[datetime] = ()
        self.start_by: Sequence[datetime] = ()
        self.policy_ids: Sequence[str] = ()
        self.states: list[RunState] = []
        self.answers: list[int | None] = []
        self.unscheduled = backups
        self.recovered: frozenset[str] = frozenset()
        self._notes: dict[int, tuple[Task | None, str]] = {}

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        """All runs, row by row."""
        return tuple(map(self.run, range(len(self.states))))

    def first_since(self, start: datetime) -> int:
        """Return the index of the first run that was due at a time or later."""
        return bisect_left(self.due, start)

    def runs_in(self, states: AbstractSet[RunState], first: int = 0) -> list[PlannedRun]:
        """Return the runs from an index on with one of these results."""
        if states.isdisjoint(self.states):  # nearly always: most runs were met
            return []
        return [self.run(number) for number in range(first, len(self.states)) if self.states[number] in states]

    def done(self, first: int = 0) -> list[tuple[datetime, int]]:
        """Return the indices of the tasks that made the backups of the runs from an index on, each with its due time.

        A run with a start window is due when it begins in the window, or at the end of the window.
        """
        began = self.backups.began
        runs = zip(self.due[first:], self.start_by[first:], self.states[first:], self.answers[first:], strict=True)
        met = ((due, by, answer) for due, by, state, answer in runs if answer is not None and state in _MET)
        return [(max(due, min(began[answer], by)), answer) for due, by, answer in met]

    def last_judged(self, first: int) -> PlannedRun | None:
        """Return the last judged run from an index on."""
        numbers = range(len(self.states) - 1, first - 1, -1)
        return next((self.run(number) for number in numbers if self.states[number] in JUDGED), None)

    def repaired_since(self, first: int) -> int:
        """Count the runs from an index on that another success in their period repaired."""
        return sum(number >= first and repaired_by is not None for number, (repaired_by, _) in self._notes.items())

    def run(self, number: int) -> PlannedRun:
        """Return one run."""
        repaired_by, why = self._notes.get(number, _NOTHING_MORE)
        answer = self.answers[number]
        task = None if answer is None else self.backups[answer]
        return PlannedRun(self.due[number], self.policy_ids[number], self.states[number], task, repaired_by, why)

    def answering(self, claim: Callable[[datetime], object]) -> Iterator[str]:
        """Return the tasks that answer runs whose due time satisfies a condition."""
        runs = zip(self.due, self.answers, strict=True)
        return (self.backups[answer].id for due, answer in runs if answer is not None and claim(due))

    def add(self, state: RunState, answer: int | None, repaired_by: Task | None = None, why: str = "") -> None:
        """Add the result of the next run."""
        if repaired_by or why:
            self._notes[len(self.states)] = repaired_by, why
        self.states.append(state)
        self.answers.append(answer)


_NOTHING_MORE: Final = (None, "")
_Period = tuple[datetime, str, Plan, int, int, int, datetime, str]
"""A due time, the policy and its plan, the number of the due time there, the places of the tasks that were created
before the next due time, from one up to another, how late a run may begin, and what excuses it. There is one for each
run, so a plain tuple."""


class Matcher:
    """The backup tasks of one resource, ready to be matched with its plans."""

    def __init__(
        self,
        backups: TaskList,
        *,
        since: datetime,
        now: datetime,
        clear_since: datetime = EVER,
        strange: Sequence[Task] = (),
    ) -> None:
        """Store the backups, sorted by creation; those after ``now`` are left out, older than ``since`` only help.

        Each of the ``strange`` tasks may have been a successful backup, and up to ``clear_since`` the log may hide one.
        """
        self._strange = strange
        self._tasks = backups.at(range(bisect_right(backups.created, now)))
        self._created = self._tasks.created
        self._since = since
        self._now = now
        self._clear_since = clear_since

    def match(self, plans: Sequence[Plan]) -> Schedules:
        """Match the due times of every plan with tasks."""
        return (self._all_met(*plans) if len(plans) == 1 else None) or self._matched(plans)

    def _all_met(self, plan: Plan) -> Schedules | None:
        """Match the common case, in which every due time brought a success of the policy, without examining each."""
        times, tasks, starts = plan.times, self._tasks, self._starts(plan)
        if (
            not starts
            or len({*starts, len(tasks)}) <= len(starts)
            or not all(task.policy_id == plan.policy_id and task.succeeded for task in tasks.kinds)
            or plan.excuse(0, is_answered=True)  # no later run is excused by what does not excuse the first
            or any(times.excuses)
        ):
            return None
        found = Schedules(tasks)
        found.due, found.policy_ids, found.answers = times.due, [plan.policy_id] * len(starts), [*starts]
        found.start_by = times.start_by
        began = zip([tasks.began[start] for start in starts], times.latest, strict=True)
        found.states = [_LATE if moment > latest else _ON_TIME for moment, latest in began]
        found.unscheduled = self._of_window(self._without(starts), (plan,))
        return found

    def _matched(self, plans: Sequence[Plan]) -> Schedules:
        periods = list(chain.from_iterable(map(self._periods, plans)))
        if len(plans) > 1:
            periods.sort(key=itemgetter(0, 1))
        answers = self._answers(periods)
        spare = self._without(answers)
        found = Schedules(self._tasks)
        found.due = [period[0] for period in periods]
        found.start_by = [period[2].times.start_by[period[3]] for period in periods]
        found.policy_ids = [period[1] for period in periods]
        self._judge(found, periods, answers, _Spare(spare, self._strange))
        found.unscheduled = self._of_window(spare, plans)
        found.recovered = self._recovered(periods)
        return found

    def _without(self, answers: Sequence[int | None]) -> TaskList:
        """Return the tasks that answer nothing."""
        used = set(answers)
        return self._tasks.at([place for place in range(len(self._tasks)) if place not in used])

    def _starts(self, plan: Plan) -> list[int]:
        """Return the index of the first task of each period or of a later one."""
        return [bisect_left(self._created, begin) for begin in plan.times.begins]

    def _periods(self, plan: Plan) -> Iterator[_Period]:
        starts = self._starts(plan)
        ends = (*starts[1:], len(self._created))
        times = plan.times
        whose = repeat(plan.policy_id), repeat(plan)
        return zip(times.due, *whose, range(len(starts)), starts, ends, times.latest, times.excuses, strict=False)

    def _answers(self, periods: Sequence[_Period]) -> list[int | None]:
        """Choose a task for each due time, latest first; return the index of each."""
        policy_ids = [task.policy_id for task in self._tasks.samples]
        answers: list[int | None] = [None] * len(periods)
        used: set[int] = set()
        for place in range(len(periods) - 1, -1, -1):
            _due, policy_id, plan, _number, low, high, latest, _excuse = periods[place]
            for found in range(low, high):
                if policy_ids[found] == policy_id and found not in used:
                    break
            else:
                nameless = self._nameless(plan, latest, range(low, high), used) if low < high else None
                if nameless is None:
                    continue
                found = nameless
            answers[place] = found
            used.add(found)
        return answers

    def _nameless(self, plan: Plan, latest: datetime, places: Iterable[int], used: set[int]) -> int | None:
        """Return the first task that names no policy and began within the grace."""
        samples, began = self._tasks.samples, self._tasks.began
        may_be = (at for at in places if began[at] <= latest and plan.may_be(samples[at]))
        return next((at for at in may_be if at not in used), None)

    def _judge(
        self, found: Schedules, periods: Sequence[_Period], answers: Sequence[int | None], spare: "_Spare"
    ) -> None:
        """Yield the result of each run."""
        samples, began = self._tasks.samples, self._tasks.began
        add_state, add_answer = found.states.append, found.answers.append
        for period, answer in zip(periods, answers, strict=True):
            due, _policy_id, plan, number, _low, _high, latest, excuse = period
            why = plan.excuse(number, is_answered=answer is not None) if excuse or due < plan.settled else ""
            if why:
                found.add(_EXCUSED, answer, None, why)
            elif answer is not None and samples[answer].succeeded:  # nearly always
                add_state(_LATE if began[answer] > latest else _ON_TIME)
                add_answer(answer)
            else:
                found.add(*self._without_success(period, answer, spare))

    def _without_success(
        self, period: _Period, answer: int | None, spare: "_Spare"
    ) -> tuple[RunState, int | None, Task | None]:
        due, _policy_id, plan, number, low, _high, latest, _excuse = period
        state = self._silence(due, low) if answer is None else self._state(self._tasks.samples[answer])
        if state not in UNMET:
            return state, answer, None
        tasks = spare.begun_in(plan, number)
        repair = next((other for other in tasks if other.is_known and other.succeeded), None)
        if repair is None:
            is_clear = plan.times.begins[number] > self._clear_since and not tasks  # it is unknown how the others went
            is_over = latest <= self._now
            state = RunState.PENDING if not is_over else state if is_clear else RunState.UNKNOWN
        return state, answer, repair

    def _state(self, task: Task) -> RunState:
        if task.broke:
            return RunState.FAILED
        if not task.is_understood:
            return RunState.UNKNOWN
        return RunState.SKIPPED if task.finished else RunState.OPEN

    def _silence(self, due: datetime, earlier: int) -> RunState:
        """Judge a run without a task: it was skipped if an earlier task had not ended when it was due."""
        return RunState.OVERLAP if earlier and self._busy_until[earlier - 1] > due else RunState.MISSING

    @cached_property
    def _busy_until(self) -> Sequence[datetime]:
        """Return when each task and all earlier ones had ended."""
        return list(accumulate(map(_end, self._tasks), max))

    def _recovered(self, periods: Iterable[_Period]) -> frozenset[str]:
        bad = [place for place, task in enumerate(self._tasks.samples) if task.came_to_nothing]
        if not bad:
            return frozenset()
        spans = ((bisect_left(bad, period[4]), bisect_left(bad, period[5]), period) for period in periods)
        followed = (self._followed(bad[first:end], period[4:6]) for first, end, period in spans if first < end)
        return frozenset(chain.from_iterable(followed))

    def _followed(self, bad: Sequence[int], span: tuple[int, int]) -> Iterator[str]:
        """Return the tasks of a period that did not succeed and began before its last success."""
        tasks = self._tasks
        last = max((tasks.began[place] for place in range(*span) if tasks.samples[place].succeeded), default=EVER)
        return (tasks[place].id for place in bad if tasks.began[place] < last)

    def _of_window(self, tasks: TaskList, plans: Sequence[Plan]) -> TaskList:
        """Return the tasks that were created in the window and not for an earlier due time."""
        since = {id(kind): self._counts_since(kind, plans) for kind in tasks.kinds}
        moments = enumerate(zip(tasks.created, tasks.samples, strict=True))
        return tasks.at([place for place, (created, kind) in moments if created >= since[id(kind)]])

    def _counts_since(self, task: Task, plans: Sequence[Plan]) -> datetime:
        return max((_first(plan.times) for plan in plans if plan.names(task) or plan.may_be(task)), default=self._since)


class _Spare:
    """The tasks that answer no due time and may be successful backups, sorted by their start."""

    def __init__(self, backups: TaskList, strange: Sequence[Task]) -> None:
        self._backups = backups
        self._strange = strange

    @cached_property
    def _tasks(self) -> Sequence[Task]:
        telling = [
            *self._backups.picked(lambda task: task.may_have_worked),
            *(task for task in self._strange if not task.came_to_nothing),
        ]
        return sorted(telling, key=lambda task: (task.began, task.id))

    @cached_property
    def _began(self) -> Sequence[datetime]:
        return [task.began for task in self._tasks]

    def begun_in(self, plan: Plan, number: int) -> Sequence[Task]:
        """Return those in the period of a due time."""
        begins = (*plan.times.begins[number : number + 2], NEVER)
        low, high = (bisect_left(self._began, moment) for moment in begins[:2])
        return self._tasks[low:high]


def _first(times: Timetable) -> datetime:
    return times.begins[0] if times.begins else NEVER


def _end(task: Task) -> datetime:
    """Return when a task ended; one without an end has ended at once, and an open one never."""
    return (task.ended_at or task.created_at) if task.finished else NEVER
