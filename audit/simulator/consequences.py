"""What limits find in the end, planted or not: policies that run too rarely, or keep too briefly or too long.

The rules are those of the auditor's catalogue, written anew: nothing is shared with it.
"""

from datetime import timedelta
from typing import Final

from audit.simulator.blueprint import Draft, Policy, Run
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.retention import Retention

LONGEST_INTERVAL: Final = 7 * DAY
SHORTEST_RETENTION: Final = 7 * DAY
STRICT_INTERVAL: Final = DAY
STRICT_RETENTION: Final = 35 * DAY
STRICT_LONGEST_RETENTION: Final = 3660 * DAY
STRICT_WEEKS: Final = 4
STRICT_MONTHS: Final = 12


def judge_policies(draft: Draft) -> None:
    """Note which enabled policies do not meet the limits of the presets."""
    used = {policy.id for vault in draft.vaults for policy in (vault.policy, vault.replication) if policy is not None}
    for policy in draft.policies:
        if policy.enabled and policy.id in used:
            _judge_plan(draft, policy)
            _judge_retention(draft, policy)


def judge_points(draft: Draft, runs: list[Run]) -> None:
    """Note of which resources policies keep backups too briefly."""
    held = {resource.id for resource in draft.resources()}
    for run in runs:
        if run.policy is None or run.status != "success" or run.resource.id not in held:
            continue
        kept = None if run.expiry is None else run.expiry - run.created
        _too_short(draft, "resource", run.resource.id, "CBR-403", kept)


def _judge_plan(draft: Draft, policy: Policy) -> None:
    gap = policy.plan.longest_gap()
    if policy.operation_type == "backup" and gap > STRICT_INTERVAL:
        draft.truth.policy(policy.id, "CBR-202", strict=gap <= LONGEST_INTERVAL)


def _judge_retention(draft: Draft, policy: Policy) -> None:
    rule, longest = policy.retention, policy.retention.at_most(policy.plan.longest_gap())
    shortest = rule.at_least(policy.plan.shortest_gap())
    _too_short(draft, "policy", policy.id, "CBR-203", shortest)
    if longest is None or longest > STRICT_LONGEST_RETENTION:
        draft.truth.policy(policy.id, "CBR-204")
    if longest is not None and not _keeps_enough_copies(rule):
        draft.truth.policy(policy.id, "CBR-205")


def _keeps_enough_copies(rule: Retention) -> bool:
    enough = rule.weeks >= STRICT_WEEKS and rule.months >= STRICT_MONTHS
    return enough and rule.zone is not None


def _too_short(draft: Draft, kind: str, subject: str, control: str, kept: timedelta | None) -> None:
    if kept is not None and kept < STRICT_RETENTION:
        note = draft.truth.policy if kind == "policy" else draft.truth.resource
        note(subject, control, strict=kept >= SHORTEST_RETENTION)
