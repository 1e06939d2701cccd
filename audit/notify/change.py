"""What is different from the previous run, so that nobody is told the same thing twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from audit.report.facts import Conclusion

ReportJson = Mapping[str, Any]
ProblemJson = Mapping[str, Any]
FailedPair = tuple[str, str, str]  # kind and id of the subject, and the control


class Before(Struct, frozen=True):
    """How the previous run ended, and the time that it judged at."""

    conclusion: Conclusion
    as_of: str


class Recovered(Struct, frozen=True):
    """A subject that is no longer shown as failing controls which it failed before."""

    kind: str
    name: str
    controls: tuple[str, ...]


class ChangedReport(Struct, frozen=True):
    """A report, and what sets it apart from the one before, as report.json has both.

    Attributes:
        before: the previous run, None where there is none or its report cannot be read.
        new: the problems that hold a failure which was not there before, worst first.
        unlike: the problems whose only new failures the previous profile did not judge, worst first.
        known: the other problems, worst first.
        ended: what is no longer shown as failing; it may be mended, gone, or hidden by missing data.
    """

    report: ReportJson
    before: Before | None
    new: tuple[ProblemJson, ...]
    unlike: tuple[ProblemJson, ...]
    known: tuple[ProblemJson, ...]
    ended: tuple[Recovered, ...]

    @property
    def is_news(self) -> bool:
        """Tell whether the conclusion, the set of problems or the profile differs."""
        if self.before is None:
            return True
        return (
            bool(self.new or self.unlike or self.ended or self.report["run"]["profile_changes"])
            or self.report["conclusion"] != self.before.conclusion
        )


def compare(report: ReportJson, before: ReportJson | None) -> ChangedReport:
    """Hold a report against the previous one; one of an unknown form counts as none."""
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
    """What only one of the two profiles judges, or this run may not see."""
    parts = report["changes"]["not_compared"] if report["changes"] else ()
    return frozenset((part["subject"]["kind"], part["subject"]["id"], part["control"]) for part in parts)


def _failures(problems: Iterable[ProblemJson]) -> dict[FailedPair, str]:
    """Every failure that the problems hold, with its subject's name; under which problem it stands is no matter."""
    return {
        (subject["kind"], subject["id"], control): subject["name"]
        for problem in problems
        for subject, control in (
            *((problem["subject"], control) for control in (problem["control"], *problem["also"])),
            *((each["subject"], each["control"]) for each in problem.get("explains", ())),
        )
    }


def _ended(failures: Mapping[FailedPair, str]) -> Iterator[Recovered]:
    """Bring failures together by their subjects, in the order given."""
    controls: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (kind, subject_id, control), name in failures.items():
        controls[kind, subject_id, name].append(control)
    for (kind, _, name), own in controls.items():
        yield Recovered(kind, name, tuple(sorted(own)))
