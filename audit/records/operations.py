"""The operations of tasks: all documented ones, and what each does to backups and to the contents of vaults.

To add an operation, add it here and to the sets of what it does. An operation that is not listed may do anything: it
may have made, copied, restored or deleted a backup, or removed something from a vault. Source: ListOpLogs in Huawei's
API Explorer (2025-10-31) and on support.huaweicloud.com (2025-12-05).
"""

from typing import Final

BACKUP: Final = "backup"
REPLICATION: Final = "replication"
COPY: Final = "copy"  # the older name of replication
RESTORE: Final = "restore"
DELETE: Final = "delete"
VAULT_DELETE: Final = "vault_delete"
REMOVE_RESOURCE: Final = "remove_resource"
SYNC: Final = "sync"
MIGRATE_RESOURCES: Final = "migrate_resources"
MOVES_ENDS: Final = "update_expiration_time"  # named after its part of extra_info; no page has the name

COPIES: Final = frozenset({REPLICATION, COPY})
RESTORES: Final = frozenset({RESTORE})
DELETIONS: Final = frozenset({DELETE})
REMOVALS: Final = frozenset({REMOVE_RESOURCE, VAULT_DELETE})
TAKE_AWAY: Final = DELETIONS | REMOVALS
FALL_SHORT: Final = REMOVALS | {SYNC}  # those that state how much they could not do
_OTHERS: Final = frozenset({SYNC, MIGRATE_RESOURCES})
POLICY_OPERATIONS: Final = frozenset({BACKUP, REPLICATION})
PUBLISHED: Final = frozenset({BACKUP}) | COPIES | RESTORES | TAKE_AWAY | _OTHERS
KNOWN: Final = PUBLISHED | {MOVES_ENDS}

OWN_BLOCKS: Final = {COPY: REPLICATION, REMOVE_RESOURCE: "remove_resources"}
"""The key in ``extra_info`` of an operation's own data, if it is not the operation's name."""
