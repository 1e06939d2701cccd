"""What verifying the changes of a project proves and what it cannot show, in plain words."""

from collections.abc import Iterator

from audit.evidence.verify import Verification
from audit.report.wording import count
from audit.timestamps import shown


def proven_of_changes(changes: Verification) -> Iterator[str]:
    """Yield in plain words what was proven of changes; nothing if there are none."""
    if changes.faults or changes.head is None:
        return
    rest = f"; those of {changes.unread:,} were not read" if changes.unread else ""
    yield (
        f"Changes: {count(changes.digests, 'digest')}, the newest judged at {shown(changes.head.until)}; "
        f"{count(changes.objects, 'object')} as published ({changes.size:,} bytes read){rest}."
    )
    if changes.passed_over:
        yield f"Changes verified before, and not read again: {len(changes.passed_over):,}."
    if changes.replayed is not None:
        yield f"Changes judged again from the evidence, to the same bytes: {changes.replayed:,}."


def unproven_of_changes(changes: Verification, *, has_anchor: bool) -> Iterator[str]:
    """Yield in plain words what was not shown of changes; nothing if there are none."""
    if changes.head is None:
        return
    if not has_anchor:
        yield "That no change was cut off at the end: compare the head of the changes, too (--expect-head)."
    if changes.replayed is None:
        yield "That changes follow from the evidence: --replay judges every one again."
    elif changes.others:
        others = count(changes.others, "change")
        yield f"That {others} follow from the evidence: another version of cbr-audit judged them."
