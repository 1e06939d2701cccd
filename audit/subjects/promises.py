"""What policies, vaults and the way a resource is held promise, each as a strength that can be compared."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final

from audit.records import BACKUP, REPLICATION, KeepingRule, Policy, Protected, Vault
from audit.schedule.rules import Schedule, UnreadableScheduleError
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import FOR_EVER, kept_at_least
from audit.subjects.strength import Aspect, Strength, Value, strongest

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_NEVER: Final = -1
_YEAR: Final = 365
_ENABLED: Final = Aspect("enabled")
_WITHOUT_POLICY: Final[Mapping[str, Value]] = {
    "retention_days": 0,
    "max_backups": 0,
    "daily_copies": 0,
    "weekly_copies": 0,
    "monthly_copies": 0,
    "yearly_copies": 0,
    "weekly_rule": 0,
    "weekly_rule_picks": (),
    "monthly_rule": 0,
    "monthly_rule_picks": (),
    "yearly_rule": 0,
    "yearly_rule_picks": (),
    "longest_gap_minutes": None,
    "runs_a_year": 0,
    "full_backup_interval": None,
    "copies_to": (),
}
"""What no policy at all promises, so that everything a vault lost with its policy is remembered until restored."""
_READABLE: Final = frozenset(
    map(Aspect, ("max_backups", "longest_gap_minutes", "weekly_rule", "monthly_rule", "yearly_rule"))
)
"""What every policy states whose limits, rules and trigger can be read."""


def of_policy(policy: Policy) -> Strength:
    """Return what a policy promises, without its rhythm if the trigger cannot be read."""
    schedule = _schedule(policy)
    kept = kept_at_least(PolicySubject(policy=policy, schedule=schedule, unreadable=""))
    to = policy.destination_region, policy.destination_project_id, policy.cross_account_urn
    found: dict[str, Value] = {
        "enabled": policy.enabled,
        "daily_copies": policy.daily_copies,
        "weekly_copies": policy.weekly_copies,
        "monthly_copies": policy.monthly_copies,
        "yearly_copies": policy.yearly_copies,
        **_rule("weekly_rule", policy.weekly_rule),
        **_rule("monthly_rule", policy.monthly_rule),
        **_rule("yearly_rule", policy.yearly_rule),
        "full_backup_interval": None if policy.full_backup_interval == _NEVER else policy.full_backup_interval,
        "copies_to": tuple(sorted(filter(None, to))),
    }
    if policy.limits_known:
        found["max_backups"] = policy.max_backups if policy.keeps_by_number else None
    if kept is not None:
        found["retention_days"] = None if kept == FOR_EVER else kept // _DAY
    if schedule is not None:
        found["longest_gap_minutes"] = (schedule.longest_gap + policy.start_window) // _MINUTE
        found["runs_a_year"] = schedule.runs_in(_YEAR)
    return {Aspect(what): value for what, value in found.items()}


def is_readable(promised: Strength) -> bool:
    """Whether a policy states everything that it promises: two unreadable ones may promise different things."""
    return promised.keys() >= _READABLE


def of_vault(vault: Vault) -> Strength:
    """Return what a vault promises apart from its policies, as far as the response says."""
    found: dict[str, Value] = {
        "exists": True,
        "protect_type": vault.protect_type,
        "auto_bind": vault.auto_bind,
        "bind_rules": vault.bind_rules,
    }
    return {**_said(found), **of_holding([vault])}


def of_holding(vaults: Iterable[Vault]) -> Strength:
    """Return what vaults promise to each of their resources: the strongest of each aspect."""
    return strongest(
        _said(
            {
                "locked": vault.locked,
                "consistent_level": vault.consistent_level,
                "is_multi_az": vault.is_multi_az,
                "auto_expand": vault.auto_expand,
                "demand_billing": vault.demand_billing,
            }
        )
        for vault in vaults
    )


def of_resource(places: Iterable[tuple[Vault, Protected]]) -> Strength:
    """Return how the vaults that make backups of a resource hold it; whatever one of them leaves out counts."""
    held = [each for vault, each in places if not vault.receives_copies_only]
    found: dict[str, Value] = {"held": bool(held)}
    if held:
        found |= _followed([each.auto_protect for each in held])
        if all(each.disks_known for each in held):
            found["excluded_disks"] = _all_ids(each.excluded for each in held)
            found["included_disks"] = _all_ids(each.included for each in held)
    return {Aspect(what): value for what, value in found.items()}


def of_policies(policies: Iterable[Policy]) -> Strength:
    """Return what the policies of a vault promise together."""
    return together((policy.operation, of_policy(policy)) for policy in policies)


def of_copies(vault_id: str, policies: Iterable[Policy]) -> Strength:
    """Return the vaults into which the policies of a vault copy its backups."""
    into = {to for policy in policies for of, to in policy.destinations if of == vault_id}
    return {Aspect("copies_into"): tuple(sorted(into))}


def together(promised: Iterable[tuple[str, Strength]]) -> Strength:
    """Return what some policies promise together, for backups and for copies: the strongest of each aspect.

    Args:
        promised: the operation of each policy, and what it promises.
    """
    enabled = [(operation, each) for operation, each in promised if each[_ENABLED]]
    found: dict[Aspect, Value] = {}
    for operation in (BACKUP, REPLICATION):
        mine = [each for of, each in enabled if of == operation]
        found[Aspect(f"{operation}_policy")] = bool(mine)
        all_of_them = strongest(mine) if mine else {Aspect(what): value for what, value in _WITHOUT_POLICY.items()}
        found |= {Aspect(what, operation): value for (what, _), value in all_of_them.items() if what != _ENABLED.what}
    return found


def _rule(name: str, rule: KeepingRule | None) -> Mapping[str, Value]:
    """Return for how many weeks, months or years a rule keeps which backups; no number if it cannot be read."""
    if rule is None:
        return {name: 0, f"{name}_picks": ()}
    picks = (rule.picks_by, *rule.weekdays, *map(str, rule.days), *rule.weeks, *rule.months)
    told = {} if rule.periods is None else {name: rule.periods}
    return {**told, f"{name}_picks": tuple(sorted(filter(None, picks)))}


def _said(found: Mapping[str, Value]) -> Strength:
    return {Aspect(what): value for what, value in found.items() if value is not None}


def _followed(told: Collection[bool | None]) -> Mapping[str, Value]:
    """Whether a resource follows the policy of at least one of its vaults, as far as the responses say."""
    return {"auto_protect": True in told} if True in told or None not in told else {}


def _schedule(policy: Policy) -> Schedule | None:
    try:
        return Schedule(policy.patterns, policy.start_time)
    except UnreadableScheduleError:
        return None


def _all_ids(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({item for each in lists for item in each}))
