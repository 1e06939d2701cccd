"""Task rows of every operation type, as the service returns them: dicts that are ready for JSON."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import (
    NO_ERROR,
    BackupRun,
    Draft,
    PlannedPolicy,
    PlannedResource,
    PlannedVault,
    ServiceError,
)
from audit.simulator.error_codes import UNKNOWN
from audit.simulator.messages import Row

PROVIDERS: Final = {
    "server": "0daac4c5-6707-4851-97ba-169e36266b66",
    "disk": "d1603440-187d-4516-af25-121250c7cc97",
    "turbo": "3f3c3220-245c-4805-b811-758870015881",
    "workspace": "86a80900-71bf-4961-956a-d52df944f84a",
    "vmware": "a13639de-00be-4e94-af30-26912d75e4a2",
}
FINISHED: Final = ("success", "skipped", "failed", "timeout")
_ZONE: Final = len("+00:00")


def written(moment: datetime) -> str:
    """Write a UTC time without its zone, as the service does; no fraction if it is zero."""
    return moment.isoformat()[:-_ZONE]


@dataclass(frozen=True, slots=True)
class Course:
    """How one task went."""

    created: datetime
    ended: datetime
    status: str = "success"
    failure: ServiceError = NO_ERROR


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What a task names besides its own id; a task started by hand may name no vault."""

    provider: str
    vault: PlannedVault | None = None
    policy_id: str | None = None
    resource: PlannedResource | None = None
    checkpoint_id: str | None = None


@dataclass(frozen=True, slots=True)
class Clerk:
    """Writes rows; a task that would end after ``as_of`` is still running in its row."""

    rng: Random
    project_id: str
    as_of: datetime

    def backup(self, run: BackupRun) -> Row:
        """Return one backup task; one that failed or has not begun has no backup to name."""
        backup_id = run.repeats or run.backup_id
        vault = run.resource.vault
        named = Mentioned(
            provider=vault.object_type,
            vault=None if run.nameless else vault,
            policy_id=run.policy_id,
            resource=run.resource,
            checkpoint_id=run.checkpoint_id,
        )
        prefix = "manualbk" if run.policy is None else "autobk"
        block: Row = {
            "backup_name": f"{prefix}_{backup_id[:4]}",
            "incremental": "true" if run.incremental else "false",
            **_consistency(run),
        }
        if run.status in ("success", "running") and not run.names_none:
            block["backup_id"] = backup_id
        course = Course(run.created, run.ended, run.status, run.failure)
        return self.row("backup", course, named, {"backup": block}, task_id=run.id)

    def delete(self, run: BackupRun, at: datetime) -> Row:
        """Return the deletion of the backup that a run made."""
        vault = run.resource.vault
        named = Mentioned(vault.object_type, vault, resource=run.resource, checkpoint_id=run.checkpoint_id)
        block = {"backup_id": run.backup_id, "backup_name": f"autobk_{run.backup_id[:4]}"}
        return self.row("delete", self._good(at, 90), named, {"delete": block})

    def restore(self, resource: PlannedResource, backup_id: str, course: Course) -> Row:
        """Return a restore of a resource onto itself."""
        vault = resource.vault
        named = Mentioned(vault.object_type, vault, resource=resource, checkpoint_id=identifiers.uuid(self.rng))
        block = {
            "backup_id": backup_id,
            "backup_name": f"autobk_{backup_id[:4]}",
            "target_resource_id": resource.id,
            "target_resource_name": resource.name,
        }
        return self.row("restore", course, named, {"restore": block})

    def replication(
        self,
        run: BackupRun,
        at: datetime,
        policy: PlannedPolicy,
        *,
        failure: ServiceError = NO_ERROR,
        by_hand: bool = False,
    ) -> Row:
        """Return the copy of a backup into another region; by hand it is the older operation, copy."""
        vault, destination = run.resource.vault, policy.destination or {}
        named = Mentioned(vault.object_type, vault, None if by_hand else policy.id, run.resource, run.checkpoint_id)
        name = f"autobk_{run.backup_id[:4]}"
        block = {
            "destination_backup_id": identifiers.uuid(self.rng),
            "destination_checkpoint_id": identifiers.uuid(self.rng),
            "destination_project_id": destination["destination_project_id"],
            "destination_region": destination["destination_region"],
            "source_backup_id": run.backup_id,
            "source_checkpoint_id": run.checkpoint_id,
            "source_project_id": self.project_id,
            "source_region": "sim-1",
            "source_backup_name": name,
            "destination_backup_name": name,
        }
        good = self._good(at, 1800)
        course = good if failure == NO_ERROR else Course(at, good.ended, "failed", failure)
        return self.row("copy" if by_hand else "replication", course, named, {"replication": block})

    def sync(self, at: datetime, machine: PlannedResource | None = None, brought: int | None = None) -> Row:
        """Return the synchronisation of backups made on premises; it may name neither vault nor resource."""
        block = {
            "sync_backup_num": self.rng.randrange(1, 9) if brought is None else brought,
            "delete_backup_num": self.rng.randrange(3),
            "err_sync_backup_num": 0,
        }
        named = Mentioned("vmware", machine.vault if machine else None, resource=machine)
        return self.row("sync", self._good(at, 300), named, {"sync": block})

    def vault_delete(self, vault: PlannedVault, at: datetime, backups: int) -> Row:
        """Return the deletion of a vault with all its backups."""
        block = {"fail_count": 0, "total_count": backups}
        named = Mentioned(vault.object_type, vault)
        return self.row("vault_delete", self._good(at, 120), named, {"vault_delete": block})

    def remove_resource(self, resource: PlannedResource, at: datetime) -> Row:
        """Return the removal of one resource from its vault, by hand."""
        block = {"fail_count": 0, "total_count": 1, "resources": [_resource(resource)]}
        named = Mentioned(resource.vault.object_type, resource.vault)
        return self.row("remove_resource", self._good(at, 60), named, {"remove_resources": block})

    def row(self, operation: str, course: Course, named: Mentioned, block: Row, *, task_id: str | None = None) -> Row:
        """Return a task row from its course and names, and the block that only this operation has."""
        rng, vault = self.rng, named.vault
        progress, times = self._progress(course)
        extra: Row = {"common": {"progress": progress, "request_id": identifiers.request(rng)}, **block}
        if named.resource is not None:
            extra["resource"] = _resource(named.resource)
        return {
            "status": course.status,
            "provider_id": PROVIDERS[named.provider],
            "checkpoint_id": named.checkpoint_id,
            "error_info": {"code": course.failure.code, "message": course.failure.message},
            "vault_id": None if vault is None else vault.id,
            "vault_name": None if vault is None else vault.name,
            "policy_id": named.policy_id,
            "id": task_id or identifiers.uuid(rng),
            "extra_info": extra,
            **times,
            "operation_type": operation,
            "project_id": self.project_id,
        }

    def _progress(self, course: Course) -> tuple[int, Row]:
        """Return how far a task is, and its four times; the start may be recorded just before the creation."""
        rng, created = self.rng, course.created
        if course.status == "waiting":
            at = written(created)
            return 0, {"created_at": at, "started_at": None, "ended_at": None, "updated_at": at}
        started = created + timedelta(microseconds=rng.randrange(-40_000, 200_000))
        times = {"created_at": written(created), "started_at": written(started)}
        if course.status == "running":
            updated = max(created, min(self.as_of, created + timedelta(seconds=rng.randrange(30, 900))))
            return rng.randrange(1, 96), {**times, "ended_at": None, "updated_at": written(updated)}
        updated = course.ended + timedelta(microseconds=rng.randrange(1_000, 200_000))
        times |= {"ended_at": written(course.ended), "updated_at": written(updated)}
        return 100 if course.status == "success" else rng.randrange(100), times

    def _good(self, at: datetime, seconds: int) -> Course:
        """Return the course of a task that succeeds within these seconds, before the estate's last moment."""
        took = timedelta(seconds=self.rng.uniform(seconds / 20, seconds))
        latest = self.as_of - timedelta(seconds=1)
        return Course(at, max(at + timedelta(milliseconds=250), min(at + took, latest)))


def clerk_of(draft: Draft) -> Clerk:
    """Return the writer of a draft's rows."""
    return Clerk(draft.rng, draft.project_id, draft.as_of)


def _resource(resource: PlannedResource) -> Row:
    return {"id": resource.id, "name": resource.name, "type": resource.type, "extra_info": resource.extra_info}


def _consistency(run: BackupRun) -> Row:
    """Return whether applications were asked to be quiescent, and why they were not."""
    asked = run.resource.vault.is_app_consistent
    failure = UNKNOWN if asked and not run.consistent else NO_ERROR
    return {
        "app_consistency_status": "1" if asked and run.consistent else "0",
        "app_consistency_error_code": failure.code,
        "app_consistency_error_message": failure.message,
    }
