"""CBR-407 backup-shared: the newest backup of every resource is shared with nobody unknown.

Why it matters
    Whoever a backup is shared with can make a server of it, with everything that was on the original.
How it is judged
    pass            the backups that were looked at are shared with nobody, or only with `trusted_projects`; a project
                    that rejected a share does not count
    fail            one of them is shared with another project, whether or not that project has accepted it yet
    unknown         the backups or their members could not be read completely; none of its backups was looked at; or
                    the answer does not say whom a share is for, or whether it stands
    not_applicable  the resource has no backup
    This rests on the list of backups and on the members of some of them, since that is a request each: the newest whole
    backup of each resource, the newest of these first, up to `max_backups_looked_at` in a run. What an older backup is
    shared with is not seen; the facts say how many there are, and how many were looked at. A backup that was deleted
    in the meantime was not looked at.
How to fix it
    Stop sharing the backup, or write the project into `trusted_projects` once its owner is known.
"""

from collections.abc import Sequence
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Clue, Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed, Member
from audit.subjects import Limits, Resource, SubjectKind


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look at whom the backups that were asked for it are shared with."""
    if resource.recovery_points is None or resource.members is None:
        return unknown("the backups or their members could not be read completely")
    whole = [point for point in resource.recovery_points if point.parent_id is None]
    if not whole:
        return not_applicable("it has no backup")
    looked_at = [point.id for point in whole if point.id in resource.members]
    facts: Facts = {"backups": len(whole), "looked_at": len(looked_at)}
    if not looked_at:
        return unknown("none of its backups was looked at", **facts)
    shares = [(each, backup_id) for backup_id in looked_at for each in resource.members[backup_id]]
    return _judge_shares([share for share in shares if not share[0].is_rejected], facts, limits)


def _judge_shares(shares: Sequence[tuple[Member, str]], facts: Facts, limits: Limits) -> Verdict:
    """Look for shares with somebody who is not trusted."""
    others = [share for share in shares if share[0].project_id not in limits.trusted_projects]
    plain = sorted((str(member.project_id), backup_id) for member, backup_id in others if _is_plain(member))
    facts |= {"shares": len(shares)}
    if plain:
        facts |= {"projects": ", ".join(dict.fromkeys(project for project, _ in plain)), "backup": plain[0][1]}
        clues = [Clue(backup_id, None) for backup_id in sorted({backup_id for _, backup_id in plain})]
        return failed("a backup is shared with a project that is not trusted", **facts).with_clues(clues)
    if others:
        return unknown("the answer does not say whom a backup is shared with, or whether it is", **facts)
    return passed("what was looked at is shared with nobody unknown", **facts)


def _is_plain(member: Member) -> bool:
    return member.is_shared and member.project_id is not None


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-407",
    name="backup-shared",
    title="The newest backup of every resource is shared with nobody unknown",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    deeds=frozenset({Deed.SHARE_BACKUP}),
    weighs_gaps=True,
    needs=frozenset({Kind.BACKUPS, Kind.MEMBERS}),
)
