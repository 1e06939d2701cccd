"""What a profile means to the core: the controls that it applies, the lists that they need, and its requirements.

A profile is read before the first request. This module is imported after it, because the core takes longer to import
than `requests`.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from audit.clouds import CLOUDS, HUAWEI
from audit.collection import ALWAYS_READ, EXPLAINING, Kind
from audit.control_limits import FIELDS, Limit
from audit.controls import CONTROLS
from audit.judging.findings import Control
from audit.judging.requirements import Level, MaintenanceRule, Requirements, Scope
from audit.judging.selection import Selector
from audit.profile.drills import DrillValues
from audit.profile.limit_fields import UNITS, LimitValues
from audit.profile.maintenance import WEEKDAYS, YEARLY, MaintenanceValues, local_time, time_of_day
from audit.profile.model import Profile
from audit.profile.scope import SelectorValues
from audit.profile.waivers import WaiverValues
from audit.schedule.maintenance import OnDays, OneOff, in_utc
from audit.subjects import Drill, Limits, Waiver

_MIDNIGHT: Final = "00:00"


def controls_of(profile: Profile) -> tuple[Control[Any], ...]:
    """Return the applied controls, sorted by id."""
    applied = set(profile.controls) - set(profile.skip)
    return tuple(control for control in CONTROLS if control.id in applied)


def lists_of(profile: Profile, cloud: str = HUAWEI) -> tuple[Kind, ...]:
    """Return the lists to read, in order: those that every run reads or tries to, and those that a control needs.

    A control needs none in a cloud that lacks what it is about.
    """
    judging = [control for control in controls_of(profile) if control.about not in CLOUDS[cloud].lacks]
    needed = (ALWAYS_READ | EXPLAINING).union(*(control.needs | control.reads for control in judging))
    return tuple(kind for kind in Kind if kind in needed)


def compares(profile: Profile) -> bool:
    """Whether an applied control compares with the inventory of the previous run."""
    return any(control.compares for control in controls_of(profile))


def looks_at_watch(profile: Profile) -> bool:
    """Whether an applied control looks at what the watch committed."""
    return any(control.looks_at_watch for control in controls_of(profile))


def requirements_at(profile: Profile, now: datetime) -> Requirements:
    """Return what the core judges by, at a time of judgement."""
    zone = ZoneInfo(profile.timezone)
    drills = tuple(_drill(values, zone) for values in profile.drills)
    return Requirements(
        limits=limits_at(profile.limits, now, drills),
        scope=Scope(include=_selectors(profile.scope.include), exclude=_selectors(profile.scope.exclude)),
        levels=tuple(
            Level(
                name=level.name,
                select=_selectors(level.select),
                limits=limits_at(level.limits.over(profile.limits), now, drills),
            )
            for level in profile.levels
        ),
        maintenance=tuple(maintenance_rule(values, profile) for values in profile.maintenance),
        waivers=tuple(_waiver(values, zone) for values in profile.waivers),
    )


def maintenance_rule(values: MaintenanceValues, profile: Profile) -> MaintenanceRule:
    """Return a maintenance window as the core's type, in its own zone or that of the profile."""
    zone = ZoneInfo(values.zone or profile.timezone)
    window = _on_days(values, zone) if values.weekly or values.dates else _once(values, zone)
    return MaintenanceRule(window=window, only=_selectors(values.only))


def _once(values: MaintenanceValues, zone: ZoneInfo) -> OneOff:
    start, end = local_time(values.start or ""), local_time(values.end or "")
    return OneOff(name=values.name, start=in_utc(start, zone), end=in_utc(end, zone, fold=1))


def _on_days(values: MaintenanceValues, zone: ZoneInfo) -> OnDays:
    yearly = [text for text in values.dates or () if YEARLY.fullmatch(text)]
    return OnDays(
        name=values.name,
        zone=zone,
        start=time_of_day(values.start or _MIDNIGHT),
        end=time_of_day(values.end or _MIDNIGHT),
        weekdays=frozenset(WEEKDAYS.index(day) for day in values.weekly or ()),
        dates=frozenset(date.fromisoformat(text) for text in values.dates or () if text not in yearly),
        yearly=frozenset((int(text[:2]), int(text[3:])) for text in yearly),
    )


def limits_at(values: LimitValues, now: datetime, drills: tuple[Drill, ...] = ()) -> Limits:
    """Return limits as controls want them, judged at a time, with the restores that people signed for."""
    meant = {name: _meant(getattr(values, limit.key), kind, limit) for name, (kind, limit) in FIELDS.items()}
    return Limits(now=now, drills=drills, **meant)


def _meant(value: Any, kind: Any, limit: Limit) -> Any:
    """Turn what people write into what controls compare with."""
    unit = limit.key.rpartition("_")[2]
    if value is not None and unit in UNITS:
        return timedelta(**{unit: value})
    return frozenset(value) if kind == frozenset[str] else value


def _selectors(selection: Iterable[SelectorValues] | None) -> tuple[Selector, ...]:
    return tuple(Selector(**values.model_dump(exclude_none=True)) for values in selection or ())


def _drill(values: DrillValues, zone: ZoneInfo) -> Drill:
    """Return a drill as the core's type; it counts until the end of its last day."""
    return Drill(
        resource=values.resource,
        held=_start_of(values.date, zone),
        until=_end_of(values.valid_until, zone),
        by=values.by,
        checked=values.checked,
        evidence=values.evidence or "",
    )


def _waiver(values: WaiverValues, zone: ZoneInfo) -> Waiver:
    """Return a waiver as the core's type; it ends with its last day."""
    return Waiver(
        control=values.control,
        subject=values.subject,
        owner=values.owner,
        reason=values.reason,
        until=_end_of(values.until, zone),
        ticket=values.ticket or "",
    )


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return in_utc(datetime.combine(day, time(0)), zone)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return _start_of(day + timedelta(days=1), zone)
