"""CBR-201 policy-enabled: policies that vaults rely on are enabled.

Why it matters
    A disabled policy keeps its place at the vault and looks like protection, but nothing runs.
How it is judged
    pass            the policy is enabled
    fail            it is disabled, and a vault relies on it
    not_applicable  it is disabled, and no vault relies on it
    Whether it is an organisation's is told as `policy_type`; organization_policy_removed is one that the account kept
    when it left its organisation: it still runs, and cannot be applied to another vault.
How to fix it
    Enable the policy, or take it off its vaults and apply another one.
"""

from typing import Final

from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed
from audit.subjects import Limits, PolicySubject, SubjectKind


def judge(subject: PolicySubject, _limits: Limits) -> Verdict:
    """Look at the switch, where somebody relies on it."""
    facts: Facts = {"operation": subject.policy.operation, "vaults": len(subject.policy.vault_ids)}
    if subject.policy.organisation_type:
        facts |= {"policy_type": subject.policy.organisation_type}
    if subject.policy.enabled:
        return passed("the policy is enabled", **facts)
    if subject.policy.vault_ids:
        return failed("a policy that vaults rely on is disabled", **facts)
    return not_applicable("the policy is disabled, and no vault relies on it", **facts)


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-201",
    name="policy-enabled",
    title="Policies that vaults rely on are enabled",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
)
