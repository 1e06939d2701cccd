"""The policies of a company: how often they run, and how long they keep what they make."""

from datetime import datetime, time, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, PlannedPolicy
from audit.simulator.calendar_of_runs import DAY, RunCalendar
from audit.simulator.retention import Retention

LONG_PLANS_FROM_DAYS: Final = 14
_LONG_ENOUGH_DAYS: Final = 45
_COPIES: Final = 200  # more than six weeks of the most frequent plan


def new_policy(draft: Draft, name: str, plan: RunCalendar) -> PlannedPolicy:
    """Create an enabled backup policy; the first and every second one keep a number and long-term copies."""
    rng = draft.rng
    daily = plan.longest_gap() <= DAY
    by_number = not draft.policies or draft.one_in(2)
    return PlannedPolicy(
        id=identifiers.uuid(rng),
        name=f"policy-{name}",
        plan=plan,
        retention=generous(draft, plan) if by_number else Retention(days=_days(draft, plan)),
        created=long_before(draft, 100).replace(microsecond=0),
        full_interval=rng.choice((3, 6)) if daily and (not draft.policies or draft.one_in(2)) else -1,
        is_silent=draft.one_in(4),
    )


def generous(draft: Draft, plan: RunCalendar) -> Retention:
    """Keep more than six weeks of backups, and the last ones of weeks, months and years."""
    number = -(-_LONG_ENOUGH_DAYS * DAY // plan.shortest_gap()) + 1
    return Retention(number=number, weeks=8, months=24, years=draft.rng.choice((0, 3)))


def replication_policy(draft: Draft, name: str) -> PlannedPolicy:
    """Create a policy that copies to the second region twice a day, and keeps enough copies for a long time.

    Copies are as frequent as the backups, not as the runs of the policy.
    """
    return PlannedPolicy(
        id=identifiers.uuid(draft.rng),
        name=f"policy-{name}",
        plan=RunCalendar(_evenly(draft.rng.randrange(24), 30, 2)),
        retention=Retention(number=_COPIES, weeks=8, months=24),
        created=draft.start - 120 * DAY,
        operation_type="replication",
        destination={"destination_project_id": identifiers.project(draft.rng), "destination_region": "sim-2"},
    )


def choose_plan(draft: Draft, number: int) -> RunCalendar:
    """Run the first vault every six hours and the second daily; the others differ."""
    rng = draft.rng
    hour, minute, style = rng.randrange(24), rng.choice((0, 15, 30, 45)), rng.randrange(2)
    if number == 0:
        return RunCalendar(_evenly(hour, minute, 4), style=style)
    daily = (
        RunCalendar(_evenly(hour, minute, 1), interval=1, style=style),
        RunCalendar(_evenly(hour, minute, 1), style=style),
    )
    if number == 1:
        return rng.choice(daily)
    plans = [
        *daily,
        RunCalendar(_evenly(hour, minute, 2), style=style),
        RunCalendar(_evenly(hour, minute, 3), style=style),
    ]
    if draft.days >= LONG_PLANS_FROM_DAYS:
        once = _evenly(hour, minute, 1)
        weekday = rng.randrange(7)
        plans += [
            RunCalendar(once, interval=2, style=style),
            RunCalendar(once, weekdays=(weekday,), style=style),
            RunCalendar(once, weekdays=(0, 2, 4), style=style),
        ]
    return rng.choice(plans)


def long_before(draft: Draft, days: int) -> datetime:
    """Return a random moment at least so many days before the window."""
    return draft.start - timedelta(days=days + draft.rng.randrange(300), seconds=draft.rng.randrange(86_400))


def _days(draft: Draft, plan: RunCalendar) -> int:
    """Choose an age; backups of frequent plans are kept for a shorter time."""
    return draft.rng.choice((10, 14, 40) if plan.longest_gap() < DAY else (14, 40, 60, 90))


def _evenly(hour: int, minute: int, times: int) -> tuple[time, ...]:
    return tuple(sorted(time((hour + 24 // times * step) % 24, minute) for step in range(times)))
