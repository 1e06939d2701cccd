"""What the last run of a project knew, so that this one can tell what is new."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert, field

from audit.collection import Drift, Moment, Natural
from audit.judging.witnesses import Attribution, Pair
from audit.report.actors import attribution_of
from audit.report.former_report import in_present_form
from audit.timestamps import instant

_JUDGED: Final = frozenset({"fail", "unknown"})


class Failure(Struct, frozen=True):
    """A failed finding, with the name of its subject.

    Attributes:
        since: the time of judgement of the first of consecutive runs that saw it fail.
    """

    name: str
    since: datetime


class TrendLine(Struct, frozen=True, kw_only=True):
    """The result of one run in a few numbers.

    Attributes:
        passed: the number of findings that passed.
        judged: the number of findings that passed, failed or are unknown; unknown ones lower the rate.
        problems: the number of open problems.
        oldest_backup: the oldest among the newest backups of the resources in scope; None if no resource has a backup.
        without_backup: the number of resources in scope without a known backup.
        profile_changed: whether the profile differs from that of the previous run.
    """

    run: str
    as_of: Moment
    conclusion: Annotated[str, Meta(pattern=r"\A(compliant|non_compliant|incomplete)\Z")]
    complete: bool
    passed: Natural
    judged: Natural
    problems: Natural
    oldest_backup: Moment | None
    without_backup: Natural
    profile_changed: bool = False


class Baseline(Struct, frozen=True, kw_only=True):
    """The last run of a project, as far as this one compares with it.

    Attributes:
        run: its id; None if there is no usable one.
        as_of: its time of judgement.
        trouble: why it is unusable; None if it is usable or there is none.
        is_lost: whether there was a previous run whose data is damaged or missing.
        notes: what else was wrong with its data, in words.
        drift: each kind of drift that it saw, by list, path and problem, and the time of the run that saw it first.
        failing: what failed, and what failed earlier and has been unknown since: unknown is not resolved.
        uncompared: those of ``failing`` that the profile of that run did not judge, but an earlier one did.
        doubted: what else was unknown.
        named: who may have done what it found.
        controls: the ids of the controls that it applied.
        out_of_scope: the kind and id of each subject that its profile left out.
        trend: earlier runs, oldest first and this one last.
    """

    run: str | None = None
    as_of: datetime | None = None
    trouble: str | None = None
    is_lost: bool = False
    notes: tuple[str, ...] = ()
    drift: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)
    failing: Mapping[Pair, Failure] = field(default_factory=dict)
    uncompared: frozenset[Pair] = frozenset()
    doubted: frozenset[Pair] = frozenset()
    named: Mapping[Pair, Attribution] = field(default_factory=dict)
    controls: frozenset[str] = frozenset()
    out_of_scope: frozenset[tuple[str, str]] = frozenset()
    trend: tuple[TrendLine, ...] = ()

    def knows(self, drift: Drift) -> bool:
        """Whether the last run also saw this kind of drift."""
        return _key(drift) in self.drift

    def first_seen(self, drift: Drift, now: datetime) -> datetime:
        """Return when a kind of drift was first seen; what the last run did not see is first seen now."""
        return self.drift.get(_key(drift), now)


def recall(report: Mapping[str, Any]) -> Baseline:
    """Extract what is compared from the report.json of a run.

    Raises:
        ValueError: it is not such a report.
    """
    try:
        report = in_present_form(report)
        run = report["run"]
        seen = report["collection"]["drift"]
        failing = dict(_failing(report))
        return Baseline(
            run=str(run["id"]),
            as_of=instant(run["as_of"]),
            drift={
                (each["kind"], each["path"], each["problem"]): instant(each.get("since", run["as_of"])) for each in seen
            },
            failing=failing,
            doubted=frozenset(map(pair_of, report["findings"])) - failing.keys(),
            named={pair_of(part): attribution_of(part["actors"]) for part in report["findings"] if _names(part)},
            uncompared=frozenset(pair_of(part) for part in _uncompared(report) if part["outcome"] not in _JUDGED),
            controls=frozenset(control["id"] for control in report["controls"]),
            out_of_scope=frozenset((each["kind"], each["id"]) for each in report["out_of_scope"]),
            trend=tuple(map(_trend_line, report["trend"])),
        )
    except (AttributeError, LookupError, TypeError, ValidationError) as error:
        raise ValueError("not a report of this version") from error


def _failing(report: Mapping[str, Any]) -> Iterator[tuple[Pair, Failure]]:
    now = instant(report["run"]["as_of"])
    changes = report["changes"]
    uncompared = _uncompared(report)
    carried = (*(changes["still"] if changes else ()), *uncompared)
    known = {pair_of(part): instant(part["since"]) for part in carried}
    for part in uncompared:
        yield pair_of(part), Failure(str(part["subject"]["name"]), known[pair_of(part)])
    for finding in report["findings"]:
        pair = pair_of(finding)
        if finding["outcome"] == "fail" or (finding["outcome"] == "unknown" and pair in known):
            yield pair, Failure(str(finding["subject"]["name"]), known.get(pair, now))


def _names(part: Mapping[str, Any]) -> bool:
    return bool(part.get("actors") and part["actors"]["named"])


def _uncompared(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return what only one of two profiles judged; runs before version 0.2 did not record it separately."""
    changes = report["changes"]
    return changes.get("not_compared", ()) if changes else ()


def pair_of(part: Mapping[str, Any]) -> Pair:
    """Return the control and subject of a finding, or of a change, in a report.json.

    Raises:
        TypeError: one of them is no text.
    """
    subject = part["subject"]
    control, kind, name = part["control"], subject["kind"], subject["id"]
    if not (isinstance(control, str) and isinstance(kind, str) and isinstance(name, str)):
        raise TypeError("ids are texts")
    return control, kind, name


def _trend_line(part: Mapping[str, Any]) -> TrendLine:
    return convert(part, TrendLine)


def _key(drift: Drift) -> tuple[str, str, str]:
    return drift.kind, drift.path, drift.problem
