"""CBR-206 replication-policy: the backups of every backup vault are copied to another region or account.

Why it matters
    A fire, or somebody with all rights in one region, takes the resource and its backups together.
How it is judged
    pass            an enabled replication policy is applied to the vault, and copies to one of `replication_regions`
                    (any region, or another account, where the profile names none)
    fail            none is, or it copies to another region
    unknown         the policies or the vaults could not be read completely, or the policy says neither region nor
                    account, does not say the region where the profile names some, or has a schedule that cannot be read
    not_applicable  the vault only receives copies, or is gone; or the cloud has no replication
    A policy that copies to another account names a vault there (`cross_account_urn`). Whether that can be in the same
    region is documented nowhere: it counts as a copy, and only where it names a region too, as one in that region.
How to fix it
    Apply a replication policy to the vault. CBR copies backups of servers, of SFS Turbo file systems and of hybrid
    vaults: to have the data of a disk elsewhere, back up the server that it belongs to.
"""

from typing import Final

from audit.clouds import Feature
from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import REPLICATION, UNPLANNING
from audit.subjects import Limits, PolicySubject, SubjectKind, VaultSubject


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Look for a policy that copies to where copies may go."""
    if subject.takes_backups is None:
        return unread(Kind.VAULTS)
    if not subject.takes_backups:
        return not_applicable("no backups are made into the vault")
    if subject.policies is None:
        return unread(Kind.POLICIES)
    copying = [policy for policy in subject.policies if policy.makes_copies]
    fitting = [policy for policy in copying if _may_copy(policy, limits)]
    plain = next((policy for policy in fitting if _is_plain(policy, limits)), None)
    if plain:
        return passed("an enabled replication policy is applied", **_facts(plain, limits))
    if fitting:
        facts = _facts(fitting[0], limits)
        return unknown("its replication policy does not say plainly when or where it copies", **facts)
    if copying:
        return failed("its backups are copied to a region that is not allowed", **_facts(copying[0], limits))
    disabled = sum(policy.policy.operation == REPLICATION for policy in subject.policies)
    return failed("no enabled replication policy is applied", disabled_policies=disabled)


def _may_copy(policy: PolicySubject, limits: Limits) -> bool:
    """Where it copies is allowed, as far as it says."""
    region = policy.policy.destination_region
    return region is None or not limits.replication_regions or region in limits.replication_regions


def _is_plain(policy: PolicySubject, limits: Limits) -> bool:
    """It says when it copies, and where as far as that matters."""
    is_elsewhere = policy.policy.cross_account_urn is not None and not limits.replication_regions
    return policy.schedule is not None and (policy.policy.destination_region is not None or is_elsewhere)


def _facts(policy: PolicySubject, limits: Limits) -> Facts:
    facts: Facts = {"policy": policy.id, "region": policy.policy.destination_region}
    if policy.policy.cross_account_urn:
        facts |= {"account_vault": policy.policy.cross_account_urn}
    return {**facts, "allowed": ", ".join(limits.replication_regions)} if limits.replication_regions else facts


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-206",
    name="replication-policy",
    title="Backups of every vault are copied to another region or account",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    deeds=UNPLANNING,
    policies_of=REPLICATION,
    weighs_gaps=True,
    needs=frozenset({Kind.POLICIES}),
    about=Feature.REPLICATION,
)
