"""What policies, vaults and the way in which a resource is held promise, each as a strength that can be compared."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from audit.records import BACKUP, REPLICATION, KeepingRule, Policy, Protected, Vault
from audit.schedule import Schedule, UnreadableScheduleError
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import FOR_EVER, kept_at_least
from audit.subjects.strength import ORDERS, Aspect, Strength, Value

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_YEAR: Final = 365


def of_policy(policy: Policy) -> Strength:
    """What a policy promises; without its rhythm where the trigger cannot be read."""
    schedule = _schedule(policy)
    kept = kept_at_least(PolicySubject(policy=policy, schedule=schedule, unreadable=""))
    found: dict[str, Value] = {
        "enabled": policy.enabled,
        "max_backups": policy.max_backups if policy.keeps_by_number else None,
        "daily_copies": policy.daily_copies,
        "weekly_copies": policy.weekly_copies,
        "monthly_copies": policy.monthly_copies,
        "yearly_copies": policy.yearly_copies,
        **_rule("weekly_rule", policy.weekly_rule),
        **_rule("monthly_rule", policy.monthly_rule),
        **_rule("yearly_rule", policy.yearly_rule),
    }
    if kept is not None:
        found["retention_days"] = None if kept == FOR_EVER else kept // _DAY
    if schedule is not None:
        found["longest_gap_minutes"] = schedule.longest_gap // _MINUTE
        found["runs_a_year"] = schedule.runs_in(_YEAR)
    return {Aspect(what): value for what, value in found.items()}


def of_vault(vault: Vault) -> Strength:
    """What a vault promises beside its policies, as far as the answer says."""
    found = {"exists": True, "locked": vault.locked, "auto_bind": vault.auto_bind}
    return {Aspect(what): value for what, value in found.items() if value is not None}


def of_resource(places: Iterable[tuple[Vault, Protected]]) -> Strength:
    """How the vaults hold a resource that make backups of it; whatever one of them leaves out counts."""
    held = [each for vault, each in places if not vault.receives_copies_only]
    found: dict[str, Value] = {"held": bool(held)}
    if held:
        found["auto_protect"] = any(each.auto_protect is not False for each in held)
        if all(each.disks_known for each in held):
            found["excluded_disks"] = _all_ids(each.excluded for each in held)
            found["included_disks"] = _all_ids(each.included for each in held)
    return {Aspect(what): value for what, value in found.items()}


def of_policies(policies: Iterable[Policy]) -> Strength:
    """What the policies of a vault promise together, for backups and for copies: of each aspect the strongest."""
    enabled = [policy for policy in policies if policy.enabled]
    found: dict[Aspect, Value] = {}
    for operation in (BACKUP, REPLICATION):
        mine = [of_policy(policy) for policy in enabled if policy.operation == operation]
        found[Aspect(f"{operation}_policy")] = bool(mine)
        for aspect, value in (item for each in mine for item in each.items()):
            name = Aspect(aspect.what, operation)
            if name not in found or ORDERS[aspect.what](found[name], value):
                found[name] = value
    return found


def _rule(name: str, rule: KeepingRule | None) -> Mapping[str, Value]:
    """For how many weeks, months or years a rule keeps backups, and which; without the time where it cannot be read."""
    if rule is None:
        return {name: 0, f"{name}_picks": ()}
    picks = (*rule.weekdays, *map(str, rule.days), *rule.weeks, *rule.months)
    return {**({} if rule.periods is None else {name: rule.periods}), f"{name}_picks": tuple(sorted(picks))}


def _schedule(policy: Policy) -> Schedule | None:
    try:
        return Schedule(policy.patterns, policy.start_time)
    except UnreadableScheduleError:
        return None


def _all_ids(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({item for each in lists for item in each}))
