"""The pipeline with pydantic models in place of parser and validator, as one would write it by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from audit.answers.intake import Intake
from audit.app.run import assess
from audit.collection import Kind, Reading
from audit.records import Task
from audit.records.keys import key_of
from audit.report.formats import FORMATS
from bench.folder import WINDOW, Folder, facts_for, profile_for
from bench.pipeline import told


class Model(BaseModel):
    """What every model has in common."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Common(Model):
    """What every task knows of its progress."""

    progress: int
    request_id: str
    task_id: str | None = None


class Resource(Model):
    """What a task worked on."""

    id: str
    type: str
    name: str | None = None
    extra_info: dict[str, Any] | None = None


class Backup(Model):
    """What only a backup has."""

    backup_id: str | None = None
    backup_name: str | None = None
    incremental: str | None = None
    app_consistency_status: str | None = None
    app_consistency_error_code: str | None = None
    app_consistency_error_message: str | None = None


class Replication(Model):
    """What only a replication has."""

    source_backup_id: str | None = None
    destination_backup_id: str | None = None
    source_region: str | None = None
    destination_region: str | None = None
    source_project_id: str | None = None
    destination_project_id: str | None = None


class ExtraInfo(Model):
    """What is special about a task."""

    common: Common | None = None
    resource: Resource | None = None
    backup: Backup | None = None
    replication: Replication | None = None


class ErrorInfo(Model):
    """Why a task failed."""

    code: str | None = None
    message: str | None = None


class OperationLog(Model):
    """One task."""

    id: str
    project_id: str
    operation_type: str
    status: str
    created_at: datetime
    updated_at: datetime
    error_info: ErrorInfo
    extra_info: ExtraInfo
    started_at: datetime | None = None
    ended_at: datetime | None = None
    checkpoint_id: str | None = None
    provider_id: str | None = None
    policy_id: str | None = None
    vault_id: str | None = None
    vault_name: str | None = None

    def task(self) -> Task:
        """Make the record that the audit judges."""
        resource, own = self.extra_info.resource, self.extra_info.backup
        return Task(
            key=key_of(self.id),
            operation=self.operation_type,
            status=self.status,
            created_at=self.created_at.replace(tzinfo=UTC),
            updated_at=self.updated_at.replace(tzinfo=UTC),
            started_at=self.started_at and self.started_at.replace(tzinfo=UTC),
            ended_at=self.ended_at and self.ended_at.replace(tzinfo=UTC),
            resource_id=resource.id if resource else None,
            resource_name=resource.name if resource else None,
            resource_type=resource.type if resource else None,
            vault_id=self.vault_id,
            vault_name=self.vault_name,
            policy_id=self.policy_id,
            error_code=self.error_info.code,
            error_message=self.error_info.message,
            backup_key=key_of(own.backup_id) if own and own.backup_id else None,
        )


class Answer(Model):
    """One page."""

    operation_logs: list[OperationLog]
    count: int


def work(folder: Path) -> Mapping[str, Any]:
    """Parse, validate, remember, arrange, evaluate and render."""
    profile, intake = profile_for(folder), Intake()
    for file in sorted(folder.glob(f"{Kind.TASKS.key}-*.json")):
        intake.tasks.update([row.task() for row in Answer.model_validate_json(file.read_bytes()).operation_logs])
    count = len(intake.tasks)
    tasks = Reading(Kind.TASKS, 1, 2, count, count, count, 0, ())
    lists = [Folder(folder).read(kind, WINDOW) for kind in (Kind.POLICIES, Kind.VAULTS)]
    for listed in lists:
        for page in listed:
            intake.accept(page)
    report = assess(facts_for(profile), profile, intake, (tasks, *(listed.reading() for listed in lists)))
    return {
        **told(count, intake, report),
        "rendered": sum(len(piece) for name in profile.written for piece in FORMATS[name](report)),
    }
