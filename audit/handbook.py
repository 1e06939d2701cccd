"""docs/controls.md, written from the controls themselves: what each one judges, by which numbers, and for whom."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from audit.collection import ALWAYS_READ, Kind
from audit.controls import CONTROLS
from audit.findings import Control
from audit.frameworks import FRAMEWORKS, MAPPED_TO_NONE, Claim
from audit.profile import LimitValues, Profile
from audit.report.page.catalogue import doc_parts
from audit.subjects import SubjectKind

_KEY: Final = re.compile(r"`([a-z_]+)`")
_KINDS: Final = {
    SubjectKind.RESOURCE: "resources",
    SubjectKind.POLICY: "policies",
    SubjectKind.VAULT: "vaults",
    SubjectKind.COLLECTION: "the collection",
    SubjectKind.WAIVER: "waivers",
}
_CLAIMS: Final = {Claim.SUPPORTS: "supports", Claim.PARTLY: "partly", Claim.CANNOT_SHOW: "cannot show"}
_OURS: Final = "our choice; no standard or other tool gives one"
_NOT_DEMANDED: Final = "demands nothing until the profile does"
SOURCES: Final[Mapping[str, str]] = {
    "max_backup_age_hours": "the policy says how often it runs; AWS Backup Audit Manager takes a day",
    "grace_hours": "the shortest backup window of Google Cloud; CBR starts later from 22:00 to 08:00 local time",
    "min_success_rate_percent": _OURS,
    "success_rate_days": "as long as CBR shows its tasks",
    "max_consecutive_failures": "the three strikes of Commvault",
    "repair_within_hours": "the next planned run is the first chance",
    "stuck_after_hours": _OURS,
    "max_skipped_runs": _OURS,
    "skipped_runs_days": _OURS,
    "restore_test_days": "CIS Controls 11.5: quarterly",
    "scheduled_run_days": _OURS,
    "backup_window_hours": "the shortest backup window of Google Cloud",
    "replication_lag_hours": _OURS,
    "max_interval_hours": "CIS Controls 11.2: weekly or more often",
    "min_retention_days": "the lowest that Prowler checks; AWS Backup Audit Manager takes 35",
    "max_retention_days": _NOT_DEMANDED,
    "min_daily_copies": _NOT_DEMANDED,
    "min_weekly_copies": _NOT_DEMANDED,
    "min_monthly_copies": _NOT_DEMANDED,
    "min_yearly_copies": _NOT_DEMANDED,
    "replication_regions": _NOT_DEMANDED,
    "max_vault_usage_percent": _OURS,
    "required_tags": _NOT_DEMANDED,
    "allowed_excluded_disks": _NOT_DEMANDED,
    "overstay_days": _OURS,
    "max_restore_minutes": "the example of AWS Backup Audit Manager",
    "max_waiver_days": _OURS,
    "max_waived_subjects": _OURS,
}
"""Where the default of each limit comes from."""


def handbook() -> bytes:
    """Write every control as Markdown."""
    return "\n".join((*_opening(), *(line for control in CONTROLS for line in _chapter(control)))).encode()


def _opening() -> Iterator[str]:
    usual = Profile().selected
    yield "# Controls"
    yield ""
    yield "<!-- Written by `make docs` from audit/controls; changes belong there. -->"
    yield ""
    yield f"There are {len(CONTROLS)} controls. Each gives one finding for every subject of its kind: pass, fail,"
    yield "unknown (the evidence is missing or in doubt) or not applicable. Every run needs the IAM actions"
    yield f"{_listed(_action(kind) for kind in Kind if kind in ALWAYS_READ)}; a control that needs more says so,"
    yield "and is unknown without it. The keys in tables of limits belong under `limits` in a profile."
    yield ""
    yield "| control | true when it passes | severity | judges | applied |"
    yield "|---|---|---|---|---|"
    for control in CONTROLS:
        link = f"[{control.id} {control.name}](#{control.id.lower()}-{control.name})"
        applied = "by default" if control in usual else "where a profile selects it"
        yield _row(link, control.title, control.severity, _kinds(control), applied)


def _chapter(control: Control[Any]) -> Iterator[str]:
    yield ""
    yield f"## {control.id} {control.name}"
    yield ""
    yield f"{control.title}. Severity: {control.severity}. Judges {_kinds(control)}."
    extra = [kind for kind in Kind if kind in control.needs - ALWAYS_READ]
    if extra:
        yield f"Needs the {_listed(f'{kind.words} ({_action(kind)})' for kind in extra)}."
    yield from _documentation(control)
    yield from _limits(control)
    yield from _standards(control)


def _documentation(control: Control[Any]) -> Iterator[str]:
    for heading, rows, prose in doc_parts(control.doc):
        yield ""
        yield f"### {heading}"
        yield ""
        if rows:
            yield from ("| outcome | when |", "|---|---|")
            yield from (_row(outcome.lower(), when) for outcome, when in rows)
        if rows and prose:
            yield ""
        if prose:
            yield prose


def _limits(control: Control[Any]) -> Iterator[str]:
    """List the limits that the documentation names."""
    named = set(_KEY.findall(control.doc))
    fields = {name: field for name, field in LimitValues.model_fields.items() if name in named}
    if fields:
        yield from ("", "### Limits", "", "| key | default | meaning | source of the default |", "|---|---|---|---|")
    for name, field in fields.items():
        yield _row(f"`{name}`", _default(field.default), field.description or "", SOURCES[name])


def _default(value: object) -> str:
    return "none" if value is None or value == () else str(value)


def _standards(control: Control[Any]) -> Iterator[str]:
    """List the requirements that the control serves, and how far."""
    yield from ("", "### Standards", "")
    if control.id in MAPPED_TO_NONE:
        yield f"None: {MAPPED_TO_NONE[control.id][0].lower()}{MAPPED_TO_NONE[control.id][1:]}"
        return
    yield from ("| standard | requirement | claim |", "|---|---|---|")
    for framework in FRAMEWORKS:
        for each in framework.requirements:
            if control.id in each.controls:
                yield _row(framework.name, f"{each.id}: {each.text}", _CLAIMS[each.claim])


def _kinds(control: Control[Any]) -> str:
    return _listed(_KINDS[kind] for kind in control.kinds)


def _action(kind: Kind) -> str:
    return f"`{kind.permission}`"


def _listed(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
