"""CBR-601 restore-tested: something was restored from every vault lately.

Why it matters
    A backup that was never restored is a hope. Standards ask for a sample at regular times (CIS 11.5: quarterly).
How it is judged
    pass            in the last `restore_test_days`, a restore from the vault succeeded, or somebody signed in the
                    profile (drills) for the restore of a resource that the vault holds; the finding says which of
                    the two it was
    fail            neither
    unknown         neither was seen, and the task log has gaps or a row that matters here and could not be used or does
                    not cover the period, or shows a task that may have been a restore: its status or operation is not
                    documented, or it says that it succeeded and names an error; or the vaults could not be read
                    completely
    not_applicable  the vault holds nothing, is younger than the period, only receives replicas, or is gone
    A restore counts for a vault only where the log names the vault, or one vault alone holds the resource. A signed
    drill is the word of a person: CBR-601 shows who gave it, what was checked and where its record lies, and counts it
    to the last day that it names.
How to fix it
    Restore a recent backup to a new server or disk, check what is on it, and delete it again. Where the task log does
    not show it, write the drill into the profile.
"""

from datetime import datetime
from typing import Final

from audit.collection import Kind
from audit.history import pick
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
    unread,
)
from audit.judging.patterns import fits
from audit.records import RESTORES, Task
from audit.subjects import RESTORED, Drill, Limits, SubjectKind, VaultSubject, reaches_back, shows


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Look for the newest successful restore, then for the newest drill that somebody signed for."""
    start = limits.now - limits.restore_test_period
    facts: Facts = {"limit_days": limits.restore_test_period.days}
    if subject.takes_backups is None:
        return unread(Kind.VAULTS)
    if not subject.takes_backups:
        return not_applicable("no backups are made into the vault")
    if subject.vault is not None and not subject.vault.resources:
        return not_applicable("the vault holds nothing that could be restored")
    tried = [task for task in pick(subject.tasks, _is_restore) if _counts(task, subject, limits)]
    restores = [task for task in tried if task.succeeded]
    if restores and restores[-1].began >= start:
        return passed("a restore succeeded", restores[-1:], restored=restores[-1].began, **facts)
    drill = _signed(subject, limits)
    if drill is not None and drill.held >= start:
        return passed("somebody signed for a restore drill", **_record(drill), **facts)
    return _without_restore(subject, limits, tried, facts)


def _without_restore(subject: VaultSubject, limits: Limits, tried: list[Task], facts: Facts) -> Verdict:
    start = limits.now - limits.restore_test_period
    if subject.vault is not None and subject.vault.created_at is not None and subject.vault.created_at > start:
        return not_applicable("the vault is younger than the period", created=subject.vault.created_at, **facts)
    if not shows(subject, RESTORED, start):
        return unknown("no successful restore was seen, and the task log has gaps", **facts)
    if not reaches_back(subject, limits.restore_test_period, limits.now):
        return unknown("no successful restore was seen, and the task log does not cover the period", **facts)
    return _perhaps_restored(subject, tried, start, facts)


def _perhaps_restored(subject: VaultSubject, tried: list[Task], start: datetime, facts: Facts) -> Verdict:
    """No restore is sure; look for a task that may have been one."""
    puzzling = [task for task in tried if task.began >= start and not task.is_understood]
    if puzzling:
        return puzzled("a restore", puzzling, **facts)
    odd = [task for task in subject.strange if task.began >= start and not task.came_to_nothing]
    if odd:
        return strange("restored something", odd, **facts)
    older = [task for task in tried if task.succeeded]
    return failed("no restore succeeded in the period", older[-1:], since=start, or_earlier=True, **facts)


def _signed(subject: VaultSubject, limits: Limits) -> Drill | None:
    """Find the newest drill that still counts, of a resource that the vault holds."""
    held = subject.vault.resources if subject.vault else ()
    drills = (drill for drill in limits.drills if drill.counts_at(limits.now))
    own = [drill for drill in drills if any(fits((drill.resource,), each.id, each.name) for each in held)]
    return max(own, key=lambda drill: (drill.held, drill.until, drill.resource), default=None)


def _record(drill: Drill) -> Facts:
    record: Facts = {"drilled": drill.held, "resource": drill.resource, "signed_by": drill.by, "checked": drill.checked}
    return {**record, "record": drill.evidence or None, "counts_until": drill.until}


def _is_restore(task: Task) -> bool:
    return task.operation in RESTORES


def _counts(task: Task, subject: VaultSubject, limits: Limits) -> bool:
    """A restore is evidence if it began before the time of judgement, and is surely of this vault."""
    return task.began <= limits.now and task.id not in subject.shared


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-601",
    name="restore-tested",
    title="Something was restored from every vault lately",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    weighs_gaps=True,
)
