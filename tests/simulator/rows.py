"""The rows of an estate as an auditor would look at them; nothing is shared with the code that writes them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from dateutil.rrule import rruleset, rrulestr

from audit.simulator import Estate

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Row = dict[str, Any]
Pair = tuple[str, str, str]


@dataclass(frozen=True)
class Rows:
    """What there is, by what it belongs to; tasks and backups of each resource come newest first."""

    estate: Estate

    @cached_property
    def tasks_of(self) -> dict[str, list[Row]]:
        named = (task for task in self.estate.tasks if task["extra_info"].get("resource"))
        return grouped((task["extra_info"]["resource"]["id"], task) for task in named)

    @cached_property
    def own_points_of(self) -> dict[str, list[Row]]:
        return grouped(
            (point["resource_id"], point) for point in self.estate.backups if point["image_type"] == "backup"
        )

    @cached_property
    def points_of_vault(self) -> dict[str, list[Row]]:
        return grouped((point["vault_id"], point) for point in self.estate.backups)

    @cached_property
    def backup_vaults(self) -> list[Row]:
        return [vault for vault in self.estate.vaults if vault["billing"]["protect_type"] == "backup"]

    @cached_property
    def policies_of(self) -> dict[str, list[Row]]:
        return grouped(
            (link["vault_id"], policy) for policy in self.estate.policies for link in policy["associated_vaults"] or ()
        )

    def enabled(self, vault: Row, operation: str = "backup") -> Row | None:
        found = (policy for policy in self.policies_of.get(vault["id"], ()) if policy["enabled"])
        return next((policy for policy in found if policy["operation_type"] == operation), None)

    def held(self) -> Iterator[tuple[Row, Row]]:
        yield from ((vault, resource) for vault in self.backup_vaults for resource in vault["resources"])

    @cached_property
    def hybrid_vaults(self) -> list[Row]:
        return [vault for vault in self.estate.vaults if vault["billing"]["protect_type"] == "hybrid"]

    @cached_property
    def _backups_of(self) -> dict[str, list[Row]]:
        """A success that names what an older one made is none."""
        every = ((key, task) for key, found in self._claims_of.items() for task in found)
        return grouped((key, {**task, "status": "failed"} if self._repeats(task) else task) for key, task in every)

    @cached_property
    def _claims_of(self) -> dict[str, list[Row]]:
        tasks = ((key, task) for key, found in self.tasks_of.items() for task in found)
        return grouped((key, task) for key, task in tasks if task["operation_type"] == "backup")

    def _repeats(self, task: Row) -> bool:
        maker = self.makers.get(made_by(task), task)
        return bool(task["status"] == "success" and made_by(task) and maker["id"] != task["id"])

    def claims(self, resource: Row) -> list[Row]:
        """The tasks that say that they backed it up."""
        return [task for task in self._claims_of.get(resource["id"], []) if task["status"] == "success"]

    def proves(self, resource: Row, task: Row) -> bool:
        """Whether what a task claims is there, and is no older than the task."""
        points = [point for point in self.own_points_of.get(resource["id"], []) if point["id"] == made_by(task)]
        return any(when(point["created_at"]) > when(task["created_at"]) - HOUR for point in points)

    def is_old(self, point: Row) -> bool:
        """Whether a vault has surely counted it."""
        return when(point["created_at"]) < self.estate.as_of - DAY

    def backups(self, resource: Row, *statuses: str) -> list[Row]:
        tasks = self._backups_of.get(resource["id"], [])
        return [task for task in tasks if not statuses or task["status"] in statuses]

    @cached_property
    def makers(self) -> dict[str, Row]:
        return {made_by(task): task for task in self.successes if task["operation_type"] == "backup"}

    @cached_property
    def ends_of(self) -> dict[str, list[datetime]]:
        """When the successful backups of each resource ended, in order."""
        tasks = ((key, self.backups({"id": key}, "success")) for key in self.tasks_of)
        return {key: sorted(when(task["ended_at"]) for task in found) for key, found in tasks}

    @cached_property
    def successes(self) -> list[Row]:
        return [task for task in self.estate.tasks if task["status"] == "success"]

    @cached_property
    def deleted(self) -> set[str]:
        blocks = (task["extra_info"].get("delete") for task in self.successes)
        return {block["backup_id"] for block in blocks if block}

    def explains(self, policy: Row, age: timedelta, newer: int, share: float = 1.0) -> bool:
        """Whether a rule of a policy has come to delete a backup; with a share, when it comes a little earlier."""
        rule = policy["operation_definition"]
        days, number = rule.get("retention_duration_days", -1), rule.get("max_backups", -1)
        return bool((days > 0 and age >= days * DAY * share) or (number > 0 and newer >= number * share))


def grouped(pairs: Iterator[tuple[str, Row]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for key, row in pairs:
        found[key].append(row)
    return dict(found)


@cache
def when(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def flag(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).strip('"').lower())


def made_by(task: Row) -> str:
    found: str = task["extra_info"]["backup"].get("backup_id", "")
    return found


def unfinished(task: Row) -> bool:
    return bool(task["status"] in ("running", "waiting"))


def due(policy: Row, start: datetime, end: datetime) -> list[datetime]:
    properties = policy["trigger"]["properties"]
    return _due(tuple(properties["pattern"]), properties["start_time"], start, end)


@cache
def _due(patterns: tuple[str, ...], start_time: str, start: datetime, end: datetime) -> list[datetime]:
    anchor = datetime.fromisoformat(start_time)
    rules = rruleset()
    for pattern in patterns:
        rules.rrule(rrulestr(f"{pattern};BYSECOND=0", dtstart=anchor))  # type: ignore[arg-type] # one rule
    naive = rules.between(start.replace(tzinfo=None), end.replace(tzinfo=None), inc=True)
    return [moment.replace(tzinfo=UTC) for moment in naive]


def longest_gap(policy: Row) -> timedelta:
    return max(_gaps(*policy["trigger"]["properties"]["pattern"]))


def shortest_gap(policy: Row) -> timedelta:
    return min(_gaps(*policy["trigger"]["properties"]["pattern"]))


@cache
def _gaps(*patterns: str) -> tuple[timedelta, ...]:
    start = datetime(2030, 3, 4, tzinfo=UTC)
    properties = {"pattern": patterns, "start_time": "2030-01-01 00:00:00"}
    moments = due({"trigger": {"properties": properties}}, start, start + 60 * DAY)
    return tuple(later - earlier for earlier, later in pairwise(moments))
