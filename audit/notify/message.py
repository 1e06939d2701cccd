"""A change as plain text for people: the verdict, the problems, what to do, and the link to the report.

The text may be sent as mail, chat message or SMS. It has no markup and no square brackets, because SMN refuses to send
those as SMS.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from audit.notify.change import ChangedReport, ProblemJson
from audit.report.actors import told_if_named, unnamed
from audit.report.wording import VERDICTS, count, lasting, notices, printable, verdict

_MOST_NEW: Final = 10
_MOST_KNOWN: Final = 5
_MOST_GAPS: Final = 3


def subject(change: ChangedReport) -> str:
    """Return the conclusion, the number of problems and the project in one line."""
    run = change.report["run"]
    word = verdict(change.report).partition(":")[0]
    fresh = f" ({len(change.new)} new)" if change.new and change.before else ""
    number = len(change.report["problems"])
    problems = f", {count(number, 'problem')}{fresh}" if number else ""
    return printable(f"cbr-audit: {word}{problems}, project {run['project_id']} {run['region']}".rstrip())


def text(change: ChangedReport, report_url: str) -> str:
    """Return everything a person needs to act, most urgent first."""
    return "\n".join(sendable(line) for line in _lines(change, report_url)) + "\n"


def _lines(change: ChangedReport, report_url: str) -> Iterator[str]:
    run, collection = change.report["run"], change.report["collection"]
    yield from notices(run)
    yield verdict(change.report)
    if change.before:
        yield f"Before: {VERDICTS[change.before.conclusion].partition(':')[0]}, as of {change.before.as_of}"
    for gap in collection["gaps"][:_MOST_GAPS]:
        yield f"Not read: {gap}"
    yield from _part("New problems" if change.before else "Problems, worst first", change.new, _MOST_NEW, run["as_of"])
    yield from _part("Not judged by the profile of the run before", change.unlike, _MOST_NEW, run["as_of"])
    if change.ended:
        why = "" if collection["complete"] else ", perhaps for want of data"
        yield from ("", f"No longer shown as failing{why} ({len(change.ended)}):")
        yield from (f"- {ended.kind} {ended.name}: {', '.join(ended.controls)}" for ended in change.ended[:_MOST_NEW])
        yield from and_more(len(change.ended) - _MOST_NEW)
    yield from _part("Known problems", change.known, _MOST_KNOWN, run["as_of"])
    if unknown := [*unnamed(problem.get("actors") for problem in change.report["problems"])]:
        yield from ("", *unknown)
    yield from ("", f"Judged as of {run['as_of']}, project {run['project_id']} {run['region']}".rstrip())
    yield f"Report: {report_url}"
    yield f"Show it: cbr-audit show {run['id']}"


def _part(title: str, problems: tuple[ProblemJson, ...], most: int, as_of: str) -> Iterator[str]:
    if not problems:
        return
    yield from ("", f"{title} ({len(problems)}):")
    for problem in problems[:most]:
        error = f" ({problem['error']})" if problem["error"] else ""
        more = len(problem["also"]) + len(problem["explains"])
        explains = f"; explains {count(more, 'other')}" if more else ""
        named = f"{problem['severity']}: {problem['subject']['kind']} {problem['subject']['name']}"
        yield f"- {named}: {problem['reason']}{lasting(problem, as_of)}{error}{explains}"
        if by_whom := told_if_named(problem.get("actors")):
            yield f"  By whom: {by_whom}"
        yield f"  To do: {problem['todo']}"
    yield from and_more(len(problems) - most)


def and_more(number: int) -> Iterable[str]:
    """Say how many lines are left out, if there are any."""
    return (f"- and {number} more: see the report",) if number > 0 else ()


def sendable(line: str) -> str:
    """Make a line fit for every way that a message may take."""
    return printable(line).replace("[", "(").replace("]", ")")
