"""Vaults that policies, tasks or backups name although the list of vaults does not show them.

Nobody who is shown a part of a project is told so: such a name is the only sign. A task may name a vault that was
deleted since, and one that restores or copies a vault of somebody else. A policy is applied to vaults of its own
project, and a backup lies in one, as long as they are there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from audit.records import Policy, Task

_OF_OTHERS: Final = frozenset({"restore", "replication", "copy", "vault_delete"})
_MOST_NAMED: Final = 5
_REMEDY: Final = (
    "give the user or agency cbr:vaults:list in every enterprise project, and leave CBR_AUDIT_ENTERPRISE_PROJECT_ID at "
    "all_granted_eps"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """Vaults that the list hides.

    Attributes:
        ids: of the vaults that surely are hidden, because a policy or a backup names them, in order.
        gap: which they are, who names them, and what to do; an empty text where there are none.
        note: how many vaults lie outside of the enterprise project that was asked for, or an empty text.
    """

    ids: tuple[str, ...] = ()
    gap: str = ""
    note: str = ""


NONE_UNLISTED: Final = Unlisted()


@dataclass(slots=True)
class Named:
    """Who names the vaults that are not listed, by the id of the vault.

    Attributes:
        policies: names of the policies that are applied to it.
        backups: how many backups lie in it.
        tasks: how many tasks are about it, and the time of the newest.
        names: what tasks call it.
        deleted: ids and names of the vaults that a task deleted, or is deleting.
    """

    policies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    backups: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    deleted: set[str] = field(default_factory=set)

    def by_policy(self, policy: Policy, listed: Collection[str]) -> None:
        """Note the vaults that a policy is applied to."""
        for vault_id in sorted(policy.vault_ids):
            if vault_id not in listed:
                self.policies[vault_id].append(policy.name)

    def by_tasks(self, sample: Task, number: int, newest: datetime) -> None:
        """Note tasks that are alike and name a vault that is not listed."""
        if sample.vault_id is None or sample.operation in _OF_OTHERS:
            return
        known, last = self.tasks.get(sample.vault_id, (0, newest))
        self.tasks[sample.vault_id] = known + number, max(last, newest)
        if sample.vault_name:
            self.names[sample.vault_id].add(sample.vault_name)

    def by_deletion(self, task: Task) -> None:
        """Note a task that deletes a vault, which it names in one way or the other."""
        if task.operation == "vault_delete" and (task.succeeded or not task.finished):
            self.deleted |= {name for name in (task.vault_id, task.vault_name) if name}

    def unlisted(self, missing: Mapping[str, datetime], *, scope: str | None) -> Unlisted:
        """Say which vaults are hidden.

        Args:
            missing: since when vaults are not listed that an earlier run saw; what older tasks name is gone.
            scope: the one enterprise project that was asked for; None where no vault was to be left out.
        """
        by_tasks = (vault_id for vault_id in self.tasks if not self._is_past(vault_id, missing))
        sure = self._there({*self.backups, *(() if scope else self.policies)})
        hidden = self._there({*sure, *by_tasks})
        outside = len(self.policies.keys() - set(hidden)) if scope else 0
        return Unlisted(ids=sure, gap=self._gap(hidden) if hidden else "", note=_note(outside, scope))

    def _there(self, vault_ids: set[str]) -> tuple[str, ...]:
        """Leave out the vaults that a task deleted."""
        gone = (each for each in vault_ids if not self.deleted.isdisjoint({each, *self.names.get(each, ())}))
        return tuple(sorted(vault_ids.difference(gone)))

    def _is_past(self, vault_id: str, missing: Mapping[str, datetime]) -> bool:
        _, newest = self.tasks[vault_id]
        return vault_id in missing and newest <= missing[vault_id]

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
        return ", ".join([*policies, *_number(tasks, "task"), *_number(self.backups.get(vault_id, 0), "backup")])


def _number(number: int, word: str) -> Iterable[str]:
    return [f"{number:,} {word}{'s' * (number != 1)}"] if number else []


def _note(outside: int, scope: str | None) -> str:
    if not outside:
        return ""
    vaults = "1 vault lies" if outside == 1 else f"{outside} vaults lie"
    return f"policies are also applied to what was not asked for: {vaults} outside of the enterprise project {scope}"
