"""What the run before saw of the inventory, read again from its evidence: the API shows only the present."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audit.collection import Kind
from audit.records import Backup, Policy, Protected, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What the run before saw, by id.

    Attributes:
        run: the id of that run.
        until: its time of judgement.
        complete: the lists of which nothing is missing; what another one does not name may have been there.
        asked: the enterprise project that each list was asked for; None where it was asked without one.
    """

    run: str
    until: datetime
    policies: Mapping[str, Policy] = field(default_factory=dict)
    vaults: Mapping[str, Vault] = field(default_factory=dict)
    backups: Mapping[str, Backup] = field(default_factory=dict)
    complete: frozenset[Kind] = frozenset()
    asked: Mapping[Kind, str | None] = field(default_factory=dict)

    def places(self) -> Mapping[str, list[tuple[Vault, Protected]]]:
        """Each resource with the vaults that held it, and how."""
        places: dict[str, list[tuple[Vault, Protected]]] = defaultdict(list)
        for vault in self.vaults.values():
            for held in vault.resources:
                places[held.id].append((vault, held))
        return dict(places)

    def applied(self, *vault_ids: str) -> tuple[Policy, ...]:
        """The policies that were applied to one of some vaults."""
        return tuple([policy for policy in self.policies.values() if not policy.vault_ids.isdisjoint(vault_ids)])
