"""Checks a store without trusting it: every digest, every link, every object, and objects that no manifest lists.

It reads only the store, and one thing from outside if given: the public key, or the hash of the newest digest that
someone noted elsewhere.
"""

from datetime import datetime

from audit.evidence.chain import PublicKey, folder_of
from audit.evidence.store import InspectedStore
from audit.evidence.verify.digests import check_chain, read_digests
from audit.evidence.verify.last_good import LastGood, last_good, read_last_good
from audit.evidence.verify.pointer import check_pointer, read_pointer
from audit.evidence.verify.result import Fault, Verification
from audit.evidence.verify.runs import RunChecks
from audit.evidence.verify.unlisted import check_unlisted
from audit.evidence.verify.words import proven, unproven, verdict

__all__ = [
    "Fault",
    "LastGood",
    "Verification",
    "last_good",
    "proven",
    "read_last_good",
    "unproven",
    "verdict",
    "verify",
]


def verify(  # noqa: PLR0913  # what the command offers
    store: InspectedStore,
    scope: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    key: PublicKey | None = None,
    expected_head: str | None = None,
    last: LastGood | None = None,
) -> Verification:
    """Check the chain of one project.

    Args:
        store: the store.
        scope: the project.
        since: the objects of runs whose window ended earlier are not read and may be gone; their digests are read.
        until: the objects of later runs are not read.
        key: every digest must be signed with it.
        expected_head: the hash of a newest digest that was noted elsewhere.
        last: the last good verification; what it covered is not read again.

    Raises:
        StoreError: the store cannot be read.
    """
    result = Verification(scope, has_key=key is not None)
    pointer = read_pointer(store, result)
    found = read_digests(store, result, last)
    check_chain(found, key, result)
    listed = RunChecks(store, found, result).check(since, until)
    check_unlisted(store, listed, found, result)
    if pointer:
        check_pointer(store, pointer, found, result)
    result.digests = len(found)
    if found:
        result.first, result.head, result.head_sha256 = found[0].digest, found[-1].digest, found[-1].sha256
    if expected_head is not None and expected_head not in {each.sha256 for each in found}:
        result.fault(folder_of(scope), f"the digest {expected_head} is not there: the end was cut off or changed")
    return result
