"""Policies, vaults and resources as they come, with backups of every state, and the same with rows missing."""

import random
from dataclasses import replace
from datetime import datetime
from typing import Any

from msgspec import structs

from audit.collection import Kind
from audit.records import Agent, Backup, KeepingRule, Member, Policy, Protected, Task, Usage, Vault
from audit.records.keys import key_of
from audit.schedule.rules import Schedule
from audit.subjects import Collection, PolicySubject, Presence, Resource, VaultSubject
from tests.builders import (
    DAILY,
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_deployment,
    a_member,
    a_point,
    a_policy,
    a_policy_subject,
    a_protectable,
    a_protected,
    a_resource,
    a_vault,
    a_vault_subject,
    an_agent,
    an_organization_policy,
)

STATES = ["available"] * 8 + ["error", "error", "protecting", "deleting", "restoring", "waiting_protect", "odd"]
PATTERNS = [
    DAILY,
    "FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0",
    "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0",
    "FREQ=DAILY;INTERVAL=9;BYHOUR=1;BYMINUTE=0",
]
TYPES = ["OS::Nova::Server", "OS::Nova::Server", "OS::Cinder::Volume"]
DEPLOYED = ["available"] * 12 + ["error", "syncing", "odd"]
Judged = PolicySubject | Resource | VaultSubject | Collection


def a_random_policy(chance: random.Random, policy_id: str = "policy-1") -> Policy:
    return a_policy(
        policy_id,
        operation=chance.choice(["backup", "backup", "replication"]),
        enabled=chance.random() < 0.85,
        patterns=(chance.choice(PATTERNS),),
        start_time=NOW - 90 * DAY,
        vault_ids=frozenset(chance.sample(["vault-1", "vault-2"], chance.choice([0, 1, 1, 2, 2, 2]))),
        retention_days=chance.choice([None, -1, 0, 3, 3, 3, 7, 30, 400]),
        max_backups=chance.choice([None, -1, 0, 2, 9, 50]),
        daily_copies=chance.choice([0, 0, 7]),
        weekly_copies=chance.choice([0, 4, 9]),
        monthly_copies=chance.choice([0, 0, 12]),
        yearly_copies=chance.choice([0, 0, 7]),
        timezone=chance.choice([None, "UTC+08:00"]),
        weekly_rule=chance.choice([None, None, None, KeepingRule(periods=12, weekdays=("MO",))]),
        cross_account_urn=chance.choice([None, None, None, "cbr::other:vault:safe"]),
        destination_region=chance.choice([None, "eu-west-0", "eu-west-9"]),
    )


def a_random_policy_subject(chance: random.Random, policy_id: str = "policy-1") -> PolicySubject:
    unreadable: dict[str, Any] = {"schedule": None, "unreadable": "an odd rule"} if chance.random() < 0.1 else {}
    sources = tuple(chance.choice([Schedule([DAILY], None), None]) for _ in range(chance.choice([0, 1, 1])))
    return a_policy_subject(a_random_policy(chance, policy_id), sources=chance.choice([sources, None]), **unreadable)


def some_policies(chance: random.Random) -> tuple[PolicySubject, ...]:
    return tuple(a_random_policy_subject(chance, f"policy-{number}") for number in range(chance.choice([0, 1, 1, 2])))


def a_random_vault(chance: random.Random, vault_id: str = "vault-1") -> Vault:
    return a_vault(
        vault_id,
        protect_type=chance.choice(["backup"] * 6 + ["replication", "hybrid"]),
        resources=tuple(a_random_protected(chance, name) for name in chance.choice([(), ("server-1",), ("server-1",)])),
        status=chance.choice(["available"] * 5 + ["lock", "frozen", None]),
        is_multi_az=chance.choice([True, False, None]),
        locked=chance.choice([True, False, None]),
        size_gb=chance.choice([100, 100, 100, 0, None]),
        used_mb=chance.choice([0, 51_200, 90_000, 102_400, -1, None]),
        auto_expand=chance.choice([True, False, False, None]),
        tags=chance.choice([(), (("owner", "red"),), (("owner", ""),)]),
    )


def a_random_protected(chance: random.Random, resource_id: str) -> Protected:
    return a_protected(
        resource_id,
        auto_protect=chance.choice([True, True, False, None]),
        excluded=chance.choice([(), (), ("disk-1",)]),
        included=chance.choice([(), (), (), ("disk-2",)]),
        size_gb=chance.choice([40, 40, 40, 40, 0, None]),
        backup_count=chance.choice([9, 9, 9, 0, None]),
        backup_mb=chance.choice([9, 9, 0, 0, None]),
        protect_status=chance.choice(["available"] * 5 + ["deleted", "deleted", "error", None]),
    )


def some_points(chance: random.Random, tasks: list[Task]) -> tuple[Backup, ...]:
    """What tasks made, or most of it, what failed ones left behind, and sometimes what no task made."""
    loss = chance.choice([0.0, 0.0, 0.2, 1.0])
    made = [task for task in tasks if task.succeeded and task.backup_id and chance.random() >= loss]
    broken = [task for task in tasks if task.broke and task.backup_id and chance.random() < 0.7]
    points = [a_random_point(chance, str(task.backup_id), task.created_at) for task in made]
    points += [
        a_point(id=str(task.backup_id), created_at=task.created_at, expired_at=None, status="error") for task in broken
    ]
    for number in range(chance.choice([0, 0, 0, 1, 3])):
        points.append(a_random_point(chance, f"other-{number}", NOW - chance.randrange(28 * 24) * HOUR))
    return tuple(sorted(points, key=lambda point: (point.created_at, point.id)))


def a_random_point(chance: random.Random, point_id: str, created: datetime) -> Backup:
    return a_point(
        id=point_id,
        vault_id=chance.choice(["vault-1", "vault-1", "vault-1", "vault-2"]),
        status=chance.choice(STATES),
        image_type=chance.choice(["backup"] * 9 + ["replication"]),
        parent_id=chance.choice([None] * 9 + ["whole"]),
        created_at=created,
        expired_at=chance.choice([None, created + 3 * DAY, created + 14 * DAY, created + 60 * DAY]),
        by_policy=chance.choice([True, True, False, None]),
        encrypted=chance.choice([True, False, None]),
    )


def some_backups(chance: random.Random) -> list[Task]:
    tasks = [
        a_backup(
            chance.randrange(30 * 24) * HOUR,
            chance.choice(["success"] * 8 + ["failed", "failed", "running", "skipped", "odd"]),
            task_id=f"task-{number}",
            operation=chance.choice(["backup"] * 9 + ["delete", "remove_resource"]),
            backup_id=chance.choice([f"point-{number}"] * 12 + [None, "point-0"]),
            vault_id=chance.choice(["vault-1", "vault-1", "vault-2", None]),
        )
        for number in range(chance.choice([0, 1, 3, 6]))
    ]
    own = [structs.replace(task, backup_key=key_of(f"left by {task.id}")) if task.broke else task for task in tasks]
    return sorted(own, key=lambda task: (task.created_at, task.id))


def a_random_resource_with_points(chance: random.Random) -> Resource:
    tasks = some_backups(chance)
    vaults = tuple(a_random_vault(chance, f"vault-{number}") for number in (1, 2)[: chance.choice([0, 1, 1, 1, 2])])
    held = tuple(vault for vault in vaults if vault.resources)
    listed = a_protectable(
        can_be_protected=chance.random() < 0.9,
        vault_id=chance.choice([None, None, None, "vault-7"]),
        status=chance.choice(["ACTIVE", "ACTIVE", "ACTIVE", "DELETED", None]),
    )
    resource = a_resource(
        *tasks,
        type=chance.choice(TYPES),
        presence=Presence.PROTECTED if held else Presence.UNPROTECTED,
        vaults=held,
        policies=some_policies(chance),
        recovery_points=some_points(chance, tasks),
        protectable=chance.choice([listed, listed, None]),
        server_id=chance.choice([None] * 9 + ["server-9"]),
        protectables_complete=True,
        taken_before=chance.choice([(9, 9, 9), (9, 10, 11, 12), (99, 99, 99), (9,)]),
        agent=chance.choice([a_random_agent(chance), a_random_agent(chance), None]),
        agents_complete=True,
        is_type_listed=chance.random() < 0.5,
    )
    return with_usages(replace(resource, members=some_members(resource)))


def a_random_collection(chance: random.Random) -> Collection:
    policies = [
        an_organization_policy(id=f"given-{number}", status=chance.choice(["available"] * 5 + ["deleting"]))
        for number in range(chance.choice([0, 1, 1, 2]))
    ]
    asked = [policy.id for policy in policies if chance.random() < 0.95]
    deployments = {
        policy_id: tuple(a_deployment(chance.choice(DEPLOYED)) for _ in range(chance.choice([0, 1, 2, 3, 3])))
        for policy_id in asked
    }
    return a_collection(organization_policies=tuple(policies), deployments=deployments)


def some_members(resource: Resource) -> dict[str, tuple[Member, ...]]:
    """Whom some of its backups are shared with; by lots of its own, which change nothing else that is drawn."""
    points = resource.recovery_points or ()
    chance = random.Random(" ".join(point.id + point.status for point in points))  # noqa: S311  # repeatable
    statuses = ("accepted", "pending", "rejected", "rejected", "odd")
    looked_at = [point.id for point in points if chance.random() < 0.8]
    return {
        point_id: tuple(map(a_member, chance.sample(statuses, chance.choice([0, 0, 0, 1])))) for point_id in looked_at
    }


def with_usages(resource: Resource) -> Resource:
    """The same with what is counted of it; its vaults mostly count what is there. By lots of its own, as above."""
    points = [point for point in resource.recovery_points or () if point.is_own]
    drawn = (*(point.id for point in points), *map(str, resource.taken_before), str(resource.counted_points))
    chance = random.Random(" ".join(drawn))  # noqa: S311  # repeatable
    if chance.random() < 0.8:
        vaults = tuple(_honest(vault, points) for vault in resource.vaults)
        places = tuple((vault, held) for vault in vaults for held in vault.resources if held.id == resource.id)
        resource = replace(resource, vaults=vaults, places=places)
    counts = (resource.counted_points, resource.counted_points, resource.counted_points, 0, None)
    usages = tuple(Usage(backup_count=count) for count in chance.sample(counts, chance.choice([0, 1, 1, 1, 1, 2])))
    return replace(resource, usages=usages)


def _honest(vault: Vault, points: list[Backup]) -> Vault:
    count = sum(point.vault_id == vault.id for point in points)
    held = tuple(structs.replace(each, backup_count=count) for each in vault.resources)
    return structs.replace(vault, resources=held, is_multi_az=False)


def a_random_agent(chance: random.Random) -> Agent:
    return an_agent(
        chance.randrange(48) * HOUR,
        status=chance.choice(["normal"] * 6 + ["abnormal", "uninstall", "odd", None]),
    )


def a_random_vault_with_points(chance: random.Random) -> VaultSubject:
    tasks = some_backups(chance)
    gone = chance.random() < 0.1
    return a_vault_subject(
        *tasks,
        vault=None if gone else a_random_vault(chance),
        policies=None if gone else some_policies(chance),
        recovery_points=some_points(chance, tasks),
    )


def without_some_rows(chance: random.Random, subject: Judged) -> Judged:
    """The same subject as it looks when rows of one or more lists are missing, and the lists say so."""
    if isinstance(subject, PolicySubject):
        return replace(subject, sources=None)
    if isinstance(subject, Collection):
        kind = chance.choice([Kind.ORGANIZATION_POLICIES, Kind.DEPLOYMENTS])
        return replace(subject, readings=a_collection(kind).readings, deployments={})
    changes: dict[str, Any] = {}
    while not changes:
        if chance.random() < 0.4:
            remaining = tuple(task for task in subject.tasks if chance.random() < 0.6)
            changes |= {"tasks": remaining, "log_complete": False}
        if chance.random() < 0.4:
            changes |= {"policies": None}
        if chance.random() < 0.4:
            changes |= {"recovery_points": None}
        if chance.random() < 0.4:
            changes |= _without_vaults(chance, subject)
        if isinstance(subject, Resource):
            changes |= _without_extra_lists(chance, subject)
    return replace(subject, **changes)


def _without_extra_lists(chance: random.Random, resource: Resource) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if chance.random() < 0.4:
        changes |= {"protectable": chance.choice([resource.protectable, None]), "protectables_complete": False}
        changes["is_type_listed"] = False
    if chance.random() < 0.4:
        changes |= {"agent": chance.choice([resource.agent, None]), "agents_complete": False, "members": None}
    if chance.random() < 0.4:
        changes["usages"] = None
    return changes


def _without_vaults(chance: random.Random, subject: Resource | VaultSubject) -> dict[str, Any]:
    if isinstance(subject, VaultSubject):
        vault = chance.choice([subject.vault, None])
        return {"vault": vault, "policies": subject.policies if vault else None, "vaults_complete": False}
    vaults = tuple(vault for vault in subject.vaults if chance.random() < 0.5)
    return {"vaults": vaults, "vaults_complete": False, "presence": subject.presence if vaults else Presence.UNKNOWN}
