"""CBR-303 vault-locked: backups that policies made cannot be deleted before their time.

Why it matters
    Who encrypts servers for ransom deletes the backups first. What a policy made and a locked vault keeps, nobody can
    delete before its retention ends, not even an administrator.
How it is judged
    pass            the vault is locked (WORM), its policies keep by age or for ever, and each resource that has backups
                    in it has one that a policy made
    fail            the vault is not locked; a policy keeps a number of backups, so that newer ones end an older one at
                    any time and the lock gives it none; or all backups of a resource were made by hand
    unknown         the answer does not say whether the vault is locked or who made the backups of a resource; policies,
                    backups or vaults could not be read completely; or a hybrid vault says that it is locked
    not_applicable  the vault is gone, a hybrid one without a lock, or holds nothing and no policy fills it
    The lock holds for what policies made, until its retention ends. Backups made by hand are not locked: they are
    counted. One that does not say who made it is taken for a policy's if it has an end. CBR documents no lock for what
    is synchronised into a hybrid vault. The billing status `lock` is something else: the vault is being enlarged. Left
    out are backups in error, and those being made or deleted.
How to fix it
    Enable backup locking for the vault. It cannot be undone, so check the retention of its policies first. Let them
    keep by age, and back up by policy what was backed up by hand only.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import (
    Control,
    Facts,
    Severity,
    Verdict,
    failed,
    gone_or_unread,
    not_applicable,
    passed,
    unknown,
)
from audit.records import BACKUP, Backup, Deed
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, _limits: Limits) -> Verdict:
    """Look at the lock, and then at what it protects."""
    vault = subject.vault
    if vault is None:
        return gone_or_unread(subject)
    if vault.is_synchronised:
        return _synchronised(locked=vault.locked)
    if vault.locked is None:
        return unknown("the answer does not say whether the vault is locked")
    if not vault.locked:
        return failed("backups of the vault can be deleted before their time", locked=False)
    return _protected(subject)


def _synchronised(*, locked: bool | None) -> Verdict:
    if locked:
        return unknown("CBR documents no lock for what is synchronised into a hybrid vault", locked=True)
    return not_applicable("CBR does not lock what is synchronised into a hybrid vault")


def _protected(subject: VaultSubject) -> Verdict:
    """Say what the lock of a vault protects."""
    if subject.policies is None:
        return unknown("the vault is locked, and the policies could not be read completely", locked=True)
    policies = [each.policy for each in subject.policies if each.policy.operation == BACKUP]
    counting = next((policy for policy in policies if policy.keeps_by_number), None)
    if counting:
        facts: Facts = {"locked": True, "policy": counting.id, "max_backups": counting.max_backups}
        return failed("the vault is locked, and a policy keeps a number of backups: newer ones end them", **facts)
    if subject.recovery_points is None:
        return unknown("the vault is locked, and the backups could not be read completely", locked=True)
    points = [point for point in subject.recovery_points if _counts(point)]
    if not points and not policies:
        return not_applicable("the vault holds nothing, and no policy fills it")
    return _by_resource(points)


def _counts(point: Backup) -> bool:
    return point.parent_id is None and point.is_lasting and not point.is_broken


def _is_by_policy(point: Backup) -> bool | None:
    """Whether a policy made it; one that does not say is taken for such where it has an end."""
    return True if point.by_policy is None and point.expired_at else point.by_policy


def _by_resource(points: list[Backup]) -> Verdict:
    makers: dict[str, set[bool | None]] = {}
    for point in points:
        makers.setdefault(point.resource_id, set()).add(_is_by_policy(point))
    facts: Facts = {
        "locked": True,
        "backups": len(points),
        "made_by_hand": sum(point.by_policy is False for point in points),
    }
    bare = sorted(resource_id for resource_id, said in makers.items() if said == {False})
    if bare:
        return failed("all backups of a resource were made by hand, and not locked", **facts, resource=bare[0])
    if any(True not in said for said in makers.values()):
        return unknown("the answer does not say who made the backups of a resource", **facts)
    if facts["made_by_hand"]:
        return passed("what policies made is locked until its time; what was made by hand is not", **facts)
    return passed("what policies made is locked until its time", **facts)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-303",
    name="vault-locked",
    title="Backups that policies made cannot be deleted before their time",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    deeds=frozenset({Deed.UNLOCK_VAULT, Deed.CHANGE_VAULT, Deed.CHANGE_POLICY}),
    policies_of=BACKUP,
    weighs_gaps=True,
    needs=frozenset({Kind.BACKUPS}),
)
