"""What changed between two reports: which problems are new, which persist and since when, which are gone, and why.

A finding that failed before and is absent now has disappeared: its subject left, or its control is no longer selected.
That is no repair, and is said apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Pair = tuple[str, str, str]  # control, kind and id of a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding that fails now, or failed before.

    Attributes:
        since: the time of judgement of the first run in a row that saw it fail.
        outcome: what the control says now; empty where there is no such finding any more.
    """

    control: str
    kind: str
    id: str
    name: str
    since: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes against one earlier run."""

    against: str
    as_of: str
    new: tuple[Change, ...]
    still: tuple[Change, ...]
    resolved: tuple[Change, ...]
    disappeared: tuple[Change, ...]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Compare two reports (report.json), the older one first.

    What failed and is unknown now still counts as failing: silence is no repair.
    """
    failed, failing = _failures(before), _failures(after)
    now = {_pair(finding): finding for finding in after["findings"]}
    since = _known_since(before)
    persisting = {pair for pair in failed if pair in now and now[pair]["outcome"] in {"fail", "unknown"}}
    ended = failed.keys() - persisting
    return Changes(
        against=before["run"]["id"],
        as_of=before["run"]["as_of"],
        new=_changes(failing.keys() - failed.keys(), now, dict.fromkeys(failing, after["run"]["as_of"])),
        still=_changes(persisting, now, since),
        resolved=_changes({pair for pair in ended if pair in now}, now, since),
        disappeared=_changes({pair for pair in ended if pair not in now}, failed, since, gone=True),
    )


def _failures(report: Mapping[str, Any]) -> dict[Pair, Mapping[str, Any]]:
    """The findings that fail, and those that an earlier report counts as still failing though nobody can say."""
    failing = {_pair(finding): finding for finding in report["findings"] if finding["outcome"] == "fail"}
    unsettled = {_pair_of_change(change) for change in (report.get("changes") or {}).get("still", ())}
    unknown = {_pair(finding): finding for finding in report["findings"] if finding["outcome"] == "unknown"}
    return {**failing, **{pair: finding for pair, finding in unknown.items() if pair in unsettled}}


def _known_since(report: Mapping[str, Any]) -> dict[Pair, str]:
    """Since when each failure of a report is known, from what that report itself carried on."""
    carried = (report.get("changes") or {}).get("still", ())
    known = {_pair_of_change(change): str(change["since"]) for change in carried}
    return {pair: known.get(pair, report["run"]["as_of"]) for pair in _failures(report)}


def _changes(
    pairs: set[Pair], findings: Mapping[Pair, Mapping[str, Any]], since: Mapping[Pair, str], *, gone: bool = False
) -> tuple[Change, ...]:
    return tuple(
        Change(
            control=control,
            kind=kind,
            id=subject_id,
            name=findings[control, kind, subject_id]["subject"]["name"],
            since=since[control, kind, subject_id],
            outcome="" if gone else findings[control, kind, subject_id]["outcome"],
        )
        for control, kind, subject_id in sorted(pairs)
    )


def _pair(finding: Mapping[str, Any]) -> Pair:
    return finding["control"], finding["subject"]["kind"], finding["subject"]["id"]


def _pair_of_change(change: Mapping[str, Any]) -> Pair:
    return change["control"], change["subject"]["kind"], change["subject"]["id"]
