"""CBR-408 usage-agreement: what CBR counts of every resource agrees with its vaults and its backups.

Why it matters
    Vaults, backups and storage usage are three answers about the same backups. Where they differ, one of them does not
    tell what could be restored.
How it is judged
    pass            storage usage and the vaults count as many backups, or none, and the list has as many; what was made
                    within a day, or cannot be restored from, may or may not be counted
    fail            storage usage counts none, although the vaults count some, have a single zone, and the list has
                    some that could be restored from for more than a day
    unknown         storage usage, the backups or the vaults could not be read completely; storage usage says nothing of
                    the resource or no number, or says it twice and differently; a vault does not say how many it
                    counts; or the numbers differ in any other way
    not_applicable  storage usage does not name the resource, and nothing else counts a backup of it
    This rests on `backup_count` of storage usage, on that of each resource of a vault, and on the list of backups. No
    document says what storage usage counts, nor when: other numbers prove nothing, and the facts name them all. It
    gives the size of backups in several zones apart, so that their number may not be in the count. What was
    synchronised into a hybrid vault need not be listed. The sizes are not compared: their unit is not documented.
How to fix it
    Look for the backups in the console, and restore the newest. If one of the answers is wrong, open a service ticket.
"""

from datetime import timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import Backup
from audit.subjects import Limits, Resource, SubjectKind

_COUNTED: Final = timedelta(days=1)


def judge(resource: Resource, _limits: Limits) -> Verdict:
    """Hold what storage usage counts against the vaults and the list of backups."""
    if resource.usages is None:
        return unknown("storage usage could not be read completely")
    if resource.own_points is None:
        return unread(Kind.BACKUPS)
    if not resource.vaults_complete:
        return unread(Kind.VAULTS)
    vault_ids = {vault.id for vault, _held in resource.backup_places}
    points = [point for point in resource.points_by_key.values() if point.is_own and point.vault_id in vault_ids]
    facts: Facts = {"vaults_count": resource.counted_points, "listed": len(points)}
    if not resource.usages:
        if resource.counted_points or points:
            return unknown("storage usage does not name it, and backups of it are counted or listed", **facts)
        return not_applicable("nothing counts a backup of it")
    if len(resource.usages) > 1:
        return unknown("storage usage names it more than once, and differently", **facts)
    return _compared(resource, resource.usages[0].backup_count, points, facts)


def _compared(resource: Resource, count: int | None, points: list[Backup], facts: Facts) -> Verdict:
    """Compare three numbers, as far as anybody knows what they count."""
    facts = {"usage_counts": count, **facts}
    counted = resource.counted_points
    if count is None or counted is None:
        return unknown("storage usage or one of its vaults does not say how many backups it counts", **facts)
    before = resource.window.until - _COUNTED
    settled = [point for point in points if point.is_available and point.created_at < before]
    if count == counted and len(settled) <= count and (count <= len(points) or resource.is_synchronised):
        return passed("storage usage, the vaults and the backups agree", **facts)
    if count == 0 and counted and settled and all(vault.is_multi_az is False for vault, _ in resource.backup_places):
        since = settled[0].created_at
        return failed("storage usage counts no backup, and the vaults and the list have some", since=since, **facts)
    return unknown("the numbers of backups differ, and no document says what storage usage counts", **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-408",
    name="usage-agreement",
    title="What CBR counts of every resource agrees with its vaults and its backups",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.BACKUPS, Kind.STORAGE_USAGE}),
)
