"""CBR-306 vault-tags: every vault carries the tags that are demanded.

Why it matters
    When something is wrong with a vault at night, its tags say whose it is and who pays for it.
How it is judged
    pass            the vault carries each of `required_tags`, with a value
    fail            one is missing, or has no value
    unknown         the vaults could not be read completely, or the answer has no list of tags
    not_applicable  the profile demands no tags, or the vault is gone
How to fix it
    Add the missing tags to the vault.
"""

from typing import Final

from audit.judging.findings import Control, Severity, Verdict, failed, gone_or_unread, not_applicable, passed, unknown
from audit.subjects import Limits, SubjectKind, VaultSubject


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Look for each tag."""
    if not limits.required_tags:
        return not_applicable("the profile demands no tags")
    if subject.vault is None:
        return gone_or_unread(subject)
    if subject.vault.tags is None:
        return unknown("the answer does not say which tags the vault has")
    demanded = ", ".join(limits.required_tags)
    given = {key for key, value in subject.vault.tags if value}
    missing = [key for key in limits.required_tags if key not in given]
    if missing:
        return failed("tags are missing, or have no value", missing=", ".join(missing), demanded=demanded)
    return passed("every demanded tag is there", demanded=demanded)


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-306",
    name="vault-tags",
    title="Every vault carries the tags that are demanded",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    weighs_gaps=True,
)
