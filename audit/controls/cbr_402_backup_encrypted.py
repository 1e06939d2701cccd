"""CBR-402 backup-encrypted: the newest backup of every resource is encrypted.

Why it matters
    A backup holds everything that its resource holds, and outlives it.
How it is judged
    pass            the newest backup that can be restored from is encrypted
    fail            it is not
    unknown         the backups could not be read completely, or the answer does not say
    not_applicable  no backup can be restored from: CBR-401 judges that
    Copies from another region and parts of a server's backup are left out. With whose key a backup is encrypted cannot
    be known: CBR takes a customer's key only when a vault is ordered (data_encryption), and says it in no list since.
How to fix it
    CBR encrypts the backup of a disk that is encrypted: move the data to an encrypted disk.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.subjects import Limits, Resource, SubjectKind


def judge(resource: Resource, _limits: Limits) -> Verdict:
    """Look at the newest backup that can be restored from."""
    if resource.own_points is None:
        return unread(Kind.BACKUPS)
    newest = next((point for point in reversed(resource.own_points) if point.is_available), None)
    if newest is None:
        return not_applicable("no backup can be restored from")
    facts: Facts = {"backup": newest.id, "created": newest.created_at}
    if newest.encrypted is None:
        return unknown("the answer does not say whether the newest backup is encrypted", **facts)
    if not newest.encrypted:
        return failed("the newest backup is not encrypted", **facts)
    if newest.encrypted_algorithm:
        facts |= {"algorithm": newest.encrypted_algorithm}
    return passed("the newest backup is encrypted", **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-402",
    name="backup-encrypted",
    title="The newest backup of every resource is encrypted",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
)
