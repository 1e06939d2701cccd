"""CBR-504 resource-exists: what vaults hold is still there.

Why it matters
    A server that was deleted stays in its vault. Nothing backs it up any more, every run of its policy is missing, and
    its backups cost until somebody decides about them; or somebody deleted what should be there.
How it is judged
    pass            its vault says that it protects it (`protect_status`), or CBR lists it as a resource that could be
                    protected
    fail            its vaults say that it was deleted; or CBR lists it as deleted, or lists every resource of its type
                    and not this one, and no vault says that it protects it
    unknown         vaults and list contradict each other; one of them could not be read completely; or a vault says
                    that protecting it is in error, or something that is not documented
    not_applicable  neither says anything: the list is read only where a control asks for it, such as CBR-503
    Where its vaults call it deleted, and this control is applied, the controls that demand new backups of the resource
    do not apply; those on the backups that are there still do. What only the list says excuses nothing. The list says
    nothing of bare metal and of what is on premises. What `error` means, and whether the list can show less than the
    vaults, such as resources of other enterprise projects, is documented nowhere.
How to fix it
    Find out who deleted it, and keep the backups that may still be needed. Then take it out of its vault.
"""

from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import PROTECTED, Existence, Limits, Resource, SubjectKind


def judge(resource: Resource, _limits: Limits) -> Verdict:
    """Hear what the vaults and the list say."""
    said = {held.protect_status for _vault, held in resource.backup_places} - {None}
    vaults = ", ".join(vault.id for vault, _held in resource.backup_places)
    facts: Facts = {"vaults": vaults, "protect_status": ", ".join(sorted(map(str, said))) or None}
    if resource.protectable and resource.protectable.status:
        facts |= {"listed_as": resource.protectable.status}
    if resource.existence == Existence.DELETED:
        return failed("it was deleted, and is still in its vault", **facts)
    if resource.existence == Existence.CONTRADICTED:
        return unknown("its vaults and the list do not agree whether it was deleted", **facts)
    if resource.existence == Existence.NOT_READ:
        return unknown("the vaults, or the list of what could be protected, could not be read completely", **facts)
    if not said <= PROTECTED:
        return unknown("its vault says that protecting it is in error, or in a state that is not documented", **facts)
    if not said and resource.existence == Existence.NOT_SAID:
        return not_applicable("nothing says whether it is still there", **facts)
    return passed("it is still there", **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-504",
    name="resource-exists",
    title="What vaults hold is still there",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    judges_deleted_alone=True,
)
