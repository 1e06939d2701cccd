"""CBR-110 app-consistency: backups for which it was ordered are consistent with the applications.

Why it matters
    A database that was copied while it wrote may not start again. Who pays for application consistency counts on it,
    and CBR makes a weaker backup without calling that a failure.
How it is judged
    pass            the newest successful backup was made with the applications at rest
    fail            it was not
    unknown         the task log has gaps or a row that matters here and could not be used, the vault or the backup does
                    not say, or a newer task has a status or an operation that is not documented, or says that it
                    succeeded and names an error
    not_applicable  no vault of the resource orders application consistency, or the log shows no successful backup. What
                    is synchronised into a hybrid vault was made consistent, or not, where it was backed up
How to fix it
    Check that the agent of the server runs, and what the error code of the backup says. Then start a manual backup.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import (
    Control,
    Facts,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    puzzled,
    strange,
    unknown,
)
from audit.records import Task
from audit.subjects import SUCCESSES, Limits, Resource, SubjectKind, shows

_ORDERED: Final = "app_consistent"


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look at the newest success in a vault that orders application consistency."""
    vaults = [vault for vault in resource.vaults if not (vault.receives_copies_only or vault.is_synchronised)]
    ordering = [vault.id for vault in vaults if vault.consistent_level == _ORDERED]
    if not ordering and any(vault.consistent_level is None for vault in vaults):
        return unknown("the vault does not say whether it orders application consistency")
    if not ordering:
        return not_applicable("its vault does not order application consistency")
    places = {None, *ordering}
    newest = resource.backups.newest(lambda task: task.vault_id in places and task.may_have_worked, limits.now)
    if not shows(resource, SUCCESSES, newest.began if newest else resource.window.since):
        return unknown("the task log has gaps")
    odd = resource.strange_since(newest.began if newest else resource.window.since)
    odd = [task for task in odd if task.vault_id in places]
    if odd:
        return strange("made the newest backup", odd)
    if newest is None:
        return not_applicable("the task log shows no successful backup")
    return _of_newest(newest)


def _of_newest(newest: Task) -> Verdict:
    """Read what the backup says; that it is not consistent is plain even where nobody can say how it went."""
    facts: Facts = {"backup": newest.backup_id, "since": newest.began, "or_earlier": True}
    if not newest.succeeded and not (newest.claims_success and newest.app_consistency == "0"):
        return puzzled("the newest backup", [newest], **facts)
    if newest.app_consistency == "1":
        return passed("the newest backup is application-consistent", [newest], **facts)
    if newest.app_consistency != "0":
        return unknown("the newest backup does not say whether it is application-consistent", [newest], **facts)
    error = newest.app_consistency_error or newest.error_code
    return failed("the newest backup is not application-consistent", [newest], error=error, **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-110",
    name="app-consistency",
    title="Backups are application-consistent where that is ordered",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.VAULTS}),
)
