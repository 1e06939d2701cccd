"""CBR-503 resource-protected: everything that can be protected is in a vault.

Why it matters
    What nobody put into a vault has no backup, and no failed task will ever say so.
How it is judged
    pass            a backup vault holds the resource
    fail            none does, although CBR lists it and could protect it
    unknown         the vaults or the list of resources that can be protected could not be read completely, or the two
                    contradict each other
    not_applicable  the resource is in no vault and not in the list, or there as deleted, so that it is gone; CBR cannot
                    protect it; or it is a disk of a server, whose backups contain it
    Servers, disks, SFS Turbo file systems and desktops (workspace, workspace_v2) are asked for. A region need not have
    the last three: where it does not know such a list, the report says so (`not_offered`), and nothing of it is seen.
How to fix it
    Put the resource into a vault with a backup policy, or leave it out of the scope of the profile and say why.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import TAKING
from audit.subjects import Limits, Resource, SubjectKind


def judge(resource: Resource, _limits: Limits) -> Verdict:
    """Look for a backup vault that holds it, and otherwise for its place in the list."""
    listed, places = resource.protectable, resource.backup_places
    if places:
        return passed("a backup vault holds it", vault=places[0][0].id)
    if not (resource.vaults_complete and resource.protectables_complete):
        return unknown("what is protected, or what could be, was not read completely")
    if listed is None:
        return not_applicable("no vault holds it, and CBR does not list it")
    if resource.server_id:
        return not_applicable("it is a disk of a server, which is judged itself", server=resource.server_id)
    if listed.vault_id and all(vault.id != listed.vault_id for vault in resource.vaults):
        return unknown("CBR lists a vault for it that does not hold it", vault=listed.vault_id)
    if listed.is_deleted:
        return not_applicable("CBR lists it as deleted", status=listed.status)
    if not listed.can_be_protected:
        return not_applicable("CBR cannot protect it", type=listed.type)
    return failed("no backup vault holds it", type=listed.type)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-503",
    name="resource-protected",
    title="Everything that can be protected is in a vault",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    deeds=TAKING,
    weighs_gaps=True,
    needs=frozenset({Kind.PROTECTABLES}),
    judges_departed=True,
)
