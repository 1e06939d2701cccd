"""Which successes left a backup: the claims of tasks, checked against the list of backups.

A task that says success proves nothing by itself. It made a backup if the backup that it names is one of the resource
and is no older than the task. A success that names no backup made the one that was created while the task ran. If
backups of such resources are listed and none was created, it made none.

Clocks differ, and the same checkpoint was seen with times that are milliseconds apart. No document says how far apart
they may be, or how long the list may lag behind the log: an hour is allowed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, takewhile
from math import inf
from operator import attrgetter
from typing import Final, NamedTuple

from audit.history import NO_TASKS, TaskList
from audit.records import DELETIONS, Backup, Task
from audit.records.keys import Key
from audit.schedule.matching import EVER, NEVER
from audit.subjects.deleted_backups import Fate
from audit.subjects.last_copies import LastCopies
from audit.subjects.missing_backups import SLACK
from audit.subjects.remaining_backups import Lives
from audit.subjects.resource import Resource
from audit.subjects.rules import Rules

_DAY: Final = timedelta(days=1)
_LONGEST: Final = 2 * _DAY
_BY_AGE: Final = attrgetter("created_at", "id")


class Proof(NamedTuple):
    """A success whose backup is in a vault, even in error: CBR-401 judges that.

    Attributes:
        made: when the backup was made.
    """

    task: Task
    made: datetime


class Claims(NamedTuple):
    """What the successes of a resource claim, if its current vaults should keep what they made.

    Attributes:
        made: how many name a backup and ended long enough ago to be checked against the list.
        newest: the newest of those, if any.
        gone: those whose backup is missing without an explanation, oldest first.
        doubtful: those whose backup is missing by rules that no run saw in time and that remaining backups contradict.
        last: those whose backup a number removed although its policy keeps one of its day, week, month or year.
        hollow: those that name a backup older than themselves, or one that an earlier success made, oldest first.
    """

    made: int
    newest: list[Task]
    gone: list[Task]
    doubtful: list[Task]
    last: list[Task]
    hollow: list[Task]


class Search(NamedTuple):
    """The result of a search for the newest proof.

    Attributes:
        proof: the newest success whose backup is in a vault, or None.
        doubtful: newer successes of which it is unclear whether they made a backup, newest first.
        refuted: newer successes whose backup is missing, newest first.
    """

    proof: Proof | None
    doubtful: list[Task]
    refuted: list[Task]


def newest_proof(resource: Resource) -> Search:
    """Return the newest success that left a backup; the list of backups must have been read."""
    claimed = resource.sorted_tasks.claimed
    keys: Sequence[Key | None] = claimed.backup_keys
    found = Search(None, [], [])
    for place in range(len(claimed) - 1, -1, -1):
        began, key = claimed.began[place], keys[place]
        if began > resource.window.until:
            continue
        point = resource.points_by_key.get(key) or next(_made_meanwhile(resource, claimed[place]), None)
        is_there = point is not None and point.is_lasting
        if point and is_there and not _is_older(point, claimed.created[place]):
            return found._replace(proof=Proof(claimed[place], began if key else min(began, point.created_at)))
        part = found.doubtful if not is_there and _is_doubtful(claimed[place], point, resource) else found.refuted
        part.append(claimed[place])
    return found


def weigh_claims(resource: Resource, now: datetime) -> Claims:
    """Check the successes against the list of backups, which must have been read."""
    successes, there = resource.kept_successes, resource.points_by_key
    keys, fresh = successes.backup_keys, _fresh(successes, resource.window.until)
    absent, hollow = [], set()
    for place, (key, created) in enumerate(zip(keys, successes.created, strict=True)):
        point = there.get(key)
        if point is None:
            absent.append(place)
        elif _is_older(point, created):
            hollow.add(place)
    repeats = {task.key for task in resource.sorted_tasks.broken if task.is_hollow}
    if repeats:
        hollow |= {place for place, task in enumerate(successes) if task.key in repeats}
    named = [place for place, key in enumerate(keys) if key is not None and place not in fresh]
    missing = successes.at([place for place in absent if place not in hollow and place not in fresh])
    gone, doubtful, last = unexplained(_without_any(missing, resource), resource, now)
    return Claims(
        made=len(named),
        newest=successes.each(named[-1:]),
        gone=gone,
        doubtful=doubtful,
        last=last,
        hollow=successes.each(sorted(hollow - fresh)),
    )


def _fresh(successes: TaskList, until: datetime) -> frozenset[int]:
    """Return the indices of those that ended so recently that the list may lag; it has whatever took days."""
    first = bisect_left(successes.created, until - _LONGEST)
    ended = zip(successes.ended(range(first, len(successes))), successes.began[first:], strict=True)
    return frozenset([place for place, (end, began) in enumerate(ended, first) if (end or began) > until - SLACK])


def _is_older(point: Backup, created: datetime) -> bool:
    """Whether a backup existed before the task that names it was created."""
    return point.created_at < created and created - point.created_at > SLACK


def _made_meanwhile(resource: Resource, task: Task) -> Iterator[Backup]:
    """Return the backups that were created while a task ran that names none, and that may be its own."""
    if task.backup_key is None:
        points, end = resource.own_points or (), (task.ended_at or task.began) + SLACK
        first = bisect_left(points, task.created_at - SLACK, key=lambda point: point.created_at)
        yield from takewhile(lambda point: point.created_at <= end, points[first:])


def _is_doubtful(task: Task, point: Backup | None, resource: Resource) -> bool:
    """Whether a backup that is missing or incomplete may still appear, or need not exist."""
    if task.backup_key is None and not resource.kind_is_listed:
        return True
    is_fresh = (task.ended_at or task.began) > resource.window.until - SLACK
    return is_fresh and (point is None or not point.is_being_deleted)


def _without_any(missing: TaskList, resource: Resource) -> TaskList:
    """Leave out the tasks that need not name a backup, or may have made one that no task names."""
    if None not in missing.backup_keys:
        return missing
    named = set(resource.backups.backup_keys)

    def is_served(task: Task) -> bool:
        return not resource.kind_is_listed or any(point.key not in named for point in _made_meanwhile(resource, task))

    keys = enumerate(missing.backup_keys)
    return missing.at([place for place, key in keys if key is not None or not is_served(missing[place])])


class Unexplained(NamedTuple):
    """Tasks whose backup is missing without a deletion in the log.

    Attributes:
        surely: those that no expiry explains.
        perhaps: those explained by rules that no run saw in time and that a remaining backup contradicts.
        last: those explained by a number, although none is left of a day, week, month or year of which the policy
            keeps one.
    """

    surely: list[Task]
    perhaps: list[Task]
    last: list[Task]


def unexplained(missing: TaskList, resource: Resource, now: datetime) -> Unexplained:
    """Leave out the tasks whose backup may have been deleted or have expired.

    Backups that an earlier run saw are judged with their vault.
    """
    return _unexplained(missing.naming(lambda key: key not in resource.missed), resource, now)


def left_to_vaults(resource: Resource, now: datetime) -> list[Task]:
    """Return the successes whose backup an earlier run saw, and that is gone without a deletion or expiry."""
    if not resource.missed:
        return []
    gone = resource.missed - resource.points_by_key.keys()
    found = _unexplained(resource.kept_successes.naming(lambda key: key in gone), resource, now)
    return sorted(chain(*found), key=_BY_AGE)


def _unexplained(missing: TaskList, resource: Resource, now: datetime) -> Unexplained:
    deletions = resource.doing(DELETIONS).picked(lambda task: not task.broke) if missing else NO_TASKS
    deleted = {*deletions.backup_keys} - {None}
    missing = missing.naming(lambda key: key not in deleted)
    if not missing:  # nearly always
        return Unexplained([], [], [])
    ends = _Ends(resource, now)
    settled = ends.settled(min(missing.began))
    left = {place: ends.of(began) for place, began in enumerate(missing.began) if began > settled}
    fates = (Fate.EARLY, Fate.UNKNOWN, Fate.LAST)
    return Unexplained(*(missing.each(place for place, end in left.items() if end == fate) for fate in fates))


class _Ends:
    """The ways in which backups of a resource may have expired."""

    def __init__(self, resource: Resource, now: datetime) -> None:
        vault_ids = {vault.id for vault in resource.vaults}
        self._resource = resource
        self._now = now
        self._rules = Rules(resource.policies or (), resource.past_rules)
        points = (point for point in resource.own_points or () if point.vault_id in vault_ids)
        self._lives = Lives(points, self._rules)

    def settled(self, oldest: datetime) -> datetime:
        """Return until when every backup surely had expired; the oldest tells whether runs saw the rules of all."""
        longest, seen = self._rules.longest, self._rules.were_seen_by(oldest)
        is_doubtful = longest > self._now - EVER or (not seen and self._lives.any_odd(self._resource.id))
        return EVER if is_doubtful else self._now - longest

    def of(self, made: datetime) -> Fate:
        """Whether a backup made at a time had expired."""
        if made < self._outnumbered and not self._last_copies.include(made, self._now):  # nearly always
            return Fate.DUE
        is_old = self._is_old(made)
        if not is_old and not self._is_outnumbered(made):
            return Fate.EARLY
        is_denied = self._lives.outlast(self._resource.id, made, self._now) or (
            not is_old and self._lives.outnumber(self._resource.id, made)
        )
        if is_denied:
            return Fate.UNKNOWN
        return Fate.LAST if not is_old and self._last_copies.include(made, self._now) else Fate.DUE

    def _is_old(self, made: datetime) -> bool:
        """Whether it reached the age limit of its time, or the one that the next backup's expiry shows."""
        age = self._now - made
        return age >= self._rules.shortest(made) or self._lives.was_due_by(self._resource.id, made, age)

    @cached_property
    def _outnumbered(self) -> datetime:
        """Before which time every backup was one too many for the rules of now, and none that is left denies it."""
        number = min(self._rules.numbers(self._now, self._now), default=0)
        if not 0 < number <= len(self._began) or self._lives.any_odd(self._resource.id):
            return EVER
        return min(self._began[-number], self._lives.oldest_by_number(self._resource.id) or NEVER)

    def _is_outnumbered(self, made: datetime) -> bool:
        """Whether enough newer ones were made since then for a number to remove it."""
        newer = len(self._began) - bisect_right(self._began, made)
        return newer >= min(self._rules.numbers(made, self._now), default=inf)

    @cached_property
    def _last_copies(self) -> LastCopies:
        return self._rules.last_copies(self._began, self._lives.left(self._resource.id), {})

    @cached_property
    def _began(self) -> list[datetime]:
        return sorted(self._resource.sorted_tasks.successes.began)
