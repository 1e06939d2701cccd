"""Checks the digests of a project: their names, numbers, links and signatures."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from audit.errors import ChainError
from audit.evidence.chain import Digest, Envelope, Link, PublicKey, folder_of
from audit.evidence.layout import change_prefix, is_of_changes
from audit.evidence.store import Store
from audit.evidence.stored_runs import links_before
from audit.evidence.verify.last_good import LastGood
from audit.evidence.verify.result import Found, Verification
from audit.report.wording import count

_OVERLAPPED: Final = (
    "this run and another overlapped, so both followed the same digest: nothing was changed, and the next run records "
    "it"
)
_UNRECORDED: Final = (
    "a fork: another digest has the same number, and the later ones do not record this one: it was put there later, or "
    "its run ended only after the next one had begun"
)
_NOT_RECORDED_YET: Final = (
    "{} overlapped with others, and no later digest records that: if somebody removed one of them, it would not show"
)
_NUMBERED: Final = re.compile(r"([0-9]{10})-(.+)\.json")


def read_digests(store: Store, result: Verification, last: LastGood | None = None) -> list[Found]:
    """Read every digest, in the order of their numbers; a damaged one is a fault and left out.

    Those with a smaller number than that of the last good verification are only counted.
    """
    folder = folder_of(result.scope)
    keys = store.keys(folder)
    old = [key for key in keys if last and key < f"{folder}{last.number:010d}-"]
    found = [each for key in keys[len(old) :] if (each := _read(store, key, result))]
    if last:
        result.passed_over = frozenset(_prefix(result.scope, key) for key in (*old, last.digest))
        _check_last(found, len(old), last, result)
    found.sort(key=lambda each: (each.digest.seq, each.key))
    result.older = len(old) + sum(each.digest.seq < found[-1].digest.seq for each in found)
    return found


def check_chain(found: Sequence[Found], key: PublicKey | None, result: Verification) -> None:
    """Check that the digests follow each other without a gap, and their signatures."""
    first = found[0].digest.seq if found and result.passed_over else 1
    _check_numbers(found, first, result)
    by_key = {each.key: each for each in found}
    for each in found:
        if first == 1 or each.digest.seq > first:
            _check_links(each, by_key, result)
    for each in found:
        _check_signature(each, key, result)


def _check_last(found: Sequence[Found], older: int, last: LastGood, result: Verification) -> None:
    """Check that the chain goes on from where the last good verification ended."""
    if (last.digest, last.sha256) not in {(each.key, each.sha256) for each in found}:
        result.fault(last.digest, "it is not the digest that the last good verification ended with")
    if older != last.older:
        result.fault(
            folder_of(result.scope),
            f"{last.older:,} digests had a smaller number at the last good verification, and now {older:,} have",
        )


def _prefix(scope: str, key: str) -> str:
    """Return the prefix of a run from the key of its digest."""
    run = key.rpartition("/")[2][11:].removesuffix(".json")
    if is_of_changes(scope):
        return f"{change_prefix(scope, run)}/"
    return f"{scope}/{run[:4]}/{run[4:6]}/{run[6:8]}/{run}/"


def _read(store: Store, key: str, result: Verification) -> Found | None:
    """Read one digest, and check it against its key."""
    try:
        data = store.read(key) or b""
        result.size += len(data)
        envelope = Envelope.load(data)
        digest = Digest.open(envelope)
    except ChainError as error:
        result.fault(key, str(error))
        return None
    numbered = _NUMBERED.fullmatch(key.removeprefix(folder_of(result.scope)))
    if numbered is None or digest.digest_object != key or digest.scope != result.scope:
        result.fault(key, "the digest is stored under the wrong key")
        return None
    if (int(numbered[1]), numbered[2]) != (digest.seq, digest.run):
        result.fault(key, "the number or run of the digest differs from its name")
        return None
    return Found(key, hashlib.sha256(data).hexdigest(), envelope, digest)


def _check_numbers(found: Sequence[Found], first: int, result: Verification) -> None:
    """Check for missing numbers, and for forks that no later digest records."""
    numbers = Counter(each.digest.seq for each in found)
    for before, number in pairwise((first - 1, *sorted(numbers))):
        if missing := number - before - 1:
            problem = "a digest is missing" if missing == 1 else f"{missing:,} digests are missing from here on"
            result.fault(f"{folder_of(result.scope)}{before + 1:010d}-…", problem)
    forks = [each for each in found if numbers[each.digest.seq] > 1]
    if is_of_changes(result.scope):
        _note_overlaps(forks, found, result)
        return
    recorded = {link.object for each in found for link in each.digest.siblings}
    for each in forks:
        _note_fork(each, is_recorded=each.key in recorded, found=found, result=result)


def _note_overlaps(forks: Sequence[Found], found: Sequence[Found], result: Verification) -> None:
    """Count the forks that nothing proves yet; changes overlap whenever several things are done at once."""
    named = {link.object for each in found for link in links_before(each.digest)}
    if loose := sum(each.key not in named for each in forks):
        result.notes.append(f"{folder_of(result.scope)}: {_NOT_RECORDED_YET.format(count(loose, 'change'))}")


def _note_fork(each: Found, *, is_recorded: bool, found: Sequence[Found], result: Verification) -> None:
    followed = {other.digest.previous.object for other in found if other.digest.previous}
    rivals = [other for other in found if other.digest.seq == each.digest.seq]
    is_end = each.digest.seq == found[-1].digest.seq
    if is_recorded:
        result.notes.append(f"{each.key}: this run and another followed the same digest; a later digest records that")
    elif is_end and all(_followed_by(other) == _followed_by(each) for other in rivals):
        result.notes.append(f"{each.key}: {_OVERLAPPED}")
    elif each.key in followed and sum(other.key in followed for other in rivals) > 1:
        result.notes.append(f"{each.key}: a fork: several runs with this number were followed")
    elif each.key not in followed:
        result.fault(each.key, _UNRECORDED)


def _followed_by(each: Found) -> set[str]:
    """Name the digests that a run found to be the newest."""
    return {link.object for link in (each.digest.previous, *each.digest.siblings) if link}


def _check_links(each: Found, by_key: Mapping[str, Found], result: Verification) -> None:
    for link in (each.digest.previous, *each.digest.siblings):
        if link is not None:
            _check_link(each, link, by_key, result)
    if (each.digest.previous is None) != (each.digest.seq == 1):
        result.fault(each.key, "only the first digest may have no previous one")


def _check_link(each: Found, link: Link, by_key: Mapping[str, Found], result: Verification) -> None:
    before = by_key.get(link.object)
    if before is None:
        result.fault(link.object, f"{each.key} names this digest, but it is missing or damaged")
    elif (before.sha256, before.envelope.signature) != (link.sha256, link.signature):
        result.fault(link.object, f"this digest is not the one that {each.key} names")
    elif before.digest.seq != each.digest.seq - 1:
        result.fault(each.key, "its number does not follow that of the previous digest")


def _check_signature(each: Found, key: PublicKey | None, result: Verification) -> None:
    signatures = each.envelope.signatures
    if key is None:
        if each.digest.key_id and not signatures:
            result.fault(each.key, "the digest says that it is signed, but it is not")
        result.unchecked += bool(signatures)
        return
    if len(signatures) != 1:
        result.fault(each.key, "the digest is not signed" if not signatures else "the digest has several signatures")
        return
    if not each.digest.key_id == signatures[0].key_id == key.fingerprint:
        result.fault(each.key, f"signed with another key: {signatures[0].key_id}")
        return
    try:
        key.check(each.envelope.signed, signatures[0].value)
        result.signed += 1
    except ChainError as error:
        result.fault(each.key, str(error))
