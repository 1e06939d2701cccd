"""From history and inventory to subjects: every task and backup is assigned to everything that it concerns."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Final, TypeVar

from msgspec import structs

from audit.collection import ALL_GRANTED, Kind, Rejected, Window
from audit.history import Group, History, PackedTasks, apart, together
from audit.records import (
    BACKUP,
    DELETIONS,
    MOVES_ENDS,
    POLICY_OPERATIONS,
    REMOVALS,
    REMOVE_RESOURCE,
    REPLICATION,
    SYNC,
    TAKE_AWAY,
    VAULT_DELETE,
    Agent,
    Backup,
    Member,
    Policy,
    Protectable,
    Protected,
    Task,
    Usage,
    Vault,
)
from audit.records.keys import Key
from audit.schedule.rules import Schedule, UnreadableScheduleError
from audit.subjects.collection import ENDED_UNSEEN, SURELY_SHOWN, Collection
from audit.subjects.comparison import Comparison
from audit.subjects.deleted_vaults import DeletedVaults, end_of
from audit.subjects.former import Former
from audit.subjects.kept_plan import KeptPlan, plan_of
from audit.subjects.missing_backups import SLACK, Taken, by_resource, dated
from audit.subjects.passed_on import VaultTrace
from audit.subjects.policy import PolicySubject
from audit.subjects.protection import Demanded, Weakened
from audit.subjects.resource import Presence, Resource
from audit.subjects.retention_terms import PastRules
from audit.subjects.subject_kinds import Departure, SubjectKind
from audit.subjects.time_shift import rhythm_of
from audit.subjects.unlisted import Named, Unlisted
from audit.subjects.unusable import Unusable
from audit.subjects.vault import VaultSubject
from audit.subjects.waiver import WaiverSubject

_DAY: Final = timedelta(days=1)
_BY_ID: Final = attrgetter("id")
_BY_AGE: Final = attrgetter("created_at", "id")
_CONTESTED: Final = "contested"
"""Replaces the status of a task that another row contradicts: it is unclear how it went."""
_LOOKED_AT_ALONE: Final = REMOVALS | {MOVES_ENDS}

_LIST_OF_TYPE: Final = {
    "OS::Nova::Server": "server",
    "OS::Cinder::Volume": "disk",
    "OS::Sfs::Turbo": "turbo",
    "OS::Workspace::DesktopV2": "workspace_v2",
}
"""Which list of protectable resources shows all of a type; no document says so for bare metal."""

R = TypeVar("R", Policy, Vault, Protectable)
_Applied = Mapping[str, Sequence[PolicySubject]]
Subject = Resource | PolicySubject | VaultSubject | Collection | WaiverSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The current inventory; lists that were not requested are empty."""

    policies: Iterable[Policy] = ()
    vaults: Iterable[Vault] = ()
    backups: Iterable[Backup] = ()
    protectables: Iterable[Protectable] = ()
    agents: Iterable[Agent] = ()
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    usages: Mapping[str, tuple[Usage, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Everything that is judged, each part sorted by id.

    Attributes:
        forgotten: what became weaker for subjects that are missing here because a list could not be read.
        elsewhere: backups that are gone, of vaults that are not among the subjects.
        traces: what the next run needs to know about vaults.
    """

    resources: tuple[Resource, ...]
    policies: tuple[PolicySubject, ...]
    vaults: tuple[VaultSubject, ...]
    collection: Collection
    forgotten: tuple[Weakened, ...] = ()
    elsewhere: tuple[Taken, ...] = ()
    traces: tuple[VaultTrace, ...] = ()

    def of(self, kind: SubjectKind) -> tuple[Subject, ...]:
        """Return the subjects of one kind; waivers become subjects only after the other findings are known."""
        parts: Mapping[SubjectKind, tuple[Subject, ...]] = {
            SubjectKind.RESOURCE: self.resources,
            SubjectKind.POLICY: self.policies,
            SubjectKind.VAULT: self.vaults,
            SubjectKind.COLLECTION: (self.collection,),
        }
        return parts.get(kind, ())


def arrange(
    history: History,
    inventory: Inventory,
    collection: Collection,
    former: Former | None = None,
    demanded: Demanded | None = None,
    *,
    stuck_after: timedelta,
) -> Subjects:
    """Combine tasks and inventory into subjects, with what the previous run saw and required.

    The history is used up. Tasks created after the end of the window are left out, so that the same evidence gives the
    same subjects whenever it is read.

    Args:
        history: the known tasks; moved out, so unusable afterwards.
        inventory: the current inventory.
        collection: how completely both were read.
        former: what the previous run saw.
        demanded: how much the previous profile required, and how much this one does.
        stuck_after: how long the deletion of a vault may take.
    """
    return _Arrangement(history, inventory, collection, former, stuck_after).subjects(demanded)


def reaches_back(subject: Resource | VaultSubject, period: timedelta, now: datetime) -> bool:
    """Whether the task log covers the whole period before a time."""
    return silent_since(subject) <= now - period


def silent_since(subject: Resource | VaultSubject) -> datetime:
    """Return the time from which silence of the log means something."""
    return subject.covered_since or subject.window.since


class _Arrangement:
    """The lookups for the arrangement, built once."""

    def __init__(
        self,
        history: History,
        inventory: Inventory,
        collection: Collection,
        former: Former | None,
        stuck_after: timedelta,
    ) -> None:
        self._collection = collection
        self._has_read = {kind: collection.has_read(kind) for kind in Kind}
        self._named: dict[str, list[str]] = defaultdict(list)
        self._unusable = Unusable(self._unusable_rows(), self._vaults_with, self._named)
        self._vaults = {vault.id: vault for vault in sorted(self._trusted(Kind.VAULTS, inventory.vaults), key=_BY_ID)}
        self._shown = {*self._vaults, *(row.id for row in collection.rejected if row.kind == Kind.VAULTS)}
        backups = sorted(inventory.backups, key=_BY_AGE)
        policies = sorted(self._trusted(Kind.POLICIES, inventory.policies), key=_BY_ID)
        self._replanned = self._changed(policies)
        self._known: dict[tuple[str, ...], tuple[PolicySubject, ...]] = {}
        self._protectables = {each.id: each for each in self._trusted(Kind.PROTECTABLES, inventory.protectables)}
        self._server_of = _servers(self._protectables.values())
        self._members, self._usages = inventory.members, inventory.usages
        self._agents = {agent.id: agent for agent in inventory.agents}
        self._listed_types = _listed_types(collection)
        self._points_of_resource: dict[str, list[Backup]] = defaultdict(list)
        self._points_of_vault: dict[str, list[Backup]] = defaultdict(list)
        self._listed: set[str | None] = set()
        for backup in backups:
            if backup.is_own:
                self._listed.add(backup.resource_type)
            self._points_of_resource[backup.resource_id].append(backup)
            self._points_of_vault[backup.vault_id].append(backup)
        self._covered_since = (
            collection.proven.since
            if collection.proven
            else _covered_since(collection.window, history.oldest(collection.window.until))
        )
        self._places: dict[str, list[tuple[Vault, Protected]]] = defaultdict(list)
        for vault in self._vaults.values():
            self._named[vault.name].append(vault.id)
            for held in vault.resources:
                self._places[held.id].append((vault, held))
        self._by_resource: dict[str, list[Group]] = defaultdict(list)
        self._by_vault: dict[str, list[Group]] = defaultdict(list)
        self._departures: dict[str, Departure] = {}
        self._gone: set[str] = set()
        self._shows_what_is_gone = collection.has_all(Kind.VAULTS) and _asked_alike(former, collection)
        self._named_by = Named(DeletedVaults(collection.window.until, stuck_after))
        self._note_names(policies, former)
        self._shared: set[int] = set()
        self._makers: dict[Key, Task] = {}
        self._strange: dict[str, list[Task]] = defaultdict(list)
        self._stays: dict[str | None, set[str]] = defaultdict(set)
        self._moves: dict[str, list[Task]] = defaultdict(list)
        self._without_resource: list[tuple[Task, tuple[str, ...]]] = []
        self._file([*history.hand_over(collection.window.until, instead=self._doubtful(history))])
        self._syncs = [(task, where) for task, where in self._without_resource if _may_have_brought(task)]
        self._collection = replace(collection, unlisted=self._unlisted())
        self._has_read[Kind.VAULTS] = self._collection.has_read(Kind.VAULTS)
        self._comparison = Comparison(former, self._collection, self._vaults, backups, policies)
        self._taken_of = by_resource(self._comparison.taken.values())
        self._policies = self._subjects_of(policies)
        self._applied = _by_vault(self._policies)
        self._past_rules = {
            each: self._comparison.past_rules(each, self._collection.window.since, self._applied.get(each, ()))
            for each in self._vaults
        }
        self._unusable.learn({*self._vaults, *self._gone, *chain.from_iterable(self._stays.values())})

    def subjects(self, demanded: Demanded | None) -> Subjects:
        """Build every subject."""
        earlier = self._comparison.resource_ids()
        resources = sorted(self._by_resource.keys() | self._places.keys() | self._unprotected() | earlier)
        unread = self._unusable.vault_ids
        vaults = sorted(self._vaults.keys() | self._gone | unread | self._comparison.vault_ids())
        return Subjects(
            resources=tuple([self._resource(resource_id) for resource_id in resources]),
            policies=self._policies,
            vaults=tuple([self._vault(vault_id) for vault_id in vaults]),
            collection=replace(
                self._collection,
                tasks=self._loose(vaults),
                covered_since=self._covered_since,
                protection=self._comparison.of_demands(demanded),
            ),
            elsewhere=self._comparison.taken_elsewhere(vaults),
            forgotten=self._comparison.forgotten(
                (
                    *((SubjectKind.RESOURCE, each) for each in resources),
                    *((SubjectKind.POLICY, each.id) for each in self._policies),
                    *((SubjectKind.VAULT, each) for each in vaults),
                    (SubjectKind.COLLECTION, self._collection.id),
                )
            ),
            traces=self._traces(),
        )

    def _note_names(self, policies: Iterable[Policy], former: Former | None) -> None:
        """Record what names vaults that are not listed, apart from tasks."""
        memory = self._collection.memory
        traces = (
            {each: _trace(vault, former.sight_of(Kind.VAULTS, each).at) for each, vault in former.vaults.items()}
            if former
            else {}
        )
        traces |= memory.vaults if memory else {}
        for trace in traces.values():
            if trace.id not in self._shown:
                self._named_by.by_run(trace)
        for policy in policies:
            self._named_by.by_policy(policy, self._shown)
        for vault_id, points in self._points_of_vault.items():
            if vault_id not in self._shown:
                self._named_by.by_backups(vault_id, len(points))

    def _unlisted(self) -> Unlisted:
        """Return the vaults that are hidden; an incomplete list shows nothing."""
        if not self._collection.has_all(Kind.VAULTS):
            return Unlisted()
        missing = {trace.id: trace.missing_since for trace in self._left() if trace.missing_since}
        scope = self._collection.reading(Kind.VAULTS).enterprise_project_id
        return self._named_by.unlisted(missing, scope=None if scope == ALL_GRANTED else scope)

    def _left(self) -> Iterator[VaultTrace]:
        """Return what earlier runs saw of vaults that are not listed but still named by the log."""
        memory = self._collection.memory
        now = self._collection.window.until if self._shows_what_is_gone else None
        for trace in memory.vaults.values() if memory else ():
            if trace.id in self._named_by.tasks or trace.id in self._named_by.by_name:
                yield replace(trace, listed=False, missing_since=trace.missing_since or now)

    def _traces(self) -> tuple[VaultTrace, ...]:
        now = self._collection.window.until
        listed = (_trace(vault, now, self._past_rules[vault.id]) for vault in self._vaults.values())
        return (*listed, *self._left())

    def _unusable_rows(self) -> list[Rejected]:
        """Return the unusable rows, without those of the log if more of the log is missing."""
        is_read = self._has_read[Kind.TASKS]
        return [row for row in self._collection.unusable if is_read or row.kind != Kind.TASKS]

    def _doubtful(self, history: History) -> list[Task]:
        """Return contradicted tasks and those whose end was not seen, with an unclear status."""
        doubtful = dict.fromkeys(self._collection.ended_unseen, ENDED_UNSEEN)
        doubtful |= dict.fromkeys(self._contested(Kind.TASKS), _CONTESTED)
        return [structs.replace(task, status=doubtful[task.id]) for task in map(history.get, doubtful) if task]

    def _trusted(self, kind: Kind, records: Iterable[R]) -> Iterator[R]:
        """Leave out the records that another row contradicts."""
        contested = self._contested(kind)
        return (record for record in records if record.id not in contested)

    def _contested(self, kind: Kind) -> frozenset[str]:
        """Return the ids with two rows that differ, neither of which can be trusted, gap or no gap."""
        return frozenset(row.id for row in self._collection.unusable if row.kind == kind and row.is_contested)

    def _vaults_with(self, resource_id: str) -> AbstractSet[str]:
        """Return the ids of the vaults that hold a resource or that its tasks name."""
        held_by = {vault.id for vault, _held in self._places.get(resource_id, ())}
        return held_by | self._stays.get(resource_id, set())

    def _unprotected(self) -> set[str]:
        """Return what CBR could protect outside of any vault; a disk belongs to its server's protection."""
        found = {protectable.id for protectable in self._protectables.values() if protectable.can_be_protected}
        return found - self._server_of.keys()

    def _loose(self, vault_ids: Iterable[str]) -> tuple[Task, ...]:
        """Return the tasks that concern no judged resource or vault."""
        judged = frozenset(vault_ids)
        return tuple([task for task, concerned in self._without_resource if judged.isdisjoint(concerned)])

    def _file(self, groups: Sequence[Group]) -> None:
        """Assign tasks to everything that they concern."""
        for task in (group.sample for group in groups):
            if task.resource_id and task.vault_id:
                self._stays[task.resource_id].add(task.vault_id)
        self._find_makers(groups)
        alone: list[Group] = []
        for group in groups:
            task = group.sample
            if task.vault_id not in self._shown:
                self._named_by.by_tasks(task, group.number, group.last_began)
            if task.resource_id and not task.removed and task.operation not in _LOOKED_AT_ALONE:  # nearly all of them
                vault_ids = self._vaults_of(task)
                self._put(group, vault_ids, (task.resource_id,))
                if _takes_away(task):
                    self._gone.update(vault_ids)
            else:
                alone.append(group)
        self._file_alone(alone)
        for vault_id in self._named_by.not_gone():
            self._departures.pop(vault_id, None)

    def _file_alone(self, groups: Sequence[Group]) -> None:
        """Assign tasks one by one, oldest first, and record what they removed."""
        filed: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[Group]] = defaultdict(list)
        for task, alone in apart(groups):
            maker = self._makers.get(task.backup_key or "") if _is_nameless_deletion(task) else None
            vault_ids, resource_ids = self._vaults_of(maker or task), tuple(sorted(_resources_of(maker or task)))
            filed[id(alone.sample), vault_ids, resource_ids].append(alone)
            if not resource_ids:
                self._without_resource.append((task, vault_ids))
                if not task.is_known:
                    for vault_id in vault_ids:
                        self._strange[vault_id].append(task)
            if task.operation == MOVES_ENDS and not task.broke:
                self._note_move(task, vault_ids)
            if task.operation == VAULT_DELETE and len(vault_ids) == 1 and vault_ids[0] not in self._shown:
                self._named_by.by_deletion(task, vault_ids[0])
                self._depart(task, vault_ids)
            if task.operation == REMOVE_RESOURCE:
                self._depart(task, resource_ids)
            if _takes_away(task):
                self._gone.update(vault_ids)
        for (_, vault_ids, resource_ids), alike in filed.items():
            self._put(together(alike), vault_ids, resource_ids)

    def _depart(self, task: Task, gone: Iterable[str]) -> None:
        """Record the removal of what a task removed; a task that left something does not say what."""
        if task.did_it_all:
            self._departures |= dict.fromkeys(gone, _departure(task))

    def _note_move(self, task: Task, vault_ids: Iterable[str]) -> None:
        """Record, for the vaults of a task or the one resource that it names, that it changed the expiry of backups."""
        for subject_id in (task.resource_id,) if task.resource_id else vault_ids:
            self._moves[subject_id].append(task)

    def _find_makers(self, groups: Sequence[Group]) -> None:
        """Return the tasks that made the backups of which a deletion states only the id."""
        nameless = [group for group in groups if _is_nameless_deletion(group.sample)]
        wanted = {key for group in nameless for key in group.backup_keys()}
        making = [group for group in groups if group.sample.operation == BACKUP] if wanted else []
        for group in making:
            self._makers |= dict.fromkeys(group.backup_keys() & wanted, group.sample)

    def _put(self, group: Group, vault_ids: Sequence[str], resource_ids: Iterable[str]) -> None:
        """Assign similar tasks to their resources and vaults; of several vaults, the log does not say which."""
        for resource_id in resource_ids:
            self._by_resource[resource_id].append(group)
        for vault_id in vault_ids:
            self._by_vault[vault_id].append(group)
        if len(vault_ids) > 1:
            self._shared.add(id(group))

    def _vaults_of(self, task: Task) -> tuple[str, ...]:
        """Return the vaults that a task concerns; the log often leaves the vault out."""
        if task.vault_id:
            return (task.vault_id,)
        if named := self._vaults_named_by(task):
            return named
        if task.resource_id in self._places:
            return tuple({vault.id: None for vault, _held in self._places[task.resource_id]})
        if task.resource_id in self._stays:
            return tuple(sorted(self._stays[task.resource_id]))
        return (task.vault_name,) if task.vault_name and _takes_away(task) else ()

    def _vaults_named_by(self, task: Task) -> tuple[str, ...]:
        """Return the vaults with a name; a deleted vault is not one created afterwards, and may be a former one."""
        listed = self._named.get(task.vault_name or "", ())
        if task.operation != VAULT_DELETE:
            return tuple(listed)
        made = ((each, self._vaults[each].created_at) for each in listed)
        there = tuple([each for each, created_at in made if created_at is None or created_at <= task.created_at])
        former = None if there else self._named_by.of_name(task)
        return (former,) if former else there

    def _vault(self, vault_id: str) -> VaultSubject:
        vault = self._vaults.get(vault_id)
        groups = self._by_vault.pop(vault_id, [])
        tasks = self._tasks(groups)
        unusable = self._unusable.on_vault(vault_id)
        spoilt = {row.kind for row in unusable}
        named = (task.vault_name for task in reversed(tasks) if task.vault_name)
        policies = self._policies_of(vault_id) if vault else None
        departure = self._departures.get(vault_id)
        return VaultSubject(
            id=vault_id,
            name=vault.name if vault else self._comparison.vault_name(vault_id) or next(named, vault_id),
            vault=vault,
            policies=policies,
            tasks=tasks,
            departure=departure,
            window=self._collection.window,
            log_complete=self._has_read[Kind.TASKS] and Kind.TASKS not in spoilt,
            vaults_complete=self._has_read[Kind.VAULTS] and Kind.VAULTS not in spoilt,
            unusable=unusable,
            shared=frozenset([task.id for group in groups if id(group) in self._shared for task in group.tasks()]),
            covered_since=self._covered_since,
            recovery_points=self._points(self._points_of_vault.get(vault_id, ()), spoilt),
            past_rules=self._past_rules.get(vault_id, ()),
            taken=dated(self._comparison.taken.get(vault_id, ()), tasks),
            protection=self._comparison.of_vault(vault_id, departure, policies, tasks),
        )

    def _resource(self, resource_id: str) -> Resource:
        places = tuple(self._places.get(resource_id, ()))
        vaults = tuple({vault.id: vault for vault, _held in places}.values())
        unusable = self._unusable.on_resource(resource_id, [vault.id for vault in vaults])
        spoilt = {row.kind for row in unusable}
        tasks = self._tasks(self._by_resource.pop(resource_id, []))
        name, kind = self._label(resource_id, places, tasks)
        created = [vault.created_at for vault in vaults if vault.created_at is not None]
        departure = None if vaults else self._departure_of(resource_id, tasks)
        vaults_complete = self._has_read[Kind.VAULTS] and Kind.VAULTS not in spoilt
        memory = self._collection.memory
        presence = self._presence(resource_id, vaults, departure, tasks, vaults_complete=vaults_complete)
        policies = self._policies_of(*[vault.id for vault in vaults])
        resource = Resource(
            id=resource_id,
            name=name,
            type=kind,
            presence=presence,
            departure=departure if presence == Presence.LEFT else None,
            vaults=vaults,
            places=places,
            policies=policies,
            past_rules=tuple([each for vault in vaults for each in self._past_rules.get(vault.id, ())]),
            tasks=tasks,
            held_since=min(created, default=None),
            window=self._collection.window,
            log_complete=self._has_read[Kind.TASKS] and Kind.TASKS not in spoilt,
            vaults_complete=vaults_complete,
            unusable=unusable,
            covered_since=self._covered_since,
            recovery_points=self._points(self._points_of_resource.get(resource_id, ()), spoilt),
            kind_is_listed=kind in self._listed,
            taken_before=memory.taken_before(resource_id, self._collection.window.until) if memory else (),
            protectable=self._protectables.get(resource_id),
            server_id=self._server_of.get(resource_id),
            protectables_complete=self._has_read[Kind.PROTECTABLES] and Kind.PROTECTABLES not in spoilt
            if Kind.PROTECTABLES in self._collection.asked
            else None,
            agent=self._agents.get(resource_id),
            agents_complete=self._has_read[Kind.AGENTS] and Kind.AGENTS not in spoilt,
            usages=self._usages.get(resource_id, ())
            if self._has_read[Kind.STORAGE_USAGE] and Kind.STORAGE_USAGE not in spoilt
            else None,
            members=self._members_of(self._points_of_resource.get(resource_id, ())),
            is_type_listed=kind in self._listed_types,
            nameless_syncs=self._nameless_syncs({vault.id for vault in vaults if vault.is_synchronised}),
            moves_of_ends=self._moves_of(resource_id, vaults),
            missed=self._taken_of.get(resource_id, frozenset()),
            protection=self._comparison.of_resource(resource_id, departure, places, policies),
            strange_around=tuple([task for vault in vaults for task in self._strange.get(vault.id, ())]),
        )
        return self._dated(resource) if vaults else resource

    def _moves_of(self, resource_id: str, vaults: Sequence[Vault]) -> tuple[Task, ...]:
        found = [task for each in (resource_id, *(vault.id for vault in vaults)) for task in self._moves.get(each, ())]
        return tuple(sorted(found, key=_BY_AGE))

    def _tasks(self, groups: list[Group]) -> Sequence[Task]:
        return PackedTasks(groups) if groups else ()

    def _points(self, found: Sequence[Backup], spoilt: AbstractSet[str]) -> tuple[Backup, ...] | None:
        return tuple(found) if self._has_read[Kind.BACKUPS] and Kind.BACKUPS not in spoilt else None

    def _nameless_syncs(self, vault_ids: AbstractSet[str]) -> tuple[Task, ...]:
        """Return the synchronisations into hybrid vaults, or into unnamed vaults, that do not say what they brought."""
        if not vault_ids:
            return ()
        return tuple([task for task, where in self._syncs if not where or not vault_ids.isdisjoint(where)])

    def _members_of(self, found: Sequence[Backup]) -> Mapping[str, tuple[Member, ...]] | None:
        """Return the members of those of its backups for which they were requested."""
        if not self._collection.has_all(Kind.MEMBERS):
            return None
        return {point.id: self._members[point.id] for point in found if point.id in self._members}

    def _dated(self, resource: Resource) -> Resource:
        """Return since when a resource is known to be held as it is now, and since when its first backup is awaited.

        No list says when it was added to its vault. If no earlier run knows, its oldest backup gives a hint; without
        any backup, it counts from the first run that saw it there.
        """
        memory, now = self._collection.memory, self._collection.window.until
        if memory is None:
            return replace(resource, known_since=self._first_sign(resource, now))
        known = memory.resource_since(resource.id, resource.follows, now)
        seen = memory.until if resource.id in memory.resources else now
        is_replanned = any(subject.id in self._replanned for subject in resource.followed)
        return replace(
            resource,
            known_since=known or self._first_sign(resource, seen),
            awaited_since=memory.awaited_since(resource.id, resource.follows, now, is_replanned=is_replanned),
        )

    def _first_sign(self, resource: Resource, seen: datetime) -> datetime | None:
        """Return the time of the oldest sign that its vault held it, or None if older ones may be missing."""
        if not self._has_read[Kind.TASKS]:
            return None
        if isinstance(resource.tasks, PackedTasks):
            return resource.tasks.first_created()
        vault_ids = {vault.id for vault, _held in resource.backup_places if vault.is_filled_by_cbr}
        points = (point for point in self._points_of_resource.get(resource.id, ()) if point.vault_id in vault_ids)
        return min((point.created_at for point in points if point.is_own), default=seen)

    def _presence(
        self,
        resource_id: str,
        vaults: tuple[Vault, ...],
        departure: Departure | None,
        tasks: Sequence[Task],
        *,
        vaults_complete: bool,
    ) -> Presence:
        if any(not vault.receives_copies_only for vault in vaults):
            return Presence.PROTECTED
        if not vaults_complete:
            return Presence.UNKNOWN
        if vaults:
            return Presence.REPLICA
        if not tasks and self._comparison.resource_label(resource_id) is None:
            return Presence.UNPROTECTED
        return Presence.LEFT if departure else Presence.UNACCOUNTED

    def _departure_of(self, resource_id: str, tasks: Sequence[Task]) -> Departure | None:
        """Return the task after which no vault held the resource: its own removal, or the deletion of its last vault.

        A resource that was backed up or seen in a vault afterwards came back and left in another way. If none of its
        tasks names a vault, the previous run may have seen which one held it.
        """
        named = next((task.vault_id for task in reversed(tasks) if task.vault_id), None)
        last_vaults = (named,) if named else self._comparison.former_vault_ids(resource_id)
        found = [self._departures.get(each) for each in (resource_id, *last_vaults)]
        latest = max((departure for departure in found if departure), key=lambda departure: departure.at, default=None)
        last_backup = max((task.began for task in tasks if task.operation == BACKUP), default=None)
        if latest is None or (last_backup and last_backup > latest.at):
            return None
        seen = self._comparison.held_at(resource_id)
        return None if seen and seen > latest.at + SLACK else latest

    def _label(
        self, resource_id: str, places: tuple[tuple[Vault, Protected], ...], tasks: Sequence[Task]
    ) -> tuple[str, str]:
        """Name a resource as its vault does, or else as the newest task with a name does."""
        if places:
            _vault, held = places[0]
            return held.name, held.type
        protectable = self._protectables.get(resource_id)
        if protectable:
            return protectable.name, protectable.type
        if known := self._comparison.resource_label(resource_id):
            return known
        own = [task for task in tasks if task.resource_id == resource_id]
        name = next((task.resource_name for task in reversed(own) if task.resource_name), resource_id)
        kind = next((task.resource_type for task in reversed(own) if task.resource_type), "unknown")
        return name, kind

    def _subjects_of(self, policies: Iterable[Policy]) -> tuple[PolicySubject, ...]:
        runs = self._runs_by_policy()
        subjects = [self._policy(policy, runs[policy.id]) for policy in policies]
        applied = _by_vault(subjects)
        return tuple([self._with_sources(subject, applied) for subject in subjects])

    def _changed(self, policies: Iterable[Policy]) -> frozenset[str]:
        """Return the policies that run at other times since the previous run."""
        memory, now = self._collection.memory, self._collection.window.until
        return frozenset([policy.id for policy in policies if memory and memory.is_replanned(policy, now)])

    def _runs_by_policy(self) -> Mapping[str, Mapping[str, list[Group]]]:
        """Return the backups that name a policy, by resource."""
        runs: dict[str, dict[str, list[Group]]] = defaultdict(lambda: defaultdict(list))
        for resource_id, groups in self._by_resource.items():
            for group in groups:
                if group.sample.policy_id and group.sample.operation == BACKUP:
                    runs[group.sample.policy_id][resource_id].append(group)
        return runs

    def _policy(self, policy: Policy, runs: Mapping[str, list[Group]]) -> PolicySubject:
        schedule, unreadable = _schedule(policy)
        memory, now = self._collection.memory, self._collection.window.until
        plans = memory.plans_of(policy, now) if memory else (plan_of(policy, now),)
        rhythm = None
        if schedule is not None and policy.enabled and policy.operation == BACKUP:
            rhythm = rhythm_of(schedule, policy.start_window, self._moments(runs, plans[-1]))
        since = self._collection.window.since
        return PolicySubject(
            policy=policy,
            schedule=schedule,
            unreadable=unreadable,
            vaults=tuple([self._vaults[vault_id] for vault_id in sorted(policy.vault_ids & self._vaults.keys())]),
            known_since=memory.policy_since(policy, now) if memory else None,
            terms=self._comparison.terms(policy),
            protection=self._comparison.of_policy(policy),
            plans=tuple([plan for plan in plans if plan.until is None or plan.until >= since]),
            rhythm=rhythm,
        )

    def _moments(self, runs: Mapping[str, list[Group]], plan: KeptPlan) -> Iterator[tuple[str, Sequence[datetime]]]:
        """Return when each resource ran by a plan, the one with the oldest run first; older runs may follow another."""
        since = max(filter(None, (plan.since, plan.start_time)), default=None)
        ordered = sorted((min(group.first_created for group in groups), name) for name, groups in runs.items())
        for _oldest, name in ordered:
            created = PackedTasks(runs[name]).created()
            found = created if since is None else created[bisect_left(created, since) :]
            if found:
                yield name, found

    def _with_sources(self, subject: PolicySubject, applied: _Applied) -> PolicySubject:
        """Return the policies that make the backups that a replication policy copies."""
        if subject.policy.operation != REPLICATION or not self._knows_policies_of(subject.policy.vault_ids):
            return subject
        making = (other for other in _applied_to(subject.policy.vault_ids, applied) if other.makes_backups)
        return replace(subject, sources=tuple([other.schedule for other in making]))

    def _knows_policies_of(self, vault_ids: Iterable[str]) -> bool:
        return self._has_read[Kind.POLICIES] and not self._unusable.on_policies_of(vault_ids)

    def _policies_of(self, *vault_ids: str) -> tuple[PolicySubject, ...] | None:
        if not self._knows_policies_of(vault_ids):
            return None
        if vault_ids not in self._known:  # many resources are in the same vaults
            self._known[vault_ids] = _applied_to(vault_ids, self._applied)
        return self._known[vault_ids]


def _by_vault(policies: Iterable[PolicySubject]) -> _Applied:
    applied: dict[str, list[PolicySubject]] = defaultdict(list)
    for subject in policies:
        for vault_id in subject.policy.vault_ids:
            applied[vault_id].append(subject)
    return applied


def _applied_to(vault_ids: Iterable[str], applied: _Applied) -> tuple[PolicySubject, ...]:
    """Return the policies that are applied to any of some vaults, sorted by id."""
    found = {each.id: each for vault_id in vault_ids for each in applied.get(vault_id, ())}
    return tuple(sorted(found.values(), key=_BY_ID))


def _covered_since(window: Window, first: datetime | None) -> datetime:
    """Return how far back the log can be trusted: a window may ask for more than CBR still lists.

    Beyond the tasks that CBR surely lists, it is covered as far back as tasks were seen, give or take a day.
    """
    shown_since = window.until - SURELY_SHOWN
    oldest = first - _DAY if first else shown_since
    return max(window.since, min(oldest, shown_since))


def _servers(protectables: Iterable[Protectable]) -> Mapping[str, str]:
    """Return the server of each disk, unless the server can be in no vault."""
    known = sorted(protectables, key=lambda protectable: protectable.id)
    servers = [server for server in known if server.can_be_protected or server.vault_id]
    return {disk: server.id for server in servers for disk in server.parts}


def _resources_of(task: Task) -> set[str]:
    return {*task.removed, *([task.resource_id] if task.resource_id else ())}


def _takes_away(task: Task) -> bool:
    return task.operation in TAKE_AWAY and task.claims_success


def _is_nameless_deletion(task: Task) -> bool:
    return task.operation in DELETIONS and not (task.resource_id or task.vault_id or task.vault_name)


def _listed_types(collection: Collection) -> AbstractSet[str]:
    """Return the types of which every resource was listed."""
    if not (Kind.PROTECTABLES in collection.asked and collection.has_read(Kind.PROTECTABLES)):
        return frozenset()
    missing = collection.reading(Kind.PROTECTABLES).not_offered
    return frozenset(kind for kind, name in _LIST_OF_TYPE.items() if name not in missing)


def _may_have_brought(task: Task) -> bool:
    """Whether it is a synchronisation that brought backups, or does not say how many."""
    return task.operation == SYNC and task.succeeded and (task.synced is None or task.synced > 0)


def _departure(task: Task) -> Departure:
    return Departure(at=end_of(task), task_id=task.id, operation=task.operation)


def _asked_alike(former: Former | None, collection: Collection) -> bool:
    """Whether the previous run requested the same vaults, so that one that is no longer listed is gone."""
    asked = collection.reading(Kind.VAULTS).enterprise_project_id
    return former is None or former.asked.get(Kind.VAULTS, asked) == asked


def _trace(vault: Vault, seen: datetime, past_rules: tuple[PastRules, ...] = ()) -> VaultTrace:
    return VaultTrace(
        id=vault.id,
        name=vault.name,
        enterprise_project_id=vault.enterprise_project_id,
        listed=True,
        last_seen=seen,
        past_rules=past_rules,
    )


def _schedule(policy: Policy) -> tuple[Schedule | None, str]:
    if policy.operation not in POLICY_OPERATIONS:
        return None, f"the operation of the policy is not documented: {policy.operation}"
    try:
        return Schedule(policy.patterns, policy.start_time), ""
    except UnreadableScheduleError as error:
        return None, str(error)
