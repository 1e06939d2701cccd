"""What changed since an earlier run: which failures are new, which persist and since when, which are gone, and why.

A finding that failed before and is not judged now has disappeared: its subject left, or is out of the scope, or its
control is no longer selected. That is no repair, and is said apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from audit.collection import instant
from audit.previous import Failure, Pair, Previous, recall

_OPEN: Final = frozenset({"fail", "unknown"})


class Judged(Protocol):
    """A finding, as far as it is compared."""

    @property
    def control(self) -> str:
        """The id of the control."""

    @property
    def kind(self) -> str:
        """The kind of the subject."""

    @property
    def id(self) -> str:
        """The id of the subject."""

    @property
    def name(self) -> str:
        """The name of the subject."""

    @property
    def outcome(self) -> str:
        """What the control says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding that fails now, or failed before.

    Attributes:
        since: the time of judgement of the first run in a row that saw it fail.
        outcome: what the control says now, ``not_applicable`` where it does not judge the subject any more; None where
            there is no such finding.
    """

    control: str
    kind: str
    id: str
    name: str
    since: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes against one earlier run, each list by control and subject."""

    against: str
    as_of: datetime
    new: tuple[Change, ...]
    still: tuple[Change, ...]
    resolved: tuple[Change, ...]
    disappeared: tuple[Change, ...]


def changes(previous: Previous, findings: Iterable[Judged], now: datetime) -> Changes | None:
    """Hold findings against an earlier run; None where there is none to compare with.

    What failed and is unknown now still counts as failing: silence is no repair.
    """
    if previous.run is None or previous.as_of is None:
        return None
    return _held(findings, now, previous.failing, against=previous.run, as_of=previous.as_of)


def _held(
    findings: Iterable[Judged], now: datetime, failed: Mapping[Pair, Failure], *, against: str, as_of: datetime
) -> Changes:
    found = {
        (finding.control, finding.kind, finding.id): finding
        for finding in findings
        if finding.outcome == "fail" or (finding.control, finding.kind, finding.id) in failed
    }
    fresh = {pair: Failure(finding.name, now) for pair, finding in found.items() if pair not in failed}
    outcomes = {pair: finding.outcome for pair, finding in found.items()}
    still = {pair: failure for pair, failure in failed.items() if outcomes.get(pair) in _OPEN}
    resolved = {pair: failure for pair, failure in failed.items() if outcomes.get(pair) == "pass"}
    gone = {pair: failure for pair, failure in failed.items() if pair not in still and pair not in resolved}
    return Changes(
        against=against,
        as_of=as_of,
        new=tuple(_changes(fresh, found)),
        still=tuple(_changes(still, found)),
        resolved=tuple(_changes(resolved, found)),
        disappeared=tuple(_changes(gone, found)),
    )


def _changes(failures: Mapping[Pair, Failure], found: Mapping[Pair, Judged]) -> Iterator[Change]:
    for pair, failure in sorted(failures.items(), key=lambda item: item[0]):
        control, kind, subject = pair
        now = found.get(pair)
        yield Change(
            control=control,
            kind=kind,
            id=subject,
            name=now.name if now else failure.name,
            since=failure.since,
            outcome=str(now.outcome) if now else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    control: str
    kind: str
    id: str
    name: str
    outcome: str


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Compare two reports (report.json), the older one first.

    Raises:
        LookupError, TypeError, ValueError: one of them is no report of this version.
    """
    run = before["run"]
    found = [_Read(control=each["control"], outcome=each["outcome"], **each["subject"]) for each in after["findings"]]
    now = instant(after["run"]["as_of"])
    return _held(found, now, recall(before).failing, against=run["id"], as_of=instant(run["as_of"]))
