"""What one trace means for backups: a pure function of what was read, so that anybody can judge it again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from audit import __version__
from audit.answers.intake import Intake
from audit.collection import Kind, Page, Window
from audit.history import History
from audit.judging.destruction import AT_ONCE, Destruction, is_in_scope, weigh
from audit.judging.findings import Outcome, Severity
from audit.judging.requirements import Requirements
from audit.profile import Profile
from audit.profile.applied import requirements_at
from audit.records import DESTRUCTIVE, Trace
from audit.subjects import Collection, Inventory, arrange
from audit.watch.blast import unprotected
from audit.watch.change_forms import ChangeReport, FormerReport, TraceForm, Unprotected
from audit.watch.undo import NOTHING_TO_UNDO, UNDO

_REASONS: Final[Mapping[str, tuple[Outcome, str]]] = {
    "alarming": (Outcome.FAIL, "protection was taken away by somebody whom the profile does not trust"),
    "trusted": (Outcome.PASS, "somebody whom the profile trusts did it"),
    "by_cloud": (Outcome.PASS, "the cloud itself deleted what had expired"),
    "in_maintenance": (Outcome.PASS, "it was done in a maintenance window"),
    "out_of_scope": (Outcome.NOT_APPLICABLE, "the profile leaves out what it was done to"),
}
_FAILED: Final = Outcome.NOT_APPLICABLE, "the operation failed, so nothing was taken away"
_HARMLESS: Final = Outcome.NOT_APPLICABLE, "the operation takes no backup and no protection away"
_INVENTORY: Final = (Kind.VAULTS, Kind.POLICIES)


class ReadForChange(Struct, frozen=True, kw_only=True):
    """What one change is judged by.

    Attributes:
        trace_id: the trace that the event named.
        judged_at: the time of judgement.
        pages: the responses of the cloud: the trace, the traces of the hour before, vaults and policies.
        unread: the lists that were not read completely.
        report: report.json of the last run before the change; None if there is none.
        compared_with: which run that is.
    """

    project_id: str
    region: str
    trace_id: str
    judged_at: datetime
    profile: Profile
    pages: Sequence[Page]
    unread: frozenset[Kind] = frozenset()
    report: Mapping[str, Any] | None = None
    compared_with: FormerReport | None = None


def trace_in(pages: Sequence[Page], trace_id: str) -> Trace | None:
    """Return the trace with an id, or None if no response has it in a usable form."""
    return _taken_in(pages).traces.get(trace_id)


def judge_change(read: ReadForChange) -> ChangeReport:
    """Judge a change; equal evidence gives an equal report.

    Raises:
        LookupError: no response has the trace.
    """
    intake = _taken_in(read.pages)
    trace = intake.traces[read.trace_id]
    requirements = requirements_at(read.profile, read.judged_at)
    collection = _collection(read, intake)
    weighed = _weighed(read, intake, collection, requirements)
    doing = [each for each in intake.traces.values() if _is_of_the_same_hour(each, trace)]
    own, spree = weighed([trace]), weighed(doing)
    outcome, reason = _verdict(trace, own)
    is_alarming = outcome == Outcome.FAIL
    doubts = (*_doubts_of_inventory(read, intake), *_doubts_of_trail(read))
    return ChangeReport(
        tool_version=__version__,
        project_id=read.project_id,
        region=read.region,
        judged_at=read.judged_at,
        profile_sha256=read.profile.sha256,
        trace=TraceForm.of(trace),
        outcome=outcome,
        severity=(spree.severity or Severity.HIGH) if is_alarming else Severity.LOW,
        reason=reason,
        recent=sum(each.id != trace.id and each.deed in DESTRUCTIVE for each in doing),
        unprotected=tuple(_unprotected(read, intake)) if is_alarming else (),
        unread=tuple(sorted(read.unread)),
        doubts=doubts if is_alarming else (),
        undo=UNDO[trace.deed] if is_alarming else NOTHING_TO_UNDO,
        compared_with=read.compared_with,
    )


def _taken_in(pages: Sequence[Page]) -> Intake:
    intake = Intake()
    for page in pages:
        intake.accept(page)
    return intake


def _verdict(trace: Trace, own: Destruction) -> tuple[Outcome, str]:
    """Say what excuses the change, or that nothing does."""
    if place := next((name for name in _REASONS if getattr(own, name)), ""):
        return _REASONS[place]
    return _FAILED if trace.deed in DESTRUCTIVE else _HARMLESS


def _is_of_the_same_hour(other: Trace, trace: Trace) -> bool:
    """Whether the same actor did both, the other one not later and within an hour; nobody known is one actor."""
    return (
        other.succeeded is not False
        and other.actor.key == trace.actor.key
        and trace.at - AT_ONCE <= other.at <= trace.at
    )


def _weighed(
    read: ReadForChange, intake: Intake, collection: Collection, requirements: Requirements
) -> Callable[[Sequence[Trace]], Destruction]:
    """Return what weighs traces by the profile."""
    limits = requirements.of(collection)
    left_out = _left_out(read, intake, collection, requirements)

    def in_scope(trace: Trace) -> bool:
        return is_in_scope(trace, left_out, limits.watched_functions)

    return lambda traces: weigh(traces, limits.trusted_actors, in_scope, limits.maintenance, limits.mass_deletions)


def _left_out(
    read: ReadForChange, intake: Intake, collection: Collection, requirements: Requirements
) -> frozenset[str]:
    """Return the ids that the profile leaves out, by what is there now and by the last report."""
    inventory = Inventory(policies=intake.policies.values(), vaults=intake.vaults.values())
    stuck_after = requirements.of(collection).stuck_after
    subjects = arrange(History(), inventory, collection, stuck_after=stuck_after)
    before = [each["id"] for each in read.report["out_of_scope"]] if read.report else []
    return frozenset(each.lower() for each in (*before, *(each.id for each in requirements.out_of_scope(subjects))))


def _collection(read: ReadForChange, intake: Intake) -> Collection:
    now = read.judged_at
    return Collection(
        id=read.project_id,
        name=read.project_id,
        window=Window(now - AT_ONCE, now),
        readings=(),
        rejected=intake.rejected,
        drift=intake.drift,
    )


def _doubts_of_inventory(read: ReadForChange, intake: Intake) -> Iterator[str]:
    """Say why it is not known what is unprotected now."""
    if read.report is None:
        yield "no report was made before this change, so what it left unprotected is not known"
    spoilt = {row.kind for row in intake.rejected}
    for kind in _INVENTORY:
        if kind in read.unread or kind in spoilt:
            yield f"the {kind.words} could not be read completely, so what is unprotected now is not known"


def _doubts_of_trail(read: ReadForChange) -> Iterator[str]:
    if Kind.TRACES in read.unread:
        yield "the traces of the hour before could not be read completely, so there may be more by the same actor"


def _unprotected(read: ReadForChange, intake: Intake) -> Iterator[Unprotected]:
    if read.report is not None and not any(_doubts_of_inventory(read, intake)):
        yield from unprotected(read.report, intake.vaults.values(), intake.policies.values())
