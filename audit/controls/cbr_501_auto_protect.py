"""CBR-501 auto-protect: every resource follows the policy of its vault.

Why it matters
    A resource can be in a vault and be left out of its automatic backups. The vault then looks complete, and is not.
How it is judged
    pass            the resource follows the policy of a vault that has one
    fail            it is left out of the automatic backups of every such vault
    unknown         the policies could not be read completely; the answer does not say; or the resource is left out
                    where it was seen, and may be in a vault that could not be read
    not_applicable  no enabled backup policy is applied to its vaults: CBR-301 judges that
How to fix it
    Switch automatic backup on for the resource in its vault, or take it out if it needs none.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import Deed
from audit.subjects import Limits, Resource, SubjectKind


def judge(resource: Resource, _limits: Limits) -> Verdict:
    """Look how each vault with a policy holds the resource."""
    if resource.policies is None:
        return unread(Kind.POLICIES)
    ran = [policy.policy.vault_ids for policy in resource.policies if policy.makes_backups]
    places = [(vault, held) for vault, held in resource.backup_places if any(vault.id in ids for ids in ran)]
    said = {held.auto_protect for _vault, held in places}
    facts: Facts = {"vaults": ", ".join(vault.id for vault, _held in places)}
    if True in said:
        return passed("it follows the policy of its vault", **facts)
    if not resource.vaults_complete:
        return unread(Kind.VAULTS, **facts)
    if not places:
        return not_applicable("no enabled backup policy is applied to its vaults")
    if None in said:
        return unknown("the answer does not say whether it follows the policy of its vault", **facts)
    return failed("it is left out of the automatic backups of its vault", **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-501",
    name="auto-protect",
    title="Every resource follows the policy of its vault",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_VAULT, Deed.DISABLE_PROTECTION}),
    weighs_gaps=True,
    needs=frozenset({Kind.VAULTS}),
)
