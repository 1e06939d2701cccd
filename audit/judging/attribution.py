"""Who did it: the traces that may explain a failed finding, or why none is known.

A trace of Cloud Trace Service and a task have no id in common. A trace explains a finding if it did what the control
names, to what the finding is about, at about the time of its task or, without a task, after the run that saw all well.
All that fit are named. What the run before named stays named when Cloud Trace Service has forgotten it.
"""

from collections import defaultdict
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from audit.collection import Kind
from audit.history import pick_named
from audit.judging.findings import Control, Finding, Outcome
from audit.judging.findings_table import Findings
from audit.judging.witnesses import TOO_OLD, UNEXPLAINED, Attribution, Pair, Witnessed
from audit.records import MOVES_ENDS, TAKE_AWAY, Deed, Task, Trace
from audit.subjects import Collection, PolicySubject, Resource, Subject, SubjectKind, Subjects, Trail, VaultSubject

MOST: Final = 10
"""How many traces of a finding are named."""
_MARGIN: Final = timedelta(minutes=15)
"""Lists are read for minutes after the time of judgement, and a task begins some time after its request."""
_DEED_TASKS: Final = TAKE_AWAY | {MOVES_ENDS}


class EarlierRun(Struct, frozen=True, kw_only=True):
    """What the run before says of who did what, and of what it saw well.

    Attributes:
        as_of: its time of judgement; None if there was none, or it did not see everything.
        controls: the ids of the controls that it applied.
        out_of_scope: the kind and id of each subject that its profile left out.
        failing: what failed, and since when.
        doubted: what else it could not judge.
        named: whom it named.
    """

    as_of: datetime | None = None
    controls: AnyOf[str] = frozenset()
    out_of_scope: AnyOf[tuple[str, str]] = frozenset()
    failing: Mapping[Pair, datetime] = field(default_factory=dict)
    doubted: AnyOf[Pair] = frozenset()
    named: Mapping[Pair, Attribution] = field(default_factory=dict)


class _Lead(NamedTuple):
    """Where to look for a trace.

    Attributes:
        levels: the ids that it may name, the surest first; None for any.
        since: the earliest time; None for any.
    """

    levels: tuple[AnyOf[str] | None, ...]
    since: datetime | None
    until: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether something may have been done then."""
        return (self.since is None or moment >= self.since) and moment <= self.until


def attribute(
    findings: Findings, subjects: Subjects, controls: Iterable[Control[Any]], run: str, earlier: EarlierRun
) -> Mapping[Pair, Attribution]:
    """Name for each failed finding of a control with deeds who may have done it, or say why that is not known.

    Where a control asks people whether something was meant, an unknown finding with evidence counts, too.

    Args:
        findings: all findings.
        subjects: what was judged.
        controls: the controls that were applied.
        run: the id of this run.
        earlier: the run before.
    """
    search = _Investigation(subjects, run, earlier)
    asked = {control.id: control for control in controls if control.deeds}
    found: dict[Pair, Attribution] = {}
    for judgement in findings.judgements:
        if not (control := asked.get(judgement.control)):
            continue
        wanted = [each for each in judgement.having(Outcome.FAIL, Outcome.UNKNOWN) if search.concerns(each, control)]
        those = {each.id: each for each in subjects.of(judgement.kind)} if wanted else {}
        found |= {_pair(each): search.of(each, those[each.id], control) for each in wanted}
    return found


class _Investigation:
    """The traces that a run read, by what they name."""

    def __init__(self, subjects: Subjects, run: str, earlier: EarlierRun) -> None:
        collection = subjects.collection
        self._resources = {each.id.lower() for each in subjects.resources}
        self._trail: Trail = collection.trail
        self._now, self._run, self._earlier = collection.window.until, run, earlier
        self._by_id: dict[str, list[Trace]] = defaultdict(list)
        self._done = [trace for trace in collection.trail.traces if trace.succeeded is not False]
        for trace in self._done:
            for each in {*trace.ids, trace.id.lower()}:
                self._by_id[each].append(trace)

    def concerns(self, finding: Finding, control: Control[Any]) -> bool:
        """Whether somebody is looked for: of what fails, or may be a deed, or was named before."""
        is_evidence = bool(finding.verdict.tasks or finding.verdict.clues)
        if finding.kind == SubjectKind.COLLECTION:  # without a task or a trace, it is about the profile
            return bool(finding.verdict.tasks) or (Kind.TRACES in control.needs and is_evidence)
        is_asked = finding.outcome == Outcome.FAIL or (control.asks_people and is_evidence)
        return is_asked or _pair(finding) in self._earlier.named

    def of(self, finding: Finding, subject: Subject, control: Control[Any]) -> Attribution:
        """Look for the traces of one finding."""
        former = self._earlier.named.get(_pair(finding), Attribution())
        if not (self._done or former.named) and self._trail.why_not:
            return Attribution(why_not=self._trail.why_not)
        leads = [*self._leads(finding, subject, control.policies_of)]
        is_sure = finding.outcome == Outcome.FAIL  # what is unknown now may fail again as before
        passed_on = [each for each in former.named if not is_sure or any(lead.covers(each.trace.at) for lead in leads)]
        found = chain.from_iterable(self._fitting(lead, control.deeds) for lead in leads)
        by_id = {each.trace.id: each for each in passed_on} | {each.id: Witnessed(each, self._run) for each in found}
        named = sorted(by_id.values(), key=lambda each: (each.trace.at, each.trace.id))
        more = max(len(named) - MOST, former.more if passed_on else 0)
        return Attribution(named=tuple(named[:MOST]), more=more, why_not=self._why_not(leads, is_named=bool(named)))

    def _why_not(self, leads: Iterable[_Lead], *, is_named: bool) -> str:
        if self._trail.why_not or is_named:
            return self._trail.why_not
        reached = self._trail.since
        is_reached = reached is not None and all(lead.since is not None and lead.since >= reached for lead in leads)
        return UNEXPLAINED if is_reached else TOO_OLD

    def _fitting(self, lead: _Lead, deeds: AnyOf[Deed]) -> Sequence[Trace]:
        """Return the traces on the surest level that has any.

        The cloud itself deletes what has expired all the time: its traces count only where they name the very thing.
        """
        for number, ids in enumerate(lead.levels):
            named = (
                self._done if ids is None else chain.from_iterable(self._by_id.get(each.lower(), ()) for each in ids)
            )
            fitting = [trace for trace in named if trace.deed in deeds and lead.covers(trace.at)]
            if found := [trace for trace in fitting if number == 0 or self._may_mean(trace, lead)]:
                return found
        return ()

    def _may_mean(self, trace: Trace, lead: _Lead) -> bool:
        """Whether a trace that only names the place may be meant: not by the cloud, nor what removed others there."""
        removed = trace.ids & self._resources if trace.deed == Deed.REMOVE_RESOURCES else frozenset[str]()
        is_of_others = removed and removed.isdisjoint(each.lower() for each in lead.levels[0] or ())
        return not (trace.actor.is_cloud or is_of_others)

    def _leads(self, finding: Finding, subject: Subject, policies_of: str) -> Iterator[_Lead]:
        """Yield where to look: at its tasks and clues, or else at the subject since it was last seen well."""
        verdict, until = finding.verdict, self._now + _MARGIN
        tasks = _tasks(subject, verdict.tasks)
        own, holders = _ids(subject, tasks, policies_of)
        acts = [task for task in tasks if task.operation in _DEED_TASKS]
        for act in acts:
            yield _Lead(_levels(act, own, subject), act.created_at - _MARGIN, act.created_at + _MARGIN)
        for made in (task.backup_id for task in tasks if task.operation not in _DEED_TASKS):
            if made:
                yield _Lead(({made},), None, until)
        for clue in verdict.clues:
            seen = clue.seen or self._now
            levels = ({clue.id}, own) if clue.id else (own,)
            yield _Lead(levels, self._seen_well(finding, clue.seen), seen + _MARGIN)
        if not (acts or verdict.clues):
            seen = self._earlier.failing.get(_pair(finding), self._now)
            yield _Lead((own, holders), self._seen_well(finding, seen), seen + _MARGIN)

    def _seen_well(self, finding: Finding, seen: datetime | None) -> datetime | None:
        """Return when all was still well; None if unknown."""
        earlier = self._earlier
        if earlier.as_of is None or seen is None or seen <= earlier.as_of:
            return None
        is_judged = finding.control in earlier.controls and (finding.kind, finding.id) not in earlier.out_of_scope
        return earlier.as_of - _MARGIN if is_judged and _pair(finding) not in earlier.doubted else None


def _pair(finding: Finding) -> Pair:
    return finding.control, finding.kind, finding.id


def _tasks(subject: Subject, ids: Sequence[str]) -> Sequence[Task]:
    if ids and isinstance(subject, Resource | VaultSubject | Collection):
        return pick_named(subject.tasks, set(ids), lambda _task: True)
    return ()


def _ids(subject: Subject, tasks: Iterable[Task], policies_of: str) -> tuple[AnyOf[str], AnyOf[str]]:
    """Return the ids that stand for a subject itself, and those of what holds it."""
    if isinstance(subject, Resource):
        return {subject.id}, {
            *(vault.id for vault in subject.vaults),
            *(each.vault_id for each in tasks if each.vault_id),
        }
    if isinstance(subject, VaultSubject):
        past = (each.policy for each in subject.past_rules)
        policies = (each for each in subject.policies or () if policies_of in {"", each.policy.operation})
        return {subject.id, *(each.id for each in policies), *past}, ()
    return ({subject.id}, ()) if isinstance(subject, PolicySubject) else ((), ())


def _levels(act: Task, own: AnyOf[str], subject: Subject) -> tuple[AnyOf[str] | None, ...]:
    """Return what a trace of the request for a task may name: what was taken away, or else where."""
    taken = {each for each in (act.backup_id, *act.removed) if each}
    places = {*own, *(each for each in (act.vault_id, act.resource_id, act.policy_id) if each)}
    any_place = (None,) if isinstance(subject, Collection) else ()
    return (*((taken,) if taken else ()), places, *any_place)
