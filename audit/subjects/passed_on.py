"""What the previous run knew about the inventory. The API shows only the present, so each run passes on what it saw.

It distinguishes a policy that was changed, or a resource that was added, from one that has always been so: a change
is not judged for what was due before it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from audit.collection import Kind
from audit.records import Policy
from audit.subjects.kept_plan import KeptPlan, plan_of
from audit.subjects.missing_backups import Taken
from audit.subjects.protection import Weakened
from audit.subjects.retention_terms import PastRules, Terms
from audit.subjects.subject_kinds import SubjectKind
from audit.timestamps import shown

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultTrace:
    """What is passed on about a vault.

    Attributes:
        enterprise_project_id: its enterprise project; None if unknown.
        listed: whether the list of vaults shows it.
        missing_since: the time of judgement of the first run whose complete list no longer had it.
        last_seen: the time of judgement of the last run whose list had it; None if an older version did not record it.
        past_rules: the rules of policies that were removed from it, within the look-back.
    """

    id: str
    name: str
    enterprise_project_id: str | None
    listed: bool
    missing_since: datetime | None = None
    last_seen: datetime | None = None
    past_rules: tuple[PastRules, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the report of an earlier run contains.

    Attributes:
        run: the id of that run.
        until: the end of its window.
        policies: for each policy, a hash of its schedule and switch, and since when it has been so; None if the very
            first run saw it so.
        resources: for each resource in a vault, the ids of the policies that it followed, in order, and since when;
            None if unknown.
        taken: the space of a resource's backups in MB at the end of each of some days, newest last.
        weakened: what became weaker and was not restored, by kind and id of the subject.
        terms: the retention rules of each policy, oldest first.
        missed: the backups that were gone and whose own expiry says more than their policy.
        vaults: what is passed on about each vault that was listed, or was listed before and is still named.
        plans: the plans of each policy, oldest first, the one that this run saw last; empty if an older version wrote
            the report.
        awaited: for each resource that is new or has a new plan, since when its first backup is awaited.
        overdue: the resources whose newest backup was too old, or that had none although it was due.
        last_seen: when policies were last seen that an earlier run saw and that run could not.
        policies_complete, vaults_complete: whether that run read the whole list; if not, what it does not name may have
            existed.
        unseen: which of the two lists it may have missed something of, including accepted rows.
    """

    run: str
    until: datetime
    policies: Mapping[str, tuple[str, datetime | None]]
    resources: Mapping[str, tuple[tuple[str, ...], datetime | None]]
    taken: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    weakened: Mapping[tuple[SubjectKind, str], Weakened] = field(default_factory=dict)
    terms: Mapping[str, tuple[Terms, ...]] = field(default_factory=dict)
    missed: tuple[Taken, ...] = ()
    vaults: Mapping[str, VaultTrace] = field(default_factory=dict)
    plans: Mapping[str, tuple[KeptPlan, ...]] = field(default_factory=dict)
    awaited: Mapping[str, datetime] = field(default_factory=dict)
    overdue: frozenset[str] = frozenset()
    last_seen: Mapping[str, datetime] = field(default_factory=dict)
    policies_complete: bool = True
    vaults_complete: bool = True
    unseen: frozenset[Kind] = frozenset()

    def with_earlier(self, earlier: "Memory") -> "Memory":
        """Add what an earlier run saw and this one could not: an unread list makes nothing forgotten."""
        memory = self
        if Kind.POLICIES in self.unseen:
            last_seen = {**dict.fromkeys(earlier.policies, earlier.until), **earlier.last_seen}
            memory = replace(
                memory,
                policies=_added(self.policies, earlier.policies, self.policies),
                terms=_added(self.terms, earlier.terms, self.policies),
                plans=_added(self.plans, earlier.plans, self.policies),
                last_seen=_added({}, last_seen, self.policies),
            )
        if Kind.VAULTS in self.unseen:
            memory = replace(
                memory,
                taken=_added(self.taken, earlier.taken, self.taken),
                resources=_added(self.resources, earlier.resources, self.resources),
                awaited=_added(self.awaited, earlier.awaited, self.resources),
                overdue=self.overdue | (earlier.overdue - self.resources.keys()),
                vaults=_added(self.vaults, earlier.vaults, self.vaults),
            )
        return memory

    def without_listed_vaults(self) -> "Memory":
        """Drop the vaults that it lists, so that a run that may see less does not take them for gone."""
        return replace(self, vaults={each.id: each for each in self.vaults.values() if not each.listed})

    def policy_since(self, policy: Policy, now: datetime) -> datetime | None:
        """Return since when a policy has been as it is now: since this run if the previous one saw it differently."""
        remembered, since = self.policies.get(policy.id, ("" if self.policies_complete else mark(policy), None))
        return since if remembered == mark(policy) else now

    def plans_of(self, policy: Policy, now: datetime) -> tuple[KeptPlan, ...]:
        """Return what a policy planned, oldest first, its current plan last."""
        known = self.plans.get(policy.id)
        if not known:
            since = self.policy_since(policy, now)
            return (plan_of(policy, now if since == now else self.until, since),)
        *former, last = known
        if last.is_of(policy):
            return known
        return (*former, *last.followed_by(policy, last_seen=self.last_seen.get(policy.id, self.until), now=now))

    def is_replanned(self, policy: Policy, now: datetime) -> bool:
        """Whether a policy was changed since the previous run so that it runs at other times."""
        *former, present = self.plans_of(policy, now)
        if former:
            return present.seen == now and not former[-1].runs_as(present)
        return present.since == now

    def awaited_since(
        self, resource_id: str, follows: tuple[str, ...] | None, now: datetime, *, is_replanned: bool
    ) -> datetime | None:
        """Return since when a resource's first backup is awaited; None if neither the resource nor its plan is new.

        What was overdue before a plan changed stays overdue.
        """
        if resource_id not in self.resources:
            return now if self.vaults_complete else None
        followed, _since = self.resources[resource_id]
        is_as_before = follows in {None, followed} or not self.policies_complete
        if (is_as_before and not is_replanned) or resource_id in self.overdue:
            return self.awaited.get(resource_id)
        return now

    def resource_since(self, resource_id: str, follows: tuple[str, ...] | None, now: datetime) -> datetime | None:
        """Return since when a resource is known to be held as it is now; since this run if that is a change."""
        if resource_id not in self.resources:
            return now if self.vaults_complete else None
        followed, since = self.resources[resource_id]
        return since if follows in {None, followed} or not self.policies_complete else now

    def taken_before(self, resource_id: str, now: datetime) -> tuple[int, ...]:
        """Return the space of a resource's backups in MB at the end of earlier days; the last run of a day counts."""
        known = self.taken.get(resource_id, ())
        return known[:-1] if self.vaults_complete and self.until.date() == now.date() else known


def _added(known: Mapping[str, T], earlier: Mapping[str, T], seen: Mapping[str, object]) -> Mapping[str, T]:
    """Add what was known earlier of what has not been seen since."""
    return {**{each: earlier[each] for each in earlier.keys() - seen.keys()}, **known}


def mark(policy: Policy) -> str:
    """Return a short hash of what decides when a policy runs."""
    start = shown(policy.start_time) if policy.start_time else ""
    parts = (str(policy.enabled), start, *sorted(policy.patterns))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
