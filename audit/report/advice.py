"""What to do about a failed task: one sentence for each CBR error code that a backup can end with.

Codes: "Error Codes" in the appendix of the CBR API reference.
"""

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    "BackupService.0001": "The vault has nothing left to back up: check whether its resources still exist.",
    "BackupService.0002": "Another backup of the resource was running: give the runs more distance.",
    "BackupService.6112": "The vault was not usable: check its state and its billing.",
    "BackupService.6113": "The vault does not accept backups: check whether it is frozen or being deleted.",
    "BackupService.6114": "The vault is full: enlarge it, or let it expand by itself.",
    "BackupService.6118": "The destination vault could not be checked: check that it exists in its region.",
    "BackupService.6119": "The destination vault takes no replicas: choose a replication vault.",
    "BackupService.6120": "The destination vault is gone: choose another one in the replication policy.",
    "BackupService.6124": "The vault is of the wrong type for the resource: move the resource to a fitting vault.",
    "BackupService.6125": "An earlier backup was still running: give the runs more distance.",
    "BackupService.6129": "The destination vault is full: enlarge it.",
    "BackupService.6142": "Every vault is full: enlarge one.",
    "BackupService.6215": "The resource was in a state that allows no backup: bring it back to normal operation.",
    "BackupService.6302": "The resource is gone: take it out of the vault if that was meant.",
    "BackupService.7000": "A disk is gone: take it out of the vault if that was meant.",
    "BackupService.7003": "A disk was in a state that allows no backup: check the disk.",
    "BackupService.7100": "The server is gone: take it out of the vault if that was meant.",
    "BackupService.7101": "The server was in a state that allows no backup: check the server.",
    "BackupService.7106": "A shared disk cannot be backed up with this server: exclude it, and back it up by itself.",
    "BackupService.7107": "Too many shared disks hang on the server: back some of them up by themselves.",
    "BackupService.8300": "The snapshot quota is used up: delete old snapshots or ask for a larger quota.",
    "BackupService.9910": "CBR does not know the cause: try again, then open a service ticket with the task id.",
}


def advice(code: str | None) -> str | None:
    """Return what to do about an error code, or None if the control's own advice is better."""
    return ADVICE.get(code or "")
