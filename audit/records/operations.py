"""What tasks can do: every operation that the documents name, and what each does to backups and to what vaults hold.

A new operation is added here, and to what it does. One that is not listed may do anything: it may have made a backup,
copied, restored or deleted one, or taken something out of a vault, and nobody knows. Source: ListOpLogs in Huawei's API
Explorer (2025-10-31) and on support.huaweicloud.com (2025-12-05).
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
MOVES_ENDS: Final = "update_expiration_time"  # called as its part of extra_info; no page has the name

COPIES: Final = frozenset({REPLICATION, COPY})
RESTORES: Final = frozenset({RESTORE})
DELETIONS: Final = frozenset({DELETE})
REMOVALS: Final = frozenset({REMOVE_RESOURCE, VAULT_DELETE})
TAKE_AWAY: Final = DELETIONS | REMOVALS
FALL_SHORT: Final = REMOVALS | {SYNC}  # those that say how much they could not do
_OTHERS: Final = frozenset({SYNC, MIGRATE_RESOURCES})
POLICY_OPERATIONS: Final = frozenset({BACKUP, REPLICATION})
PUBLISHED: Final = frozenset({BACKUP}) | COPIES | RESTORES | TAKE_AWAY | _OTHERS
KNOWN: Final = PUBLISHED | {MOVES_ENDS}

OWN_BLOCKS: Final = {COPY: REPLICATION, REMOVE_RESOURCE: "remove_resources"}
"""Where ``extra_info`` keeps what only this operation has, if not under its own name."""
