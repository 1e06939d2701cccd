"""Vaults that policies, tasks or backups name although the list of vaults does not show them.

The API does not say when it shows only a part of a project: such a name is the only sign. A task may also name a vault
that was deleted since, or restore or copy another project's vault. Policies and backups belong to vaults of their own
project while those exist. No document says whether or how soon CBR removes a deleted vault from its policies, so a
vault
that a policy or backup still names after an hour counts as hidden.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from audit.records import COPIES, RESTORES, VAULT_DELETE, Policy, Task
from audit.subjects.deleted_vaults import DeletedVaults, Earlier, end_of
from audit.subjects.passed_on import VaultTrace

_OF_OTHERS: Final = RESTORES | COPIES
_MOST_NAMED: Final = 5
_REMEDY: Final = (
    "give the user or agency cbr:vaults:list in every enterprise project, and leave CBR_AUDIT_ENTERPRISE_PROJECT_ID at "
    "all_granted_eps"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """The vaults that the list hides.

    Attributes:
        ids: the vaults that are surely hidden, because a policy or a backup names them, in order.
        gap: which they are, what names them, and what to do; an empty string if there are none.
        note: how many vaults are outside the requested enterprise project, or an empty string.
    """

    ids: tuple[str, ...] = ()
    gap: str = ""
    note: str = ""


NONE_UNLISTED: Final = Unlisted()


@dataclass(slots=True)
class Named:
    """What names the vaults that are not listed, by the id of the vault.

    Attributes:
        deleted: what the log says about deletions.
        known: what else is known of each.
        policies: the names of the policies that are applied to it.
        backups: the number of backups in it.
        tasks: the number of tasks about it, and the time of the newest.
        by_name: the ids of those whose deletion states only their names.
    """

    deleted: DeletedVaults
    known: dict[str, Earlier] = field(default_factory=lambda: defaultdict(Earlier))
    policies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    backups: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    by_name: set[str] = field(default_factory=set)

    def by_run(self, trace: VaultTrace) -> None:
        """Record a vault that an earlier run saw."""
        self.known[trace.id].missing_since = trace.missing_since
        if trace.last_seen:
            self.known[trace.id].note(trace.last_seen, trace.name)

    def by_policy(self, policy: Policy, listed: Collection[str]) -> None:
        """Record the vaults that a policy is applied to."""
        for vault_id in sorted(policy.vault_ids):
            if vault_id not in listed:
                self.policies[vault_id].append(policy.name)
                self.known[vault_id].note(self.deleted.now)

    def by_backups(self, vault_id: str, number: int) -> None:
        """Record the backups in a vault."""
        self.backups[vault_id] = number
        self.known[vault_id].note(self.deleted.now)

    def by_tasks(self, sample: Task, number: int, newest: datetime) -> None:
        """Record similar tasks that name a vault that is not listed."""
        if sample.vault_id is None or sample.operation == VAULT_DELETE:
            return
        if sample.operation in _OF_OTHERS:
            self.known[sample.vault_id].note(newest)
            return
        self.known[sample.vault_id].note(newest, sample.vault_name)
        self._count(sample.vault_id, number, newest)

    def by_deletion(self, task: Task, vault_id: str) -> None:
        """Record the deletion of a vault that is not listed; one that failed names a vault that exists."""
        if not self.deleted.note(task, vault_id):
            self._count(vault_id, 1, task.began)

    def _count(self, vault_id: str, number: int, newest: datetime) -> None:
        known, last = self.tasks.get(vault_id, (0, newest))
        self.tasks[vault_id] = known + number, max(last, newest)

    def of_name(self, task: Task) -> str | None:
        """Return the vault of a deletion that states only its name; None unless only one can be meant."""
        end = end_of(task) if task.claims_success else self.deleted.now
        found = [
            vault_id
            for vault_id, each in self.known.items()
            if vault_id not in self.deleted.ends and each.may_have_been(task.vault_name, task.created_at, end)
        ]
        if len(found) != 1:
            return None
        self.by_name.update(found)
        return found[0]

    def not_gone(self) -> list[str]:
        """Return the vaults that something shows after their deletion."""
        return [vault_id for vault_id in self.deleted.ends if not self._is_deleted(vault_id)]

    def unlisted(self, missing: Mapping[str, datetime], *, scope: str | None) -> Unlisted:
        """Return which vaults are hidden.

        Args:
            missing: since when vaults are missing that an earlier run saw; those that only older tasks name are gone.
            scope: the one requested enterprise project; None if no vault was to be left out. Vaults that only policies
                name may be outside of it.
        """
        inside = self.policies.keys() & {*self.backups, *self.tasks, *self.deleted.ends} if scope else self.policies
        sure = self._there({*self.backups, *inside})
        hidden = self._there({*sure, *(each for each in self.tasks if not self._is_past(each, missing))})
        note = _note(len(self.policies) - len(inside), scope)
        return Unlisted(ids=sure, gap=self._gap(hidden) if hidden else "", note=note)

    def _there(self, vault_ids: Iterable[str]) -> tuple[str, ...]:
        """Leave out the vaults that a task deleted."""
        return tuple(sorted([each for each in vault_ids if not self._is_deleted(each)]))

    def _is_deleted(self, vault_id: str) -> bool:
        return self.deleted.explain(vault_id, self.known[vault_id].last_sign)

    def _is_past(self, vault_id: str, missing: Mapping[str, datetime]) -> bool:
        """Whether the list lacks a vault since its newest task; that means nothing if its deletion failed."""
        _, newest = self.tasks[vault_id]
        return vault_id not in self.deleted.undone and vault_id in missing and newest <= missing[vault_id]

    def _gap(self, hidden: tuple[str, ...]) -> str:
        told = [f"{vault_id} ({self._who(vault_id)})" for vault_id in hidden[:_MOST_NAMED]]
        more = [f"and {len(hidden) - _MOST_NAMED} more"] if len(hidden) > _MOST_NAMED else []
        what = "1 vault is named" if len(hidden) == 1 else f"{len(hidden)} vaults are named"
        return (
            f"vaults: {what} that no list shows, so something is hidden, or was deleted without a task: "
            f"{', '.join([*told, *more])}; {_REMEDY}"
        )

    def _who(self, vault_id: str) -> str:
        policies = [f"policy {name}" for name in self.policies.get(vault_id, ())]
        tasks, _ = self.tasks.get(vault_id, (0, None))
        named = ", ".join([*policies, *_number(tasks, "task"), *_number(self.backups.get(vault_id, 0), "backup")])
        return "; ".join(filter(None, [named, self.deleted.said_of(vault_id)]))


def _number(number: int, word: str) -> Iterable[str]:
    return [f"{number:,} {word}{'s' * (number != 1)}"] if number else []


def _note(outside: int, scope: str | None) -> str:
    if not outside:
        return ""
    vaults = "1 vault lies" if outside == 1 else f"{outside} vaults lie"
    return f"policies are also applied to what was not asked for: {vaults} outside of the enterprise project {scope}"
