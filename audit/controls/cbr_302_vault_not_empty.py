"""CBR-302 vault-not-empty: a vault with a backup policy holds something.

Why it matters
    A policy on an empty vault looks like protection and backs up nothing. Often a resource was put into another vault.
How it is judged
    pass            the vault holds at least one resource
    fail            it holds none, although an enabled backup policy is applied to it
    unknown         the policies or the vaults could not be read completely
    not_applicable  no enabled backup policy is applied to the vault, it only receives copies, or it is gone
How to fix it
    Put the resources into the vault that it was made for, or delete it and stop paying for it.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, unread
from audit.records import Deed
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, _limits: Limits) -> Verdict:
    """Count what the vault holds."""
    vault = subject.vault
    if vault is None and not subject.vaults_complete:
        return unread(Kind.VAULTS)
    if vault is None or not subject.takes_backups:
        return not_applicable("no backups are made into the vault")
    if subject.policies is None:
        return unread(Kind.POLICIES)
    making = [policy for policy in subject.policies if policy.makes_backups]
    if not making:
        return not_applicable("no enabled backup policy is applied")
    if not vault.resources:
        return failed("the vault is empty, and a policy is applied to it", policy=making[0].id, resources=0)
    return passed("the vault holds resources", policy=making[0].id, resources=len(vault.resources))


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-302",
    name="vault-not-empty",
    title="A vault with a backup policy holds something",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    deeds=frozenset({Deed.REMOVE_RESOURCES, Deed.CHANGE_VAULT, Deed.TAKE_AWAY}),
    weighs_gaps=True,
    needs=frozenset({Kind.VAULTS}),
)
