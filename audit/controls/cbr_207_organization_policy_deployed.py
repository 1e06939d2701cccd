"""CBR-207 organization-policy-deployed: every policy of the organisation is deployed in every account.

Why it matters
    An organisation gives its accounts one policy so that none of them is left without backups. Where it did not
    arrive, the account looks like any other that has no policy.
How it is judged
    pass            CBR calls every deployment of every organisation policy available
    fail            it calls one of them an error
    unknown         the organisation policies or their deployments could not be read completely; a deployment is still
                    being made, changed or removed, or its state is not documented; or a policy has no deployment at all
    not_applicable  there is no organisation policy, or all are being deleted; or the cloud has no Organizations
    This rests on the list of organisation policies and on the deployments of each, which CBR shows to the account that
    manages them: its own account and project are among them. Whether a policy is enabled is not asked: in an account,
    CBR-201 judges that.
How to fix it
    In the console of the account that manages the policy, deploy it again, and see that the account still trusts CBR.
"""

from collections.abc import Iterable
from typing import Final

from audit.clouds import Feature
from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Collection, Limits, SubjectKind

_DEPLOYED: Final = "available"
_FAILED: Final = "error"
_GOING: Final = "deleting"
_MOST_NAMED: Final = 20


def judge(collection: Collection, _limits: Limits) -> Verdict:
    """Look at every deployment of every organisation policy."""
    if not (collection.has_all(Kind.ORGANIZATION_POLICIES) and collection.has_all(Kind.DEPLOYMENTS)):
        return unknown("the organisation policies or their deployments could not be read completely")
    policies = [policy for policy in collection.organization_policies if policy.status != _GOING]
    if not policies:
        return not_applicable("there is no organisation policy")
    named = sorted((policy.name, each) for policy in policies for each in collection.deployments.get(policy.id, ()))
    broken = [f"{name} in {each.domain_id}/{each.project_id}" for name, each in named if each.status == _FAILED]
    open_ = [
        f"{name} in {each.domain_id}/{each.project_id}: {each.status}"
        for name, each in named
        if each.status not in {_DEPLOYED, _FAILED}
    ]
    nowhere = sorted(policy.name for policy in policies if not collection.deployments.get(policy.id))
    facts: Facts = {"policies": len(policies), "deployments": len(named), "not_deployed": len(broken)}
    if broken:
        return failed("an organisation policy is not deployed in an account", **facts, where=_some(broken))
    if nowhere:
        return unknown("no deployment of an organisation policy is known", **facts, which=_some(nowhere))
    if open_:
        return unknown("nobody can say yet whether an organisation policy is deployed", **facts, where=_some(open_))
    return passed("every organisation policy is deployed in every account", **facts)


def _some(texts: Iterable[str]) -> str:
    """List the first few, and count the others."""
    first = list(texts)
    more = len(first) - _MOST_NAMED
    return ", ".join(first[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-207",
    name="organization-policy-deployed",
    title="Every organisation policy is deployed in every account",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.ORGANIZATION_POLICIES, Kind.DEPLOYMENTS}),
    about=Feature.ORGANIZATIONS,
)
