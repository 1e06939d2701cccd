"""CBR-111 destructive-operation: nothing that was protected was taken away by hand.

Why it matters
    Deleting backups is what an attacker does first and what a mistake looks like. Each case needs a person who
    says that it was meant.
How it is judged
    pass     the log shows no removal, and no deletion that retention does not explain
    fail     the vault was deleted, a resource was taken out of it, or a backup made in the window was deleted before
             its age or the number of newer ones reached the retention of the vault's policies
    unknown  none was seen, and the task log has gaps; or backups were deleted and the policies cannot be read; or of
             no deleted backup the evidence shows whether its time had come
    A backup that was made before the window had reached every retention that is not longer than the part of the window
    before its deletion. A deletion that this does not explain is counted and not judged: a longer window shows it. The
    ages of copies in a replication vault, and of what was in a vault that is gone, are not judged.
How to fix it
    Ask who started the task; Cloud Trace Service names the user. If it was not meant, protect the resources again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from audit.findings import Control, Severity, Verdict, failed, passed, unknown
from audit.records import Policy, Task
from audit.subjects import Limits, SubjectKind, VaultSubject

_REMOVALS: Final = frozenset({"vault_delete", "remove_resource"})


def judge(vault: VaultSubject, _limits: Limits) -> Verdict:
    """Look for removals, and for deletions that came before the end of retention."""
    others = [task for task in vault.tasks if task.operation != "backup"]
    removals = [task for task in others if task.operation in _REMOVALS and task.succeeded]
    deletions = [task for task in others if task.operation == "delete" and task.succeeded]
    backups = [task for task in vault.tasks if task.operation == "backup" and task.backup_id] if deletions else []
    made = {task.backup_id: task for task in backups if task.succeeded}
    dated = [(task, made[task.backup_id]) for task in deletions if task.backup_id and task.backup_id in made]
    rules = None if vault.policies is None else [policy.policy for policy in vault.policies]
    successes = _successes(vault) if dated else {}
    early = [task for task, backup in dated if rules is not None and not _is_due(task, backup, successes, rules)]
    if not vault.log_complete and any((rule.max_backups or 0) > 0 for rule in rules or ()):
        early = []  # the newer backups that explain a deletion may be missing
    undecided = _undecided(deletions, backups, vault, rules or [])
    found = sorted([*removals, *early], key=lambda task: (task.created_at, task.id))
    facts = {
        "removals": len(removals),
        "early_deletions": len(early),
        "deletions": len(deletions),
        "deletions_not_judged": len(undecided),
    }
    if found:
        return failed(_reason(found), found, since=found[0].created_at, **facts)
    if not vault.log_complete:
        return unknown("nothing was seen to be taken away, and the task log has gaps", **facts)
    if deletions and rules is None:
        return unknown("backups were deleted, and the policies could not be read", deletions, **facts)
    if (
        undecided
        and vault.takes_backups
        and (len(undecided) == len(deletions) or not all(task.backup_id for task in undecided))
    ):
        return unknown("backups were deleted, and the window does not show how old they were", undecided, **facts)
    return passed("nothing was seen to be taken away by hand", deletions[-1:], **facts)


def _reason(found: list[Task]) -> str:
    """Name the worst of what was done."""
    operations = {task.operation for task in found}
    if "vault_delete" in operations:
        return "the vault was deleted"
    if "delete" in operations:
        return "backups were deleted before their retention ended"
    return "resources were taken out of the vault"


def _is_due(deletion: Task, backup: Task, successes: Mapping[str | None, list[datetime]], rules: list[Policy]) -> bool:
    """Whether the retention of some policy explains that a backup was deleted."""
    days = (deletion.created_at - backup.began) / timedelta(days=1)
    began = successes[backup.resource_id]
    newer = bisect_right(began, deletion.created_at) - bisect_right(began, backup.began)
    return any(
        (0 < (rule.retention_days or 0) <= days) or (0 < (rule.max_backups or 0) <= newer)
        for rule in rules
        if rule.operation == "backup"
    )


def _undecided(deletions: list[Task], backups: list[Task], vault: VaultSubject, rules: list[Policy]) -> list[Task]:
    """Find the deletions of which nobody can say whether their time had come; what a failed backup left may go."""
    seen = {task.backup_id for task in backups}
    judged = {task.backup_id for task in backups if task.succeeded or task.broke}
    return [
        task
        for task in deletions
        if task.backup_id not in judged and (task.backup_id in seen or not _was_old_enough(task, vault, rules))
    ]


def _was_old_enough(deletion: Task, vault: VaultSubject, rules: list[Policy]) -> bool:
    """Whether a backup from before the window, whose age nobody knows, had reached the longest retention by age."""
    longest = max((rule.retention_days or 0 for rule in rules if rule.operation == "backup"), default=0)
    return bool(deletion.backup_id) and 0 < longest <= (deletion.created_at - vault.window.since) / timedelta(days=1)


def _successes(vault: VaultSubject) -> Mapping[str | None, list[datetime]]:
    """When the successful backups of each resource began, in order."""
    began: dict[str | None, list[datetime]] = defaultdict(list)
    for task in vault.tasks:
        if task.operation == "backup" and task.succeeded:
            began[task.resource_id].append(task.began)
    return {resource_id: sorted(moments) for resource_id, moments in began.items()}


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-111",
    name="destructive-operation",
    title="Nothing that was protected was taken away by hand",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    judges_departed=True,
)
