"""The contents of a report, whatever its format: composed once, rendered many times."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

from audit.judging.attribution import EarlierRun, attribute
from audit.judging.control_catalogue import USUAL
from audit.judging.findings import Control, Finding, Outcome
from audit.judging.findings_table import Findings
from audit.judging.requirements import Requirements
from audit.judging.witnesses import Attribution, Pair
from audit.records import Vault
from audit.report.actors import joined
from audit.report.baseline import Baseline, TrendLine
from audit.report.changes import Changes, Unread, changes
from audit.report.day_states import Day
from audit.report.days import days
from audit.report.facts import Conclusion, RunFacts
from audit.report.planned import Planned, planned
from audit.report.problems import Problem, find_problems
from audit.report.protection import ProtectionChanges, protection_changes, still_missed, still_weakened
from audit.report.standings import FrameworkView, standings
from audit.report.tally import Alike, Tally, count_alike, tally
from audit.report.timeline import Timeline, timeline
from audit.report.trend import trend
from audit.subjects import (
    SLACK,
    Collection,
    Limits,
    PolicySubject,
    Presence,
    Resource,
    SubjectKind,
    Subjects,
    Taken,
    Terms,
    VaultTrace,
    Weakened,
)
from audit.subjects.kept_plan import KeptPlan
from audit.subjects.passed_on import mark

_OF_THE_AUDIT: Final = frozenset({SubjectKind.COLLECTION, SubjectKind.WAIVER})
_DAYS_OF_SIZES: Final = 15
_NOT_JUDGED: Final = frozenset({Presence.REPLICA, Presence.LEFT, Presence.UNPROTECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLine:
    """One resource at a glance.

    Attributes:
        enterprise_projects: the ids of its vaults' enterprise projects, sorted.
        last_success: when its newest successful backup began, according to the task log; None if it shows none.
        newest_point: when its newest restorable backup was made; None if there is none, or that is unknown.
        taken_mb: the space of its backups in MB at the end of earlier days and, if its vaults say so, now.
        points: the number of restorable backups; None if they were not read completely.
        follows: the ids of the policies that it follows; None if unknown.
        known_since: since when it is known to be held and to follow them; None if unknown.
        awaited_since: since when its first backup by its plan is awaited; None if neither it nor its plan is new.
        planned: the results of its planned runs; None if a schedule is unknown.
        days: one for each day of the window, in UTC, oldest first.
        timeline: its backups against its limit.
    """

    id: str
    name: str
    type: str
    presence: Presence
    vaults: tuple[str, ...]
    enterprise_projects: tuple[str, ...] = ()
    last_success: datetime | None
    follows: tuple[str, ...] | None
    known_since: datetime | None
    awaited_since: datetime | None = None
    planned: Planned | None
    days: tuple[Day, ...]
    timeline: Timeline
    newest_point: datetime | None = None
    points: int | None = None
    taken_mb: tuple[int, ...] = ()

    @property
    def newest(self) -> datetime | None:
        """The time of the newest backup: that of its task, unless the list of backups has another."""
        log, there = self.last_success, self.newest_point
        agree = log is not None and there is not None and abs(log - there) <= SLACK
        return log if self.points is None or agree else there


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLine:
    """One policy, as the next run needs to know it.

    Attributes:
        policy_type: whether it belongs to an organisation; None if the response does not say.
        cross_account_urn: the vault of another account that it copies to, or None.
        mark: a hash of its schedule and its switch.
        known_since: since when it has been as it is now; None if no earlier run saw it differently.
        terms: its retention rules, as far as runs saw it, oldest first.
        enterprise_projects: the ids of the enterprise projects of its vaults, sorted.
        plans: its plans within the look-back, oldest first and the current one last.
    """

    id: str
    name: str
    policy_type: str | None
    cross_account_urn: str | None
    mark: str
    known_since: datetime | None
    terms: tuple[Terms, ...] = ()
    enterprise_projects: tuple[str, ...] = ()
    plans: tuple[KeptPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts that people ask for first.

    Attributes:
        resources: the resources in the scope of the profile.
        waived: the failures and unknown outcomes that a waiver accepts.
        out_of_scope: the resources, policies and vaults that the profile leaves out.
        controls_left_out: the ids of the default controls that the profile does not apply, sorted.
    """

    outcomes: Mapping[Outcome, int]
    resources: int
    resources_failing: int
    problems: int
    waived: int
    out_of_scope: int
    controls_left_out: tuple[str, ...] = ()


class LeftOut(NamedTuple):
    """A subject that the profile leaves out."""

    kind: SubjectKind
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that a report contains.

    Attributes:
        changes: the changes since the previous run; None if there is none to compare with.
        protection: what became weaker or stronger since that run.
        weakened: what became weaker and is not restored, in this run or earlier ones.
        missed: the backups that are gone, as the next run needs to know them.
        out_of_scope: the resources, policies and vaults that the profile leaves out.
        vaults: what the next run needs to know about each vault, and its enterprise project.
        trend: the results of earlier runs, oldest first and this one last.
        attributions: who may have done what findings show, where somebody may have.
    """

    run: RunFacts
    conclusion: Conclusion
    collection: Collection
    summary: Summary
    controls: tuple[Control[Any], ...]
    findings: Findings
    problems: tuple[Problem, ...]
    resources: tuple[ResourceLine, ...]
    policies: tuple[PolicyLine, ...]
    vaults: tuple[VaultTrace, ...] = ()
    out_of_scope: tuple[LeftOut, ...] = ()
    frameworks: tuple[FrameworkView, ...]
    changes: Changes | None = None
    protection: ProtectionChanges = field(default_factory=ProtectionChanges)
    weakened: tuple[Weakened, ...] = ()
    missed: tuple[Taken, ...] = ()
    trend: tuple[TrendLine, ...] = ()
    attributions: Mapping[Pair, Attribution] = field(default_factory=dict)

    def behind(self, problems: Iterable[Problem]) -> Attribution | None:
        """Return who may have done what problems show; None if nobody is looked for."""
        pairs = ((control, each.kind, each.id) for each in problems for control in (each.control, *each.also))
        return joined(self.attributions[pair] for pair in pairs if pair in self.attributions)

    @cached_property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that did not pass and that a waiver accepts."""
        return tuple(self.findings.waived())

    @cached_property
    def enterprise_projects(self) -> Mapping[tuple[SubjectKind, str], tuple[str, ...]]:
        """The ids of the known enterprise projects of subjects."""
        return {
            **{(SubjectKind.RESOURCE, line.id): line.enterprise_projects for line in self.resources},
            **{(SubjectKind.POLICY, line.id): line.enterprise_projects for line in self.policies},
            **{
                (SubjectKind.VAULT, vault.id): (vault.enterprise_project_id,)
                for vault in self.vaults
                if vault.enterprise_project_id
            },
        }

    @cached_property
    def tally(self) -> Tally:
        """The number of each control's outcomes."""
        return tally(count_alike(self.findings), self.controls)


def compose(
    run: RunFacts,
    subjects: Subjects,
    controls: tuple[Control[Any], ...],
    findings: Findings,
    requirements: Requirements,
    lines: Sequence[ResourceLine] | None = None,
) -> Report:
    """Combine subjects and findings into a report.

    Args:
        run: the run.
        subjects: what was judged.
        controls: the controls that were applied.
        findings: their findings.
        requirements: what the profile requires.
        lines: the lines of the resources, in order, if they were made during the evaluation; that saves matching again.
    """
    lines = (
        [line_of(resource, requirements.of(resource)) for resource in subjects.resources] if lines is None else lines
    )
    failures = [finding for finding in findings.having(Outcome.FAIL) if finding.is_problem]
    problems = find_problems(failures, subjects, {control.id: remedy(control) for control in controls})
    failing = {failure.id for failure in failures if failure.kind == SubjectKind.RESOURCE}
    alike = count_alike(findings)
    counted = tally(alike, controls)
    conclusion = conclude(subjects, alike, requirements, controls)
    outcomes = sum(counted.values(), Counter[Outcome]())
    pairs = zip(subjects.resources, lines, strict=True)
    judged = [line for each, line in pairs if each.presence not in _NOT_JUDGED and requirements.covers(each)]
    left_out = requirements.out_of_scope(subjects)
    line = TrendLine(
        run=run.id,
        as_of=run.as_of,
        conclusion=conclusion,
        complete=subjects.collection.complete,
        passed=outcomes[Outcome.PASS],
        judged=outcomes[Outcome.PASS] + outcomes[Outcome.FAIL] + outcomes[Outcome.UNKNOWN],
        problems=len(problems),
        oldest_backup=_oldest(judged),
        without_backup=sum(each.newest is None for each in judged),
        profile_changed=bool(run.profile_changes),
    )
    return Report(
        run=run,
        conclusion=conclusion,
        collection=subjects.collection,
        summary=Summary(
            outcomes=outcomes,
            resources=sum(map(requirements.covers, subjects.resources)),
            resources_failing=len(failing),
            problems=len(problems),
            waived=sum(number for (*_, waiver), number in alike.items() if waiver),
            out_of_scope=len(left_out),
            controls_left_out=tuple(sorted(USUAL - {control.id for control in controls})),
        ),
        controls=controls,
        findings=findings,
        problems=problems,
        resources=tuple(lines),
        policies=tuple(map(_policy_line, subjects.policies)),
        vaults=subjects.traces,
        out_of_scope=tuple(LeftOut(each.kind, each.id, each.name) for each in left_out),
        frameworks=standings(counted, complete=subjects.collection.complete),
        changes=changes(
            run.previous,
            findings,
            run.as_of,
            [control.id for control in controls],
            is_same_profile=not run.profile_changes,
            unread=_unread(subjects.collection),
        ),
        protection=protection_changes(subjects, requirements, run.as_of),
        weakened=still_weakened(subjects, requirements, run.as_of),
        missed=still_missed(subjects, run.window.since),
        trend=trend(run.previous, line),
        attributions=attribute(findings, subjects, controls, run.id, _earlier(run.previous)),
    )


def _earlier(previous: Baseline) -> EarlierRun:
    """Return what the previous run saw well, and whom it named."""
    saw_all = bool(previous.trend) and previous.trend[-1].complete
    return EarlierRun(
        as_of=previous.as_of if saw_all else None,
        controls=previous.controls,
        out_of_scope=previous.out_of_scope,
        failing={pair: failure.since for pair, failure in previous.failing.items()},
        doubted=previous.doubted,
        named=previous.named,
    )


def _unread(collection: Collection) -> Unread:
    lists = [kind for kind in collection.asked if not collection.has_all(kind)]
    return Unread(lists, {row.id for row in collection.rejected})


def _policy_line(subject: PolicySubject) -> PolicyLine:
    policy = subject.policy
    return PolicyLine(
        id=policy.id,
        name=policy.name,
        policy_type=policy.policy_type,
        cross_account_urn=policy.cross_account_urn,
        mark=mark(policy),
        known_since=subject.known_since,
        terms=subject.terms,
        enterprise_projects=enterprise_projects_of(subject.vaults),
        plans=subject.passed_on,
    )


def conclude(
    subjects: Subjects, alike: Alike, requirements: Requirements, controls: Iterable[Control[Any]] = ()
) -> Conclusion:
    """Conclude: an unwaived failure makes the run non-compliant, and any doubt keeps it from being compliant.

    A waiver accepts a known failure, but is not evidence. So an unknown outcome stays a doubt, unless the control asks
    whether something was intended, which only a person can answer. Compliance is about resources: the scope must
    contain one that could be judged (neither a mere copy nor one that is in no vault any more or never was), and there
    must be a pass on more than the audit itself.
    """
    if any(outcome == Outcome.FAIL and not waiver for _control, outcome, _kind, waiver in alike):
        return Conclusion.NON_COMPLIANT
    asking = {control.id for control in controls if control.asks_people}
    is_in_doubt = any(
        outcome == Outcome.UNKNOWN and not (waiver and control in asking) for control, outcome, _kind, waiver in alike
    )
    is_proof = any(outcome == Outcome.PASS and kind not in _OF_THE_AUDIT for _control, outcome, kind, _waiver in alike)
    has_resource = any(requirements.covers(each) for each in subjects.resources if each.presence not in _NOT_JUDGED)
    if is_in_doubt or not (has_resource and is_proof and subjects.collection.complete):
        return Conclusion.INCOMPLETE
    return Conclusion.COMPLIANT


def _oldest(lines: Iterable[ResourceLine]) -> datetime | None:
    """Return when the oldest among the resources' newest backups began, in whole seconds as in reports."""
    newest = [line.newest.replace(microsecond=0) for line in lines if line.newest]
    return min(newest, default=None)


def remedy(control: Control[Any]) -> str:
    """Return what a control's documentation says under "How to fix it", as one line."""
    _, _, text = control.doc.partition("How to fix it\n")
    return " ".join(text.split())


def enterprise_projects_of(vaults: Iterable[Vault]) -> tuple[str, ...]:
    """Return the known enterprise projects of some vaults."""
    return tuple(sorted({vault.enterprise_project_id for vault in vaults if vault.enterprise_project_id}))


def line_of(resource: Resource, limits: Limits) -> ResourceLine:
    """Describe a resource at a glance, by its limits."""
    last, newest = resource.last_success, resource.newest_point
    points = resource.own_points
    return ResourceLine(
        id=resource.id,
        name=resource.name,
        type=resource.type,
        presence=resource.presence,
        vaults=tuple(vault.name for vault in resource.vaults),
        enterprise_projects=enterprise_projects_of(resource.vaults),
        last_success=last.began if last else None,
        follows=resource.follows if resource.vaults else (),
        known_since=resource.known_since,
        awaited_since=resource.awaited_since,
        planned=planned(resource, limits),
        days=days(resource, limits),
        timeline=timeline(resource, limits),
        newest_point=newest.created_at if newest else None,
        taken_mb=(*resource.taken_before, *(() if resource.taken_mb is None else (resource.taken_mb,)))[
            -_DAYS_OF_SIZES:
        ],
        points=None if points is None else sum(point.is_available for point in points),
    )
