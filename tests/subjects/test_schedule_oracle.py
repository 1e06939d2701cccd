"""Random policies and task logs, judged by the real code and by the oracle."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.records import Protected, Task
from audit.schedule.rules import Schedule
from audit.subjects import PolicySubject, Resource, RunState, Schedules
from tests.builders import DAY, HOUR, NOW, TICK, a_policy, a_resource, a_task, a_vault, a_window, limits
from tests.subjects.oracle import DAYS, MINUTE, Answer, Oracle, Rule, World

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test

WORLDS = 1000
CHUNK = 100
STATUSES = ["success"] * 8 + ["failed"] * 3 + ["timeout", "skipped", "skipped", "running", "waiting", "paused"]


class Maker:
    """Makes one world, and the same as the real code wants it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # repeatable
        self.days = self.chance.choice([1, 2, 3, 5, 8, 20])
        self.since = NOW - self.days * DAY
        self.grace = self.chance.choice([timedelta(0), MINUTE, HOUR, 6 * HOUR, 30 * HOUR])

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def some_time(self, odds: int, due: list[datetime] | None = None) -> datetime | None:
        """Choose a time in the window, most often a due time, or a little beside it."""
        if not self.one_in(odds):
            return None
        moment = self.chance.choice(due or [self.since + self.chance.randrange(self.days * 1440) * MINUTE])
        return moment + self.chance.choice([0, 0, 1]) * TICK

    def numbers(self, most: int, highest: int) -> str:
        chosen = self.chance.sample(range(highest + 1), self.chance.randint(1, most))
        return ",".join(self.chance.choice([f"{number:02}", str(number)]) for number in chosen)

    def pattern(self) -> str:
        """Write one rule, its keys in any order; none that never runs, which is refused."""
        parts = {"FREQ": self.chance.choice(["DAILY", "DAILY", "WEEKLY"])}
        if self.one_in(2):
            parts["BYDAY"] = ",".join(self.chance.sample(DAYS, self.chance.randint(1, 7)))
        if not self.one_in(5):
            parts["BYHOUR"] = self.numbers(3, 23)
        if not self.one_in(5):
            parts["BYMINUTE"] = self.numbers(2, 59)
        if self.one_in(3):
            parts["INTERVAL"] = str(self.chance.choice([1, 2, 3, 4, 5, 5, 8, 11, 13, 59]))
        items = [f"{key}={value}" for key, value in parts.items()]
        self.chance.shuffle(items)
        return self.chance.choice(["", "RRULE:"]) + ";".join(items)

    def rule(self, number: int) -> Rule:
        window = self.chance.choice([0, 0, 15, 120]) * MINUTE
        start = NOW - self.chance.randrange(60 * 86400) * timedelta(seconds=1)
        return Rule(
            policy_id=f"policy-{number}",
            patterns=tuple(self.pattern() for _ in range(self.chance.choice([1, 1, 2, 3]))),
            start=self.chance.choice([start, start.replace(second=0)]),
            vault_ids=frozenset({f"vault-{1 + self.chance.randrange(2)}"}),
            start_window=window,
            plans=not self.one_in(8),
        )

    def task(self, number: int, created: datetime, policy_id: str | None) -> Task:
        status = self.chance.choice(STATUSES)
        began = created + self.chance.choice([0, 0, 0, 1, 70, 400, 2000]) * MINUTE
        took = self.chance.choice([1, 1, 20, 20, 90, 700, 1500, 4000]) * MINUTE
        return a_task(
            f"task-{number}",
            operation="restore" if self.one_in(20) else "backup",
            status=status,
            created_at=created,
            updated_at=created,
            started_at=None if self.one_in(4) else began,
            ended_at=None if status in {"running", "waiting"} or self.one_in(8) else began + took,
            vault_id=self.chance.choice(["vault-1", "vault-1", "vault-2", None]),
            policy_id=policy_id,
        )

    def tasks(self, rules: tuple[Rule, ...], due: dict[str, list[datetime]]) -> tuple[Task, ...]:
        """Put tasks at, near and far from the due times, on the exact bounds above all."""
        created: list[tuple[datetime, str | None]] = []
        bounds = [-MINUTE, -MINUTE - TICK, timedelta(0), self.grace, self.grace + TICK, 5 * MINUTE, 5 * MINUTE]
        for rule in rules:
            for moment in due.get(rule.policy_id, []):
                for _ in range(self.chance.choice([0, 1, 1, 1, 1, 2, 3])):
                    at = moment + self.chance.choice([*bounds, self.chance.randrange(3000) * MINUTE])
                    created.append((at, self.chance.choice([rule.policy_id, rule.policy_id, None, None, "gone"])))
        for _ in range(self.chance.randrange(8)):
            at = self.since - DAY + self.chance.randrange((self.days + 1) * 1440 + 60) * MINUTE
            created.append((at, self.chance.choice([None, None, "gone"])))
        found = [self.task(number, *each) for number, each in enumerate(created)]
        return tuple(sorted(found, key=lambda task: (task.created_at, task.id)))

    def maintenance(self, due: list[datetime]) -> tuple[datetime, datetime]:
        first = self.some_time(6, due) or NOW + DAY
        return first, first + self.chance.choice([1, 60, 2000]) * MINUTE

    def world(self) -> World:
        rules = tuple(self.rule(number) for number in range(self.chance.choice([1, 1, 2, 3])))
        bare = World(rules=rules, since=self.since, now=NOW, grace=self.grace, log_complete=not self.one_in(8))
        due = Oracle(bare).due
        moments = sorted({moment for each in due.values() for moment in each})
        first, last = self.maintenance(moments)
        return replace(
            bare,
            rules=tuple(replace(rule, known_since=self.some_time(8, moments)) for rule in rules),
            tasks=self.tasks(rules, due),
            covered_since=self.some_time(8, moments) or self.since,
            held_since=self.some_time(8, moments),
            known_since=self.some_time(8, moments),
            maintenance=lambda moment: "moving" if first <= moment < last else "",
        )


def as_resource(world: World, chance: random.Random) -> Resource:
    """The same world for the real code; what plans nothing is disabled, exempt, or makes copies."""
    held = Protected(id="server-1", name="web-1", type="OS::Nova::Server")
    return a_resource(
        *world.tasks,
        vaults=tuple(a_vault(name, resources=(held,)) for name in ("vault-1", "vault-2")),
        policies=tuple(as_policy(rule, chance) for rule in world.rules),
        window=a_window((world.now - world.since).days),
        log_complete=world.log_complete,
        covered_since=world.covered_since,
        held_since=world.held_since,
        known_since=world.known_since,
    )


def as_policy(rule: Rule, chance: random.Random) -> PolicySubject:
    idle: list[dict[str, Any]] = [{"enabled": False}, {"operation": "replication"}, {"vault_ids": frozenset({"other"})}]
    values = {"vault_ids": rule.vault_ids, **({} if rule.plans else chance.choice(idle))}
    policy = a_policy(
        rule.policy_id, patterns=rule.patterns, start_time=rule.start, start_window=rule.start_window, **values
    )
    schedule = Schedule(rule.patterns, rule.start)
    return PolicySubject(policy=policy, schedule=schedule, unreadable="", known_since=rule.known_since)


def judged(seed: int) -> tuple[World, Schedules]:
    maker = Maker(seed)
    world = maker.world()
    asked = limits(grace=world.grace, maintenance=world.maintenance)
    found = as_resource(world, maker.chance).planned_runs(asked)
    assert found is not None
    return world, found


@pytest.mark.parametrize("chunk", range(WORLDS // CHUNK))
def test_the_real_code_and_the_oracle_never_differ(chunk: int) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        world, found = judged(seed)
        oracle = Oracle(world)

        assert [
            Answer(
                due=run.due,
                policy_id=run.policy_id,
                state=run.state.value,
                task=run.task.id if run.task else None,
                repaired_by=run.repaired_by.id if run.repaired_by else None,
            )
            for run in found.runs
        ] == oracle.answers(), seed
        assert [task.id for task in found.unscheduled] == oracle.unscheduled(), seed
        assert found.recovered == oracle.recovered(), seed


def test_the_worlds_show_everything_that_may_become_of_a_run() -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for seed in range(300):
        _, found = judged(seed)
        seen.update((run.state.value, run.repaired_by is not None) for run in found.runs)

    repaired = [(state, True) for state in ("failed", "skipped", "overlap", "missing")]
    assert set(seen) == {(state.value, False) for state in RunState} | set(repaired)
    assert min(seen.values()) > 20, seen
