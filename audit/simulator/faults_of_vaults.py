"""Faults of whole vaults: their protection, how full they are, and where their copies go."""

from collections.abc import Callable

from audit.simulator.background import made_before
from audit.simulator.blueprint import Draft, PlannedVault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.company import new_vault
from audit.simulator.messages import Row
from audit.simulator.policies import replication_policy
from audit.simulator.retention import Retention

VaultFault = Callable[[Draft, PlannedVault], bool]


def is_not_replicated(draft: Draft, vault: PlannedVault) -> bool:
    """Nothing copies the backups to another region."""
    vault.replication = None
    draft.truth.vault(vault.id, "CBR-206")
    draft.vault_changed(vault, "dissociatePolicy", draft.long_ago, ("CBR-206", "vault", vault.id))
    return True


def replication_is_disabled(draft: Draft, vault: PlannedVault) -> bool:
    """The policy that copied the backups was switched off."""
    vault.replication = replication_policy(draft, f"copies-of-{vault.name}")
    vault.replication.enabled = False
    draft.policies.append(vault.replication)
    draft.truth.policy(vault.replication.id, "CBR-201")
    draft.truth.vault(vault.id, "CBR-206")
    draft.policy_changed(vault.replication, draft.long_ago, ("CBR-206", "vault", vault.id))
    return True


def copies_are_kept_briefly(draft: Draft, vault: PlannedVault) -> bool:
    """The backups are copied by a policy that keeps copies for days only; limits find it in the end."""
    policy = replication_policy(draft, f"copies-of-{vault.name}")
    policy.retention = Retention(days=3)
    vault.replication = policy
    draft.policies.append(policy)
    return True


def copies_to_another_account(draft: Draft, vault: PlannedVault) -> bool:
    """The backups are copied to a vault of another account, and the policy names no region: harmless."""
    policy = replication_policy(draft, f"copies-of-{vault.name}")
    policy.account_urn = f"cbr::{draft.rng.getrandbits(128):032x}:vault:{vault.twin}"
    vault.replication = policy
    draft.policies.append(policy)
    return True


def is_unlocked(draft: Draft, vault: PlannedVault) -> bool:
    """Backups can be deleted before they expire."""
    draft.unlock(vault, draft.as_of - 3 * DAY)
    return True


def grows_unlocked(draft: Draft, vault: PlannedVault) -> bool:
    """The vault is being enlarged, which the service calls lock; its backups are still not locked."""
    return grows(draft, vault) and is_unlocked(draft, vault)


def grows(_: Draft, vault: PlannedVault) -> bool:
    """The vault is being enlarged, which is harmless if its backups are locked."""
    if vault.status != "available":
        return False
    vault.status = "lock"
    return True


def is_almost_full(draft: Draft, vault: PlannedVault) -> bool:
    """Almost all of the vault is used."""
    if vault.status == "frozen" or not _holds_backups(draft, vault):
        return False
    vault.is_full = True
    draft.truth.vault(vault.id, "CBR-304")
    return True


def is_almost_full_and_expands(draft: Draft, vault: PlannedVault) -> bool:
    """Almost all of the vault is used, and it grows by itself: harmless."""
    if vault.is_full or vault.status == "frozen" or not _holds_backups(draft, vault):
        return False
    vault.is_full = vault.auto_expands = True
    return True


def is_frozen(draft: Draft, vault: PlannedVault) -> bool:
    """The bill was not paid since a moment ago; nothing can be written any more."""
    if vault.status != "available" or vault.is_full:
        return False
    vault.status = "frozen"
    draft.truth.vault(vault.id, "CBR-304")
    return True


def is_in_one_zone(draft: Draft, vault: PlannedVault) -> bool:
    """The backups are in one availability zone only."""
    vault.is_multi_az = False
    draft.truth.vault(vault.id, "CBR-305")
    return True


def has_no_owner(draft: Draft, vault: PlannedVault) -> bool:
    """The tag that names the owner is missing, or says nothing."""
    others = [tag for tag in vault.tags if tag["key"] != "owner"]
    empty: tuple[list[Row], ...] = ([], [{"key": "owner", "value": ""}], [{"key": "owner", "value": None}])
    vault.tags = others + draft.rng.choice(empty)
    draft.truth.vault(vault.id, "CBR-306")
    return True


def keeps_beyond_the_end(draft: Draft, vault: PlannedVault) -> bool:
    """A backup from before the window still exists although it expired days ago."""
    if not vault.resources:
        return False
    resource = draft.rng.choice(vault.resources)
    run = made_before(draft, resource, vault.policy, draft.before - draft.rng.uniform(40, 60) * DAY)
    run.expires = draft.as_of - draft.rng.uniform(5, 12) * DAY
    draft.truth.vault(vault.id, "CBR-405")
    return True


def add_empty_vault(draft: Draft, like: PlannedVault) -> bool:
    """Add a vault with the policies of another one and nothing in it."""
    vault = new_vault(draft, "prepared", like.object_type)
    vault.policy, vault.replication = like.policy, like.replication
    draft.vaults.append(vault)
    if vault.policy is not None and vault.policy.enabled:
        draft.truth.vault(vault.id, "CBR-302")
    return True


def _holds_backups(draft: Draft, vault: PlannedVault) -> bool:
    return any(draft.successes(resource) for resource in vault.resources)
