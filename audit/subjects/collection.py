"""What was read and how completely: the subject of the controls that judge the audit itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from audit.clouds import HUAWEI, Feature
from audit.collection import ALWAYS_READ, EXPLAINING, Drift, Kind, Reading, Rejected, Window
from audit.records import Deployment, OrganizationPolicy, Task
from audit.subjects.passed_on import Memory
from audit.subjects.protection import Protection
from audit.subjects.subject_kinds import SubjectKind
from audit.subjects.trail import NO_TRAIL, SURELY_KEPT, Trail
from audit.subjects.unlisted import NONE_UNLISTED, Unlisted
from audit.subjects.waiver import Waiver
from audit.timestamps import shown

ENDED_UNSEEN: Final = "ended unseen"
"""Replaces the status of a task that is no longer listed as open although the log does not show its end."""
SURELY_SHOWN: Final = timedelta(days=31)  # CBR lists the tasks of the past 30 days


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was read and how completely.

    Attributes:
        asked: the lists that this run had to read.
        rejected: the unusable rows of this run, and those of the task log from earlier runs.
        accepted: the waivers of accepted rows, by their marks.
        doubts: what makes the task log doubtful although it was read to its end.
        ended_unseen: the ids of tasks that earlier runs saw open and that the complete list of open tasks lacks now.
        tasks: the tasks that concern no resource and no vault, oldest first.
        organization_policies: the policies that the organisation gives to its accounts.
        deployments: how far each of them is deployed, by its id; a policy that is gone is missing.
        memory: what the previous run knew; None if there is none.
        lost: why the data of the previous run is unusable; None if it is usable or there was none.
        proven: the time that the history of earlier runs covers and that this reading continues; None if it covers
            nothing, or there is a gap between the two.
        covered_since: the time from which silence of the log means something; None before subjects are arranged.
        protection: how the requirements of the profile changed since the previous run; None if there was none.
        cloud: the name of the cloud.
        lacks: what the cloud does not have, and what shows that; nothing of it that the evidence shows all the same.
        unlisted: the vaults that are hidden from the audit, as other lists show; none before subjects are arranged.
        trail: who did what, as far as Cloud Trace Service shows it.
        out_of_scope: the ids of what the profile leaves out, in lower case; none before subjects are arranged.
        watched: the ids of the traces that the watch committed; None if no control asks for them, or nobody knows.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.COLLECTION
    id: str
    name: str
    window: Window
    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...]
    drift: tuple[Drift, ...]
    asked: frozenset[Kind] = ALWAYS_READ
    accepted: Mapping[str, Waiver] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    ended_unseen: frozenset[str] = frozenset()
    tasks: tuple[Task, ...] = ()
    organization_policies: tuple[OrganizationPolicy, ...] = ()
    deployments: Mapping[str, tuple[Deployment, ...]] = field(default_factory=dict)
    memory: Memory | None = None
    lost: str | None = None
    proven: Window | None = None
    covered_since: datetime | None = None
    protection: Protection | None = None
    cloud: str = HUAWEI
    lacks: Mapping[Feature, str] = field(default_factory=dict)
    unlisted: Unlisted = NONE_UNLISTED
    trail: Trail = NO_TRAIL
    out_of_scope: frozenset[str] = frozenset()
    watched: frozenset[str] | None = None

    @property
    def covered(self) -> Window | None:
        """The time for which the history, including this reading, has everything that CBR listed, even unusable rows.

        It does not begin before the window: older tasks are not passed on.
        """
        if self.log_read and self.covered_since is not None:
            return Window(max(self.covered_since, self.window.since), self.window.until)
        return Window(max(self.proven.since, self.window.since), self.proven.until) if self.proven else None

    @property
    def shown_since(self) -> datetime:
        """The time from which CBR surely listed the tasks of the window."""
        return max(self.window.since, self.window.until - SURELY_SHOWN)

    @property
    def unusable(self) -> tuple[Rejected, ...]:
        """The unusable rows without a waiver."""
        return tuple(row for row in self.rejected if row.mark not in self.accepted)

    @property
    def log_read(self) -> bool:
        """Whether the task log was read to its end and nothing makes it doubtful."""
        return self.has_read(Kind.TASKS)

    @property
    def log_complete(self) -> bool:
        """Whether nothing of the task log is missing in the window."""
        return self.has_all(Kind.TASKS)

    @property
    def trail_gap(self) -> str:
        """Why traces may be missing since the run before, or in the days that are surely kept; empty if none are."""
        kept = self.window.until - SURELY_KEPT
        needed = max(min(kept, self.memory.until) if self.memory else kept, self.window.since)
        since = self.trail.since
        if self.trail.why_not or (since is not None and since <= needed):
            return self.trail.why_not
        begin = f"begin at {shown(since)}" if since else "are not there"
        return f"the traces {begin}, and are needed from {shown(needed)} on"

    @property
    def complete(self) -> bool:
        """Whether every list was read to its end, and every row was usable or accepted by a waiver."""
        return not self.gaps and not self.unusable

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing or in doubt, in all lists that verdicts rest on."""
        judged = [reading for reading in self.readings if reading.kind not in EXPLAINING]
        lacking = self.asked - EXPLAINING - {reading.kind for reading in judged}
        unread = (f"{kind.words}: was not read" for kind in Kind if kind in lacking)
        hidden = (self.unlisted.gap,) if self.unlisted.gap else ()
        return (*(gap for reading in judged for gap in reading.gaps), *unread, *self.doubts, *hidden)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about each list although nothing is missing."""
        told = (f"{reading.words}: {note}" for reading in self.readings for note in reading.notes)
        untold = self.trail.note
        return (*told, *filter(None, (self.unlisted.note, f"it is not known who did what: {untold}" if untold else "")))

    def has_read(self, kind: Kind) -> bool:
        """Whether a list was read to its end; its unusable rows affect only what they may concern."""
        doubts = {Kind.TASKS: self.doubts, Kind.VAULTS: self.unlisted.ids}.get(kind, ())
        return not doubts and self.has_each_page(kind)

    def has_each_page(self, kind: Kind) -> bool:
        """Whether every response of a list is there, whatever it hides."""
        complete = [reading.complete for reading in self.readings if reading.kind == kind]
        return bool(complete) and all(complete)

    def has_all(self, kind: Kind) -> bool:
        """Whether a list was read to its end, and every row was usable or accepted."""
        return self.has_read(kind) and not any(row.kind == kind for row in self.unusable)

    def refused(self, kind: Kind) -> bool:
        """Whether the cloud denied the permission to read a list."""
        return any(reading.kind == kind and reading.refused for reading in self.readings)

    def reading(self, kind: Kind) -> Reading:
        """Return how a list was read, without separate requests such as open tasks."""
        return next(reading for reading in self.readings if reading.kind == kind)
