"""CBR-301 vault-has-policy: every backup vault has an enabled backup policy.

Why it matters
    Without a policy, backups happen only when somebody remembers to make one.
How it is judged
    pass            an enabled backup policy is applied to the vault
    fail            none is
    unknown         the policies or the vaults could not be read completely, or none of the vault's policies has a
                    schedule that can be read and an operation that is documented
    not_applicable  the vault only receives replicas, or is gone; or it is a hybrid one without such a policy: what is
                    synchronised into it is planned elsewhere, and CBR-101 judges its age
How to fix it
    Apply a backup policy to the vault, or enable the one that it has.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import BACKUP, UNPLANNING
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, _limits: Limits) -> Verdict:
    """Look for an enabled backup policy."""
    if subject.takes_backups is None:
        return unread(Kind.VAULTS)
    if not subject.takes_backups:
        return not_applicable("no backups are made into the vault")
    if subject.policies is None:
        return unread(Kind.POLICIES)
    making = [policy for policy in subject.policies if policy.makes_backups]
    if making and all(policy.schedule is None for policy in making):
        return unknown("the schedule of its policy cannot be read", problem=making[0].unreadable)
    if making:
        facts: Facts = {"policy": making[0].id, "policies": len(making)}
        if making[0].policy.organisation_type:
            facts |= {"policy_type": making[0].policy.organisation_type}
        return passed("an enabled backup policy is applied", **facts)
    if subject.vault and subject.vault.is_synchronised:
        return not_applicable("what is synchronised into it is planned elsewhere")
    disabled = sum(policy.policy.operation == BACKUP for policy in subject.policies)
    held = len(subject.vault.resources) if subject.vault else 0
    return failed("no enabled backup policy is applied", disabled_policies=disabled, resources=held)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-301",
    name="vault-has-policy",
    title="Backup vaults have an enabled backup policy",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    deeds=UNPLANNING,
    policies_of=BACKUP,
    weighs_gaps=True,
)
