"""A report on the terminal: one screen of plain text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from audit.judging.frameworks import Claim, Framework
from audit.report.actors import told_if_named, unnamed
from audit.report.wording import count, lasting, notices, printable, verdict

__all__ = ["notices", "printable", "summary_lines"]
_MOST_PROBLEMS: Final = 5
_MOST_GAPS: Final = 3
_MOST_UNKNOWNS: Final = 4
_MOST_REJECTED: Final = 3
_CLAIMS: Final = {
    Claim.SUPPORTS: "supported by",
    Claim.PARTLY: "partly by",
    Claim.CANNOT_SHOW: "cannot be shown",
}


def place(url: str) -> str:
    """Say where something is: a path if it is on this machine."""
    return unquote(urlsplit(url).path) if url.startswith("file:") else url


def summary_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a report.json as lines for a terminal, the verdict first; callers print ``notices`` before it."""
    run, collection, summary = report["run"], report["collection"], report["summary"]
    outcomes = summary["outcomes"]
    yield verdict(report)
    if report["conclusion"] == "non_compliant" and (outcomes["unknown"] or not collection["complete"]):
        yield "There may be more: not everything could be judged."
    yield ""
    yield from _problem_lines(report["problems"], run["as_of"])
    yield _row(
        "Judged",
        f"{count(summary['resources'], 'resource')}, {summary['resources_failing']} failing; "
        f"findings: {outcomes['pass']} pass, {outcomes['fail']} fail, "
        f"{outcomes['unknown']} unknown, {outcomes['not_applicable']} not applicable",
    )
    if report["changes"]:
        yield _row("Changed", _change_words(report["changes"]))
    if summary["waived"]:
        yield _row("Waived", f"{count(summary['waived'], 'finding')} not passed but covered by a waiver")
    if summary["out_of_scope"]:
        yield _row("Left out", f"{count(summary['out_of_scope'], 'subject')} outside the scope of the profile")
    yield _row(
        "Read",
        f"{count(collection['distinct'], 'task')} in {count(collection['pages'], 'page')}, "
        + ("complete" if collection["complete"] else "NOT complete"),
    )
    for gap in collection["gaps"][:_MOST_GAPS]:
        yield _row("Gap", gap)
    if len(collection["gaps"]) > _MOST_GAPS:
        yield _row("", f"and {len(collection['gaps']) - _MOST_GAPS} more: see report.html")
    yield from _unknown_lines(report["findings"])
    if collection["rejected"]:
        yield from _rejected_lines(collection["rejected_rows"])
    if collection["drift"]:
        yield _row("Drift", _drift_words(collection["drift"], run["previous"]))
    yield _row("Window", f"{run['window']['since']} to {run['window']['until']} (UTC)")
    yield _row("Project", f"{run['project_id']} {run['region']}".rstrip())


def _change_words(changes: Mapping[str, Any]) -> str:
    """Count the findings that newly fail, still fail, or are resolved."""
    kinds = {"new": "newly fail", "still": "still fail", "resolved": "resolved", "disappeared": "no longer judged"}
    if changes.get("not_compared"):
        kinds["not_compared"] = "not compared: only one of the profiles judges them, or this run could not see them"
    numbers = ", ".join(f"{len(changes[kind]):,} {words}" for kind, words in kinds.items())
    return f"since {changes['as_of']}: {numbers}"


def _drift_words(drift: list[Mapping[str, Any]], previous: Mapping[str, Any]) -> str:
    """Count the differences from the API documents, and those that the last run did not see."""
    words = f"{count(len(drift), 'difference')} from the documents; all rows were used"
    if previous["trouble"]:
        return f"{words}; not compared with the last run: {previous['trouble']}"
    if not previous["run"]:
        return words
    new = sum(difference["is_new"] for difference in drift)
    return f"{words}; {new or 'none'} new since {previous['as_of']}"


def framework_lines(framework: Framework) -> Iterator[str]:
    """Yield the requirements of a standard, with the controls that support each and what they leave open."""
    yield f"{framework.name} ({framework.id})"
    yield f"Read in: {framework.source}."
    if framework.note:
        yield framework.note
    for requirement in framework.requirements:
        yield ""
        yield f"{requirement.id}: {requirement.text}."
        yield f"  {_CLAIMS[requirement.claim]:<16}{', '.join(requirement.controls) or 'no control'}"
        yield f"  {'left open':<16}{requirement.limit}"


def _problem_lines(problems: list[Mapping[str, Any]], as_of: str) -> Iterator[str]:
    if not problems:
        return
    yield f"What to do now ({count(len(problems), 'problem')}, worst first):"
    for problem in problems[:_MOST_PROBLEMS]:
        subject = problem["subject"]
        since = lasting(problem, as_of)
        error = f" [{problem['error']}]" if problem["error"] else ""
        name = f"{subject['kind']} {subject['name']}"
        more = len(problem["also"]) + len(problem["explains"])
        explains = f"; explains {count(more, 'other')}" if more else ""
        yield printable(f"  {problem['severity']:<8} {name}: {problem['reason']}{since}{error}{explains}")
        if by_whom := told_if_named(problem.get("actors")):
            yield printable(f"           By whom: {by_whom}")
        yield printable(f"           {problem['todo']}")
    if len(problems) > _MOST_PROBLEMS:
        yield f"  and {len(problems) - _MOST_PROBLEMS} more: see report.html"
    yield from (printable(f"  {each}") for each in unnamed(problem.get("actors") for problem in problems))
    yield ""


def _unknown_lines(findings: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is unknown and why, each control and reason once."""
    unknown = Counter(
        (finding["control"], finding["reason"]) for finding in findings if finding["outcome"] == "unknown"
    )
    for (control, reason), number in unknown.most_common(_MOST_UNKNOWNS):
        yield _row("Unknown", f"{control} for {count(number, 'subject')}: {reason}")
    if len(unknown) > _MOST_UNKNOWNS:
        yield _row("", f"and {len(unknown) - _MOST_UNKNOWNS} more: see report.html")


def _rejected_lines(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the unusable rows, those without a waiver first; reports of older versions have fewer keys."""
    yield _row("Rejected", f"{count(len(rows), 'row')} could not be used; see report.json")
    for row in sorted(rows, key=lambda row: bool(row.get("waiver")))[:_MOST_REJECTED]:
        waiver, name = row.get("waiver"), row["id"] or row.get("mark", "")
        accepted = f"; accepted by {waiver['owner']} until {waiver['until']}: {waiver['reason']}" if waiver else ""
        yield _row("", f"{row['kind']} {name}: {row['path'] or 'whole row'}: {row['message']}{accepted}")
    if len(rows) > _MOST_REJECTED:
        yield _row("", f"and {len(rows) - _MOST_REJECTED} more")


def _row(label: str, text: str) -> str:
    return f"{label:<9}{printable(text)}"
