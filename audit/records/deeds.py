"""What an operation that Cloud Trace Service names does to backups, or to whatever watches over them."""

from enum import StrEnum
from typing import Final

CBR: Final = "CBR"
CTS: Final = "CTS"
FUNCTIONGRAPH: Final = "FunctionGraph"


class Deed(StrEnum):
    """What was done, as far as the name of the operation says it."""

    DELETE_BACKUP = "delete_backup"
    DELETE_VAULT = "delete_vault"
    REMOVE_RESOURCES = "remove_resources"
    DISSOCIATE_POLICY = "dissociate_policy"
    DISABLE_PROTECTION = "disable_protection"
    DELETE_POLICY = "delete_policy"
    CHANGE_POLICY = "change_policy"
    CHANGE_VAULT = "change_vault"
    CHANGE_BACKUP = "change_backup"
    SHARE_BACKUP = "share_backup"
    UNLOCK_VAULT = "unlock_vault"
    TOUCH_TRAIL = "touch_trail"
    TOUCH_WATCH = "touch_watch"
    TAKE_AWAY = "take_away"
    OTHER = "other"


DESTRUCTIVE: Final = frozenset(
    {
        Deed.DELETE_BACKUP,
        Deed.DELETE_VAULT,
        Deed.REMOVE_RESOURCES,
        Deed.DISSOCIATE_POLICY,
        Deed.DISABLE_PROTECTION,
        Deed.DELETE_POLICY,
        Deed.UNLOCK_VAULT,
        Deed.TOUCH_TRAIL,
        Deed.TOUCH_WATCH,
        Deed.TAKE_AWAY,
    }
)
"""What takes backups or protection away, or blinds whoever watches over them."""

TAKING: Final = frozenset({Deed.DELETE_BACKUP, Deed.DELETE_VAULT, Deed.REMOVE_RESOURCES, Deed.TAKE_AWAY})
"""What takes backups away, or resources out of a vault."""

UNPLANNING: Final = frozenset(
    {Deed.CHANGE_POLICY, Deed.DELETE_POLICY, Deed.DISSOCIATE_POLICY, Deed.DISABLE_PROTECTION, Deed.TAKE_AWAY}
)
"""What may leave a vault without the policy that it had."""

_DEEDS: Final = {
    "deletebackup": Deed.DELETE_BACKUP,
    "deletevaultbackup": Deed.DELETE_BACKUP,
    "deletevault": Deed.DELETE_VAULT,
    "removeresources": Deed.REMOVE_RESOURCES,
    "dissociatepolicy": Deed.DISSOCIATE_POLICY,
    "disableprotect": Deed.DISABLE_PROTECTION,
    "deletepolicy": Deed.DELETE_POLICY,
    "deleteorganizationpolicy": Deed.DELETE_POLICY,
    "updatepolicy": Deed.CHANGE_POLICY,
    "updateorganizationpolicy": Deed.CHANGE_POLICY,
    "updatevault": Deed.CHANGE_VAULT,
    "setresources": Deed.CHANGE_VAULT,
    "updatebackup": Deed.CHANGE_BACKUP,
    "createbackupmember": Deed.SHARE_BACKUP,
}
_HARMLESS: Final = ("tag", "member", "path", "agent", "image")
"""What may be deleted or removed without a backup being lost: tags, shares, paths and agents of hosts, images."""
_TAKING: Final = ("delete", "remove", "disable", "dissociate", "detach", "batchdelete", "bulkdelete", "purge")
_BLINDING: Final = (*_TAKING, "update", "stop", "modify")


def deed_of(service: str, operation: str) -> Deed:
    """Return what an operation does.

    The documents contradict each other about the names of operations, so case does not matter, and an unknown
    operation of CBR whose name begins like one that takes something away counts as one.

    Source: "Operations Supported by CTS" of the CBR user guide; for the trail itself, inferred from the names of APIs.
    """
    name = operation.lower()
    if service.upper() == CTS:
        is_touched = name.startswith(_BLINDING) and ("tracker" in name or "notification" in name)
        return Deed.TOUCH_TRAIL if is_touched else Deed.OTHER
    if service.lower() == FUNCTIONGRAPH.lower():
        is_touched = name.startswith(_BLINDING) and ("function" in name or "trigger" in name)
        return Deed.TOUCH_WATCH if is_touched else Deed.OTHER
    if service.upper() != CBR:
        return Deed.OTHER
    if known := _DEEDS.get(name):
        return known
    is_taken = name.startswith(_TAKING) and not any(word in name for word in _HARMLESS)
    return Deed.TAKE_AWAY if is_taken else Deed.OTHER
