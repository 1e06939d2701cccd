"""Faults of policies. Their failures are recorded at the end, because limits find more than was planted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from audit.simulator.blueprint import Draft, PlannedPolicy
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.retention import Retention

PolicyFault = Callable[[Draft, PlannedPolicy], bool]
_TOO_BRIEF_DAYS: Final = 3
_TOO_RARE_DAYS: Final = 10


def keeps_briefly(_: Draft, policy: PlannedPolicy) -> bool:
    """The retention was shortened to days a moment ago; existing backups keep their expiry."""
    return _change(policy, Retention(days=_TOO_BRIEF_DAYS))


def keeps_too_few(_: Draft, policy: PlannedPolicy) -> bool:
    """The retention was changed to two backups a moment ago."""
    return policy.plan.longest_gap() <= DAY and _change(policy, Retention(number=2))


def keeps_just_enough(_: Draft, policy: PlannedPolicy) -> bool:
    """Only a number of backups is kept, and it is large enough: harmless by default."""
    return policy.retention.number is not None and _change(policy, Retention(number=policy.retention.number))


def keeps_for_ever(_: Draft, policy: PlannedPolicy) -> bool:
    """Nothing is ever deleted."""
    policy.retention = Retention()
    return True


def keeps_for_decades(_: Draft, policy: PlannedPolicy) -> bool:
    """The last backup of each year is kept for twenty years."""
    if policy.retention.number is None:
        return False
    policy.retention = replace(policy.retention, years=20)
    return True


def keeps_few_months(_: Draft, policy: PlannedPolicy) -> bool:
    """The last backups of a few months only are kept."""
    if policy.retention.number is None:
        return False
    policy.retention = replace(policy.retention, months=5)
    return True


def keeps_by_rules(_: Draft, policy: PlannedPolicy) -> bool:
    """Advanced rules keep the backups of Sundays and firsts for long, as numbers of weeks and months would."""
    return _keep_picked(policy, Retention(days=45, sundays=8, firsts=24))


def keeps_new_years_for_long(_: Draft, policy: PlannedPolicy) -> bool:
    """Advanced rules keep the first backup of each year for longer than allowed."""
    return _keep_picked(policy, Retention(days=45, sundays=8, firsts=24, new_years=14))


def keeps_too_few_sundays(_: Draft, policy: PlannedPolicy) -> bool:
    """Advanced rules keep fewer weeks than required."""
    return _keep_picked(policy, Retention(days=45, sundays=2, firsts=24))


def forgets_the_zone(_: Draft, policy: PlannedPolicy) -> bool:
    """The policy does not say whose weeks and months it means."""
    if policy.retention.number is None:
        return False
    policy.retention = replace(policy.retention, zone=None)
    return True


def runs_rarely(draft: Draft, policy: PlannedPolicy) -> bool:
    """The plan was changed to every ten days a moment ago; nothing has been due since."""
    policy.plan = replace(policy.plan, times=policy.plan.times[:1], weekdays=tuple(range(7)), interval=_TOO_RARE_DAYS)
    policy.changed = draft.moment_ago
    return True


def _keep_picked(policy: PlannedPolicy, retention: Retention) -> bool:
    """Give advanced rules to a policy that runs every day; it kept a number before, for no less time."""
    is_daily = policy.plan.longest_gap() <= DAY
    return is_daily and policy.retention.number is not None and _change(policy, retention)


def _change(policy: PlannedPolicy, retention: Retention) -> bool:
    policy.former, policy.retention = policy.retention, retention
    return True
