"""Resources as they come: planned runs that went well or badly, restores, copies, recovery points, changed policies."""

import random
from dataclasses import replace
from typing import Any

from audit.records import Backup, Task
from audit.subjects import PolicySubject, Resource
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_replica,
    a_resource,
    a_vault,
)

BAD = [["failed"], ["failed", "timeout"], ["skipped"], ["running", "waiting"], ["failed", "skipped", "paused"]]


class Chance:
    """What one resource went through; some are calm, and some are not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.trouble = chance.choice([0.0, 0.0, 0.05, 0.3, 0.9])
        self.bad = chance.choice(BAD)
        self.slow = chance.choice([0.0, 0.0, 0.0, 0.3])
        self.consistent = chance.choice(["1", "1", "0", None])
        self.names = chance.choice(["policy-1", "policy-1", None, "gone"])
        self.full_every = chance.choice([1, 3, 4, 40])
        self.number = 0

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def task(self, age: Any, **changes: Any) -> Task:
        self.number += 1
        status = self.chance.choice(self.bad) if self.happens(self.trouble) else "success"
        took = self.chance.choice([5, 7, 30] if self.happens(self.slow) else [1]) * HOUR
        values = {
            "task_id": f"task-{self.number}",
            "backup_id": f"point-{self.number}",
            "ended_at": None if status in {"running", "waiting"} or self.happens(0.003) else NOW - age + took,
            "vault_id": self.chance.choice(["vault-1", "vault-1", None]),
            "app_consistency": self.consistent,
        }
        return a_backup(age, **{"status": status, **values, **changes})

    def planned(self) -> list[Task]:
        """Write the runs of the daily policy, with what was tried again, and what somebody started by hand."""
        found = []
        for day in range(self.chance.choice([0, 8, 31]), -1, -1):
            if not self.happens(self.trouble / 3):
                full = None if self.happens(0.01) else (day + 1) % self.full_every != 0
                found.append(self.task(day * DAY + 2 * HOUR, policy_id=self.names, incremental=full))
            if self.happens(self.trouble):
                found.append(self.task(day * DAY + self.chance.choice([1, -3, -9]) * HOUR, incremental=True))
        return [task for task in found if task.created_at <= NOW]

    def others(self, backups: list[Task]) -> list[Task]:
        """Restore and copy some of the backups."""
        made = [task for task in backups if task.succeeded]
        restored = [task for task in made if self.happens(0.2)]
        copied = [task for task in made if self.happens(1 - self.trouble)]
        after = NOW - HOUR
        return [
            *(self.restore(NOW - task.created_at - HOUR) for task in restored if task.began < after),
            *(
                self.task(NOW - task.created_at - HOUR, operation="replication", backup_id=task.backup_id)
                for task in copied
                if task.began < after
            ),
        ]

    def restore(self, age: Any) -> Task:
        status = self.chance.choice(["success", "success", "failed"])
        ended = NOW - age + self.chance.choice([1, 1, 1, 20 if self.slow else 1]) * HOUR
        return self.task(age, operation="restore", status=status, ended_at=ended)

    def points(self, backups: list[Task]) -> tuple[Backup, ...]:
        return tuple(
            a_point(
                id=task.backup_id,
                created_at=task.created_at,
                status=self.chance.choice(["available"] * 9 + ["error"]),
                replicas=(a_replica(status=self.chance.choice(["success", "fail"])),) if self.happens(0.1) else (),
            )
            for task in backups
            if task.succeeded and not self.happens(self.trouble / 3)
        )

    def policies(self) -> tuple[PolicySubject, ...]:
        own = a_policy(
            full_backup_interval=self.chance.choice([None, -1, 2, 3]),
            start_window=self.chance.choice([0, 1]) * HOUR,
            enabled=not self.happens(0.1),
        )
        copies = a_policy("copies", operation="replication")
        known_since = NOW - self.chance.randrange(40) * DAY if self.happens(0.2) else None
        subjects = (a_policy_subject(own, known_since=known_since), a_policy_subject(copies))
        return tuple(subject for subject in subjects if not self.happens(0.1))


def a_random_resource(chance: random.Random, *extra: Task) -> Resource:
    """A resource whose lists were all read completely; ``extra`` are tasks of any kind."""
    maker = Chance(chance)
    backups = maker.planned()
    tasks = [*backups, *maker.others(backups), *extra]
    level = chance.choice(["app_consistent", "crash_consistent", None])
    return a_resource(
        *sorted(tasks, key=lambda task: (task.created_at, task.id)),
        policies=maker.policies(),
        vaults=(a_vault(consistent_level=level),),
        recovery_points=maker.points(backups),
        known_since=NOW - chance.randrange(40) * DAY if chance.random() < 0.2 else None,
    )


def with_a_gap(chance: random.Random, complete: Resource) -> Resource:
    """The same resource, of which one list or several were not read completely."""
    rest = tuple(task for task in complete.tasks if chance.random() < 0.7)
    gaps: list[dict[str, Any]] = [
        {"policies": None},
        {"recovery_points": None},
        {"log_complete": False},
        {"log_complete": False, "tasks": rest},
        {"log_complete": False, "tasks": rest},
    ]
    chosen: dict[str, Any] = {}
    for gap in chance.sample(gaps, chance.choice([1, 1, 1, 2, 3])):
        chosen |= gap
    return replace(complete, **chosen)
