"""The inventory that the previous run saw, read from its evidence: the API shows only the present.

What that run could not see is taken from the newest run before it that could. So the next run sees everything that any
run saw, or finds it gone, or carries it on until a run can tell.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from audit.collection import Kind, Rejected
from audit.records import Backup, Policy, Protected, Vault


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a complete list may hide, whether or not its rows are accepted.

    Attributes:
        ids: the ids of unusable rows, and of hidden vaults.
        nameless: the marks of unusable rows without an id, and whatever else may stand for any row.
        vault_ids: the ids of hidden vaults, whose contents are hidden, too.
    """

    ids: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()
    vault_ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, kind: Kind, rejected: Iterable[Rejected], hidden: Iterable[str] = ()) -> "Unseen":
        """Take the unusable rows of a list, and the ids of hidden vaults.

        A hidden vault shows that the list is not shown in full, so other vaults may be hidden, too.
        """
        rows = [row for row in rejected if row.kind == kind]
        ids = frozenset(row.id for row in rows if row.id)
        nameless = frozenset(row.mark for row in rows if not row.id)
        vault_ids = frozenset(hidden)
        if kind == Kind.VAULTS:
            return cls(ids | vault_ids, nameless | vault_ids)
        return cls(ids, nameless, vault_ids if kind == Kind.BACKUPS else frozenset())

    @property
    def may_be_anything(self) -> bool:
        """Whether more than the named ids may be hidden."""
        return bool(self.nameless or self.vault_ids)

    def may_hide(self, row_id: str, known: frozenset[str], vault_id: str = "") -> bool:
        """Whether something from an earlier list may be hidden; ``known`` was in that list, too."""
        return row_id in self.ids or vault_id in self.vault_ids or not self.nameless <= known


class Sight(NamedTuple):
    """A list as a run saw it.

    Attributes:
        at: the time of judgement of that run.
        nameless: its items without an id.
    """

    at: datetime
    nameless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The inventory that the previous run saw, by id.

    Attributes:
        run: the id of that run.
        until: its time of judgement.
        complete: the complete lists; what another list does not name may have existed.
        asked: the enterprise project that each list was requested for; None if it was requested without one.
        lists: each list as the run saw it that it is taken from.
        carried: the older list that something was carried on from, by kind and id.
        applied_earlier: the policies of a vault when a run last saw all that may be applied to it.
        left: the resources that were in no vault that this run could read, with the vaults that held them earlier.
        left_at: when those were last seen.
        together: policies and vaults as seen by the newest run that read both, if those above are of different runs:
            only lists of the same time show what a vault was promised. Empty if there is no such run.
        notes: what of the evidence of earlier runs is lost, in words.
    """

    run: str
    until: datetime
    policies: Mapping[str, Policy] = field(default_factory=dict)
    vaults: Mapping[str, Vault] = field(default_factory=dict)
    backups: Mapping[str, Backup] = field(default_factory=dict)
    complete: frozenset[Kind] = frozenset()
    asked: Mapping[Kind, str | None] = field(default_factory=dict)
    lists: Mapping[Kind, Sight] = field(default_factory=dict)
    carried: Mapping[tuple[Kind, str], Sight] = field(default_factory=dict)
    applied_earlier: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict)
    left: Mapping[str, list[tuple[Vault, Protected]]] = field(default_factory=dict)
    left_at: Mapping[str, datetime] = field(default_factory=dict)
    together: "Former | None" = None
    notes: tuple[str, ...] = ()

    def sight_of(self, kind: Kind, row_id: str) -> Sight:
        """Return the list that something was taken from."""
        return self.carried.get((kind, row_id)) or self.lists.get(kind) or Sight(self.until)

    def held_at(self, resource_id: str, vaults: Iterable[Vault]) -> datetime:
        """Return when a resource was last seen in some vaults."""
        return self.left_at.get(resource_id) or max(self.sight_of(Kind.VAULTS, vault.id).at for vault in vaults)

    def places(self) -> Mapping[str, list[tuple[Vault, Protected]]]:
        """Yield each resource with the vaults that held it, and how."""
        return {**self.left, **places_in(self.vaults.values())}

    def applied(self, *vault_ids: str) -> tuple[Policy, ...]:
        """Return the policies that were applied to any of some vaults."""
        earlier = {policy.id: policy for vault_id in vault_ids for policy in self.applied_earlier.get(vault_id, ())}
        seen = [policy for policy in self.policies.values() if not policy.vault_ids.isdisjoint(vault_ids)]
        missing = earlier.keys() - {policy.id for policy in seen}
        return (*seen, *(self.policies.get(each, earlier[each]) for each in sorted(missing)))


def places_in(vaults: Iterable[Vault]) -> Mapping[str, list[tuple[Vault, Protected]]]:
    """Yield each resource with the vaults that hold it, and how."""
    places: dict[str, list[tuple[Vault, Protected]]] = defaultdict(list)
    for vault in vaults:
        for held in vault.resources:
            places[held.id].append((vault, held))
    return dict(places)
