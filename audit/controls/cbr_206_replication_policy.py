"""CBR-206 replication-policy: the backups of every backup vault are copied to another region.

Why it matters
    A fire, or somebody with all rights in one region, takes the resource and its backups together.
How it is judged
    pass            an enabled replication policy is applied to the vault, and copies to one of `replication_regions`
                    (any region where the profile names none)
    fail            none is, or it copies to another region
    unknown         the policies or the vaults could not be read completely, or the policy names no region or has a
                    schedule that cannot be read
    not_applicable  the vault only receives copies, or is gone
How to fix it
    Apply a replication policy to the vault. CBR copies backups of servers, of SFS Turbo file systems and of hybrid
    vaults: to have the data of a disk elsewhere, back up the server that it belongs to.
"""

from typing import Final

from audit.collection import Kind
from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, PolicySubject, SubjectKind, VaultSubject


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Look for a policy that copies to where copies may go."""
    if subject.takes_backups is None:
        return unknown("the vaults could not be read completely")
    if not subject.takes_backups:
        return not_applicable("no backups are made into the vault")
    if subject.policies is None:
        return unknown("the policies could not be read completely")
    copying = [policy for policy in subject.policies if policy.makes_copies]
    fitting = [policy for policy in copying if _may_copy(policy, limits)]
    if any(map(_is_plain, fitting)):
        return passed("an enabled replication policy is applied", **_facts(next(filter(_is_plain, fitting)), limits))
    if fitting:
        return unknown("its replication policy does not say plainly when or where it copies", policy=fitting[0].id)
    if copying:
        return failed("its backups are copied to a region that is not allowed", **_facts(copying[0], limits))
    disabled = sum(policy.policy.operation == "replication" for policy in subject.policies)
    return failed("no enabled replication policy is applied", disabled_policies=disabled)


def _may_copy(policy: PolicySubject, limits: Limits) -> bool:
    """Where it copies is allowed, as far as it says."""
    region = policy.policy.destination_region
    return region is None or not limits.replication_regions or region in limits.replication_regions


def _is_plain(policy: PolicySubject) -> bool:
    return policy.schedule is not None and policy.policy.destination_region is not None


def _facts(policy: PolicySubject, limits: Limits) -> Facts:
    facts: Facts = {"policy": policy.id, "region": policy.policy.destination_region}
    return {**facts, "allowed": ", ".join(limits.replication_regions)} if limits.replication_regions else facts


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-206",
    name="replication-policy",
    title="Backups of every vault are copied to another region",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    opt_in=True,
    needs=frozenset({Kind.POLICIES}),
)
