"""Compares the inventory of this run with what the previous run saw and what its report passes on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

from audit.collection import Kind
from audit.history import pick
from audit.records import BACKUP, MOVES_ENDS, REPLICATION, Backup, Policy, Protected, Task, Vault
from audit.subjects.collection import Collection
from audit.subjects.former import Former, Unseen
from audit.subjects.missing_backups import SLACK, Taken, find_taken
from audit.subjects.passed_on import Memory
from audit.subjects.policy import PolicySubject
from audit.subjects.promises import (
    is_readable,
    of_copies,
    of_holding,
    of_policies,
    of_policy,
    of_resource,
    of_vault,
    together,
)
from audit.subjects.protection import (
    Demanded,
    Protection,
    Weakened,
    Weakening,
    at_best,
    inherited,
    joined,
    still_weak,
)
from audit.subjects.retention_terms import PastRules, Terms, continued
from audit.subjects.strength import Aspect, Difference, Differences, Strength, Value, compare
from audit.subjects.subject_kinds import Departure, SubjectKind
from audit.timestamps import shown

_LOST: Final = "what the run before left cannot be used"
_NOT_COMPARED: Final = "what the run before saw was not read"
_NOT_TOLD: Final = "the answers do not say all of it"
_NOTHING: Final = Differences((), ())
_OPERATIONS: Final = (BACKUP, REPLICATION)
_GONE: Final[Strength] = {Aspect("exists"): False}
_END: Final = "backup_end"
_LISTS_OF: Final = {
    SubjectKind.POLICY: (Kind.POLICIES, Kind.VAULTS),
    SubjectKind.VAULT: (Kind.VAULTS,),
    SubjectKind.RESOURCE: (Kind.VAULTS,),
}
"""The list of a subject, and then the lists of what relied on it and would take over what was weak."""
_INVENTORY: Final = (Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS)
_Policies = Sequence[PolicySubject] | None
_Places = Sequence[tuple[Vault, Protected]]


class _Relied(NamedTuple):
    """What happened to what a subject relied on, why more may have happened, and what was already weak before."""

    found: Differences = _NOTHING
    doubt: str = ""
    inherited: tuple[Weakening, ...] = ()


class Comparison:
    """What this run read, and what is known of earlier runs; each may be incomplete."""

    def __init__(
        self,
        former: Former | None,
        collection: Collection,
        vaults: Mapping[str, Vault],
        backups: Iterable[Backup],
        policies: Iterable[Policy],
    ) -> None:
        """Store both; without a former inventory nothing new is found, and what was passed on stays."""
        self._former = former
        self._memory = collection.memory or Memory(run="", until=collection.window.until, policies={}, resources={})
        self._is_first = former is None and collection.memory is None and collection.lost is None
        self._why_not = _LOST if collection.lost is not None else _NOT_COMPARED
        self._against = former.run if former else self._memory.run
        asked = {reading.kind: reading.enterprise_project_id for reading in collection.readings}
        self._unlike = {kind for kind, of in former.asked.items() if of != asked.get(kind)} if former else set[Kind]()
        self._has_all = {kind: collection.has_all(kind) and kind not in self._unlike for kind in Kind}
        self._shows = {kind: collection.has_each_page(kind) and kind not in self._unlike for kind in _INVENTORY}
        hidden = frozenset(collection.unlisted.ids)
        self._unseen = {kind: Unseen.of(kind, collection.rejected, hidden) for kind in _INVENTORY}
        self._id = collection.id
        self._now = collection.window.until
        self._vaults = vaults
        self._places = former.places() if former else {}
        self._relied = former and (former.together or former)
        self._relied_places = self._relied.places() if self._relied else {}
        seen = former.backups.values() if former else ()
        there = {each.id: each for each in backups} if seen or self._memory.missed else {}
        self._backups = there
        self._listed: Mapping[Kind, AbstractSet[str]] = {
            Kind.POLICIES: {policy.id for policy in policies},
            Kind.VAULTS: vaults.keys(),
            Kind.BACKUPS: there.keys(),
        }
        hides = self._unseen[Kind.BACKUPS] != Unseen()  # seldom
        then = [each for each in seen if not (hides and self._may_be_hidden(Kind.BACKUPS, each.id, each.vault_id))]
        self._moved = _moved(then, there)
        self.taken: Mapping[str, tuple[Taken, ...]] = find_taken(
            then if self._shows[Kind.BACKUPS] else (), self._memory.missed, there, self._now
        )
        self._unchanged = Protection(against=self._against)

    def vault_ids(self) -> set[str]:
        """The vaults that earlier runs saw and that are gone; none if that is unclear."""
        then = self._former.vaults.keys() if self._former else set()
        if not self._shows[Kind.VAULTS]:
            return set()
        missing = (self._known(SubjectKind.VAULT) | then) - self._vaults.keys()
        return {each for each in missing if not self._may_be_hidden(Kind.VAULTS, each)}

    def resource_ids(self) -> set[str]:
        """The resources that a vault held in earlier runs and that may be in none now; none if that is unclear."""
        known = self._known(SubjectKind.RESOURCE) | self._places.keys()
        return known if self._has_all[Kind.VAULTS] else set()

    def resource_label(self, resource_id: str) -> tuple[str, str] | None:
        """Return the name and type of a resource, as earlier runs knew it."""
        if resource_id in self._places:
            _vault, held = self._places[resource_id][0]
            return held.name, held.type
        known = self._memory.weakened.get((SubjectKind.RESOURCE, resource_id))
        return (known.name, "unknown") if known else None

    def former_vault_ids(self, resource_id: str) -> tuple[str, ...]:
        """Return the vaults that held a resource at the previous run."""
        return tuple([vault.id for vault, _held in self._places.get(resource_id, ())])

    def held_at(self, resource_id: str) -> datetime | None:
        """Return when an earlier run last saw a resource in a vault, or None if unknown."""
        places = self._places.get(resource_id)
        return (
            self._former.held_at(resource_id, [vault for vault, _held in places]) if self._former and places else None
        )

    def vault_name(self, vault_id: str) -> str | None:
        """Return the name of a vault, as earlier runs knew it."""
        then = self._former.vaults.get(vault_id) if self._former else None
        known = then or self._memory.weakened.get((SubjectKind.VAULT, vault_id))
        return known.name if known else None

    def past_rules(self, vault_id: str, since: datetime, applied: Iterable[PolicySubject]) -> tuple[PastRules, ...]:
        """Return the rules of policies that were removed from a vault since a time, sorted by id."""
        trace, former = self._memory.vaults.get(vault_id), self._former
        known = {each.policy: each for each in trace.past_rules if each.until >= since} if trace else {}
        if former:
            making = (policy for policy in former.applied(vault_id) if policy.operation == BACKUP)
            known |= {each.id: PastRules(each.id, self._terms_then(each, former), self._now) for each in making}
        ids = {subject.id for subject in applied}
        return tuple([known[each] for each in sorted(known.keys() - ids)])

    def terms(self, policy: Policy) -> tuple[Terms, ...]:
        """Return the retention rules of a policy, as far as runs saw it, oldest first and this run last."""
        then = self._former.policies.get(policy.id) if self._former else None
        past = self._terms_then(then, self._former) if then and self._former else self._memory.terms.get(policy.id, ())
        return continued(past, policy, self._now)

    def _terms_then(self, policy: Policy, former: Former) -> tuple[Terms, ...]:
        """Return the retention rules that the previous run saw for a policy."""
        return self._memory.terms.get(policy.id) or (Terms.of(policy, former.sight_of(Kind.POLICIES, policy.id).at),)

    def taken_elsewhere(self, vault_ids: Iterable[str]) -> tuple[Taken, ...]:
        """Return the backups that are gone, of vaults that are not among the subjects."""
        known = frozenset(vault_ids)
        return tuple([each for vault_id, part in self.taken.items() if vault_id not in known for each in part])

    def forgotten(self, subjects: Iterable[tuple[SubjectKind, str]]) -> tuple[Weakened, ...]:
        """Return what was passed on about subjects that this run may merely not have seen; it is passed on again."""
        seen = frozenset(subjects)
        missing = [each for key, each in sorted(self._memory.weakened.items()) if key not in seen]
        return tuple([each for each in missing if self._may_be_unread(each)])

    def _may_be_unread(self, weakened: Weakened) -> bool:
        lists = _LISTS_OF[weakened.kind]
        is_resource = weakened.kind == SubjectKind.RESOURCE
        is_hidden = not is_resource and self._may_be_hidden(lists[0], weakened.id)
        return is_hidden or not all(self._has_all[kind] for kind in lists)

    def _may_be_hidden(self, kind: Kind, row_id: str, vault_id: str = "") -> bool:
        """Whether this run may not show what the previous run saw: its row is unusable or may have lost its id."""
        unseen = self._unseen[kind]
        if row_id in self._listed[kind]:
            return unseen.may_hide(row_id, unseen.nameless, vault_id)
        known = self._former.sight_of(kind, row_id).nameless if self._former else frozenset[str]()
        return unseen.may_hide(row_id, known, vault_id)

    def of_policy(self, policy: Policy) -> Protection | None:
        """Compare a policy; one that no vault relied on protected nothing."""
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
        told = before.keys() == now.keys() and (then == policy or is_readable(now))
        return self._protection(found, earlier, now, "" if told else _NOT_TOLD)

    def of_demands(self, demanded: Demanded | None) -> Protection | None:
        """Compare what the profile requires."""
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
        """Compare a vault, the policies applied to it, and the expiry of its backups."""
        vault = self._vaults.get(vault_id)
        then = self._former.vaults.get(vault_id) if self._former else None
        earlier = self._earlier(SubjectKind.VAULT, vault_id)
        if vault is None:
            return self._of_vault_that_is_gone(then, departure, earlier)
        own = {**of_vault(vault), **_copies(vault_id, policies)}
        relied = self._of_policies((vault_id,), policies, earlier) if then else _Relied()
        known = _known(earlier, relied)
        now = {**own, **self._ends(known), **_promises(policies)} if known else own
        if then is None:
            return self._not_there_then(known, now, Kind.VAULTS)
        before = {**of_vault(then), **self._copies_then(vault_id)}
        moved = self._moved.get(vault_id, _NOTHING)
        is_told = before.keys() == own.keys()
        doubts = (relied.doubt, self._doubt(Kind.BACKUPS, self._former), "" if is_told else _NOT_TOLD)
        asking = [task.id for task in pick(tasks, _moves_ends)] if moved.weaker else []
        found = _all(compare(before, own), relied.found, moved)
        return self._protection(found, known, now, next(filter(None, doubts), ""), tuple(asking))

    def _of_vault_that_is_gone(
        self, then: Vault | None, departure: Departure | None, earlier: Sequence[Weakening]
    ) -> Protection | None:
        """Compare a vault that is gone, unless a task shows who deleted it (CBR-111 reports that) or it was empty."""
        if then is None:
            return self._not_there_then(earlier, _GONE, Kind.VAULTS)
        is_gone = self._shows[Kind.VAULTS] and not self._may_be_hidden(Kind.VAULTS, then.id)
        lost = departure is None and then.resources and is_gone
        found = compare({Aspect("exists"): True}, _GONE) if lost else _NOTHING
        return self._protection(found, earlier, _GONE, "")

    def of_resource(
        self, resource_id: str, departure: Departure | None, places: _Places, policies: _Policies
    ) -> Protection | None:
        """Compare a resource: whether and how a vault holds it, and what that vault and its policies promise.

        If a task shows that it was removed, CBR-111 reports that.
        """
        then = self._places.get(resource_id, ())
        relied_then = self._relied_places.get(resource_id, then)
        earlier = self._earlier(SubjectKind.RESOURCE, resource_id)
        if then and not earlier and _held(then) == _held(places) == _held(relied_then):
            return self._unchanged
        own = of_resource(places)
        unsure = self._doubt_of_places(then or relied_then, places) if relied_then else ""
        if relied_then and (departure is not None or unsure):
            return self._protection(_NOTHING, earlier, {}, "" if departure else unsure)
        relied = self._of_vaults(relied_then, places, policies, earlier)
        known = _known(earlier, relied)
        now = {**own, **of_holding(_makers(places).values()), **_promises(policies)} if known and places else own
        if not relied_then:
            return self._not_there_then(known, now, Kind.VAULTS)
        before = of_resource(then)
        is_told = not _makers(then) or not _makers(places) or before.keys() == own.keys()
        doubt = relied.doubt or ("" if is_told else _NOT_TOLD)
        return self._protection(_all(compare(before, own), relied.found), known, now, doubt)

    def _of_vaults(
        self, places_then: _Places, places: _Places, policies: _Policies, earlier: Sequence[Weakening]
    ) -> _Relied:
        """Compare what the former and current vaults of a resource promise; each vault reports its own changes.

        What was already weak in a vault that it left stays weak for the resource.
        """
        then, now = _makers(places_then), _makers(places)
        if not then or then.keys() == now.keys():
            return _Relied()
        left = sorted(then.keys() - now.keys())
        weakened = [*earlier, *chain.from_iterable(self._earlier(SubjectKind.VAULT, each) for each in left)]
        last, own = of_holding(then.values()), of_holding(now.values())
        relied = self._of_policies(tuple(then), policies, weakened)
        held = [each for each in weakened if each.aspect in last]
        is_told = not now or last.keys() == own.keys()
        return _Relied(
            found=_all(compare(last, own), relied.found),
            doubt=relied.doubt or ("" if is_told else _NOT_TOLD),
            inherited=(*inherited(at_best(last, held), last, held), *relied.inherited),
        )

    def _doubt_of_places(self, then: _Places, places: _Places) -> str:
        """Return why it is unclear whether the former vaults of a resource still hold it, or an empty string."""
        ids = {vault.id for vault, _held in then}
        if any(self._may_be_hidden(Kind.VAULTS, each) for each in ids):
            return _not_all(Kind.VAULTS)
        if self._has_all[Kind.VAULTS] or (places and not (Kind.VAULTS in self._unlike and ids - self._vaults.keys())):
            return ""
        return self._doubt(Kind.VAULTS, self._former)

    def _of_policies(self, vaults_then: Sequence[str], policies: _Policies, weakened: Sequence[Weakening]) -> _Relied:
        """Compare what applied policies promise, if others are applied now; each reports its own changes.

        What was already weak in a policy that is no longer applied stays weak for what relied on it.

        Args:
            vaults_then: the vaults that they were applied to at the previous run.
            policies: the policies applied now.
            weakened: what became weaker earlier for what relied on them.
        """
        then = self._relied.applied(*vaults_then) if self._relied else ()
        doubt = self._doubt(Kind.POLICIES, self._relied)
        if policies is None or self._are_hidden(then):
            return _Relied(doubt=doubt or _not_all(Kind.POLICIES))
        now = [subject.policy for subject in policies]
        changed = [each for each in _OPERATIONS if _ids(then, each) != _ids(now, each)]
        if not changed and not weakened:
            return _Relied(doubt=doubt)
        last, own = _promised(of_policies(then), changed), of_policies(now)
        found = compare(last, own)
        return _Relied(
            found=Differences(found.weaker, ()) if doubt else found,
            doubt=doubt or ("" if _is_told(last, own) else _NOT_TOLD),
            inherited=self._inherited(then, {policy.id for policy in now}, weakened),
        )

    def _copies_then(self, vault_id: str) -> Strength:
        then = self._relied.applied(vault_id) if self._relied else ()
        is_known = not self._doubt_of(Kind.POLICIES, self._relied) and not self._are_hidden(then)
        return of_copies(vault_id, then) if is_known else {}

    def _are_hidden(self, policies: Iterable[Policy]) -> bool:
        """Whether one of these policies may still exist, in a row that this run could not use."""
        return any(self._may_be_hidden(Kind.POLICIES, policy.id) for policy in policies)

    def _inherited(
        self, then: Iterable[Policy], applied: AbstractSet[str], weakened: Iterable[Weakening]
    ) -> tuple[Weakening, ...]:
        """Return what was already weak in policies that are no longer applied, and for what relied on them."""
        gone = {each.id: self._earlier(SubjectKind.POLICY, each.id) for each in then if each.id not in applied}
        of_others = [each for each in weakened if _is_about(each.aspect, _OPERATIONS)]
        best = together((each.operation, at_best(of_policy(each), gone.get(each.id, ()))) for each in then)
        known = [*chain.from_iterable(gone.values()), *of_others]
        return inherited(at_best(best, of_others), of_policies(then), known)

    def _not_there_then(self, earlier: Sequence[Weakening], now: Strength, kind: Kind) -> Protection | None:
        """Return, for a subject that the previous run did not name, whether it is new."""
        if self._is_first:
            return None
        if self._former is None:
            return Protection(against=self._against, weakened=still_weak(earlier, now), doubt=self._why_not)
        doubt = self._doubt_of(kind, self._former)
        return Protection(against=self._against, weakened=still_weak(earlier, now), doubt=doubt, is_new=not doubt)

    def _protection(
        self,
        found: Differences,
        earlier: Sequence[Weakening],
        now: Strength,
        doubt: str,
        tasks: tuple[str, ...] = (),
    ) -> Protection:
        """Combine what became weaker; what an older list shows again is not news."""
        known = {(each.aspect, each.after) for each in earlier}
        fresh = [each for each in self._fresh(found, tasks) if (each.aspect, each.after) not in known]
        weakened = joined(still_weak(earlier, now), fresh)
        return Protection(against=self._against, weakened=weakened, strengthened=found.stronger, doubt=doubt)

    def _fresh(self, found: Differences, tasks: tuple[str, ...] = ()) -> list[Weakening]:
        """Record what became weaker just now; the tasks are those that changed the expiry of backups."""
        return [
            Weakening(**each._asdict(), since=self._now, tasks=tasks if each.aspect.what == _END else ())
            for each in found.weaker
        ]

    def _doubt(self, kind: Kind, former: Former | None) -> str:
        """Return why a list cannot be compared as a whole, or an empty string."""
        if kind not in self._unlike and not self._has_all[kind]:
            return _not_all(kind)
        return self._doubt_of(kind, former)

    def _doubt_of(self, kind: Kind, former: Former | None) -> str:
        if kind in self._unlike:
            return f"the run before did not ask for the same {kind.words}"
        if former is None or kind not in former.complete:
            return f"the run before could not read all {kind.words}"
        return ""

    def _earlier(self, kind: SubjectKind, subject_id: str) -> tuple[Weakening, ...]:
        known = self._memory.weakened.get((kind, subject_id))
        return known.weakenings if known else ()

    def _known(self, kind: SubjectKind) -> set[str]:
        return {subject_id for of, subject_id in self._memory.weakened if of == kind}

    def _ends(self, earlier: Sequence[Weakening]) -> Strength:
        """Return the current expiry of the backups whose expiry was shortened earlier; what is gone stays as it was."""
        known = {each.aspect: self._backups.get(each.aspect.about) for each in earlier if each.aspect.what == _END}
        return {aspect: _end(backup) for aspect, backup in known.items() if backup}


def _moved(then: Iterable[Backup], there: Mapping[str, Backup]) -> Mapping[str, Differences]:
    """Return the backups whose expiry changed, by vault; two lists of backups show no more than that."""
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


def _copies(vault_id: str, policies: _Policies) -> Strength:
    return of_copies(vault_id, [subject.policy for subject in policies]) if policies is not None else {}


def _promises(policies: _Policies) -> Strength:
    return of_policies([subject.policy for subject in policies]) if policies is not None else {}


def _known(earlier: Iterable[Weakening], relied: _Relied) -> Sequence[Weakening]:
    """Return what is already known to be weak; what was taken over replaces what was known of the same aspect."""
    return [*{each.aspect: each for each in (*earlier, *relied.inherited)}.values()]


def _held(places: _Places) -> list[tuple[str, str, Protected]]:
    return [(vault.id, vault.protect_type, held) for vault, held in places]


def _moves_ends(task: Task) -> bool:
    return task.operation == MOVES_ENDS


def _all(*found: Differences) -> Differences:
    return Differences(
        tuple([each for part in found for each in part.weaker]),
        tuple([each for part in found for each in part.stronger]),
    )


def _makers(places: _Places) -> Mapping[str, Vault]:
    """Return the vaults into which backups are made, by id."""
    return {vault.id: vault for vault, _held in places if not vault.receives_copies_only}


def _ids(policies: Iterable[Policy], operation: str) -> set[str]:
    return {policy.id for policy in policies if policy.operation == operation}


def _promised(strength: Strength, operations: Sequence[str]) -> Strength:
    """Return what policies with these operations promise; if there was none, the first one is new as a whole."""
    about = {aspect: value for aspect, value in strength.items() if _is_about(aspect, operations)}
    return {aspect: value for aspect, value in about.items() if not aspect.about or about[_any(aspect.about)]}


def _is_about(aspect: Aspect, operations: Sequence[str]) -> bool:
    """Whether policies with these operations promise the aspect."""
    return aspect.about in operations or aspect in map(_any, operations)


def _any(operation: str) -> Aspect:
    return Aspect(f"{operation}_policy")


def _is_told(last: Strength, now: Strength) -> bool:
    """Return the aspects that both the former and the current policies state."""
    both = {aspect.about for aspect in last if aspect.about and now[_any(aspect.about)]}
    return {each for each in last if each.about in both} == {each for each in now if each.about in both}
