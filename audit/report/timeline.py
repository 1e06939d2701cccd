"""When a resource had a recovery point made, and where the time between two of them was longer than its limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from audit.subjects import Limits, Presence, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without a new recovery point."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The recovery points of one resource against its limit.

    Attributes:
        points: when its successful backups began, oldest first.
        limit: greatest age of the newest of them, as CBR-101 takes it; None where none is known, and for a resource
            that no backup vault holds.
        longest: the longest gap, the one that still lasts among them; None where nothing can be said.
        gaps: those longer than the limit, oldest first.
        is_sure: nothing of the task log is missing; else backups may lie in the gaps.
    """

    points: tuple[datetime, ...]
    limit: timedelta | None
    longest: timedelta | None
    gaps: tuple[Gap, ...]
    is_sure: bool


def timeline(resource: Resource, limits: Limits) -> Timeline:
    """Measure the gaps between successive backups, from when on the resource is known as it is now."""
    points = tuple(sorted(task.began for task in resource.backups if task.succeeded and task.began <= limits.now))
    limit = None
    if resource.presence is Presence.PROTECTED:
        limit = limits.max_backup_age or resource.planned_interval(limits)
    gaps = _gaps(points, _watched_since(resource, limits), limits.now) if limit is not None else ()
    return Timeline(
        points=points,
        limit=limit,
        longest=max((gap.length for gap in gaps), default=None),
        gaps=tuple(gap for gap in gaps if limit is not None and gap.length > limit),
        is_sure=resource.log_complete,
    )


def _gaps(points: tuple[datetime, ...], since: datetime, until: datetime) -> tuple[Gap, ...]:
    """Every gap that was open at a time from when on it counts, as long as it really was."""
    first = [since] if since <= min((*points, until)) else []
    pairs = pairwise([*first, *points, until])
    return tuple(Gap(since=before, until=after) for before, after in pairs if after > since)


def _watched_since(resource: Resource, limits: Limits) -> datetime:
    """From when on silence means that there was no backup, and the limit holds."""
    bounds = [resource.covered_since, resource.held_since, resource.known_since]
    if limits.max_backup_age is None:  # the limit is that of policies, which may have been others before
        bounds += [policy.known_since for policy in resource.policies or () if policy.makes_backups]
    return max([resource.window.since, *(moment for moment in bounds if moment is not None)])
