"""The rows of the cloud that the audit uses, each built from a validated JSON row.

Field names and meanings: "Querying the Task List" (tables 5 to 18), ListPolicies, ListVault, ListBackups,
ListProtectable, ListAgent, ListOrganizationPolicies, ListOrganizationPolicyDetail, ShowMembersDetail and
ShowStorageUsage of the CBR API, and ListTraces of the CTS API.

Imports no other room.
"""

from audit.records.agent import Agent
from audit.records.backup import Backup, Replica
from audit.records.deeds import DESTRUCTIVE, TAKING, UNPLANNING, Deed
from audit.records.member import Member
from audit.records.operations import (
    BACKUP,
    COPIES,
    DELETE,
    DELETIONS,
    MOVES_ENDS,
    POLICY_OPERATIONS,
    REMOVALS,
    REMOVE_RESOURCE,
    REPLICATION,
    RESTORES,
    SYNC,
    TAKE_AWAY,
    VAULT_DELETE,
)
from audit.records.organization import Deployment, OrganizationPolicy
from audit.records.policy import KeepingRule, Policy
from audit.records.protectable import Protectable
from audit.records.storage_usage import Usage
from audit.records.task import FINAL_STATUSES, HOLLOW, OPEN_STATUSES, Task
from audit.records.trace import Actor, Trace
from audit.records.vault import Protected, Vault

__all__ = [
    "BACKUP",
    "COPIES",
    "DELETE",
    "DELETIONS",
    "DESTRUCTIVE",
    "FINAL_STATUSES",
    "HOLLOW",
    "MOVES_ENDS",
    "OPEN_STATUSES",
    "POLICY_OPERATIONS",
    "REMOVALS",
    "REMOVE_RESOURCE",
    "REPLICATION",
    "RESTORES",
    "SYNC",
    "TAKE_AWAY",
    "TAKING",
    "UNPLANNING",
    "VAULT_DELETE",
    "Actor",
    "Agent",
    "Backup",
    "Deed",
    "Deployment",
    "KeepingRule",
    "Member",
    "OrganizationPolicy",
    "Policy",
    "Protectable",
    "Protected",
    "Replica",
    "Task",
    "Trace",
    "Usage",
    "Vault",
]
