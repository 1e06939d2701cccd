"""What changed since an earlier run: which failures are new, which persist and since when, which are gone, and why.

A finding that failed before and is not judged now has disappeared: its subject is gone, or its control no longer
applies.
That is not a resolution and is reported separately. So is a finding that only one of the two profiles judges, or that
may
only be hidden from this run: it cannot be compared, and its failure is remembered until a run judges it again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from audit.judging.reasons import OUT_OF_SCOPE
from audit.judging.witnesses import Pair
from audit.report.baseline import Baseline, Failure, recall
from audit.report.passed_on import complete_lists
from audit.timestamps import instant

_OPEN: Final = frozenset({"fail", "unknown"})
_LISTS: Final = {"policy": {"policies"}, "vault": {"vaults"}, "resource": {"vaults", "protectables"}}


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
        """The outcome of the control."""

    @property
    def reason(self) -> str:
        """The reason of the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding that fails now or failed before.

    Attributes:
        since: the time of judgement of the first of consecutive runs that saw it fail.
        outcome: the outcome now, ``not_applicable`` if the subject is no longer judged; None if there is no such
            finding.
    """

    control: str
    kind: str
    id: str
    name: str
    since: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes since one earlier run, each list sorted by control and subject.

    Attributes:
        not_compared: what fails or failed, if only one of the two profiles judges it or it is hidden from the later
            run.
    """

    against: str
    as_of: datetime
    new: tuple[Change, ...]
    still: tuple[Change, ...]
    resolved: tuple[Change, ...]
    disappeared: tuple[Change, ...]
    not_compared: tuple[Change, ...] = ()


class Unread(NamedTuple):
    """What a run did not see of the inventory.

    Attributes:
        lists: the incomplete lists.
        ids: the ids of unusable rows, accepted or not.
    """

    lists: Collection[str] = ()
    ids: Collection[str] = ()

    def may_have(self, kind: str, subject_id: str) -> bool:
        """Whether a missing subject may only be hidden."""
        return subject_id in self.ids or not _LISTS.get(kind, set()).isdisjoint(self.lists)


NOTHING_UNREAD: Final = Unread()


def changes(
    previous: Baseline,
    findings: Iterable[Judged],
    now: datetime,
    controls: Collection[str],
    *,
    is_same_profile: bool,
    unread: Unread = NOTHING_UNREAD,
) -> Changes | None:
    """Compare findings with an earlier run; return None if there is none to compare with.

    What failed and is unknown now still counts as failing: unknown is not resolved.

    Args:
        previous: the earlier run.
        findings: the findings of this run.
        now: its time of judgement.
        controls: the ids of the controls that it applied.
        is_same_profile: whether both were judged by the same profile.
        unread: what this run did not see.
    """
    if previous.run is None or previous.as_of is None:
        return None
    return _Comparison(previous, frozenset(controls), unread, is_same_profile=is_same_profile).of(findings, now)


class _Comparison:
    """The comparison of one run with an earlier one."""

    def __init__(self, previous: Baseline, controls: frozenset[str], unread: Unread, *, is_same_profile: bool) -> None:
        self._previous = previous
        self._controls = controls
        self._unread = unread
        self._is_same_profile = is_same_profile

    def of(self, findings: Iterable[Judged], now: datetime) -> Changes:
        """Sort every failure of both runs into the lists."""
        previous, failed = self._previous, self._previous.failing
        found = {
            (finding.control, finding.kind, finding.id): finding
            for finding in findings
            if finding.outcome == "fail" or (finding.control, finding.kind, finding.id) in failed
        }
        fresh = {pair: Failure(finding.name, now) for pair, finding in found.items() if pair not in failed}
        outcomes = {pair: finding.outcome for pair, finding in found.items()}
        new = {pair: failure for pair, failure in fresh.items() if self._was_judged(pair)}
        still = {pair: failure for pair, failure in failed.items() if outcomes.get(pair) in _OPEN}
        resolved = {pair: failure for pair, failure in failed.items() if outcomes.get(pair) == "pass"}
        rest = {pair: failure for pair, failure in failed.items() if pair not in still and pair not in resolved}
        gone = {pair: failure for pair, failure in rest.items() if self._is_judged(pair, found.get(pair))}
        uncompared = {pair: failure for pair, failure in (fresh | rest).items() if pair not in new and pair not in gone}
        return Changes(
            against=previous.run or "",
            as_of=previous.as_of or now,
            new=tuple(_changes(new, found)),
            still=tuple(_changes(still, found)),
            resolved=tuple(_changes(resolved, found)),
            disappeared=tuple(_changes(gone, found)),
            not_compared=tuple(_changes(uncompared, found)),
        )

    def _was_judged(self, pair: Pair) -> bool:
        """Whether the earlier profile judged it; with the same profile, what is judged for the first time is new."""
        return self._is_same_profile or (
            pair[0] in self._previous.controls and pair[1:] not in self._previous.out_of_scope
        )

    def _is_judged(self, pair: Pair, finding: Judged | None) -> bool:
        """Whether the current profile judges what failed before, if it still exists and would be seen."""
        if pair[0] not in self._controls or (finding is None and self._unread.may_have(*pair[1:])):
            return False
        is_left_out = finding is not None and finding.reason == OUT_OF_SCOPE
        return not (is_left_out and (pair in self._previous.uncompared or not self._is_same_profile))


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
    reason: str


def compare(before: Mapping[str, Any], after: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> Changes:
    """Compare two reports.

    Args:
        before: the older report.json.
        after: the newer one.
        findings: every finding of the newer one: that what failed before passes now is only in findings.ndjson.

    Raises:
        LookupError, TypeError, ValueError: one of them is not a report of this version.
    """
    found = [
        _Read(control=each["control"], outcome=each["outcome"], reason=each["reason"], **each["subject"])
        for each in findings
    ]
    controls = frozenset(control["id"] for control in after["controls"])
    is_same = before["run"]["profile_sha256"] == after["run"]["profile_sha256"]
    comparison = _Comparison(recall(before), controls, _unread(after), is_same_profile=is_same)
    return comparison.of(found, instant(after["run"]["as_of"]))


def _unread(report: Mapping[str, Any]) -> Unread:
    collection = report["collection"]
    wanted = {"policies", "vaults", *(part["kind"] for part in collection["readings"])}
    return Unread(wanted - complete_lists(report), {row["id"] for row in collection["rejected_rows"]})
