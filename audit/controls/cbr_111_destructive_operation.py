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
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from math import inf
from typing import Final

from audit.findings import Control, Severity, Verdict, failed, passed, unknown
from audit.records import BACKUP, Policy, Task, pick, pick_backups, pick_begun
from audit.subjects import Limits, SubjectKind, VaultSubject

_DAY: Final = timedelta(days=1)
_REMOVALS: Final = frozenset({"vault_delete", "remove_resource"})
_TAKE_AWAY: Final = _REMOVALS | {"delete"}


def judge(vault: VaultSubject, _limits: Limits) -> Verdict:
    """Look for removals, and for deletions that came before the end of retention."""
    taken = pick(vault.tasks, lambda task: task.operation in _TAKE_AWAY and task.succeeded)
    removals = [task for task in taken if task.operation in _REMOVALS]
    deletions = [task for task in taken if task.operation == "delete"]
    backups = pick_backups(vault.tasks, {task.backup_key for task in deletions if task.backup_key})
    made = {task.backup_key: task for task in backups if task.succeeded}
    dated = [(task, made[task.backup_key]) for task in deletions if task.backup_key and task.backup_key in made]
    rules = None if vault.policies is None else [policy.policy for policy in vault.policies]
    early = [] if rules is None else _early(dated, vault, rules)
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
        and (len(undecided) == len(deletions) or not all(task.backup_key for task in undecided))
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


def _early(dated: list[tuple[Task, Task]], vault: VaultSubject, rules: list[Policy]) -> list[Task]:
    """Find the deletions that no policy explains by the age of the backup or by the number of newer ones."""
    mine = [rule for rule in rules if rule.operation == BACKUP]
    days = [rule.retention_days for rule in mine if rule.retention_days and rule.retention_days > 0]
    numbers = [rule.max_backups for rule in mine if rule.max_backups and rule.max_backups > 0]
    shortest = min(days, default=inf)
    young = [pair for pair in dated if (pair[0].created_at - pair[1].began) / _DAY < shortest]
    if not numbers:
        return [deletion for deletion, _backup in young]
    successes = _successes(vault, {backup.resource_id for _deletion, backup in young})
    return [deletion for deletion, backup in young if _newer(deletion, backup, successes) < min(numbers)]


def _newer(deletion: Task, backup: Task, successes: Mapping[str | None, list[datetime]]) -> int:
    """Count the successful backups between a backup and its deletion."""
    began = successes[backup.resource_id]
    return bisect_right(began, deletion.created_at) - bisect_right(began, backup.began)


def _undecided(deletions: list[Task], backups: list[Task], vault: VaultSubject, rules: list[Policy]) -> list[Task]:
    """Find the deletions of which nobody can say whether their time had come; what a failed backup left may go."""
    seen = {task.backup_key for task in backups}
    judged = {task.backup_key for task in backups if task.succeeded or task.broke}
    return [
        task
        for task in deletions
        if task.backup_key not in judged and (task.backup_key in seen or not _was_old_enough(task, vault, rules))
    ]


def _was_old_enough(deletion: Task, vault: VaultSubject, rules: list[Policy]) -> bool:
    """Whether a backup from before the window, whose age nobody knows, had reached the longest retention by age."""
    longest = max((rule.retention_days or 0 for rule in rules if rule.operation == "backup"), default=0)
    return bool(deletion.backup_key) and 0 < longest <= (deletion.created_at - vault.window.since) / _DAY


def _successes(vault: VaultSubject, resource_ids: AbstractSet[str | None]) -> Mapping[str | None, list[datetime]]:
    """When the successful backups of some resources began, in order."""
    began: dict[str | None, list[datetime]] = defaultdict(list)
    for task, moments in pick_begun(
        vault.tasks, lambda task: task.operation == BACKUP and task.succeeded and task.resource_id in resource_ids
    ):
        began[task.resource_id].extend(moments)
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
