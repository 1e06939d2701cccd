"""What is wrong, each thing once: under its cause, together with everything that the cause explains."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.history import pick_named
from audit.judging.findings import Finding, Severity
from audit.records import Task
from audit.report.advice import advice
from audit.report.root_causes import fold
from audit.subjects import Collection, Resource, SubjectKind, Subjects, VaultSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A failure of another subject that follows from a problem."""

    control: str
    kind: SubjectKind
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem: a failure, together with those that it explains.

    Attributes:
        severity: the worst severity of all.
        since: UTC text, the earliest start of all; empty if the evidence does not say.
        or_earlier: whether the evidence only shows that it began no later.
        task: the id of the newest task behind it, or empty.
        error: the error code of that task, or empty.
        also: the ids of the controls of the same subject that it explains.
        explains: the failures of other subjects that it explains.
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
    explains: tuple[Explained, ...] = ()

    @property
    def subjects(self) -> tuple[tuple[SubjectKind, str], ...]:
        """All subjects that it concerns, that of the cause first, each once."""
        return tuple(dict.fromkeys([(self.kind, self.id), *((each.kind, each.id) for each in self.explains)]))


def find_problems(findings: Iterable[Finding], subjects: Subjects, todo: Mapping[str, str]) -> tuple[Problem, ...]:
    """Group every unwaived failure under its cause, worst first.

    Args:
        findings: all findings; those that passed or are waived are left out.
        subjects: what was judged.
        todo: what to do about each control.
    """
    failures = [finding for finding in findings if finding.is_problem]
    broken = _broken_tasks(subjects, failures)
    problems = (_problem(cause, below, todo, broken) for cause, below in fold(failures, subjects))
    return tuple(
        sorted(problems, key=lambda problem: (problem.severity.rank, problem.since or "~", problem.id, problem.control))
    )


def _broken_tasks(subjects: Subjects, failures: Iterable[Finding]) -> Mapping[str, Task]:
    """Return the unsuccessful tasks behind the failures; each belongs to one of their subjects."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for failure in failures:
        wanted[failure.id].update(failure.verdict.tasks)
    every: tuple[Resource | VaultSubject | Collection, ...] = (
        *subjects.resources,
        *subjects.vaults,
        subjects.collection,
    )
    found: dict[str, Task] = {}
    for holder in every:
        if wanted.get(holder.id):
            broken = pick_named(holder.tasks, wanted[holder.id], lambda task: not task.succeeded)
            found |= {task.id: task for task in broken}
        if isinstance(holder, Resource):
            holder.forget()
    return found


def _problem(cause: Finding, below: list[Finding], todo: Mapping[str, str], broken: Mapping[str, Task]) -> Problem:
    own = [finding for finding in below if (finding.kind, finding.id) == (cause.kind, cause.id)]
    others = [finding for finding in below if (finding.kind, finding.id) != (cause.kind, cause.id)]
    task = _newest(cause, own, broken)
    since, or_earlier = _beginning([cause, *below])
    return Problem(
        kind=cause.kind,
        id=cause.id,
        name=cause.name,
        severity=min((finding.severity for finding in [cause, *below]), key=lambda severity: severity.rank),
        control=cause.control,
        reason=cause.verdict.reason,
        since=since,
        or_earlier=or_earlier,
        task=task.id if task else next(reversed(cause.verdict.tasks), ""),
        error=(task.error_code or "") if task else "",
        todo=(task and advice(task.error_code)) or todo[cause.control],
        also=tuple(finding.control for finding in own),
        explains=tuple(
            Explained(control=other.control, kind=other.kind, id=other.id, name=other.name) for other in others
        ),
    )


def _newest(cause: Finding, own: list[Finding], broken: Mapping[str, Task]) -> Task | None:
    """Return the newest unsuccessful task: of the cause or, for a resource, of its other failures."""
    task = next((broken[task_id] for task_id in reversed(cause.verdict.tasks) if task_id in broken), None)
    if task is None and cause.kind == SubjectKind.RESOURCE:
        named = (task_id for finding in own for task_id in finding.verdict.tasks if task_id in broken)
        task = max(map(broken.__getitem__, named), key=lambda task: task.created_at, default=None)
    return task


def _beginning(findings: list[Finding]) -> tuple[str, bool]:
    """Return the earliest known start, and whether it may have begun before."""
    known = [(since, finding.facts.get("or_earlier") is True) for finding in findings if (since := _since(finding))]
    if not known:
        return "", False
    first = min(since for since, _ in known)
    return first, (first, True) in known


def _since(finding: Finding) -> str:
    return str(finding.facts.get("since") or "")
