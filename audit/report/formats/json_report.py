"""report.json: the published contract, built field by field (schemas/report/v2.json)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from audit.collection import Drift, Kind, Rejected
from audit.judging.findings import Control, Finding, Outcome
from audit.report.baseline import TrendLine
from audit.report.changes import Change, Changes
from audit.report.contents import PolicyLine, Report, ResourceLine, Summary
from audit.report.day_states import LETTERS
from audit.report.facts import RunFacts
from audit.report.planned import Planned
from audit.report.problems import Problem
from audit.report.protection import ProtectionChanges, Turn
from audit.report.shared_parts import (
    account_part,
    actors_of,
    cloud_part,
    finding_part,
    laid_out,
    previous_part,
    reading_part,
    subject_part,
    waiver_part,
)
from audit.report.standings import FrameworkView, RequirementLine
from audit.report.timeline import Timeline
from audit.schedule.matching import RunState
from audit.subjects import Collection, PastRules, Taken, Terms, VaultTrace, Waiver, Weakened, Weakening
from audit.subjects.kept_plan import KeptPlan
from audit.timestamps import shown

SCHEMA_VERSION: Final = 2
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_STATES: Final = tuple((state.value, state) for state in RunState)
Part = Mapping[str, Any]


def render(report: Report) -> bytes:
    """Return the report as JSON with a final line break; each row of a list has a line of its own."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield the report in parts: one tree of objects would need more memory than everything else."""
    return laid_out(_parts(report))


def _parts(report: Report) -> Iterator[tuple[str, Part | Iterator[Part] | str | int | None]]:
    """Yield each key with its value, a long list as an iterator over its rows."""
    yield "schema_version", SCHEMA_VERSION
    yield "run", _run(report.run)
    yield "conclusion", report.conclusion
    yield "collection", _collection(report.collection, report.run)
    yield "summary", _summary(report.summary)
    yield "problems", (_problem(problem, report) for problem in report.problems)
    yield "waived", (_waived(finding, finding.waiver) for finding in report.waived if finding.waiver)
    yield "out_of_scope", map(subject_part, report.out_of_scope)
    yield "controls", (_control(control, report) for control in report.controls)
    yield "resources", map(_resource, report.resources)
    yield "policies", map(_policy, report.policies)
    yield "vaults", map(_vault, report.vaults)
    yield "frameworks", map(_framework, report.frameworks)
    yield "changes", _changes(report.changes, report.protection) if report.changes else None
    yield "weakened", (_weakening(subject, each) for subject in report.weakened for each in subject.weakenings)
    yield "missed", map(_missed, report.missed)
    yield "trend", map(_trend_line, report.trend)
    judged = report.findings.having(Outcome.FAIL, Outcome.UNKNOWN)
    yield "findings", (finding_part(finding, report.attributions) for finding in judged)


def _run(run: RunFacts) -> Part:
    return {
        "id": run.id,
        "as_of": shown(run.as_of),
        "window": {"since": shown(run.window.since), "until": shown(run.window.until)},
        "project_id": run.project_id,
        "region": run.region,
        **cloud_part(run.cloud),
        **account_part(run.account),
        "enterprise_project_id": run.enterprise_project_id,
        "tool_version": run.tool_version,
        "profile_sha256": run.profile_sha256,
        "profile_changes": list(run.profile_changes),
        "what_if": run.is_what_if,
        "timezone": run.timezone,
        "language": run.language,
        "previous": previous_part(run.previous),
    }


def _summary(summary: Summary) -> Part:
    return {
        "outcomes": _counts(summary.outcomes),
        "resources": summary.resources,
        "resources_failing": summary.resources_failing,
        "problems": summary.problems,
        "waived": summary.waived,
        "out_of_scope": summary.out_of_scope,
        "controls_left_out": list(summary.controls_left_out),
    }


def _collection(collection: Collection, run: RunFacts) -> Part:
    tasks = collection.reading(Kind.TASKS)
    return {
        "complete": collection.complete,
        "pages": sum(reading.pages for reading in collection.readings),
        "count_first": tasks.count_first,
        "count_last": tasks.count_last,
        "distinct": tasks.distinct,
        "duplicates": tasks.duplicates,
        "rejected": len(collection.rejected),
        "gaps": list(collection.gaps),
        "notes": list(collection.notes),
        "hidden_vaults": list(collection.unlisted.ids),
        "readings": [reading_part(reading) for reading in collection.readings],
        "rejected_rows": [_rejected(row, collection.accepted.get(row.mark)) for row in collection.rejected],
        "drift": [_drift(drift, run) for drift in collection.drift],
    }


def _rejected(row: Rejected, waiver: Waiver | None) -> Part:
    about = row.about
    return {
        "kind": row.kind,
        "page": row.page,
        "row": row.row,
        "id": row.id,
        "path": row.path,
        "message": row.message,
        "mark": row.mark,
        "run": row.run,
        "resources": about.resources,
        "vaults": about.vaults,
        "operation": about.operation,
        "status": about.status,
        "at": _moment(about.at),
        "waiver": waiver_part(waiver) if waiver else None,
    }


def _drift(drift: Drift, run: RunFacts) -> Part:
    return {
        "kind": drift.kind,
        "path": drift.path,
        "problem": drift.problem,
        "count": drift.count,
        "first_id": drift.first_id,
        "example": drift.example,
        "since": shown(run.previous.first_seen(drift, run.as_of)),
        "is_new": not run.previous.knows(drift),
    }


def _problem(problem: Problem, report: Report) -> Part:
    return {
        "subject": subject_part(problem),
        "severity": problem.severity,
        "control": problem.control,
        "reason": problem.reason,
        "since": problem.since or None,
        "or_earlier": problem.or_earlier,
        "task": problem.task or None,
        "error": problem.error or None,
        "todo": problem.todo,
        "also": list(problem.also),
        "explains": [{"control": each.control, "subject": subject_part(each)} for each in problem.explains],
        **actors_of(report.behind([problem])),
    }


def _waived(finding: Finding, waiver: Waiver) -> Part:
    return {
        "control": finding.control,
        "subject": subject_part(finding),
        "outcome": finding.outcome,
        "severity": finding.severity,
        "reason": finding.verdict.reason,
        "waiver": waiver_part(waiver),
    }


def _control(control: Control[Any], report: Report) -> Part:
    return {
        "id": control.id,
        "name": control.name,
        "title": control.title,
        "severity": control.severity,
        "outcomes": _counts(report.tally[control.id]),
    }


def _counts(outcomes: Mapping[Outcome, int]) -> Mapping[str, int]:
    return {outcome.value: outcomes.get(outcome, 0) for outcome in Outcome}


def _resource(line: ResourceLine) -> Part:
    return {
        "id": line.id,
        "name": line.name,
        "type": line.type,
        "presence": line.presence,
        "vaults": line.vaults,
        "enterprise_projects": line.enterprise_projects,
        "last_success": _moment(line.last_success),
        "follows": line.follows,
        "known_since": _moment(line.known_since),
        "awaited_since": _moment(line.awaited_since),
        "planned": _planned(line.planned) if line.planned else None,
        "days": "".join([LETTERS[day] for day in line.days]),
        "timeline": _timeline(line.timeline),
        "newest_point": _moment(line.newest_point),
        "points": line.points,
        "taken_mb": line.taken_mb,
    }


def _timeline(timeline: Timeline) -> Part:
    """Return the gaps but not every point: hourly backups have hundreds, and the task log contains them."""
    return {
        "points": len(timeline.points),
        "limit_seconds": _seconds(timeline.limit),
        "longest_gap_seconds": _seconds(timeline.longest),
        "gaps": [{"since": shown(gap.since), "until": shown(gap.until)} for gap in timeline.gaps],
        "complete": timeline.is_sure,
    }


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else length // _SECOND


def _planned(planned: Planned) -> Part:
    """Return the counts that are not zero: of most resources that is one."""
    states = planned.states
    counts = {
        **{name: states.get(state, 0) for name, state in _STATES},
        "repaired": planned.repaired,
        "unscheduled": planned.unscheduled,
    }
    return {name: count for name, count in counts.items() if count}


def _policy(line: PolicyLine) -> Part:
    return {
        "id": line.id,
        "name": line.name,
        "policy_type": line.policy_type,
        "cross_account_urn": line.cross_account_urn,
        "mark": line.mark,
        "known_since": _moment(line.known_since),
        "terms": [_terms(terms) for terms in line.terms],
        "enterprise_projects": line.enterprise_projects,
        "plans": [_plan(plan) for plan in line.plans],
    }


def _vault(trace: VaultTrace) -> Part:
    return {
        "id": trace.id,
        "name": trace.name,
        "enterprise_project_id": trace.enterprise_project_id,
        "listed": trace.listed,
        "missing_since": _moment(trace.missing_since),
        "last_seen": _moment(trace.last_seen),
        "past_rules": [_past_rules(each) for each in trace.past_rules],
    }


def _past_rules(past: PastRules) -> Part:
    return {"policy": past.policy, "until": shown(past.until), "terms": [_terms(terms) for terms in past.terms]}


def _terms(terms: Terms) -> Part:
    return {
        "since": shown(terms.since),
        "until": shown(terms.until),
        "days": terms.days,
        "number": terms.number,
    }


def _plan(plan: KeptPlan) -> Part:
    return {
        "patterns": plan.patterns,
        "start_time": _moment(plan.start_time),
        "start_window_minutes": plan.start_window // _MINUTE,
        "enabled": plan.enabled,
        "vaults": sorted(plan.vault_ids),
        "seen": shown(plan.seen),
        "since": _moment(plan.since),
        "until": _moment(plan.until),
        "clear_since": _moment(plan.clear_since),
    }


def _framework(view: FrameworkView) -> Part:
    framework = view.framework
    return {
        "id": framework.id,
        "name": framework.name,
        "source": framework.source,
        "note": framework.note or None,
        "requirements": [_requirement(line) for line in view.lines],
    }


def _requirement(line: RequirementLine) -> Part:
    return {
        "id": line.requirement.id,
        "text": line.requirement.text,
        "claim": line.requirement.claim,
        "limit": line.requirement.limit,
        "conclusion": line.standing,
        "controls": [{"id": control, "outcomes": _counts(counts)} for control, counts in line.outcomes.items()],
        "not_applied": list(line.not_applied),
    }


def _changes(changes: Changes, protection: ProtectionChanges) -> Part:
    return {
        "against": changes.against,
        "as_of": shown(changes.as_of),
        "new": map(_change, changes.new),
        "still": map(_change, changes.still),
        "resolved": map(_change, changes.resolved),
        "disappeared": map(_change, changes.disappeared),
        "not_compared": map(_change, changes.not_compared),
        "protection": {
            "weakened": map(_turn, protection.weakened),
            "strengthened": map(_turn, protection.strengthened),
        },
    }


def _turn(turn: Turn) -> Part:
    return {
        "subject": subject_part(turn),
        "what": turn.aspect.what,
        "about": turn.aspect.about or None,
        "before": turn.before,
        "after": turn.after,
    }


def _weakening(subject: Weakened, weakening: Weakening) -> Part:
    return {
        "subject": subject_part(subject),
        "what": weakening.aspect.what,
        "about": weakening.aspect.about or None,
        "before": weakening.before,
        "after": weakening.after,
        "since": shown(weakening.since),
        "tasks": list(weakening.tasks),
    }


def _missed(taken: Taken) -> Part:
    return {
        "backup": taken.id,
        "vault": taken.vault_id,
        "resource": taken.resource_id,
        "made": shown(taken.made),
        "end": _moment(taken.end),
        "by_policy": taken.by_policy,
        "is_copy": taken.is_copy,
        "gone": shown(taken.gone),
    }


def _change(change: Change) -> Part:
    return {
        "control": change.control,
        "subject": subject_part(change),
        "since": shown(change.since),
        "outcome": change.outcome,
    }


def _trend_line(line: TrendLine) -> Part:
    return {
        "run": line.run,
        "as_of": shown(line.as_of),
        "conclusion": line.conclusion,
        "complete": line.complete,
        "passed": line.passed,
        "judged": line.judged,
        "problems": line.problems,
        "oldest_backup": _moment(line.oldest_backup),
        "without_backup": line.without_backup,
        "profile_changed": line.profile_changed,
    }


def _moment(moment: datetime | None) -> str | None:
    return shown(moment) if moment else None
