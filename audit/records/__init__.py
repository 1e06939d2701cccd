"""The rows of the cloud that the audit computes with, each built from a validated JSON row.

Field names and meanings: "Querying the Task List" (tables 5 to 18), ListPolicies, ListVault, ListBackups,
ListProtectable, ListAgent, ListOrganizationPolicies and ListOrganizationPolicyDetail of the CBR API.
"""

from audit.records.agent import Agent
from audit.records.backup import Backup, Replica
from audit.records.organization import Deployment, OrganizationPolicy
from audit.records.packed_tasks import PackedTasks, listed, newest, pick, pick_backups, pick_begun, pick_named
from audit.records.policy import KeepingRule, Policy
from audit.records.protectable import Protectable
from audit.records.task import (
    BACKUP,
    COPIES,
    DELETE,
    FINAL_STATUSES,
    HOLLOW,
    MOVES_ENDS,
    OPEN_STATUSES,
    REPLICATION,
    RESTORE,
    SYNC,
    Task,
)
from audit.records.task_list import NO_TASKS, TaskList, plain
from audit.records.vault import Protected, Vault

__all__ = [
    "BACKUP",
    "COPIES",
    "DELETE",
    "FINAL_STATUSES",
    "HOLLOW",
    "MOVES_ENDS",
    "NO_TASKS",
    "OPEN_STATUSES",
    "REPLICATION",
    "RESTORE",
    "SYNC",
    "Agent",
    "Backup",
    "Deployment",
    "KeepingRule",
    "OrganizationPolicy",
    "PackedTasks",
    "Policy",
    "Protectable",
    "Protected",
    "Replica",
    "Task",
    "TaskList",
    "Vault",
    "listed",
    "newest",
    "pick",
    "pick_backups",
    "pick_begun",
    "pick_named",
    "plain",
]
