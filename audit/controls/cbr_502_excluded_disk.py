"""CBR-502 excluded-disk: the backup of a server holds all of its disks.

Why it matters
    A server without one of its disks is often no server: the task succeeds, and the database is missing.
How it is judged
    pass            a vault backs up all disks of the server, but for `allowed_excluded_disks`
    fail            every vault leaves out a disk, or backs up chosen disks only
    unknown         the vaults could not be read completely, or not which disks one leaves out, and none that was seen
                    backs up all disks
    not_applicable  the resource is a disk or a file system, or no backups are made of it, or only where it is
                    synchronised from: CBR does not choose its disks
    Where only chosen disks are backed up, a new one is left out without anybody noticing.
How to fix it
    Put the server into its vault again with all its disks, or allow the disk in the profile and say why.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed, Protected
from audit.subjects import Limits, Resource, SubjectKind

_WITHOUT_DISKS: Final = frozenset({"OS::Cinder::Volume", "OS::Sfs::Turbo"})


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look for a vault that leaves no disk out."""
    if resource.type in _WITHOUT_DISKS:
        return not_applicable("it has no disks to leave out")
    if resource.is_synchronised:
        return not_applicable("its disks are chosen where it is backed up, and not in CBR")
    held = [place for vault, place in resource.backup_places if not vault.is_synchronised]
    partial = [place for place in held if not _is_whole(place, limits)]
    if not held and resource.vaults_complete:
        return not_applicable("no backups are made of it")
    if len(partial) < len(held):
        return passed("no disk is left out, or only one that may be", **_facts(held, limits))
    if not resource.vaults_complete:
        return unknown(
            "no vault is seen to back up all disks, and the vaults could not be read completely",
            **_facts(partial, limits),
        )
    if any(_lets_all(place, limits) for place in partial):
        return unknown("which disks a vault leaves out could not be read", **_facts(partial, limits))
    return failed("not every disk is backed up", **_facts(partial, limits))


def _is_whole(place: Protected, limits: Limits) -> bool:
    return place.disks_known and _lets_all(place, limits)


def _lets_all(place: Protected, limits: Limits) -> bool:
    """Whether nothing that could be read of a vault leaves a disk out."""
    return not place.included and limits.allowed_excluded_disks.issuperset(place.excluded)


def _facts(places: list[Protected], limits: Limits) -> Facts:
    excluded = sorted({disk for place in places for disk in place.excluded})
    included = sorted({disk for place in places for disk in place.included})
    allowed = [disk for disk in excluded if disk in limits.allowed_excluded_disks]
    left_out = [disk for disk in excluded if disk not in limits.allowed_excluded_disks]
    named = {"left_out": left_out, "left_out_as_allowed": allowed, "only_backed_up": included}
    return {"vaults": len(places), **{name: ", ".join(disks) for name, disks in named.items() if disks}}


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-502",
    name="excluded-disk",
    title="The backup of a server holds all of its disks",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_VAULT}),
    weighs_gaps=True,
    needs=frozenset({Kind.VAULTS}),
)
