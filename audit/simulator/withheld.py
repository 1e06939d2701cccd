"""Enterprise projects that the user may not see: their vaults, tasks and backups are silently missing.

Only the policies, which belong to no enterprise project, still name the vaults.
"""

from audit.simulator.blueprint import Draft, PlannedVault
from audit.simulator.messages import Row

DEFAULT_PROJECT = "0"


def withheld_vaults(draft: Draft) -> list[PlannedVault]:
    """Return the vaults of all enterprise projects except the default one."""
    return [vault for vault in draft.vaults if vault.enterprise_project_id != DEFAULT_PROJECT]


def withhold(draft: Draft, vaults: list[PlannedVault], *lists: list[Row]) -> None:
    """Remove everything that belongs to these vaults from rows and from the truth."""
    hidden = {vault.id for vault in vaults}
    held = {resource.id for vault in vaults for resource in vault.resources}
    disks = {disk for vault in vaults for resource in vault.resources for disk in resource.disks}
    for rows in lists:
        rows[:] = [row for row in rows if not _concerns(row, hidden, held | disks)]
    draft.truth.forget(hidden | held)


def _concerns(row: Row, vaults: set[str], resources: set[str]) -> bool:
    resource = (row.get("extra_info") or {}).get("resource") or {}
    return (
        row.get("id", row.get("agent_id")) in vaults | resources
        or row.get("vault_id") in vaults
        or row.get("resource_id") in resources
        or resource.get("id") in resources
    )
