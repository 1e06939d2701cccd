"""The errors that tasks end with, by the kind of vault and operation.

Codes and messages follow the error code table of the service.
"""

from random import Random
from typing import Final

from audit.simulator.blueprint import ServiceError

OVER_CAPACITY: Final = ServiceError(
    "BackupService.6114", "The used capacity of the vault exceeds the maximum capacity."
)
SNAPSHOT_QUOTA: Final = ServiceError("BackupService.8300", "Insufficient snapshot quota.")
UNKNOWN: Final = ServiceError("BackupService.9910", "Unknown error.")
RESOURCE_STATUS: Final = ServiceError("BackupService.6215", "Backup is not allowed in the current resource status.")
RESOURCE_GONE: Final = ServiceError("BackupService.6302", "The resource does not exist.")
IN_PROGRESS: Final = ServiceError("BackupService.6125", "A backup task is in progress.")
BEING_BACKED_UP: Final = ServiceError("BackupService.0002", "Resources are being backed up.")
SERVER_STATUS: Final = ServiceError("BackupService.7101", "Backup is not allowed in the current server status.")
DISK_STATUS: Final = ServiceError("BackupService.7003", "Backup is not allowed in the current disk status.")
BEING_RESTORED: Final = ServiceError("BackupService.2010", "The resource is being restored.")
COPY_TOO_LARGE: Final = ServiceError(
    "BackupService.6129", "The maximum capacity of the destination vault has been reached."
)
COPY_LOST: Final = ServiceError("BackupService.1006", "Failed to import the backup replica.")

_EVERYWHERE: Final = (OVER_CAPACITY, RESOURCE_STATUS, UNKNOWN)
_FAILED: Final = {
    "server": (SERVER_STATUS, SNAPSHOT_QUOTA, *_EVERYWHERE),
    "disk": (DISK_STATUS, SNAPSHOT_QUOTA, *_EVERYWHERE),
    "turbo": (RESOURCE_GONE, *_EVERYWHERE),
    "workspace": (RESOURCE_GONE, *_EVERYWHERE),
}


def failed(rng: Random, object_type: str) -> ServiceError:
    """Choose why a backup in such a vault failed."""
    return rng.choice(_FAILED[object_type])


def skipped(rng: Random) -> ServiceError:
    """Choose why a backup did not start."""
    return rng.choice((IN_PROGRESS, BEING_BACKED_UP, RESOURCE_STATUS))
