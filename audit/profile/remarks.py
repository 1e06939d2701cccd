"""Warnings about a profile: valid settings that have no effect or do harm."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from audit.controls import CONTROLS
from audit.controls.cbr_904_waiver_valid import judge
from audit.judging.destruction import is_plain_name
from audit.judging.findings import Outcome
from audit.profile.applied import controls_of, maintenance_rule, requirements_at
from audit.profile.explanation import limits_of
from audit.profile.model import Profile
from audit.profile.source import WrittenSource
from audit.profile.written import KeyPath
from audit.schedule.maintenance import MaintenanceWindow, OnDays
from audit.subjects import WaiverSubject

_HALF_A_WEEK: Final = timedelta(days=7) / 2

Remark = tuple[KeyPath, str]


def remarks(source: WrittenSource, profile: Profile, now: datetime) -> tuple[str, ...]:
    """Yield the settings that have no effect, each with its line."""
    found = [
        *_on_skipped(source, profile),
        *_on_limits(source, profile),
        *_on_actors(profile),
        *_on_levels(profile),
        *_on_maintenance(profile, now),
        *_on_waivers(profile, now),
        *_on_drills(profile, now),
    ]
    return source.located(found)


def _on_skipped(source: WrittenSource, profile: Profile) -> Iterator[Remark]:
    for number, control_id in enumerate(source.values.get("skip") or ()):
        if control_id not in profile.controls:
            yield ("skip", number), f"{control_id} would not be applied anyway"


def _on_limits(source: WrittenSource, profile: Profile) -> Iterator[Remark]:
    for name in source.values.get("limits") or ():
        yield from _on_limit(name, ("limits", name), profile)


def _on_actors(profile: Profile) -> Iterator[Remark]:
    for number, actor in enumerate(profile.limits.trusted_actors):
        if is_plain_name(actor):
            wider = f"{actor} is whoever is called so, in any account"
            yield ("limits", "trusted_actors", number), f"{wider}; write ACCOUNT/{actor}, or the id or URN"


def _on_levels(profile: Profile) -> Iterator[Remark]:
    for number, level in enumerate(profile.levels):
        if not level.limits.written:
            yield ("levels", number), f"the level {level.name} changes no limit"
        for name in level.limits.written:
            yield from _on_limit(name, ("levels", number, "limits", name), profile)


def _on_limit(name: str, place: KeyPath, profile: Profile) -> Iterable[Remark]:
    """Yield the limits that are set for controls that are not applied."""
    users = [control.id for control in CONTROLS if name in limits_of(control)]
    applied = {control.id for control in controls_of(profile)}
    if users and applied.isdisjoint(users):
        yield place, f"{name} has no effect: none of the controls that use it is applied ({', '.join(users)})"


def _on_maintenance(profile: Profile, now: datetime) -> Iterator[Remark]:
    for number, values in enumerate(profile.maintenance):
        trouble = _trouble(maintenance_rule(values, profile).window, now)
        if trouble:
            yield ("maintenance", number), f"{values.name} {trouble}"


def _trouble(window: MaintenanceWindow, now: datetime) -> str:
    if window.is_over(now):
        return "is over"
    lasts = isinstance(window, OnDays) and len(window.weekdays) * window.length > _HALF_A_WEEK
    return "covers more than half of every week: runs due in it are never judged" if lasts else ""


def _on_waivers(profile: Profile, now: datetime) -> Iterator[Remark]:
    applied = {control.id for control in controls_of(profile)}
    requirements = requirements_at(profile, now)
    for number, waiver in enumerate(requirements.waivers):
        verdict = judge(WaiverSubject(waiver=waiver, findings=1, needed=1), requirements.limits)
        if verdict.outcome == Outcome.FAIL:
            yield ("waivers", number), f"the waiver of {waiver.id} would fail CBR-904: {verdict.reason}"
        if waiver.control not in applied:
            yield ("waivers", number), f"the waiver of {waiver.id} has no effect: its control is not applied"


def _on_drills(profile: Profile, now: datetime) -> Iterator[Remark]:
    limits = requirements_at(profile, now).limits
    for number, drill in enumerate(limits.drills):
        name = f"the drill of {drill.resource}"
        if drill.held > now:
            yield ("drills", number), f"{name} is in the future and does not count yet"
        elif drill.until <= now:
            yield ("drills", number), f"{name} no longer counts: its last day is over"
        elif drill.held < now - limits.restore_test_period:
            days = limits.restore_test_period.days
            yield ("drills", number), f"{name} no longer counts: it is older than restore_test_days ({days})"
