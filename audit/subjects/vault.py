"""A vault, its policies, and the tasks that concern it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from audit.collection import Kind, Rejected, Window
from audit.history import pick
from audit.records import Backup, Task, Vault
from audit.subjects.missing_backups import Taken
from audit.subjects.policy import PolicySubject
from audit.subjects.protection import Protection
from audit.subjects.retention_terms import PastRules
from audit.subjects.subject_kinds import Departure, SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSubject:
    """A vault, its policies, and the tasks that concern it.

    Attributes:
        vault: the vault's row; None if it is in no inventory any more.
        policies: the policies applied to it; None if they could not be read completely, or the vault is gone.
        tasks: the tasks that name the vault or a resource in it, oldest first.
        departure: the task that deleted it, or None.
        log_complete: whether nothing of the task log is missing in the window.
        unusable: the unusable rows that may concern it; those of the task log only if nothing else of that is missing.
        vaults_complete: whether nothing of the inventory of vaults is missing.
        shared: the ids of those tasks that may also concern another vault: the log does not say which.
        covered_since: the time from which silence of the log means something; None for the start of the window.
        recovery_points: its backups, oldest first; None if they were not read completely.
        past_rules: the rules of policies no longer applied to it, as far as runs saw them.
        taken: the backups that earlier runs saw in it and that are gone, sorted by id.
        protection: how its protection changed since the previous run; None if there was none.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.VAULT
    id: str
    name: str
    vault: Vault | None
    policies: tuple[PolicySubject, ...] | None
    tasks: Sequence[Task]
    departure: Departure | None
    window: Window
    log_complete: bool
    vaults_complete: bool
    shared: frozenset[str] = frozenset()
    unusable: tuple[Rejected, ...] = ()
    covered_since: datetime | None = None
    recovery_points: tuple[Backup, ...] | None = None
    past_rules: tuple[PastRules, ...] = ()
    taken: tuple[Taken, ...] = ()
    protection: Protection | None = None

    @property
    def log_read(self) -> bool:
        """Whether the task log was read to its end; at most some rows of it were unusable."""
        return self.log_complete or any(row.kind == Kind.TASKS for row in self.unusable)

    @property
    def strange(self) -> Sequence[Task]:
        """The tasks of which it is unclear what they did: their operation is not documented."""
        return pick(self.tasks, lambda task: not task.is_known)

    @property
    def takes_backups(self) -> bool | None:
        """Whether backups are made into the vault; a replication vault only receives copies, and a missing one nothing.

        None if it is unknown whether the vault is gone.
        """
        if self.vault is None:
            return False if self.vaults_complete else None
        return not self.vault.receives_copies_only
