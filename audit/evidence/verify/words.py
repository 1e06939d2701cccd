"""What a verification proves and what it cannot show, in plain words."""

from collections.abc import Iterator
from typing import Final

from audit.evidence.verify.result import Verification
from audit.report.wording import count
from audit.timestamps import shown

_RESTING_ON: Final = {
    "none": ", unless somebody who can write to the store replaced all of it",
    "not checked": ", unless somebody replaced all of it and signed it (give --public-key)",
    "checked": " and signed with the given key",
}


def verdict(result: Verification) -> str:
    """Say in one line how it ended, and what that rests on: whether signatures were there and checked."""
    if result.faults:
        number = len({fault.object for fault in result.faults})
        what = "1 object is" if number == 1 else f"{number:,} objects are"
        return f"CHANGED (signatures: {result.signatures}): {what} not as published."
    return f"VERIFIED (signatures: {result.signatures}): everything is as published{_RESTING_ON[result.signatures]}."


def proven(result: Verification) -> Iterator[str]:
    """Yield in plain words what was proven."""
    if result.faults or result.first is None or result.head is None:
        return
    if result.digests == 1:
        yield f"There is one digest, of the window that ended {shown(result.head.until)}."
    else:
        yield (
            f"{result.digests:,} digests follow each other without a gap, from the window that ended "
            f"{shown(result.first.until)} to the one that ended {shown(result.head.until)}."
        )
    rest = f"the objects of {result.unread:,} runs were not read" if result.unread else "there are no others"
    yield f"{result.objects:,} objects are as published ({result.size:,} bytes read), and {rest}."
    if result.passed_over:
        yield f"Verified before, and not read again: {count(len(result.passed_over), 'run')}."
    if result.replayed is not None:
        yield f"Judged again from the evidence, to the same bytes: {count(result.replayed, 'run')}."
    if result.signed:
        yield "Every digest was signed with the given key."


def unproven(result: Verification, *, has_anchor: bool) -> Iterator[str]:
    """Yield in plain words what this check cannot show."""
    yield "That CBR told the truth: the audit only shows what the cloud answered."
    if not has_anchor:
        yield (
            "That nothing was cut off at the end: compare the head with one that was noted elsewhere "
            "(--expect-head), for example in the function's log or in a notification."
        )
    if result.unchecked:
        yield "Who wrote it: the digests are signed, but no key was given (--public-key)."
    elif not result.signed:
        yield "Who wrote it: the digests are not signed, so anyone who can write to the store could replace them."
    if result.passed_over:
        yield "That nothing of the runs that were verified before was changed since: verify without --since-last."
    if result.replayed is None:
        yield "That the reports follow from the evidence: --replay judges every run again."
    elif result.others:
        yield (
            f"That the reports of {count(result.others, 'run')} follow from the evidence: another version of cbr-audit "
            "made them, and this one comes to other bytes. Install that version and use --replay."
        )
    yield "Anything written after the signing key was stolen."
