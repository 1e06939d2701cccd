"""What the last run of a project knew, so that this one can say what is new."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from audit.collection import Drift
from audit.judging.reasons import OUT_OF_SCOPE
from audit.timestamps import instant

Pair = tuple[str, str, str]  # control, kind and id of a subject
_JUDGED: Final = frozenset({"fail", "unknown"})


class Failure(Struct, frozen=True):
    """A finding that failed, with the name of its subject.

    Attributes:
        since: the time of judgement of the first run in a row that saw it fail.
    """

    name: str
    since: datetime


class TrendLine(Struct, frozen=True, kw_only=True):
    """How one run ended, in a few numbers.

    Attributes:
        passed: findings that passed, of those judged.
        judged: findings that passed, failed or are unknown; silence counts against the rate.
        problems: problems that are open.
        oldest_backup: of the resources in scope, each with its newest backup, the one that is worst off; None where no
            resource has any.
        without_backup: resources in scope of which no backup is known.
        profile_changed: the profile was not that of the run before.
    """

    run: str
    as_of: datetime
    conclusion: str
    complete: bool
    passed: int
    judged: int
    problems: int
    oldest_backup: datetime | None
    without_backup: int
    profile_changed: bool = False


class Baseline(Struct, frozen=True, kw_only=True):
    """The last run of a project, as far as this one compares itself with it.

    Attributes:
        run: its id; None where there is none that can be used.
        as_of: its time of judgement.
        trouble: why it cannot be used; None where it can, or where there is none.
        is_lost: there was a run before, and what it left is damaged or missing.
        notes: what else was wrong with what it left, in words.
        drift: each kind of drift that it saw, by list, path and problem, and the time of the run that saw it first.
        failing: what failed, and what failed earlier and nobody could say since: silence is no repair.
        uncompared: those of ``failing`` that the profile of that run did not judge; an earlier one did.
        controls: ids of the controls that it applied.
        out_of_scope: kind and id of each subject that its profile left out.
        trend: earlier runs, the oldest first, this one last.
    """

    run: str | None = None
    as_of: datetime | None = None
    trouble: str | None = None
    is_lost: bool = False
    notes: tuple[str, ...] = ()
    drift: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)
    failing: Mapping[Pair, Failure] = field(default_factory=dict)
    uncompared: frozenset[Pair] = frozenset()
    controls: frozenset[str] = frozenset()
    out_of_scope: frozenset[tuple[str, str]] = frozenset()
    trend: tuple[TrendLine, ...] = ()

    def knows(self, drift: Drift) -> bool:
        """Whether the last run saw this kind of drift, too."""
        return _key(drift) in self.drift

    def first_seen(self, drift: Drift, now: datetime) -> datetime:
        """Say when a kind of drift was seen first; what the last run did not see is seen first now."""
        return self.drift.get(_key(drift), now)


def recall(report: Mapping[str, Any]) -> Baseline:
    """Take what is compared out of the report.json of a run.

    Raises:
        ValueError: it is not such a report.
    """
    try:
        run = report["run"]
        seen = report["collection"]["drift"]
        return Baseline(
            run=str(run["id"]),
            as_of=instant(run["as_of"]),
            drift={
                (each["kind"], each["path"], each["problem"]): instant(each.get("since", run["as_of"])) for each in seen
            },
            failing=dict(_failing(report)),
            uncompared=frozenset(pair_of(part) for part in _uncompared(report) if part["outcome"] not in _JUDGED),
            controls=frozenset(control["id"] for control in report["controls"]),
            out_of_scope=frozenset(pair_of(each)[1:] for each in report["findings"] if each["reason"] == OUT_OF_SCOPE),
            trend=tuple(map(_trend_line, report["trend"])),
        )
    except (AttributeError, LookupError, TypeError) as error:
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


def _uncompared(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What only one of two profiles judged; runs before version 0.2 did not tell it apart."""
    changes = report["changes"]
    return changes.get("not_compared", ()) if changes else ()


def pair_of(part: Mapping[str, Any]) -> Pair:
    """Return what a finding, or a part of the changes, of a report.json is about."""
    subject = part["subject"]
    return part["control"], subject["kind"], subject["id"]


def _trend_line(part: Mapping[str, Any]) -> TrendLine:
    oldest = part["oldest_backup"]
    times = {"as_of": instant(part["as_of"]), "oldest_backup": instant(oldest) if oldest else None}
    return TrendLine(**{**part, **times})


def _key(drift: Drift) -> tuple[str, str, str]:
    return drift.kind, drift.path, drift.problem
