"""docs/controls.md, generated from the controls: what each judges, by which limits, and for whom."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from audit.collection import ALWAYS_READ, Kind
from audit.control_limits import LIMITS
from audit.controls import CONTROLS
from audit.judging.findings import Control
from audit.judging.frameworks import FRAMEWORKS, MAPPED_TO_NONE, Claim
from audit.profile import Profile
from audit.profile.applied import controls_of
from audit.profile.explanation import limits_of
from audit.report.page.catalogue import doc_parts
from audit.subjects import SubjectKind

_KINDS: Final = {
    SubjectKind.RESOURCE: "resources",
    SubjectKind.POLICY: "policies",
    SubjectKind.VAULT: "vaults",
    SubjectKind.COLLECTION: "the collection",
    SubjectKind.WAIVER: "waivers",
}
_CLAIMS: Final = {Claim.SUPPORTS: "supports", Claim.PARTLY: "partly", Claim.CANNOT_SHOW: "cannot show"}


def handbook() -> bytes:
    """Return every control as Markdown."""
    return "\n".join((*_opening(), *(line for control in CONTROLS for line in _chapter(control)))).encode()


def _opening() -> Iterator[str]:
    usual = controls_of(Profile())
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
    for kind in sorted(control.reads):
        yield f"Reads the {kind.words} too ({_action(kind)}); without them it never passes."
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
    """Yield the limits that the documentation names."""
    named = limits_of(control)
    if named:
        yield from ("", "### Limits", "", "| key | default | meaning | why this default |", "|---|---|---|---|")
    for name in named:
        limit = LIMITS[name]
        yield _row(f"`{name}`", _default(limit.default), limit.meaning, limit.source)


def _default(value: object) -> str:
    return "none" if value is None or value == () else str(value)


def _standards(control: Control[Any]) -> Iterator[str]:
    """Yield the requirements that the control supports, and how far."""
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
    return f"`{kind.permission}`" if kind.permission else "an action that no document names"


def _listed(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
