"""A second reading of patterns and task logs, slow and plain, to hold the real one against.

It uses no calendar library and nothing of audit/schedule/: it looks at every minute of the window, and at every
task for every due time, after the words at the top of audit/schedule/matching.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.records import Task

MINUTE = timedelta(minutes=1)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FINISHED = ("success", "failed", "timeout", "skipped")
OPEN = ("running", "waiting")
UNMET = ("failed", "skipped", "overlap", "missing")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One policy: its patterns as text, and what decides whether its runs are judged."""

    policy_id: str
    patterns: tuple[str, ...]
    start: datetime
    vault_ids: frozenset[str]
    start_window: timedelta
    plans: bool
    known_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that an answer depends on."""

    rules: tuple[Rule, ...]
    since: datetime
    now: datetime
    grace: timedelta
    log_complete: bool
    tasks: tuple[Task, ...] = ()
    covered_since: datetime | None = None
    held_since: datetime | None = None
    known_since: datetime | None = None
    maintenance: Callable[[datetime], str] = lambda _moment: ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one due time."""

    due: datetime
    policy_id: str
    state: str
    task: str | None
    repaired_by: str | None


@dataclass(frozen=True)
class Period:
    """A due time of a rule, and the next one, where there is one."""

    due: datetime
    rule: Rule
    until: datetime | None
    grace_ends: datetime

    def has(self, moment: datetime) -> bool:
        """A minute is allowed at both ends."""
        return self.due <= moment + MINUTE and (self.until is None or moment + MINUTE < self.until)


class Pattern:
    """One rule of a trigger."""

    def __init__(self, text: str, start: datetime) -> None:
        self.start = start
        parts = dict(part.split("=") for part in text.upper().removeprefix("RRULE:").split(";"))
        self.interval = int(parts.get("INTERVAL", "1"))
        self.is_weekly = parts["FREQ"] == "WEEKLY"
        every = [DAYS[start.weekday()]] if self.is_weekly else DAYS
        self.days = parts["BYDAY"].split(",") if "BYDAY" in parts else every
        hours = parts.get("BYHOUR", str(start.hour)).split(",")
        minutes = parts.get("BYMINUTE", str(start.minute)).split(",")
        self.times = {60 * int(hour) + int(minute) for hour in hours for minute in minutes}

    def runs_at(self, moment: datetime) -> bool:
        """Look at one minute."""
        if 60 * moment.hour + moment.minute not in self.times or DAYS[moment.weekday()] not in self.days:
            return False
        return moment >= self.start and self.counted_days(moment) % self.interval == 0

    def counted_days(self, moment: datetime) -> int:
        """Days, or weeks that begin on Monday, since the trigger was set."""
        days = moment.date().toordinal() - self.start.date().toordinal()
        return (days + self.start.weekday()) // 7 if self.is_weekly else days


def due_times(rule: Rule, since: datetime, now: datetime) -> list[datetime]:
    """Walk through the window minute by minute."""
    patterns = [Pattern(text, rule.start) for text in rule.patterns]
    times = frozenset().union(*(pattern.times for pattern in patterns))
    first = since.replace(second=0, microsecond=0)
    offset = 60 * first.hour + first.minute
    found = []
    for minute in range(int((now - first) / MINUTE) + 1):
        if (offset + minute) % 1440 in times:
            moment = first + minute * MINUTE
            if since <= moment <= now and any(pattern.runs_at(moment) for pattern in patterns):
                found.append(moment)
    return found


def began(task: Task) -> datetime:
    return task.started_at or task.created_at


class Oracle:
    """The answers for one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        created = (task for task in world.tasks if task.operation == "backup" and task.created_at <= world.now)
        self.tasks = sorted(created, key=lambda task: (task.created_at, task.id))
        self.rules = [rule for rule in world.rules if rule.plans]
        self.due = {rule.policy_id: due_times(rule, world.since, world.now) for rule in self.rules}
        self.periods = sorted(self._periods(), key=lambda period: (period.due, period.rule.policy_id))
        self.chosen = self._choose()
        self.free = [task for task in self.tasks if task.id not in {chosen.id for chosen in self.chosen.values()}]

    def answers(self) -> list[Answer]:
        """Judge every due time, in order of time and policy."""
        return [self._answer(period, self.chosen.get(period)) for period in self.periods]

    def unscheduled(self) -> list[str]:
        """Name the tasks of the window that no due time, seen or earlier, explains."""
        return [task.id for task in self.free if task.created_at >= self.world.since and not self._may_be_older(task)]

    def recovered(self) -> set[str]:
        """Name the bad tasks that a success of the same period followed."""
        bad = [task for task in self.tasks if task.status in {"failed", "timeout", "skipped"}]
        return {
            task.id
            for task in bad
            for period in self.periods
            if period.has(task.created_at)
            if any(
                other.status == "success" and period.has(other.created_at) and began(other) > began(task)
                for other in self.tasks
            )
        }

    def _periods(self) -> Iterator[Period]:
        for rule in self.rules:
            due = self.due[rule.policy_id]
            for place, moment in enumerate(due):
                until = due[place + 1] if place + 1 < len(due) else None
                yield Period(moment, rule, until, moment + self.world.grace + rule.start_window)

    def _choose(self) -> Mapping[Period, Task]:
        chosen: dict[Period, Task] = {}
        free = list(self.tasks)
        for period in reversed(self.periods):
            wishes = [task for task in free if period.has(task.created_at)]
            wishes = [task for task in wishes if task.policy_id == period.rule.policy_id] or [
                task for task in wishes if self._may_be_nameless_run(task, period)
            ]
            if wishes:
                chosen[period] = wishes[0]
                free.remove(wishes[0])
        return chosen

    @staticmethod
    def _fits_nameless(task: Task, rule: Rule) -> bool:
        return task.policy_id is None and (task.vault_id is None or task.vault_id in rule.vault_ids)

    def _may_be_nameless_run(self, task: Task, period: Period) -> bool:
        return self._fits_nameless(task, period.rule) and began(task) <= period.grace_ends

    def _may_be_older(self, task: Task) -> bool:
        """Whether it may be the run of a due time before the window."""
        for rule in self.rules:
            if task.policy_id == rule.policy_id or self._fits_nameless(task, rule):
                due = self.due[rule.policy_id]
                if not due or task.created_at < due[0] - MINUTE:
                    return True
        return False

    def _answer(self, period: Period, task: Task | None) -> Answer:
        state, repair = self._judged(period, task)
        return Answer(
            due=period.due,
            policy_id=period.rule.policy_id,
            state=state,
            task=task.id if task else None,
            repaired_by=repair,
        )

    def _judged(self, period: Period, task: Task | None) -> tuple[str, str | None]:
        if self._is_excused(period, task):
            return "excused", None
        state = self._state(period, task)
        if state not in UNMET:
            return state, None
        others = sorted(
            (other for other in self.free if period.has(began(other))), key=lambda other: (began(other), other.id)
        )
        for other in others:
            if other.status == "success":
                return state, other.id
        if self.world.now < period.grace_ends:
            return "pending", None
        is_odd = any(other.status not in FINISHED + OPEN for other in others)
        return ("unknown" if is_odd or not self.world.log_complete else state), None

    def _is_excused(self, period: Period, task: Task | None) -> bool:
        world = self.world
        known = [world.covered_since, period.rule.known_since]
        if task is None:
            known += [world.held_since, world.known_since]
        return bool(world.maintenance(period.due)) or any(period.due < moment for moment in known if moment)

    def _state(self, period: Period, task: Task | None) -> str:
        if task is None:
            return "overlap" if any(self._goes_on(other, period.due) for other in self.tasks) else "missing"
        if task.status == "success":
            return "on_time" if began(task) <= period.grace_ends else "late"
        known = {"failed": "failed", "timeout": "failed", "skipped": "skipped", "running": "open", "waiting": "open"}
        return known.get(task.status, "unknown")

    @staticmethod
    def _goes_on(task: Task, due: datetime) -> bool:
        """Whether a task from before a due time was still at work then."""
        if task.created_at >= due - MINUTE:
            return False
        if task.status in OPEN or (task.ended_at is None and task.status not in FINISHED):
            return True
        return task.ended_at is not None and task.ended_at > due
