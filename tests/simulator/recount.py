"""What an auditor must find in an estate, counted again from its rows alone.

Nothing here is shared with the code that plants the faults: schedules come from dateutil, times are parsed anew. The
limits can be moved a little, to show that no finding of an estate depends on where exactly they lie.
"""

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
class Limits:
    grace: timedelta = 6 * HOUR
    rate: float = 0.95
    stuck: timedelta = 24 * HOUR
    skipped: timedelta = 7 * DAY
    restored: timedelta = 90 * DAY
    retained: float = 1.0
    deleted_late: timedelta = 0 * HOUR


@dataclass(frozen=True)
class Recount:
    estate: Estate
    days: int
    limits: Limits = Limits()

    def failures(self) -> set[Pair]:
        return {*self.of_resources(), *self.of_policies(), *self.of_vaults()}

    def of_resources(self) -> Iterator[Pair]:
        named = self._tasks_by_resource()
        for vault in self._backup_vaults():
            policy = self._policy_of(vault)
            limit = (DAY if policy is None else longest_gap(policy)) + self.limits.grace
            for resource in vault["resources"]:
                for control in self._judge(named.get(resource["id"], []), limit):
                    yield control, "resource", resource["id"]

    def of_policies(self) -> Iterator[Pair]:
        for policy in self.estate.policies:
            if policy["associated_vaults"] and not policy["enabled"]:
                yield "CBR-201", "policy", policy["id"]

    def of_vaults(self) -> Iterator[Pair]:
        for vault in self._backup_vaults():
            if self._policy_of(vault) is None:
                yield "CBR-301", "vault", vault["id"]
            if self.days >= 90 and vault["resources"] and not self._restored(vault):
                yield "CBR-601", "vault", vault["id"]
        for task in self._successes:
            if task["operation_type"] in ("vault_delete", "remove_resource") or self._too_early(task):
                yield "CBR-111", "vault", task["vault_id"]

    def _judge(self, tasks: list[Row], limit: timedelta) -> Iterator[str]:
        now, backups = self.estate.as_of, [task for task in tasks if task["operation_type"] == "backup"]
        finished = [task for task in backups if task["status"] in ("success", "failed", "timeout")]
        good = [task for task in finished if task["status"] == "success"]
        if not any(now - when(task["started_at"]) <= limit for task in good):
            yield "CBR-101"
        recent = [task["status"] for task in finished if now - when(task["created_at"]) <= 30 * DAY]
        if recent and recent.count("success") / len(recent) < self.limits.rate:
            yield "CBR-103"
        if len(finished) >= 3 and all(task["status"] != "success" for task in finished[:3]):
            yield "CBR-104"
        last = max((when(task["started_at"]) for task in good), default=datetime.min.replace(tzinfo=UTC))
        later = [when(task["started_at"]) for task in finished if when(task["started_at"]) > last]
        if later and now - min(later) > limit:
            yield "CBR-105"
        if any(now - when(task["created_at"]) > self.limits.stuck for task in tasks if unfinished(task)):
            yield "CBR-106"
        skipped = [when(task["created_at"]) for task in backups if task["status"] == "skipped"]
        if any(now - created <= self.limits.skipped for created in skipped):
            yield "CBR-107"

    def _tasks_by_resource(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for task in self.estate.tasks:
            resource = task["extra_info"].get("resource")
            if resource:
                found.setdefault(resource["id"], []).append(task)
        return found

    def _backup_vaults(self) -> list[Row]:
        return [vault for vault in self.estate.vaults if vault["billing"]["protect_type"] == "backup"]

    def _policy_of(self, vault: Row) -> Row | None:
        for policy in self.estate.policies:
            linked = {link["vault_id"] for link in policy["associated_vaults"] or []}
            if policy["operation_type"] == "backup" and policy["enabled"] and vault["id"] in linked:
                return policy
        return None

    @cached_property
    def _successes(self) -> list[Row]:
        return [task for task in self.estate.tasks if task["status"] == "success"]

    def _restored(self, vault: Row) -> bool:
        return any(
            task["operation_type"] == "restore"
            and task["vault_id"] == vault["id"]
            and self.estate.as_of - when(task["created_at"]) <= self.limits.restored
            for task in self._successes
        )

    def _too_early(self, task: Row) -> bool:
        if task["operation_type"] != "delete":
            return False
        made = self._makers[task["extra_info"]["delete"]["backup_id"]]
        kept = self._retentions[made["policy_id"]] * self.limits.retained + self.limits.deleted_late
        return when(task["created_at"]) < when(made["ended_at"]) + kept

    @cached_property
    def _makers(self) -> dict[str, Row]:
        backups = [task for task in self._successes if task["operation_type"] == "backup"]
        return {task["extra_info"]["backup"]["backup_id"]: task for task in backups}

    @cached_property
    def _retentions(self) -> dict[str, timedelta]:
        return {
            policy["id"]: policy["operation_definition"]["retention_duration_days"] * DAY
            for policy in self.estate.policies
        }


@cache
def when(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def unfinished(task: Row) -> bool:
    return bool(task["status"] in ("running", "waiting"))


def due(policy: Row, start: datetime, end: datetime) -> list[datetime]:
    properties = policy["trigger"]["properties"]
    anchor = datetime.fromisoformat(properties["start_time"])
    rules = rruleset()
    for pattern in properties["pattern"]:
        rules.rrule(rrulestr(f"{pattern};BYSECOND=0", dtstart=anchor))  # type: ignore[arg-type] # one rule
    naive = rules.between(start.replace(tzinfo=None), end.replace(tzinfo=None), inc=True)
    return [moment.replace(tzinfo=UTC) for moment in naive]


def longest_gap(policy: Row) -> timedelta:
    return _longest_gap(*policy["trigger"]["properties"]["pattern"])


@cache
def _longest_gap(*patterns: str) -> timedelta:
    start = datetime(2030, 3, 4, tzinfo=UTC)
    properties = {"pattern": patterns, "start_time": "2030-01-01 00:00:00"}
    moments = due({"trigger": {"properties": properties}}, start, start + 60 * DAY)
    return max(later - earlier for earlier, later in pairwise(moments))
