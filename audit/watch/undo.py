"""How to undo what was done, in words for whoever is woken by it."""

from collections.abc import Mapping
from typing import Final

from audit.records import Deed

UNDO: Final[Mapping[Deed, str]] = {
    Deed.DELETE_BACKUP: "A deleted backup cannot be brought back. Keep what is left: lock the vault, and take the "
    "right to delete from the actor; then make a backup now.",
    Deed.DELETE_VAULT: "A deleted vault cannot be brought back, nor its backups. Create a vault, add the resources, "
    "associate a policy, and make a backup now; look for copies in other regions.",
    Deed.REMOVE_RESOURCES: "Add the resources to a vault with a policy again, and make a backup now; their backups "
    "stay in the vault.",
    Deed.DISSOCIATE_POLICY: "Associate the policy with the vault again.",
    Deed.DISABLE_PROTECTION: "Switch protection on again for the vault.",
    Deed.DELETE_POLICY: "Create the policy again as the last report shows it, and associate it with its vaults.",
    Deed.UNLOCK_VAULT: "Lock the vault again, and see that nothing was deleted meanwhile.",
    Deed.TOUCH_TRAIL: "Set up the tracker of Cloud Trace Service as it was: what is done without it leaves no trace.",
    Deed.TOUCH_WATCH: "Deploy the function and its triggers as they were: without them nobody is told.",
    Deed.TAKE_AWAY: "cbr-audit does not know this operation: see in the console what it took away.",
}
NOTHING_TO_UNDO: Final = "Nothing needs to be undone."
