"""Reports of versions before 0.3, whose report.json has every finding, as reports are written now."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from audit.judging.reasons import OUT_OF_SCOPE
from audit.report.day_states import LETTERS, Day

OPEN: Final = frozenset({"fail", "unknown"})
_KINDS: Final = ("resource", "policy", "vault", "collection", "waiver")
_PRESENT: Final = 2


def in_present_form(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report.json with the keys that it would have now.

    Raises:
        AttributeError, LookupError, TypeError: it is no report.
        ValueError: it is of a later version.
    """
    if report["schema_version"] == _PRESENT:
        return report
    if not has_every_finding(report):
        raise ValueError("not a report of this version")
    left_out = (finding["subject"] for finding in report["findings"] if finding["reason"] == OUT_OF_SCOPE)
    return {
        **report,
        "schema_version": _PRESENT,
        "out_of_scope": sorted(
            {(subject["kind"], subject["id"]): subject for subject in left_out}.values(),
            key=lambda subject: _KINDS.index(subject["kind"]),
        ),
        "resources": [*map(_resource, report["resources"])],
        "findings": [finding for finding in report["findings"] if finding["outcome"] in OPEN],
    }


def _resource(part: Mapping[str, Any]) -> Mapping[str, Any]:
    planned = part["planned"]
    return {
        **part,
        "planned": planned and {name: count for name, count in planned.items() if count},
        "days": "".join([LETTERS[Day(day)] for day in part["days"]]),
    }


def has_every_finding(report: Mapping[str, Any]) -> bool:
    """Whether a report.json is of the form that had passes, too."""
    return bool(report["schema_version"] == 1)


def former_lines(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the findings of such a report as findings.ndjson has them now."""
    run = {
        "run": report["run"]["id"],
        "as_of": report["run"]["as_of"],
        "collection_complete": report["collection"]["complete"],
    }
    projects = {
        **{("resource", part["id"]): part.get("enterprise_projects") for part in report["resources"]},
        **{("policy", part["id"]): part.get("enterprise_projects") for part in report["policies"]},
        **{("vault", part["id"]): [part["enterprise_project_id"]] for part in report.get("vaults", ())},
    }
    for finding in sorted(report["findings"], key=_place):  # which are sorted by control
        belonging = projects.get((finding["subject"]["kind"], finding["subject"]["id"])) or ()
        yield {**run, **finding, "enterprise_projects": [*filter(None, belonging)]}


def _place(finding: Mapping[str, Any]) -> tuple[int, str, str]:
    subject = finding["subject"]
    return _KINDS.index(subject["kind"]), subject["name"], subject["id"]
