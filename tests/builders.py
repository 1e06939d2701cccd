"""Builders of valid objects: each test changes the one field that it is about."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from msgspec import structs

from audit.collection import About, Drift, Kind, Page, Reading, Rejected, Window
from audit.history import History
from audit.judging.findings import Fact, Finding, Verdict
from audit.judging.findings_table import Findings, Judgement
from audit.judging.requirements import Requirements
from audit.profile import LimitValues
from audit.profile.applied import limits_at
from audit.records import (
    Actor,
    Agent,
    Backup,
    Deed,
    Deployment,
    Member,
    OrganizationPolicy,
    Policy,
    Protectable,
    Protected,
    Replica,
    Task,
    Trace,
    Vault,
)
from audit.records.keys import key_of
from audit.report.facts import RunFacts
from audit.schedule.rules import Schedule
from audit.subjects import (
    Collection,
    Departure,
    Former,
    Inventory,
    Limits,
    PolicySubject,
    Presence,
    Resource,
    Subjects,
    Taken,
    VaultSubject,
    Waiver,
    WaiverSubject,
    arrange,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
DAILY = "FREQ=DAILY;BYHOUR=2;BYMINUTE=00"

Row = dict[str, Any]


def a_task(task_id: str = "task-1", **changes: Any) -> Task:
    values: Row = {
        "operation": "backup",
        "status": "success",
        "created_at": NOW - HOUR,
        "updated_at": NOW - HOUR,
        "resource_id": "server-1",
        "resource_name": "web-1",
        "resource_type": "OS::Nova::Server",
        "vault_id": "vault-1",
        "vault_name": "blue",
    }
    values |= changes
    if values["operation"] == "backup" and values["status"] == "success":
        values.setdefault("backup_id", f"made by {task_id}")
    return a_task_of(id=task_id, **values)


def a_trace(trace_id: str = "trace-1", **changes: Any) -> Trace:
    values: Row = {
        "at": NOW - HOUR,
        "recorded": NOW - HOUR,
        "operation": "deleteVault",
        "service": "CBR",
        "deed": Deed.DELETE_VAULT,
        "succeeded": True,
        "resource_type": "vault",
        "resource_id": "vault-1",
        "resource_name": "blue",
        "ids": frozenset({"vault-1"}),
        "actor": Actor(name="eve", id="user-1", source_ip="192.0.2.7"),
    }
    return Trace(id=trace_id, **(values | changes))


def a_trace_row(**changes: Any) -> Row:
    """A row of traces as CTS lists it; its times are milliseconds since 1970."""
    at = int((NOW - HOUR).timestamp() * 1000)
    row: Row = {
        "trace_id": "trace-1",
        "trace_name": "deleteVault",
        "trace_rating": "normal",
        "trace_type": "ConsoleAction",
        "service_type": "CBR",
        "resource_type": "vault",
        "resource_id": "vault-1",
        "resource_name": "blue",
        "time": at,
        "record_time": at,
        "code": "204",
        "request": "",
        "response": "",
        "source_ip": "192.0.2.7",
        "user": {"id": "user-1", "name": "eve", "domain": {"id": "account-1", "name": "acme"}},
    }
    return row | changes


def a_task_of(*, id: str, backup_id: str | None = None, **values: Any) -> Task:  # noqa: A002  # as the API calls it
    """A task of which nothing is said but this."""
    return Task(key=key_of(id), backup_key=None if backup_id is None else key_of(backup_id), **values)


def a_backup(age: timedelta, status: str = "success", **changes: Any) -> Task:
    """A backup task that was created this long before NOW, and is called by its age."""
    at = NOW - age
    named = f"backup-{age // HOUR}h"
    return a_task(**{"task_id": named, "status": status, "created_at": at, "updated_at": at, **changes})


def a_policy(policy_id: str = "policy-1", **changes: Any) -> Policy:
    values: Row = {
        "name": "daily",
        "operation": "backup",
        "enabled": True,
        "patterns": (DAILY,),
        "start_time": None,
        "vault_ids": frozenset({"vault-1"}),
        "retention_days": 7,
        "max_backups": None,
    }
    return Policy(id=policy_id, **{**values, **changes})


def a_vault(vault_id: str = "vault-1", *held: str, **changes: Any) -> Vault:
    values: Row = {
        "name": "blue",
        "protect_type": "backup",
        "created_at": NOW - 400 * DAY,
        "resources": tuple(a_protected(resource_id) for resource_id in held or ("server-1",)),
    }
    return Vault(id=vault_id, **{**values, **changes})


def a_protected(resource_id: str = "server-1", **changes: Any) -> Protected:
    values: Row = {"name": f"name of {resource_id}", "type": "OS::Nova::Server"}
    return Protected(id=resource_id, **{**values, **changes})


def a_point(age: timedelta = HOUR, **changes: Any) -> Backup:
    """A recovery point that was made this long before NOW, and is called by its age."""
    values: Row = {
        "id": f"point-{age // HOUR}h",
        "resource_id": "server-1",
        "vault_id": "vault-1",
        "status": "available",
        "image_type": "backup",
        "created_at": NOW - age,
        "expired_at": NOW - age + 30 * DAY,
        "resource_name": "web-1",
        "resource_type": "OS::Nova::Server",
        "by_policy": True,
        "encrypted": True,
    }
    values |= changes
    return Backup(key=key_of(values["id"]), **values)


def points_of(tasks: Iterable[Task]) -> tuple[Backup, ...]:
    """What the list of backups has where each success made the backup that it names, oldest first.

    A vault that was deleted took its backups with it.
    """
    known = tuple(tasks)
    deleted = {task.vault_id for task in known if task.operation == "vault_delete" and task.succeeded}
    successes = (task for task in known if task.operation == "backup" and task.succeeded and task.backup_id)
    made = [task for task in successes if task.vault_id not in deleted]
    points = [
        a_point(
            id=task.backup_id,
            resource_id=task.resource_id,
            vault_id=task.vault_id or "vault-1",
            created_at=task.created_at,
        )
        for task in made
    ]
    return tuple(sorted(points, key=attrgetter("created_at", "id")))


def a_replica(**changes: Any) -> Replica:
    values: Row = {"status": "success", "region": "eu-west-0", "created_at": NOW - HOUR}
    return Replica(**{**values, **changes})


def a_protectable(protectable_id: str = "server-1", **changes: Any) -> Protectable:
    values: Row = {"name": f"name of {protectable_id}", "type": "server", "can_be_protected": True, "vault_id": None}
    return Protectable(id=protectable_id, **{**values, **changes})


def an_agent(silent_for: timedelta = HOUR, **changes: Any) -> Agent:
    """An agent that was active last this long before NOW."""
    values: Row = {"id": "server-1", "host_name": "web-1", "status": "normal", "last_active": NOW - silent_for}
    return Agent(**{**values, **changes})


def a_member(status: str = "accepted", **changes: Any) -> Member:
    return Member(**{"project_id": "stranger", "status": status, **changes})


def an_organization_policy(**changes: Any) -> OrganizationPolicy:
    values: Row = {"id": "given-1", "name": "everywhere", "status": "available"}
    return OrganizationPolicy(**{**values, **changes})


def a_deployment(status: str = "available", **changes: Any) -> Deployment:
    values: Row = {"domain_id": "account-1", "project_id": "project-1", "status": status}
    return Deployment(**{**values, **changes})


def a_window(days: int = 30) -> Window:
    return Window(since=NOW - days * DAY, until=NOW)


def a_reading(kind: Kind = Kind.TASKS, *gaps: str, **changes: Any) -> Reading:
    values: Row = {
        "pages": 2,
        "passes": 2,
        "count_first": 3,
        "count_last": 3,
        "distinct": 3,
        "duplicates": 0,
        "gaps": gaps,
    }
    return Reading(kind=kind, **{**values, **changes})


def a_collection(*incomplete: Kind, **changes: Any) -> Collection:
    """What was read; the kinds that are named have a gap."""
    readings = tuple(a_reading(kind, *([f"{kind}: a page is missing"] * (kind in incomplete))) for kind in Kind)
    values: Row = {"window": a_window(), "readings": readings, "rejected": (), "drift": ()}
    return Collection(id="project-1", name="project-1", **{**values, **changes})


def a_rejected(kind: Kind = Kind.TASKS, **changes: Any) -> Rejected:
    """A row that could not be used and tells nothing; as in an audit, its list is a text, and not a member."""
    values: Row = {
        "page": 1,
        "row": 0,
        "id": "",
        "path": "status",
        "message": "None is not of type 'string'",
        "mark": "0123456789abcdef",
    }
    return Rejected(kind=kind.value, **{**values, **changes})


def about(**known: Any) -> About:
    """What a row seems to be about: nothing can be read but this."""
    return About(**known)


def a_drift(kind: Kind = Kind.TASKS, **changes: Any) -> Drift:
    values: Row = {
        "path": "colour",
        "problem": "unknown field",
        "count": 2,
        "first_id": "task-1",
        "example": '"blue"',
    }
    return Drift(kind=kind.value, **{**values, **changes})


def limits(**changes: Any) -> Limits:
    """The default limits, but for ages that do not depend on a policy, and less time for tests of restores."""
    values: Row = {"max_backup_age": 30 * HOUR, "repair_within": 30 * HOUR, "restore_test_period": 20 * DAY}
    return structs.replace(limits_at(LimitValues(), NOW), **{**values, **changes})


def requirements(given: Limits | None = None, **changes: Any) -> Requirements:
    return Requirements(limits=given or limits(), **changes)


def a_policy_subject(policy: Policy | None = None, **changes: Any) -> PolicySubject:
    policy = policy or a_policy()
    values: Row = {"schedule": Schedule(policy.patterns, policy.start_time), "unreadable": ""}
    return PolicySubject(policy=policy, **{**values, **changes})


def a_resource(*tasks: Task, **changes: Any) -> Resource:
    """A resource in a backup vault with a daily policy, whose log is complete; tasks are given oldest first."""
    values: Row = {
        "id": "server-1",
        "name": "web-1",
        "type": "OS::Nova::Server",
        "presence": Presence.PROTECTED,
        "departure": None,
        "vaults": (a_vault(),),
        "policies": (a_policy_subject(),),
        "held_since": NOW - 400 * DAY,
        "window": a_window(),
        "log_complete": True,
    }
    values |= changes
    places = tuple((vault, held) for vault in values["vaults"] for held in vault.resources if held.id == values["id"])
    return Resource(tasks=tasks, **{"places": places, **values})


def a_vault_subject(*tasks: Task, **changes: Any) -> VaultSubject:
    values: Row = {
        "id": "vault-1",
        "name": "blue",
        "vault": a_vault(),
        "policies": (a_policy_subject(),),
        "departure": None,
        "window": a_window(),
        "log_complete": True,
        "vaults_complete": True,
    }
    return VaultSubject(tasks=tasks, **{**values, **changes})


def findings_of(findings: Iterable[Finding]) -> Findings:
    """Put findings together in their order, as an evaluation keeps them."""
    judgements = []
    for (control, kind, severity), part in groupby(findings, key=attrgetter("control", "kind", "severity")):
        columns = zip(*map(attrgetter("id", "name", "verdict", "waiver"), part), strict=True)
        judgements.append(Judgement(control, kind, severity, *columns))
    return Findings(tuple(judgements))


def a_waiver(**changes: Any) -> Waiver:
    """A waiver of CBR-101 that ends long after NOW."""
    values: Row = {
        "control": "CBR-101",
        "subject": "server-1",
        "owner": "Ana",
        "reason": "rebuilt every night",
        "until": NOW + 30 * DAY,
        "ticket": "OPS-1",
    }
    return Waiver(**{**values, **changes})


def a_waiver_subject(waiver: Waiver | None = None, **changes: Any) -> WaiverSubject:
    values: Row = {"findings": 1, "needed": 1}
    return WaiverSubject(waiver=waiver or a_waiver(), **{**values, **changes})


def a_departure(**changes: Any) -> Departure:
    values: Row = {"at": NOW - 5 * DAY, "task_id": "removal", "operation": "remove_resource"}
    return Departure(**{**values, **changes})


def arranged(
    tasks: Iterable[Task] = (),
    policies: Iterable[Policy] = (),
    vaults: Iterable[Vault] = (),
    collection: Collection | None = None,
    *,
    former: Former | None = None,
    **others: Any,
) -> Subjects:
    """What was read; without backups of their own, successes have made what they name."""
    found = tuple(tasks)
    inventory = Inventory(policies=policies, vaults=vaults, **{"backups": points_of(found), **others})
    return arrange(History(found), inventory, collection or a_collection(), former, stuck_after=limits().stuck_after)


def a_former(
    policies: Iterable[Policy] = (), vaults: Iterable[Vault] = (), backups: Iterable[Backup] = (), **changes: Any
) -> Former:
    """What a run saw an hour before NOW, completely."""
    values: Row = {
        "run": "run-1",
        "until": NOW - HOUR,
        "policies": {policy.id: policy for policy in policies},
        "vaults": {vault.id: vault for vault in vaults},
        "backups": {backup.id: backup for backup in backups},
        "complete": frozenset({Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS}),
    }
    return Former(**{**values, **changes})


def a_taken(age: timedelta, life: timedelta | None, **changes: Any) -> Taken:
    """A backup that was made this long before NOW, was to live so long, and is missed since NOW."""
    values: Row = {
        "id": f"point-{age // HOUR}h",
        "vault_id": "vault-1",
        "resource_id": "server-1",
        "made": NOW - age,
        "end": None if life is None else NOW - age + life,
        "by_policy": True,
        "is_copy": False,
        "gone": NOW,
    }
    values |= changes
    return Taken(key=key_of(values["id"]), **values)


def facts_of(verdict: Verdict) -> dict[str, Fact]:
    return dict(verdict.facts)


def run_facts(**changes: Any) -> RunFacts:
    values: Row = {
        "id": "20261123T040000Z-abc",
        "as_of": NOW,
        "window": a_window(3),
        "read": a_window(3),
        "project_id": "project-1",
        "region": "eu-west-101",
        "tool_version": "0.1.0",
        "profile_sha256": "0" * 64,
        "timezone": "Europe/Berlin",
    }
    return RunFacts(**{**values, **changes})


def a_task_row(**changes: Any) -> Row:
    values: Row = {
        "id": "task-1",
        "project_id": "0123456789abcdef0123456789abcdef",
        "status": "success",
        "operation_type": "backup",
        "created_at": "2026-01-05T22:00:03.120000",
        "started_at": "2026-01-05T22:00:02.980000",
        "ended_at": "2026-01-05T22:07:41.000345",
        "updated_at": "2026-01-05T22:07:41.100000",
        "vault_id": "vault-1",
        "vault_name": "blue",
        "policy_id": "policy-1",
        "error_info": {"code": "", "message": ""},
        "extra_info": {
            "resource": {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"},
            "backup": {"backup_id": "backup-1", "incremental": "true", "app_consistency_status": "0"},
        },
    }
    return {**values, **changes}


def a_policy_row(**changes: Any) -> Row:
    values: Row = {
        "id": "policy-1",
        "name": "daily",
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": {"max_backups": -1, "retention_duration_days": 30, "timezone": "UTC+08:00"},
        "trigger": {
            "id": "trigger-1",
            "name": "default",
            "type": "time",
            "properties": {"pattern": [DAILY], "start_time": "2026-01-05 08:45:56"},
        },
        "associated_vaults": [{"vault_id": "vault-1", "destination_vault_id": None}],
    }
    return {**values, **changes}


def a_vault_row(**changes: Any) -> Row:
    values: Row = {
        "id": "vault-1",
        "name": "blue",
        "project_id": "0123456789abcdef0123456789abcdef",
        "provider_id": "provider-1",
        "resources": [{"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"}],
        "created_at": "2025-03-25T06:20:47.611113",
        "billing": {
            "allocated": 0,
            "charging_mode": "post_paid",
            "consistent_level": "crash_consistent",
            "protect_type": "backup",
            "size": 100,
            "spec_code": "vault.backup.server.normal",
            "status": "available",
            "used": 0,
        },
    }
    return {**values, **changes}


def a_backup_row(**changes: Any) -> Row:
    values: Row = {
        "id": "point-1",
        "checkpoint_id": "checkpoint-1",
        "project_id": "0123456789abcdef0123456789abcdef",
        "name": "autobk_1",
        "description": "",
        "resource_id": "server-1",
        "resource_name": "web-1",
        "resource_type": "OS::Nova::Server",
        "resource_size": 40,
        "resource_az": "eu-west-101a",
        "vault_id": "vault-1",
        "provider_id": "provider-1",
        "status": "available",
        "image_type": "backup",
        "parent_id": None,
        "created_at": "2026-01-05T22:07:41.000345",
        "updated_at": "2026-01-05T22:07:41.100000",
        "protected_at": "2026-01-05T22:07:41.000345",
        "expired_at": "2026-02-04T22:07:41.000345",
        "extend_info": {"auto_trigger": True, "encrypted": False},
        "replication_records": [
            {
                "id": "copy-1",
                "status": "success",
                "destination_region": "eu-west-0",
                "created_at": "2026-01-06T00:00:00",
            }
        ],
    }
    return {**values, **changes}


def a_protectable_row(**changes: Any) -> Row:
    values: Row = {
        "id": "server-1",
        "name": "web-1",
        "type": "OS::Nova::Server",
        "children": [],
        "protectable": {"result": True, "vault": None},
    }
    return {**values, **changes}


def an_agent_row(**changes: Any) -> Row:
    values: Row = {
        "agent_id": "server-1",
        "host_name": "web-1",
        "status": "normal",
        "last_active_time": "2026-01-05T22:00:03.120000",
    }
    return {**values, **changes}


def an_organization_policy_row(**changes: Any) -> Row:
    values: Row = {
        "id": "given-1",
        "name": "everywhere",
        "operation_type": "backup",
        "domain_id": "account-1",
        "policy_name": "daily",
        "policy_enabled": True,
        "policy_operation_definition": {"retention_duration_days": 30},
        "policy_trigger": {"properties": {"pattern": [DAILY]}},
        "status": "available",
    }
    return {**values, **changes}


def a_member_row(**changes: Any) -> Row:
    return {"id": "share-1", "dest_project_id": "stranger", "status": "accepted", **changes}


def a_usage_row(**changes: Any) -> Row:
    values: Row = {
        "resource_id": "server-1",
        "resource_name": "web-1",
        "resource_type": "OS::Nova::Server",
        "backup_count": 3,
        "backup_size": 2048,
        "backup_size_multiaz": 0,
    }
    return {**values, **changes}


def a_deployment_row(**changes: Any) -> Row:
    values: Row = {
        "policy_id": "policy-1",
        "domain_id": "account-1",
        "project_id": "project-1",
        "status": "available",
    }
    return {**values, **changes}


def a_page(*rows: Any, kind: Kind = Kind.TASKS, body: bytes = b"{}", **envelope: Any) -> Page:
    stated: Mapping[str, Any] = {**({} if kind == Kind.TRACES else {kind.total: len(rows)}), **envelope}
    return Page(
        kind=kind,
        path=f"/v3/project-1/{kind}",
        params=(("limit", "1000"),),
        body=body,
        request_id="req-1",
        received_at=NOW,
        rows=rows,
        envelope=stated,
    )
