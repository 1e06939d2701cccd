"""From responses of the cloud to records: what is usable, what drifted, and what was rejected.

A response that does not match its envelope is an error of the source. A row without what the audit needs becomes
Rejected. A row that only differs from the documents is used, and the difference is counted as Drift.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar

from msgspec import structs

from audit.answers.kinds import ANSWERS, parse
from audit.answers.quick.packed_backups import backups_in
from audit.answers.quick.rows import QuickRows, packed_together, read_quickly
from audit.answers.sorting import Keep, Outcome, Sorting, one_by_one
from audit.collection import ABOUT_ONE, About, ContestedError, Drift, Kind, Page, Rejected, Sheet, Window
from audit.history import History
from audit.records import (
    OPEN_STATUSES,
    Agent,
    Backup,
    Deployment,
    Member,
    OrganizationPolicy,
    Policy,
    Protectable,
    Task,
    Trace,
    Usage,
    Vault,
)

_CONTESTED: Final = "another row has the same id and differs"
_MADE: Final = attrgetter("resource_id", "vault_id", "image_type", "created_at")
R = TypeVar("R", Policy, Vault, Protectable)
N = TypeVar("N", Agent, Backup, OrganizationPolicy)
D = TypeVar("D")
Row = Mapping[str, Any]


def read_envelope(kind: Kind, body: bytes) -> tuple[Sequence[Any], dict[str, Any]]:
    """Parse a response into its rows and the rest; the rows of long lists may become records at once.

    Raises:
        SourceAnswerError: the body is not trustworthy JSON, or not the requested list.
    """
    return read_quickly(kind, body) or read_slow_path(kind, body)


def read_slow_path(kind: Kind, body: bytes) -> tuple[list[Any], dict[str, Any]]:
    """Do the same on the slow path, without interpreting the rows yet.

    Raises:
        SourceAnswerError: as above.
    """
    answer, is_known = parse(body, kind)
    return ANSWERS[kind].rows(answer, is_known=is_known)


class Intake:
    """Everything usable that was read so far, and a record of everything else.

    Attributes:
        traces_received_at: when the last page of traces came; CTS forgets what is older than it keeps.
        not_seen_again: the ids of the tasks that earlier runs saw open, and that no response has named since.
        backups_of: the backups of every response that holds nothing else, by its hash.
        watched: the ids of the traces that the watch committed; None if nobody looked, or nobody knows.
    """

    def __init__(
        self,
        history: History | None = None,
        run: str = "",
        read: Window | None = None,
        *,
        now: "Intake | None" = None,
    ) -> None:
        """Start with what earlier runs know of the tasks.

        Args:
            history: the known tasks; what is read is merged into it, so that it is in memory once.
            run: the id of the run that stores the pages.
            read: the time that it reads the task log for; each page may be about a part of it, but a task that was
                created then may have ended later. If None, every page is about the whole time.
            now: what a later run read; backups that are equal there are not kept twice.
        """
        self.tasks = History() if history is None else history
        self.not_seen_again = {task.id for task in self.tasks.unfinished() if task.status in OPEN_STATUSES}
        self._run = run
        self._read = read
        self._now = now
        self.backups_of: dict[str, Sequence[Backup]] = {}
        self.policies: dict[str, Policy] = {}
        self.vaults: dict[str, Vault] = {}
        self.backups: dict[str, Backup] = {}
        self.protectables: dict[str, Protectable] = {}
        self.agents: dict[str, Agent] = {}
        self.organization_policies: dict[str, OrganizationPolicy] = {}
        self.deployments: defaultdict[str, dict[Deployment, None]] = defaultdict(dict)  # by organisation policy
        self.members: defaultdict[str, dict[Member, None]] = defaultdict(
            dict
        )  # by the backup whose members were requested
        self.usages: defaultdict[str, dict[Usage, None]] = defaultdict(
            dict
        )  # by resource: everything that was said about it
        self.traces: dict[str, Trace] = {}
        self.traces_received_at: datetime | None = None
        self.watched: frozenset[str] | None = None
        self.pages = 0
        self._sorting = Sorting()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Every unusable row, in the order read, followed by those of earlier runs."""
        own = self._sorting.rejected
        known = {row.mark for row in own}
        return (*own, *(row for row in self.tasks.rejected if row.mark not in known))

    @property
    def drift(self) -> tuple[Drift, ...]:
        """Every way in which responses differ from the documents, sorted by list, path and problem."""
        return self._sorting.drift

    def turn_to(self, run: str, read: Window | None = None) -> None:
        """Continue with the pages of another stored run, the first of which is the next one."""
        self._run, self._read, self.pages = run, read, 0

    def accept(self, page: Page, *, is_new: bool = True, number: int | None = None) -> None:
        """Sort the rows of a page into records, drift and rejected rows; reading a row again changes nothing.

        Args:
            page: the response; for a list in ABOUT_ONE, it may equal an earlier one about something else.
            is_new: whether no earlier response had the same bytes.
            number: its number among the stored pages of its run; None for the next one.
        """
        self.pages = number or self.pages + is_new
        if self._is_beside(page):
            return
        if page.kind == Kind.TRACES:
            self.traces_received_at = max(self.traces_received_at or page.received_at, page.received_at)
        if page.kind == Kind.TASKS and self.not_seen_again:
            self.not_seen_again -= _ids(page.rows)
        if not isinstance(page.rows, QuickRows):
            self._enter(page, enumerate(page.rows))
        else:
            if (backups := backups_in(page)) is not None:
                self.backups_of[page.sha256] = backups
            self._enter(page, (self._left_tasks if page.kind == Kind.TASKS else self._left_backups)(page.rows))

    def _is_beside(self, page: Page) -> bool:
        """Whether tasks of a time that is not read were only looked at, for rows of the time that is."""
        if self._read is None or not page.asks_for_times:
            return False
        return page.asked.until > self._read.until or page.asked.until <= self._read.since

    def accept_again(self, sha256: str) -> bool:
        """Accept the backups of a response that the later run received, too; whether that tells everything.

        Args:
            sha256: the hash of the response.
        """
        records = self._now.backups_of.get(sha256) if self._now else None
        if records is None or any(_is_contested(self.backups, record) for record in records):
            return False
        self.pages += 1
        self.backups.update((record.id, record) for record in records)
        return True

    def _enter(self, page: Page, rows: Iterable[tuple[int, Any]]) -> None:
        keep = self.keeper(page.kind, page.about if page.kind in ABOUT_ONE else "")
        asked = self._read if self._read and page.asks_for_times else page.asked
        sheet = Sheet(self.pages, self._run, asked)
        known = len(self._sorting.rejected)
        self._sorting.enter(ANSWERS[page.kind], rows, page.envelope, keep, sheet=sheet)
        if page.kind == Kind.TASKS:
            self.tasks.set_aside(self._sorting.rejected[known:])

    def keeper(self, kind: Kind, about: str = "") -> Keep:
        """Return what keeps the rows of a list, and record that the list was requested, whatever it contains."""
        if kind == Kind.TASKS:
            return self._keep_tasks
        if kind == Kind.DEPLOYMENTS:
            deployments = self.deployments[about]
            return one_by_one(lambda row: _add(deployments, Deployment.from_row(row)))
        if kind == Kind.MEMBERS:
            members = self.members[about]
            return one_by_one(lambda row: _add(members, Member.from_row(row)))
        return one_by_one(self._keepers()[kind])

    def _keepers(self) -> Mapping[Kind, Callable[[Row], bool]]:
        """Return what keeps one row of each list; as an attribute, it would be a cycle and stay in memory."""
        return {
            Kind.POLICIES: lambda row: _keep_once(self.policies, Policy.from_row(row)),
            Kind.VAULTS: lambda row: _keep_once(self.vaults, Vault.from_row(row)),
            Kind.BACKUPS: lambda row: _keep_backup(self.backups, self._once(Backup.from_row(row))),
            Kind.PROTECTABLES: lambda row: _keep_once(self.protectables, Protectable.from_row(row)),
            Kind.AGENTS: lambda row: _keep_newest(self.agents, Agent.from_row(row)),
            Kind.ORGANIZATION_POLICIES: lambda row: _keep_newest(
                self.organization_policies, OrganizationPolicy.from_row(row)
            ),
            Kind.STORAGE_USAGE: lambda row: _add(self.usages[row["resource_id"]], Usage.from_row(row)),
            Kind.TRACES: lambda row: _keep_trace(self.traces, Trace.from_row(row)),
        }

    def _keep_tasks(self, usable: Iterable[Any]) -> Iterable[Outcome]:
        """Keep tasks, most of them together; of two with one id the order matters, so then they are kept in turn."""
        keep = one_by_one(lambda row: self.tasks.keep(Task.from_row(row)))
        rows = list(usable)
        page = packed_together(rows)
        if not page.is_plain:
            return keep(rows)
        outcomes: dict[int, Outcome] = dict(zip(page.odd, keep([rows[place] for place in page.odd]), strict=True))
        for places, columns in page.parts:
            outcomes.update(zip(places, self.tasks.keep_all(columns), strict=True))
        return [outcomes[place] for place in range(len(rows))]

    def _left_tasks(self, rows: QuickRows) -> list[tuple[int, Any]]:
        """Keep what was packed, and return every other row in order of place."""
        refused = set[int]()
        for places, columns in rows.page.parts:
            kept = zip(places, self.tasks.keep_all(columns), strict=True)
            refused.update([place for place, outcome in kept if isinstance(outcome, ValueError)])
        others = rows.page.odd | {place: rows[place] for place in refused}  # these are rejected, as rows
        return sorted(others.items(), key=itemgetter(0))

    def _left_backups(self, rows: QuickRows) -> Iterator[tuple[int, Any]]:
        """Keep the records of a page in order of place, and yield every other row in its turn."""
        if self._now is None and not rows.page.odd and self.backups.keys().isdisjoint(rows.page.ids):
            self.backups.update((each.id, each) for _, made in rows.page.parts for each in made)
            return
        records = {place: each for places, made in rows.page.parts for place, each in zip(places, made, strict=True)}
        for place in range(len(rows)):
            if place not in records:
                yield place, rows.page.odd[place]
            elif _is_contested(self.backups, records[place]):
                yield place, rows[place]  # is rejected, as a row
            else:
                _keep_newest(self.backups, self._once(records[place]))

    def _once(self, backup: Backup) -> Backup:
        known = self._now.backups.get(backup.id) if self._now else None
        return backup if known is None or known != backup else known


def _ids(rows: Sequence[Any]) -> set[str]:
    """Return the ids of the tasks of a page, usable or not."""
    if isinstance(rows, QuickRows) and not rows.page.odd:
        return set(rows.page.ids)
    found = (row.get("id") if isinstance(row, dict) else getattr(row, "id", None) for row in rows)
    return {row_id for row_id in found if isinstance(row_id, str)}


def _keep_once(records: dict[str, R], record: R) -> bool:
    """Keep a record unless it is known; of two that differ, it is unknown which one is true."""
    known = records.setdefault(record.id, record)
    if known != record:
        raise ContestedError(_CONTESTED, _about(known))
    return known is record


def _keep_newest(records: dict[str, N], record: N) -> bool:
    """Keep the newest record: its state may change while the list is read."""
    is_new = record.id not in records
    records[record.id] = record
    return is_new


def _add(records: dict[D, None], record: D) -> bool:
    """Keep a record without an id, unless an equal one is there."""
    number = len(records)
    records.setdefault(record)
    return len(records) > number


def _keep_backup(records: dict[str, Backup], record: Backup) -> bool:
    """Keep the newest record of a backup: its status may change, but nothing that says what was made."""
    if _is_contested(records, record):
        known = records[record.id]
        raise ContestedError(_CONTESTED, About(resources=(known.resource_id,), vaults=(known.vault_id,)))
    return _keep_newest(records, record)


def _keep_trace(records: dict[str, Trace], record: Trace) -> bool:
    """Keep a trace unless it is known; when CTS recorded it may differ, because it may have come twice."""
    known = records.setdefault(record.id, record)
    if structs.replace(known, recorded=record.recorded) != record:
        raise ContestedError(_CONTESTED, About())
    return known is record


def _is_contested(records: dict[str, Backup], record: Backup) -> bool:
    known = records.get(record.id)
    return known is not None and _MADE(known) != _MADE(record)


def _about(record: Policy | Vault | Protectable) -> About:
    if isinstance(record, Policy):
        return About(vaults=tuple(sorted(record.vault_ids)))
    if isinstance(record, Vault):
        return About(resources=tuple(held.id for held in record.resources))
    return About(resources=(record.id, *record.parts))
