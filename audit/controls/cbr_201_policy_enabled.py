"""CBR-201 policy-enabled: policies that vaults rely on are enabled.

Why it matters
    A disabled policy keeps its place at the vault and looks like protection, but nothing runs.
How it is judged
    pass            the policy is enabled; the facts say whether it was disabled for a time of the look-back
    fail            it is disabled, and a vault relies on it
    not_applicable  it is disabled, and no vault relies on it
    Whether it is an organisation's is told as `policy_type`; organization_policy_removed is one that the account kept
    when it left its organisation: it still runs, and cannot be applied to another vault.
How to fix it
    Enable the policy, or take it off its vaults and apply another one.
"""

from typing import Final

from audit.judging.findings import Clue, Control, Facts, Severity, Verdict, failed, not_applicable, passed
from audit.records import Deed
from audit.subjects import KeptPlan, Limits, PolicySubject, SubjectKind


def judge(subject: PolicySubject, _limits: Limits) -> Verdict:
    """Look at the switch, where somebody relies on it."""
    facts: Facts = {"operation": subject.policy.operation, "vaults": len(subject.policy.vault_ids)}
    if subject.policy.organisation_type:
        facts |= {"policy_type": subject.policy.organisation_type}
    if subject.policy.enabled:
        disabled = [plan for plan in subject.plans if not plan.enabled]
        if disabled:
            return passed("it is enabled, and was disabled for a time", **facts, **_last_time(disabled[-1]))
        return passed("the policy is enabled", **facts)
    if subject.policy.vault_ids:
        since = subject.present and subject.present.since
        facts |= {"since": since} if since else {}
        return failed("a policy that vaults rely on is disabled", **facts).with_clues(
            [Clue("", since)] if since else []
        )
    return not_applicable("the policy is disabled, and no vault relies on it", **facts)


def _last_time(plan: KeptPlan) -> Facts:
    """From when to when it was disabled at least."""
    return {"disabled_since": plan.since or plan.seen, "disabled_until": plan.until}


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-201",
    name="policy-enabled",
    title="Policies that vaults rely on are enabled",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_POLICY}),
    weighs_gaps=True,
)
