"""What a report says, whatever its format: composed once, rendered many times."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit.collection import Window
from audit.demands import Demands
from audit.findings import Control, Finding, Outcome, Severity
from audit.records import Task
from audit.report.advice import advice
from audit.report.days import Day, days
from audit.subjects import Collection, Limits, Presence, Resource, SubjectKind, Subjects, VaultSubject


class Conclusion(StrEnum):
    """How a run ends."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The run that another one continues: its id, where it lies, and the hash of its manifest."""

    run: str
    prefix: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Which run a report is about, and what it was judged by.

    Attributes:
        window: the time that is judged; it is longer than what was read where earlier runs left a history.
        read: the time whose task log was read.
        timezone: the IANA name of the zone that people are shown beside UTC.
        profile_sha256: of the profile in its canonical form.
        origin: the run whose history and memory this one took over, None for the first one.
    """

    id: str
    as_of: datetime
    window: Window
    read: Window
    project_id: str
    region: str
    tool_version: str
    profile_sha256: str
    timezone: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLine:
    """One resource at a glance.

    Attributes:
        last_success: when its newest successful backup began, or None.
        days: one for each day of the window, in UTC, the oldest first.
    """

    id: str
    name: str
    type: str
    presence: Presence
    vaults: tuple[str, ...]
    last_success: datetime | None
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one subject, in one line: its worst failure, with its other failures folded below.

    Attributes:
        since: UTC text, or an empty text where the evidence does not say.
        or_earlier: the evidence only shows that it began no later.
        task: the id of the newest task behind it, or an empty text.
        error: the error code of that task, or an empty text.
        also: ids of the subject's other failed controls.
    """

    kind: SubjectKind
    id: str
    name: str
    severity: Severity
    control: str
    reason: str
    since: str
    or_earlier: bool
    task: str
    error: str
    todo: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts that people ask for first."""

    outcomes: Mapping[Outcome, int]
    resources: int
    resources_failing: int
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a report says."""

    run: RunFacts
    conclusion: Conclusion
    collection: Collection
    summary: Summary
    controls: tuple[Control[Any], ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    resources: tuple[ResourceLine, ...]


def compose(
    run: RunFacts,
    subjects: Subjects,
    controls: tuple[Control[Any], ...],
    findings: tuple[Finding, ...],
    demands: Demands,
) -> Report:
    """Bring subjects and findings together as a report."""
    problems = _problems(findings, controls, subjects)
    failing = {finding.id for finding in findings if _is_failing_resource(finding)}
    return Report(
        run=run,
        conclusion=conclude(subjects, findings),
        collection=subjects.collection,
        summary=Summary(
            outcomes=Counter(finding.outcome for finding in findings),
            resources=len(subjects.resources),
            resources_failing=len(failing),
            problems=len(problems),
        ),
        controls=controls,
        findings=findings,
        problems=problems,
        resources=tuple(_line(resource, demands.of(resource)) for resource in subjects.resources),
    )


def conclude(subjects: Subjects, findings: Iterable[Finding]) -> Conclusion:
    """A failure makes the run non-compliant; anything in doubt keeps it from being compliant.

    Compliance is about resources: there must be one, and a pass on more than the collection itself.
    """
    found = tuple(findings)
    outcomes = {finding.outcome for finding in found}
    if Outcome.FAIL in outcomes:
        return Conclusion.NON_COMPLIANT
    is_proof = any(finding.outcome is Outcome.PASS and finding.kind is not SubjectKind.COLLECTION for finding in found)
    if Outcome.UNKNOWN in outcomes or not (subjects.resources and is_proof and subjects.collection.complete):
        return Conclusion.INCOMPLETE
    return Conclusion.COMPLIANT


def _is_failing_resource(finding: Finding) -> bool:
    return finding.kind is SubjectKind.RESOURCE and finding.outcome is Outcome.FAIL


def _problems(findings: Iterable[Finding], controls: Iterable[Control[Any]], subjects: Subjects) -> tuple[Problem, ...]:
    todo = {control.id: remedy(control) for control in controls}
    failures: dict[tuple[SubjectKind, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.outcome is Outcome.FAIL:
            failures[finding.kind, finding.id].append(finding)
    tasks = _tasks(
        subjects, {task_id for group in failures.values() for found in group for task_id in found.verdict.tasks}
    )
    problems = (_problem(group, todo, tasks) for group in failures.values())
    return tuple(sorted(problems, key=lambda problem: (problem.severity.rank, problem.since or "~", problem.id)))


def _tasks(subjects: Subjects, wanted: set[str]) -> Mapping[str, Task]:
    """Look up the tasks that the failures rest on."""
    holders: tuple[Resource | VaultSubject | Collection, ...] = (
        *subjects.resources,
        *subjects.vaults,
        subjects.collection,
    )
    return {task.id: task for holder in holders for task in holder.tasks if task.id in wanted}


def _problem(group: list[Finding], todo: Mapping[str, str], tasks: Mapping[str, Task]) -> Problem:
    worst, *others = sorted(group, key=lambda finding: (finding.severity.rank, finding.control))
    named = [tasks[task_id] for finding in group for task_id in finding.verdict.tasks if task_id in tasks]
    own = [tasks[task_id] for task_id in worst.verdict.tasks if task_id in tasks]
    task = next((task for task in reversed(own) if not task.succeeded), None)
    if task is None and worst.kind is SubjectKind.RESOURCE:
        task = max((task for task in named if not task.succeeded), key=lambda task: task.created_at, default=None)
    return Problem(
        kind=worst.kind,
        id=worst.id,
        name=worst.name,
        severity=worst.severity,
        control=worst.control,
        reason=worst.verdict.reason,
        since=str(worst.facts.get("since") or ""),
        or_earlier=worst.facts.get("or_earlier") is True,
        task=task.id if task else next(reversed(worst.verdict.tasks), ""),
        error=(task.error_code or "") if task else "",
        todo=(task and advice(task.error_code)) or todo[worst.control],
        also=tuple(finding.control for finding in others),
    )


def remedy(control: Control[Any]) -> str:
    """Return what a control's documentation says under "How to fix it", as one line."""
    _, _, text = control.doc.partition("How to fix it\n")
    return " ".join(text.split())


def _line(resource: Resource, limits: Limits) -> ResourceLine:
    last = resource.last_success
    return ResourceLine(
        id=resource.id,
        name=resource.name,
        type=resource.type,
        presence=resource.presence,
        vaults=tuple(vault.name for vault in resource.vaults),
        last_success=last.began if last else None,
        days=days(resource, limits),
    )
