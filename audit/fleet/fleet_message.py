"""A change of a fleet, for the engineer on call: which accounts, what to do, and the link to the page.

The text may be sent as mail, chat message or SMS, as that of a single run.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from audit.fleet.fleet_change import Condition, FleetChange, condition, doubts_of
from audit.fleet.forms import Status, Target
from audit.fleet.roll_up import FleetReport, TargetLine
from audit.notify.message import and_more, sendable
from audit.report.facts import Conclusion
from audit.report.wording import count, printable
from audit.timestamps import shown

_MOST_NAMED: Final = 5
_MOST_NEW: Final = 10
_MOST_KNOWN: Final = 5
_VERDICTS: Final = {
    Conclusion.COMPLIANT: "COMPLIANT: every target was audited, and every backup that was checked is as it should be.",
    Conclusion.NON_COMPLIANT: "NOT COMPLIANT: backups need attention.",
    Conclusion.INCOMPLETE: "INCOMPLETE: not everything was seen, so this is no proof that backups are in order.",
}
_TO_DO: Final = {
    Status.DENIED: "See that the account trusts the audit account, and what its agency may do.",
    Status.UNREACHABLE: "See whether the region is disturbed, and whether its endpoints can be reached.",
    Status.FAILED: "See its lines in the log.",
    Status.OUT_OF_TIME: "Give it more time (limits in the fleet file), or audit fewer targets at once.",
    Status.NEVER: "See in the log whether it was started, and what ended it.",
}


def subject(report: FleetReport) -> str:
    """Return the conclusion, the number of targets that are not fine, and the fleet in one line."""
    conditions = [condition(line) for line in report.targets]
    bad = [each for each in Condition if each in conditions and each != Condition.FINE]
    counts = ", ".join(f"{conditions.count(each):,} {each}" for each in bad)
    targets = f"{counts}{' of ' if bad else ''}{count(len(conditions), 'target')}"
    return printable(f"cbr-audit: {_word(report.conclusion)}, {targets}, fleet {report.fleet}")


def text(change: FleetChange, url: str) -> str:
    """Return everything that a person needs to act, most urgent first."""
    return "\n".join(sendable(line) for line in _lines(change, url)) + "\n"


def _lines(change: FleetChange, url: str) -> Iterator[str]:
    report, before = change.report, change.before
    yield _headline(report)
    yield _VERDICTS[report.conclusion]
    if before:
        yield f"Before: {_word(before.conclusion)}, as of {shown(before.as_of)}"
    yield from _told("New doubts" if before else "In doubt", change.new_doubts)
    yield from _told("Still in doubt", (doubt for doubt in doubts_of(report) if doubt not in change.new_doubts))
    yield from _told("No longer in doubt", change.ended_doubts)
    yield from _part(change, "New" if before else "Not fine", change.news, _MOST_NEW)
    yield from _part(change, "Worse than before", change.worse, _MOST_NEW)
    yield from _told("Seen again", map(_place, (line.target for line in change.seen_again)))
    yield from _told("Recovered", map(_place, (line.target for line in change.recovered)))
    yield from _told("Not planned any more", (_ended(target, reason) for target, reason in change.gone))
    yield from _told("New accounts", change.new_accounts)
    known = [line for line in change.known if line not in change.worse]
    yield from _part(change, "As before", known, _MOST_KNOWN)
    yield from ("", f"Judged as of {shown(report.as_of)}, {count(len(report.targets), 'target')}, fleet {report.fleet}")
    yield f"Page: {url}"


def _headline(report: FleetReport) -> str:
    """Name the accounts that are not fine, and say whether any may be missing."""
    parts = ["Not all that there is may be known."] if doubts_of(report) else []
    for each in (Condition.UNSEEN, Condition.FAILING, Condition.INCOMPLETE):
        names = sorted({_account(line.target) for line in report.targets if condition(line) == each})
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        parts += [f"{each.capitalize()}: {', '.join(names[:_MOST_NAMED])}{more}."] if names else []
    return " ".join(parts) or f"Nothing is failing in {count(len(report.targets), 'target')}, and all were seen."


def _part(change: FleetChange, title: str, lines: Sequence[TargetLine], most: int) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"{title} ({len(lines)}):")
    for line in lines[:most]:
        yield from _about(change, line)
    yield from and_more(len(lines) - most)


def _about(change: FleetChange, line: TargetLine) -> Iterator[str]:
    """Say what is wrong with one target, and what to do."""
    if line.audited is None:
        yield f"- {_place(line.target)}: {line.status.value.replace('_', ' ')}: {line.reason}"
        yield f"  To do: {_TO_DO[line.status]}"
        return
    fresh = change.fresh[line.target.key]
    problems = fresh or line.audited.worst
    new = f" ({len(fresh)} new)" if fresh and change.before else ""
    yield f"- {_place(line.target)}: {condition(line)}, {count(line.audited.problems, 'problem')}{new}"
    for problem in problems[:1]:
        yield f"  {problem.severity}: {problem.kind} {problem.name}: {problem.reason}"
        yield f"  To do: {problem.todo}"


def _told(title: str, lines: Iterable[str]) -> Iterator[str]:
    if told := tuple(lines):
        yield from ("", f"{title} ({len(told)}):")
        yield from (f"- {line}" for line in told[:_MOST_NEW])
        yield from and_more(len(told) - _MOST_NEW)


def _ended(target: Target, reason: str) -> str:
    return f"{_place(target)}{f': {reason}' if reason else ''}"


def _place(target: Target) -> str:
    project = target.project_id if target.project_name in {"", target.region} else target.project_name
    return f"{_account(target)}, {target.region}, {project}{f' (owner {target.owner})' if target.owner else ''}"


def _account(target: Target) -> str:
    return target.account_name or target.account


def _word(conclusion: Conclusion) -> str:
    return _VERDICTS[conclusion].partition(":")[0]
