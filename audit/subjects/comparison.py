"""The inventory of this run, held against what the run before saw and what its report passes on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from audit.collection import Kind, shown
from audit.records import BACKUP, MOVES_ENDS, REPLICATION, Backup, Policy, Protected, Task, Vault, pick
from audit.subjects.collection import Collection
from audit.subjects.former import Former
from audit.subjects.kinds import Departure, SubjectKind
from audit.subjects.memory import Memory
from audit.subjects.policy import PolicySubject
from audit.subjects.promises import of_policies, of_policy, of_resource, of_vault
from audit.subjects.protection import Demanded, Protection, Weakened, Weakening, joined, still_weak
from audit.subjects.strength import Aspect, Difference, Differences, Strength, Value, compare
from audit.subjects.taken import SLACK, Taken, find_taken
from audit.subjects.terms import Terms, continued

_LOST: Final = "what the run before left cannot be used"
_NOT_COMPARED: Final = "what the run before saw was not read"
_NOT_TOLD: Final = "the answers do not say all of it"
_NOTHING: Final = Differences((), ())
_GONE: Final[Strength] = {Aspect("exists"): False}
_END: Final = "backup_end"
_LIST_OF: Final = {SubjectKind.POLICY: Kind.POLICIES, SubjectKind.VAULT: Kind.VAULTS, SubjectKind.RESOURCE: Kind.VAULTS}
_Policies = Sequence[PolicySubject] | None
_Places = Sequence[tuple[Vault, Protected]]


class Comparison:
    """What this run read, and what is known of earlier ones; each may be missing in part."""

    def __init__(
        self, former: Former | None, collection: Collection, vaults: Mapping[str, Vault], backups: Iterable[Backup]
    ) -> None:
        """Take both; without a former inventory nothing new is found, and what was passed on goes on."""
        self._former = former
        self._memory = collection.memory or Memory(run="", until=collection.window.until, policies={}, resources={})
        self._is_first = former is None and collection.memory is None and collection.lost is None
        self._why_not = _LOST if collection.lost is not None else _NOT_COMPARED
        self._against = former.run if former else self._memory.run
        asked = {reading.kind: reading.enterprise_project_id for reading in collection.readings}
        self._unlike = {kind for kind, of in former.asked.items() if of != asked.get(kind)} if former else set[Kind]()
        self._has_all = {kind: collection.has_all(kind) and kind not in self._unlike for kind in Kind}
        self._hidden = frozenset(collection.unlisted.ids)
        self._id = collection.id
        self._now = collection.window.until
        self._vaults = vaults
        self._places = former.places() if former else {}
        self._unread = {(row.kind, row.id) for row in collection.rejected}
        seen = former.backups if former else {}
        then = {
            each: backup
            for each, backup in seen.items()
            if (Kind.BACKUPS, each) not in self._unread and backup.vault_id not in self._hidden
        }
        there = {each.id: each for each in backups} if then or self._memory.missed else {}
        self._backups = there
        self._moved = _moved(then.values(), there)
        self.taken: Mapping[str, tuple[Taken, ...]] = find_taken(
            then.values() if self._has_all[Kind.BACKUPS] else (), self._memory.missed, there, self._now
        )
        self._unchanged = Protection(against=self._against)

    def vault_ids(self) -> set[str]:
        """Vaults that earlier runs saw and that are gone; none where that cannot be said."""
        then = self._former.vaults.keys() if self._former else set()
        if not self._has_all[Kind.VAULTS]:
            return set()
        missing = (self._known(SubjectKind.VAULT) | then) - self._vaults.keys()
        return {each for each in missing if (Kind.VAULTS, each) not in self._unread}

    def resource_ids(self) -> set[str]:
        """Resources that a vault held in earlier runs and that may be held by none; none where that cannot be said."""
        known = self._known(SubjectKind.RESOURCE) | self._places.keys()
        return known if self._has_all[Kind.VAULTS] else set()

    def resource_label(self, resource_id: str) -> tuple[str, str] | None:
        """The name and the type of a resource, as earlier runs knew it."""
        if resource_id in self._places:
            _vault, held = self._places[resource_id][0]
            return held.name, held.type
        known = self._memory.weakened.get((SubjectKind.RESOURCE, resource_id))
        return (known.name, "unknown") if known else None

    def former_vault_ids(self, resource_id: str) -> tuple[str, ...]:
        """The vaults that held a resource when the run before looked."""
        return tuple([vault.id for vault, _held in self._places.get(resource_id, ())])

    def held_at(self, resource_id: str) -> datetime | None:
        """When the run before saw a resource in a vault; None where it did not."""
        return self._former.until if self._former and resource_id in self._places else None

    def vault_name(self, vault_id: str) -> str | None:
        """The name of a vault, as earlier runs knew it."""
        then = self._former.vaults.get(vault_id) if self._former else None
        known = then or self._memory.weakened.get((SubjectKind.VAULT, vault_id))
        return known.name if known else None

    def former_policies(self, vault_id: str) -> tuple[Policy, ...]:
        """The policies that were applied to a vault when the run before looked."""
        return self._former.applied(vault_id) if self._former else ()

    def terms(self, policy: Policy) -> tuple[Terms, ...]:
        """By which rules a policy kept its backups, as far as runs saw it, the oldest first and this run last."""
        then = self._former.policies.get(policy.id) if self._former else None
        first = (Terms.of(then, self._former.until),) if then and self._former else ()
        return continued(self._memory.terms.get(policy.id) or first, policy, self._now)

    def taken_elsewhere(self, vault_ids: Iterable[str]) -> tuple[Taken, ...]:
        """The backups that are gone, of vaults that are none of these."""
        known = frozenset(vault_ids)
        return tuple([each for vault_id, part in self.taken.items() if vault_id not in known for each in part])

    def forgotten(self, subjects: Iterable[tuple[SubjectKind, str]]) -> tuple[Weakened, ...]:
        """What was passed on of subjects that only an unreadable list hides: it is passed on again."""
        seen = frozenset(subjects)
        return tuple(
            each
            for key, each in sorted(self._memory.weakened.items())
            if key not in seen and not self._has_all[_LIST_OF[each.kind]]
        )

    def of_policy(self, policy: Policy) -> Protection | None:
        """What became of a policy; one that no vault relied on protected nothing."""
        then = self._former.policies.get(policy.id) if self._former else None
        earlier = self._earlier(SubjectKind.POLICY, policy.id)
        if then == policy and not earlier:
            return self._unchanged
        now = of_policy(policy)
        if then is None:
            return self._not_there_then(earlier, now, Kind.POLICIES)
        before = of_policy(then)
        found = compare(before, now)
        found = found if then.vault_ids else Differences((), found.stronger)
        return self._protection(found, earlier, now, "" if before.keys() == now.keys() else _NOT_TOLD)

    def of_demands(self, demanded: Demanded | None) -> Protection | None:
        """What became of what the profile demands."""
        earlier = self._earlier(SubjectKind.COLLECTION, self._id)
        if self._is_first:
            return None
        if demanded is None:
            return Protection(against=self._against, weakened=earlier, doubt=self._why_not)
        found = compare(demanded.then or {}, demanded.now, demanded.orders)
        doubt = "" if demanded.then is not None else "what the run before demanded cannot be read"
        weakened = joined(still_weak(earlier, demanded.now, demanded.orders), self._fresh(found))
        return Protection(against=self._against, weakened=weakened, strengthened=found.stronger, doubt=doubt)

    def of_vault(
        self, vault_id: str, departure: Departure | None, policies: _Policies, tasks: Sequence[Task]
    ) -> Protection | None:
        """What became of a vault, of which policies are applied to it, and of the ends of its backups."""
        vault = self._vaults.get(vault_id)
        then = self._former.vaults.get(vault_id) if self._former else None
        earlier = self._earlier(SubjectKind.VAULT, vault_id)
        if vault is None:
            return self._of_vault_that_is_gone(then, departure, earlier)
        own = of_vault(vault)
        now = {**own, **self._ends(earlier), **_promises(policies)} if earlier else own
        if then is None:
            return self._not_there_then(earlier, now, Kind.VAULTS)
        before = of_vault(then)
        covered, doubt = self._of_policies((vault_id,), policies)
        moved = self._moved.get(vault_id, _NOTHING)
        doubts = (doubt, self._doubt(Kind.BACKUPS), "" if before.keys() == own.keys() else _NOT_TOLD)
        asking = [task.id for task in pick(tasks, _moves_ends)] if moved.weaker else []
        found = _all(compare(before, own), covered, moved)
        return self._protection(found, earlier, now, next(filter(None, doubts), ""), tuple(asking))

    def _of_vault_that_is_gone(
        self, then: Vault | None, departure: Departure | None, earlier: Sequence[Weakening]
    ) -> Protection | None:
        """Where a task shows who deleted it, CBR-111 says so; and an empty vault protected nothing."""
        if then is None:
            return self._not_there_then(earlier, _GONE, Kind.VAULTS)
        lost = departure is None and then.resources and self._has_all[Kind.VAULTS]
        found = compare({Aspect("exists"): True}, _GONE) if lost else _NOTHING
        return self._protection(found, earlier, _GONE, "")

    def of_resource(
        self, resource_id: str, departure: Departure | None, places: _Places, policies: _Policies
    ) -> Protection | None:
        """What became of a resource: whether and how a vault holds it, and what its vault's policies promise.

        Where a task shows that it was taken out, CBR-111 says so.
        """
        then = self._places.get(resource_id)
        earlier = self._earlier(SubjectKind.RESOURCE, resource_id)
        if then and not earlier and _held(then) == _held(places):
            return self._unchanged
        own = of_resource(places)
        now = {**own, **_promises(policies)} if earlier and places else own
        if then is None:
            return self._not_there_then(earlier, now, Kind.VAULTS)
        before = of_resource(then)
        unsure = self._doubt_of_places(then, places)
        if departure is not None or unsure:
            return self._protection(_NOTHING, earlier, {}, "" if departure else unsure)
        ids, ids_then = _makers(places), _makers(then)
        is_moved = ids and ids_then and ids != ids_then
        covered, doubt = self._of_policies(ids_then, policies) if is_moved else (_NOTHING, "")
        if ids and ids_then and before.keys() != own.keys():
            doubt = doubt or _NOT_TOLD
        return self._protection(_all(compare(before, own), covered), earlier, now, doubt)

    def _doubt_of_places(self, then: _Places, places: _Places) -> str:
        """Why nobody can say whether the vaults that held a resource still do, or an empty text."""
        ids = {vault.id for vault, _held in then}
        if ids & self._hidden or any((Kind.VAULTS, each) in self._unread for each in ids):
            return _not_all(Kind.VAULTS)
        if self._has_all[Kind.VAULTS] or (places and not (Kind.VAULTS in self._unlike and ids - self._vaults.keys())):
            return ""
        return self._doubt(Kind.VAULTS)

    def _of_policies(self, vaults_then: Sequence[str], policies: _Policies) -> tuple[Differences, str]:
        """Compare what applied policies promise where others are applied now; how one changed, it says itself."""
        then = self._former.applied(*vaults_then) if self._former else ()
        doubt = self._doubt(Kind.POLICIES)
        if policies is None:
            return _NOTHING, doubt
        if any((Kind.POLICIES, policy.id) in self._unread for policy in then):
            return _NOTHING, _not_all(Kind.POLICIES)
        now = [subject.policy for subject in policies]
        changed = [operation for operation in (BACKUP, REPLICATION) if _ids(then, operation) != _ids(now, operation)]
        if not changed:
            return _NOTHING, doubt
        found = compare(_about(of_policies(then), changed), _about(of_policies(now), changed))
        return (Differences(found.weaker, ()) if doubt else found), doubt

    def _not_there_then(self, earlier: Sequence[Weakening], now: Strength, kind: Kind) -> Protection | None:
        """Say of a subject that the run before did not name whether it is new."""
        if self._is_first:
            return None
        if self._former is None:
            return Protection(against=self._against, weakened=still_weak(earlier, now), doubt=self._why_not)
        doubt = self._doubt_of_former(kind)
        return Protection(against=self._against, weakened=still_weak(earlier, now), doubt=doubt, is_new=not doubt)

    def _protection(
        self,
        found: Differences,
        earlier: Sequence[Weakening],
        now: Strength,
        doubt: str,
        tasks: tuple[str, ...] = (),
    ) -> Protection:
        weakened = joined(still_weak(earlier, now), self._fresh(found, tasks))
        return Protection(against=self._against, weakened=weakened, strengthened=found.stronger, doubt=doubt)

    def _fresh(self, found: Differences, tasks: tuple[str, ...] = ()) -> list[Weakening]:
        """Note what became weaker just now; the tasks are those that move ends."""
        return [
            Weakening(**each._asdict(), since=self._now, tasks=tasks if each.aspect.what == _END else ())
            for each in found.weaker
        ]

    def _doubt(self, kind: Kind) -> str:
        """Why a list cannot be compared as a whole, or an empty text."""
        if kind not in self._unlike and not self._has_all[kind]:
            return _not_all(kind)
        return self._doubt_of_former(kind)

    def _doubt_of_former(self, kind: Kind) -> str:
        if kind in self._unlike:
            return f"the run before did not ask for the same {kind.words}"
        if self._former is None or kind not in self._former.complete:
            return f"the run before could not read all {kind.words}"
        return ""

    def _earlier(self, kind: SubjectKind, subject_id: str) -> tuple[Weakening, ...]:
        known = self._memory.weakened.get((kind, subject_id))
        return known.weakenings if known else ()

    def _known(self, kind: SubjectKind) -> set[str]:
        return {subject_id for of, subject_id in self._memory.weakened if of == kind}

    def _ends(self, earlier: Sequence[Weakening]) -> Strength:
        """When the backups end now whose ends were moved nearer earlier; what is gone stays as it was."""
        known = {each.aspect: self._backups.get(each.aspect.about) for each in earlier if each.aspect.what == _END}
        return {aspect: _end(backup) for aspect, backup in known.items() if backup}


def _moved(then: Iterable[Backup], there: Mapping[str, Backup]) -> Mapping[str, Differences]:
    """Find the backups whose end was moved, by their vault; they are no more than two lists of backups show."""
    weaker: dict[str, list[Difference]] = defaultdict(list)
    stronger: dict[str, list[Difference]] = defaultdict(list)
    for before in then:
        after = there.get(before.id)
        if after is None or after.expired_at == before.expired_at or before.parent_id or not before.is_lasting:
            continue
        if before.expired_at and after.expired_at and abs(after.expired_at - before.expired_at) <= SLACK:
            continue
        is_nearer = after.expired_at is not None and (before.expired_at is None or after.expired_at < before.expired_at)
        moved = Difference(Aspect(_END, before.id), _end(before), _end(after))
        (weaker if is_nearer else stronger)[before.vault_id].append(moved)
    vault_ids = weaker.keys() | stronger.keys()
    return {each: Differences(tuple(weaker[each]), tuple(stronger[each])) for each in sorted(vault_ids)}


def _not_all(kind: Kind) -> str:
    return f"this run could not read all {kind.words}"


def _end(backup: Backup) -> Value:
    return shown(backup.expired_at) if backup.expired_at else None


def _promises(policies: _Policies) -> Strength:
    return of_policies([subject.policy for subject in policies]) if policies is not None else {}


def _held(places: _Places) -> list[tuple[str, str, Protected]]:
    return [(vault.id, vault.protect_type, held) for vault, held in places]


def _moves_ends(task: Task) -> bool:
    return task.operation == MOVES_ENDS


def _all(*found: Differences) -> Differences:
    return Differences(
        tuple([each for part in found for each in part.weaker]),
        tuple([each for part in found for each in part.stronger]),
    )


def _makers(places: _Places) -> tuple[str, ...]:
    """The ids of the vaults into which backups are made, in order."""
    return tuple(sorted({vault.id for vault, _held in places if not vault.receives_copies_only}))


def _ids(policies: Iterable[Policy], operation: str) -> set[str]:
    return {policy.id for policy in policies if policy.operation == operation}


def _about(strength: Strength, operations: Sequence[str]) -> Strength:
    names = {f"{operation}_policy" for operation in operations}
    return {aspect: value for aspect, value in strength.items() if aspect.about in operations or aspect.what in names}
