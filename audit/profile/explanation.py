"""A profile in plain words: each control with its limits and their sources, then everything else."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from audit.controls import CONTROLS
from audit.judging.findings import Control
from audit.profile.applied import controls_of, maintenance_rule, requirements_at
from audit.profile.limit_fields import LimitValues
from audit.profile.model import Profile
from audit.profile.presets import preset_values
from audit.profile.scope import SelectorValues
from audit.profile.source import WrittenSource
from audit.report.languages import LANGUAGES

_DAY: Final = timedelta(days=1)
_KEY: Final = re.compile(r"`([a-z_]+)`")
_PARTS: Final = {
    "resources": "resources {}",
    "vaults": "vaults {}",
    "tags": "vaults with the tag {}",
    "enterprise_projects": "enterprise projects {}",
}


def limits_of(control: Control[Any]) -> tuple[str, ...]:
    """Return the limits that a control uses: those that its documentation names under "How it is judged"."""
    judged = control.doc.partition("How it is judged")[2].partition("How to fix it")[0]
    named = set(_KEY.findall(judged))
    return tuple(name for name in LimitValues.model_fields if name in named)


def explain(source: WrittenSource, profile: Profile, now: datetime) -> Iterator[str]:
    """Yield a profile as lines for a person."""
    yield f"Profile      {source.name}, based on the preset {profile.preset}"
    yield f"Look-back    {profile.look_back}; the first run reads the last 30 days, each later run continues from it"
    yield f"Zone         {profile.timezone}: pages show times in this zone and in UTC"
    yield f"Reports      {', '.join(profile.written)}"
    yield f"Language     {LANGUAGES[profile.language]}, on the pages"
    yield f"Retention    {_retention(profile)}"
    yield ""
    yield from _controls(source, profile)
    yield from _other_limits(source, profile)
    yield from _scope(profile)
    yield from _levels(profile)
    yield from _maintenance(profile, now)
    yield from _waivers(profile, now)
    yield from _drills(profile)


def _retention(profile: Profile) -> str:
    kept = profile.retention
    if kept is None or kept.evidence_days is None:
        return "what runs stored is kept for ever"
    reports = f"reports after {kept.reports_days} days" if kept.reports_days else "no reports"
    return f"`cbr-audit prune` removes evidence after {kept.evidence_days} days, {reports}, and no digest"


def _controls(source: WrittenSource, profile: Profile) -> Iterator[str]:
    yield f"Controls     {len(controls_of(profile))} of {len(CONTROLS)} are applied"
    for control in controls_of(profile):
        yield f"  {control.id}  {control.severity:<9} {control.title}"
        yield from (f"           {_limit(name, source, profile)}" for name in limits_of(control))
    left_out = [control.id for control in CONTROLS if control not in controls_of(profile)]
    if left_out:
        yield f"  not applied: {', '.join(left_out)}"
    yield ""


def _other_limits(source: WrittenSource, profile: Profile) -> Iterator[str]:
    """Yield the limits that no applied control names, so that every limit is shown at least once."""
    shown = {name for control in controls_of(profile) for name in limits_of(control)}
    rest = [name for name in LimitValues.model_fields if name not in shown]
    if rest:
        yield "Other limits"
        yield from (f"  {_limit(name, source, profile)}" for name in rest)
        yield ""


def _limit(name: str, source: WrittenSource, profile: Profile) -> str:
    """Describe one limit: its value, its source, and the values in levels."""
    others = [f"{level.name}: {_value(level.limits.written[name])}" for level in profile.levels
              if name in level.limits.written]  # fmt: skip
    levels = f"; {', '.join(others)}" if others else ""
    return f"{name}: {_value(getattr(profile.limits, name))} ({_origin(name, source, profile)}{levels})"


def _origin(name: str, source: WrittenSource, profile: Profile) -> str:
    written = source.values.get("limits")
    if isinstance(written, Mapping) and name in written:
        return source.name
    is_of_preset = profile.preset != "default" and name in preset_values(profile.preset).get("limits", {})
    return f"preset {profile.preset}" if is_of_preset else "default"


def _value(value: object) -> str:
    if value is None:
        return "not set"
    return (", ".join(value) or "none listed") if isinstance(value, tuple) else str(value)


def _scope(profile: Profile) -> Iterator[str]:
    include, exclude = profile.scope.include, profile.scope.exclude
    yield f"Scope        {_selection(include) if include else 'everything that CBR lists or names'}"
    if exclude:
        yield f"  without    {_selection(exclude)}"
    yield ""


def _levels(profile: Profile) -> Iterator[str]:
    if not profile.levels:
        return
    yield "Levels       the first matching level applies"
    for number, level in enumerate(profile.levels, 1):
        yield f"  {number}. {level.name}: {_selection(level.select)}"
        yield from (f"       {name}: {_value(value)}" for name, value in level.limits.written.items())
    yield ""


def _maintenance(profile: Profile, now: datetime) -> Iterator[str]:
    if not profile.maintenance:
        return
    yield "Maintenance  runs due at these times are not judged"
    for values in profile.maintenance:
        window = maintenance_rule(values, profile).window
        days = f"{', '.join(values.weekly or values.dates or ())}, " if values.weekly or values.dates else ""
        over = " (over)" if window.is_over(now) else ""
        for_whom = f", only {_selection(values.only)}" if values.only else ""
        zone = values.zone or profile.timezone
        hours = f"{values.start} to {values.end}" if values.start else "the whole day"
        yield f"  {values.name}: {days}{hours} {zone}{over}{for_whom}"
    yield ""


def _waivers(profile: Profile, now: datetime) -> Iterator[str]:
    if not profile.waivers:
        yield "Waivers      none"
        return
    yield "Waivers      the outcome is kept, but does not make the project non-compliant"
    for values, waiver in zip(profile.waivers, requirements_at(profile, now).waivers, strict=True):
        ticket = f" [{values.ticket}]" if values.ticket else ""
        yield f"  {values.control} of {values.subject}: {values.reason} ({values.owner}){ticket}"
        yield f"       until {values.until}, {days_left(waiver.until, now)}"


def _drills(profile: Profile) -> Iterator[str]:
    if not profile.drills:
        return
    yield ""
    yield "Drills       restores that were tested by hand; CBR-601 accepts them as well as restore tasks"
    for values in profile.drills:
        evidence = f" [{values.evidence}]" if values.evidence else ""
        yield f"  {values.date} {values.resource}: {values.checked} ({values.by}){evidence}"
        yield f"       counts until {values.valid_until}"


def days_left(until: datetime, now: datetime) -> str:
    """Say how many days of a waiver are left."""
    left = until - now
    if left <= timedelta(0):
        return "EXPIRED"
    days = left // _DAY
    return "its last day" if left <= _DAY else f"{days} {'day' if days == 1 else 'days'} left"


def _selection(selection: Iterable[SelectorValues]) -> str:
    return "; or ".join(map(_selector, selection))


def _selector(values: SelectorValues) -> str:
    given = values.model_dump(exclude_none=True)
    return ", and ".join(words.format(" or ".join(given[name])) for name, words in _PARTS.items() if name in given)
