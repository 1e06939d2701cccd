"""CBR-405 backup-overstaying: no backup stays long after its retention ended.

Why it matters
    What should be gone costs space, and may hold data that must not be kept any more.
How it is judged
    pass            no backup in the vault is there for more than `overstay_days` after its end
    fail            one is
    unknown         the backups could not be read completely
    not_applicable  no backup in the vault has an end
    CBR deletes what has expired in batches, during the next day. Parts of a server's backup are not counted.
How to fix it
    Delete the backup by hand. It cannot be deleted while an image made from it exists.
"""

from datetime import timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, unread
from audit.subjects import Limits, SubjectKind, VaultSubject

_DAY: Final = timedelta(days=1)


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Look for backups whose end is long past."""
    if subject.recovery_points is None:
        return unread(Kind.BACKUPS)
    whole = [point for point in subject.recovery_points if point.parent_id is None]
    ends = sorted((point.expired_at, point.id) for point in whole if point.expired_at is not None)
    late = [(end, point_id) for end, point_id in ends if limits.now - end > limits.overstay]
    facts = {"backups": len(ends), "overstaying": len(late), "limit_days": limits.overstay // _DAY}
    if not ends:
        return not_applicable("no backup in the vault has an end")
    if late:
        end, point_id = late[0]
        return failed("a backup is there although its retention ended", since=end, backup=point_id, **facts)
    return passed("no backup stays long after its end", **facts)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-405",
    name="backup-overstaying",
    title="No backup stays long after its retention ended",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.BACKUPS}),
)
