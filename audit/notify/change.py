"""What changed since the previous run, so that the same message is not sent twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from audit.report.facts import Conclusion

ReportJson = Mapping[str, Any]
ProblemJson = Mapping[str, Any]
FailedPair = tuple[str, str, str]  # kind and id of the subject, and the control


class Before(Struct, frozen=True):
    """The conclusion and time of judgement of the previous run."""

    conclusion: Conclusion
    as_of: str


class Recovered(Struct, frozen=True):
    """A subject, and the controls that it failed before and no longer does."""

    kind: str
    name: str
    controls: tuple[str, ...]


class ChangedReport(Struct, frozen=True):
    """A report, and how it differs from the previous one, both as in report.json.

    Attributes:
        report: the report.
        before: the previous run, or None if there is none or its report cannot be read.
        new: problems that contain a new failure, worst first.
        unlike: problems whose only new failures the previous profile did not judge, worst first.
        known: the other problems, worst first.
        ended: failures that are no longer shown; they may be resolved, gone, or hidden by missing data.
    """

    report: ReportJson
    before: Before | None
    new: tuple[ProblemJson, ...]
    unlike: tuple[ProblemJson, ...]
    known: tuple[ProblemJson, ...]
    ended: tuple[Recovered, ...]

    @property
    def is_news(self) -> bool:
        """Whether the conclusion, the set of problems or the profile changed."""
        if self.before is None:
            return True
        return (
            bool(self.new or self.unlike or self.ended or self.report["run"]["profile_changes"])
            or self.report["conclusion"] != self.before.conclusion
        )


def compare(report: ReportJson, before: ReportJson | None) -> ChangedReport:
    """Compare a report with the previous one; a previous report of an unknown format is ignored."""
    try:
        return _compare(report, before)
    except (AttributeError, LookupError, TypeError, ValueError):
        return _compare(report, None)


def _compare(report: ReportJson, before: ReportJson | None) -> ChangedReport:
    now, then = _failures(report["problems"]), _failures(before["problems"]) if before else {}
    uncompared = _uncompared(report)
    places: dict[bool | None, list[ProblemJson]] = {True: [], False: [], None: []}
    for problem in report["problems"]:
        fresh = _failures([problem]).keys() - then.keys()
        places[bool(fresh) if not fresh or fresh - uncompared else None].append(problem)
    return ChangedReport(
        report=report,
        before=Before(Conclusion(before["conclusion"]), str(before["run"]["as_of"])) if before else None,
        new=tuple(places[True]),
        unlike=tuple(places[None]),
        known=tuple(places[False]),
        ended=tuple(
            _ended(
                {failure: name for failure, name in then.items() if failure not in now and failure not in uncompared}
            )
        ),
    )


def _uncompared(report: ReportJson) -> frozenset[FailedPair]:
    """Return what only one of the two profiles judges, or what this run could not see."""
    parts = report["changes"]["not_compared"] if report["changes"] else ()
    return frozenset((part["subject"]["kind"], part["subject"]["id"], part["control"]) for part in parts)


def _failures(problems: Iterable[ProblemJson]) -> dict[FailedPair, str]:
    """Return every failure in the problems, with the name of its subject, whatever problem it belongs to."""
    return {
        (subject["kind"], subject["id"], control): subject["name"]
        for problem in problems
        for subject, control in (
            *((problem["subject"], control) for control in (problem["control"], *problem["also"])),
            *((each["subject"], each["control"]) for each in problem.get("explains", ())),
        )
    }


def _ended(failures: Mapping[FailedPair, str]) -> Iterator[Recovered]:
    """Group failures by subject, in the given order."""
    controls: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (kind, subject_id, control), name in failures.items():
        controls[kind, subject_id, name].append(control)
    for (kind, _, name), own in controls.items():
        yield Recovered(kind, name, tuple(sorted(own)))
