"""What limits find, planted or not: policies that run too rarely or keep too briefly or too long, and locks.

The rules are those of the auditor's catalogue, written independently: nothing is shared with it.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

from audit.simulator.blueprint import BackupRun, Draft, PlannedPolicy, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.messages import Row
from audit.simulator.retention import Retention
from audit.simulator.truth import DEFAULT

WEEK: Final = 7 * DAY
GRACE: Final = timedelta(hours=6)
LONGEST_INTERVAL: Final = 7 * DAY
SHORTEST_RETENTION: Final = 7 * DAY
STRICT_INTERVAL: Final = DAY
STRICT_RETENTION: Final = 35 * DAY
STRICT_LONGEST_RETENTION: Final = 3660 * DAY
STRICT_WEEKS: Final = 4
STRICT_MONTHS: Final = 12


def judge_policies(draft: Draft) -> None:
    """Record which enabled policies do not meet the limits of the presets."""
    used = {policy.id for vault in draft.vaults for policy in (vault.policy, vault.replication) if policy is not None}
    for policy in draft.policies:
        if policy.enabled and policy.id in used:
            _judge_plan(draft, policy)
            _judge_retention(draft, policy)


def judge_points(draft: Draft, runs: list[BackupRun]) -> None:
    """Record the resources whose policies keep backups too briefly."""
    held = {resource.id for resource in draft.resources()}
    for run in runs:
        if run.policy is None or run.status != "success" or run.resource.id not in held:
            continue
        kept = None if run.expiry is None else run.expiry - run.created
        _too_short(draft, "resource", run.resource.id, "CBR-403", kept)


def judge_locks(draft: Draft, runs: list[BackupRun], *, readable: bool) -> None:
    """Record the locks that protect too little: only backups with an expiry are locked, and only until then."""
    made: dict[str, dict[str, bool]] = defaultdict(lambda: defaultdict(bool))
    for run in runs:
        if run.status == "success" and not run.broken:
            made[run.resource.vault.id][run.resource.id] |= run.policy is not None
    for vault in draft.vaults:
        by_number = vault.policy is not None and vault.policy.retention.number is not None
        by_hand = readable and not all(made[vault.id].values())
        if vault.is_locked and vault.protect_type == "backup" and (by_number or by_hand):
            draft.truth.vault(vault.id, "CBR-303")


def judge_silence(draft: Draft, runs: list[BackupRun]) -> None:
    """Record which resources lack a first backup, if no task shows any.

    No list says when they were added to their vaults; a restore or a kept backup shows that they were there. Without
    either, it is unknown whether the first backup is due yet.
    """
    kept = {run.resource.id: run.created for run in sorted(runs, key=lambda run: run.created, reverse=True)}
    restored = {row["extra_info"]["resource"]["id"]: row for row in draft.rows if row["operation_type"] == "restore"}
    for resource in draft.resources():
        if resource.vault.protect_type != "backup" or resource.is_deleted or draft.runs[resource.id]:
            continue
        known = kept.get(resource.id)
        if resource.id in restored:
            known = datetime.fromisoformat(restored[resource.id]["created_at"]).replace(tzinfo=UTC)
        if known is None or not _lacks(draft, resource, known):
            draft.truth.hide("resource", resource.id, "CBR-101")


def judge_states(draft: Draft, vaults: list[Row]) -> None:
    """Record the resources about which the vaults say something that no document explains."""
    known = {subject for control, _, subject in draft.truth.failures[DEFAULT] if control == "CBR-504"}
    for held in (held for vault in vaults for held in vault["resources"]):
        if held["protect_status"] == "error" and held["id"] not in known:
            draft.truth.hide("resource", held["id"], "CBR-504")


def _lacks(draft: Draft, resource: PlannedResource, known: datetime) -> bool:
    """Record that a resource has no first backup although one was due; return whether one was."""
    policy = resource.vault.policy
    if policy is None or not policy.enabled or not resource.follows:
        is_late = known + DAY + GRACE < draft.as_of
        draft.truth.resource(resource.id, *(["CBR-101"] if is_late else []))
        return is_late
    due = [moment for moment in policy.due(known, draft.as_of) if moment + GRACE < draft.as_of]
    is_recent = bool(due) and due[-1] > draft.as_of - WEEK
    draft.truth.resource(resource.id, *(["CBR-101"] if due else []), *(["CBR-102"] if is_recent else []))
    return bool(due)


def _judge_plan(draft: Draft, policy: PlannedPolicy) -> None:
    gap = policy.plan.longest_gap()
    if policy.operation_type == "backup" and gap > STRICT_INTERVAL:
        draft.truth.policy(policy.id, "CBR-202", strict=gap <= LONGEST_INTERVAL)


def _judge_retention(draft: Draft, policy: PlannedPolicy) -> None:
    rule, longest = policy.retention, policy.retention.at_most(policy.plan.longest_gap())
    shortest = rule.at_least(policy.plan.shortest_gap())
    _too_short(draft, "policy", policy.id, "CBR-203", shortest)
    if longest is None or longest > STRICT_LONGEST_RETENTION:
        draft.truth.policy(policy.id, "CBR-204")
    if longest is not None and not _keeps_enough_copies(rule):
        draft.truth.policy(policy.id, "CBR-205")


def _keeps_enough_copies(rule: Retention) -> bool:
    weeks, months, _years = rule.copies()
    return weeks >= STRICT_WEEKS and months >= STRICT_MONTHS and rule.zone is not None


def _too_short(draft: Draft, kind: str, subject: str, control: str, kept: timedelta | None) -> None:
    if kept is not None and kept < STRICT_RETENTION:
        note = draft.truth.policy if kind == "policy" else draft.truth.resource
        note(subject, control, strict=kept >= SHORTEST_RETENTION)
