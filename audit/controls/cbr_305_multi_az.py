"""CBR-305 multi-az: backups are stored in several availability zones.

Why it matters
    A vault in one zone is lost with it, and the zone may be the one of the resource.
How it is judged
    pass            the vault stores its backups in several zones
    fail            it stores them in one
    unknown         the answer does not say, or the vaults could not be read completely
    not_applicable  the vault is gone
How to fix it
    Storage in several zones is chosen when a vault is bought: buy another vault, and move the resources there.
"""

from typing import Final

from audit.judging.findings import Control, Severity, Verdict, failed, gone_or_unread, passed, unknown
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, _limits: Limits) -> Verdict:
    """Look at where the vault stores."""
    if subject.vault is None:
        return gone_or_unread(subject)
    if subject.vault.is_multi_az is None:
        return unknown("the answer does not say in how many zones the vault stores")
    if not subject.vault.is_multi_az:
        return failed("the vault stores in one zone", is_multi_az=False)
    return passed("the vault stores in several zones", is_multi_az=True)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-305",
    name="multi-az",
    title="Backups are stored in several availability zones",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    weighs_gaps=True,
)
