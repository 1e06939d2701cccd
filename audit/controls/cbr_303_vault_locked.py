"""CBR-303 vault-locked: backups cannot be deleted before their time.

Why it matters
    Who encrypts servers for ransom deletes the backups first. In a locked vault nobody can, not even an administrator.
How it is judged
    pass            the backups of the vault are locked (WORM)
    fail            they are not
    unknown         the answer does not say, or the vaults could not be read completely
    not_applicable  the vault is gone
    The billing status `lock` is something else: the vault is being enlarged.
How to fix it
    Enable backup locking for the vault. It cannot be undone, so check the retention of its policies first.
"""

from typing import Final

from audit.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, _limits: Limits) -> Verdict:
    """Look at the lock."""
    if subject.vault is None and subject.vaults_complete:
        return not_applicable("the vault is gone")
    if subject.vault is None:
        return unknown("the vaults could not be read completely")
    if subject.vault.locked is None:
        return unknown("the answer does not say whether the vault is locked")
    if not subject.vault.locked:
        return failed("backups of the vault can be deleted before their time", locked=False)
    return passed("backups of the vault are locked", locked=True)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-303",
    name="vault-locked",
    title="Backups cannot be deleted before their time",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    opt_in=True,
)
