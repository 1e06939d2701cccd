"""A change as plain text for whoever is woken by it: who did what, when, from where, and what to do.

The text may be sent as mail, chat message or SMS, as that of a run.
"""

from collections.abc import Iterator
from typing import Final

from audit.judging.findings import Outcome
from audit.notify.message import and_more, sendable
from audit.records import Deed
from audit.report.wording import count, printable
from audit.timestamps import shown
from audit.watch.change_forms import ActorForm, ChangeReport
from audit.watch.hints import Hint

_MOST_NAMED: Final = 20
_DONE: Final = {
    Deed.DELETE_BACKUP: "a backup was deleted",
    Deed.DELETE_VAULT: "a vault was deleted",
    Deed.REMOVE_RESOURCES: "resources were taken out of a vault",
    Deed.DISSOCIATE_POLICY: "a policy was taken off a vault",
    Deed.DISABLE_PROTECTION: "protection was switched off",
    Deed.DELETE_POLICY: "a policy was deleted",
    Deed.UNLOCK_VAULT: "the lock of a vault was switched off",
    Deed.TOUCH_TRAIL: "Cloud Trace Service was changed",
    Deed.TOUCH_WATCH: "a function or its trigger was changed",
    Deed.TAKE_AWAY: "something was taken away",
}


def subject(change: ChangeReport) -> str:
    """Say in one line how bad it is, what was done and by whom."""
    trace = change.trace
    done = _DONE.get(trace.deed, trace.operation)
    return printable(f"cbr-audit: {change.severity.upper()}, {done} by {who(trace.actor)}, project {change.project_id}")


def text(change: ChangeReport, url: str) -> str:
    """Say everything that a person needs to act, most urgent first."""
    return "\n".join(sendable(line) for line in _lines(change, url)) + "\n"


def unconfirmed_subject(hint: Hint, project_id: str) -> str:
    """Say in one line that an event told of something that Cloud Trace Service does not show."""
    return printable(f"cbr-audit: not confirmed, an event tells of {hint.operation}, project {project_id}")


def unconfirmed_text(hint: Hint, project_id: str) -> str:
    """Say what the event tells, and that nothing confirms it yet."""
    lines = (
        f"An event tells of {hint.operation} ({hint.service}) at {shown(hint.at)} in project {project_id}.",
        "Cloud Trace Service does not show it. It may be late, or somebody may have sent a false event.",
        "You are told again if it is confirmed. If it is not, see who may invoke the function.",
        f"Trace: {hint.trace_id}",
    )
    return "\n".join(map(sendable, lines)) + "\n"


def who(actor: ActorForm) -> str:
    """Name an actor as people do: by name, or else by id, with the account; never nobody."""
    if actor.is_cloud:
        return "the cloud itself"
    name = actor.name or actor.urn or actor.id or (f"access key {actor.access_key_id}" if actor.access_key_id else "")
    account = actor.account or actor.account_id
    return f"{name}{f' of account {account}' if account else ''}" if name else "somebody whom the trace does not name"


def _lines(change: ChangeReport, url: str) -> Iterator[str]:
    trace, actor = change.trace, change.trace.actor
    yield f"{change.severity.upper()}: {change.reason}."
    thing = " ".join(part for part in (trace.resource_type, trace.resource_name or trace.resource_id) if part)
    yield f"What: {trace.operation}{f' of {thing}' if thing else ''}"
    yield f"Who: {who(actor)}{f', with the access key {actor.access_key_id}' if actor.access_key_id else ''}"
    yield f"When: {shown(trace.at)}"
    yield f"From: {actor.source_ip or 'an address that the trace does not name'}"
    if change.recent:
        yield f"In the hour before, the same actor did {count(change.recent, 'other destructive operation')}."
    yield from ("", *_unprotected(change))
    yield from (f"In doubt: {doubt}" for doubt in change.doubts)
    yield from ("", f"To undo it: {change.undo}", "If nobody meant it, take the right to do so from the actor first.")
    yield from ("", f"Trace: {trace.id}", f"Evidence: {url}")


def _unprotected(change: ChangeReport) -> Iterator[str]:
    lost = change.unprotected
    if not lost:
        known = "No resource has lost its vault or policy." if _is_sure(change) else "What is unprotected is not known."
        yield known
        return
    yield f"Unprotected now ({len(lost):,}):"
    yield from (f"- {each.name} ({each.type}): no {each.lacks} any more" for each in lost[:_MOST_NAMED])
    yield from and_more(len(lost) - _MOST_NAMED)


def _is_sure(change: ChangeReport) -> bool:
    return change.compared_with is not None and not change.doubts and change.outcome != Outcome.UNKNOWN
