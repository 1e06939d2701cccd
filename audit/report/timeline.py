"""When backups of a resource were made, and which gaps between them were longer than its limit."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import sub

from audit.subjects import Limits, Presence, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A period without a new backup."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The backups of one resource against its limit.

    Attributes:
        points: when its successful backups began, oldest first, in whole hours, so that most resources of one plan have
            the same list, which is stored once.
        limit: the largest age of the newest of them, as in CBR-101; None if unknown, and for a resource that no backup
            vault holds.
        longest: the longest gap, including one that still lasts; None if unknown.
        gaps: those longer than the limit, oldest first.
        is_sure: whether nothing of the task log is missing; otherwise backups may lie in the gaps.
    """

    points: tuple[datetime, ...]
    limit: timedelta | None
    longest: timedelta | None
    gaps: tuple[Gap, ...]
    is_sure: bool


def timeline(resource: Resource, limits: Limits) -> Timeline:
    """Measure the gaps between successive backups, from when on the resource is known as it is now."""
    points = sorted([moment for moment in resource.sorted_tasks.successes.began if moment <= limits.now])
    limit = None
    if resource.presence == Presence.PROTECTED:
        limit = limits.max_backup_age or resource.planned_interval(limits)
    longest, gaps = (None, ()) if limit is None else _gaps(points, limit, resource, limits)
    return Timeline(
        points=_in_hours(tuple([(point.toordinal(), point.hour) for point in points])),
        limit=limit,
        longest=longest,
        gaps=gaps,
        is_sure=resource.log_complete,
    )


@lru_cache(maxsize=256)
def _in_hours(points: tuple[tuple[int, int], ...]) -> tuple[datetime, ...]:
    return tuple([_hour(day, hour) for day, hour in points])


@lru_cache(maxsize=4096)
def _hour(day: int, hour: int) -> datetime:
    """Return one object for all that have a point in this hour."""
    return datetime.fromordinal(day).replace(hour=hour, tzinfo=UTC)


def _gaps(
    points: list[datetime], limit: timedelta, resource: Resource, limits: Limits
) -> tuple[timedelta | None, tuple[Gap, ...]]:
    """Measure every gap that was open while the limit applied, in full length, including one that still lasts.

    Returns:
        The length of the longest, and the gaps that are longer than the limit.
    """
    silent_since, known_since = _bounds(resource, limits)
    if not resource.sorted_tasks.backups and resource.known_since:  # nothing shows that it was there before
        silent_since = max(silent_since, resource.known_since)
    first = [silent_since] if silent_since <= (points[0] if points else limits.now) else []
    moments = [*first, *points, limits.now]
    begins, ends = moments[:-1], moments[1:]
    known = min(bisect_right(ends, known_since), bisect_left(ends, limits.now))
    lengths = list(map(sub, ends[known:], begins[known:]))
    longest = max(lengths, default=None)
    if longest is None or longest <= limit:
        return longest, ()
    found = zip(begins[known:], ends[known:], lengths, strict=True)
    return longest, tuple([Gap(since=begin, until=end) for begin, end, length in found if length > limit])


def _bounds(resource: Resource, limits: Limits) -> tuple[datetime, datetime]:
    """Return from when on silence means that there was no backup, and from when on the limit is known to apply."""
    silent = [resource.window.since, resource.covered_since, resource.held_since]
    known = [resource.known_since]
    if limits.max_backup_age is None:  # the limit follows from policies, which may have been different before
        known += [policy.known_since for policy in resource.followed if policy.makes_backups]
    silent_since = max(moment for moment in silent if moment is not None)
    return silent_since, max([silent_since, *(moment for moment in known if moment is not None)])
