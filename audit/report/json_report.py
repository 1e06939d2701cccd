"""report.json: the published contract, built field by field (schemas/report/v1.json)."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from audit.collection import Drift, Kind, Reading, Rejected, shown
from audit.findings import Control, Finding, Outcome
from audit.report.contents import Problem, Report, ResourceLine
from audit.subjects import Collection

SCHEMA_VERSION: Final = 1


def render(report: Report) -> bytes:
    """Return the report as indented JSON with a final line break."""
    run = report.run
    answer = {
        "schema_version": SCHEMA_VERSION,
        "run": {
            "id": run.id,
            "as_of": shown(run.as_of),
            "window": {"since": shown(run.window.since), "until": shown(run.window.until)},
            "project_id": run.project_id,
            "region": run.region,
            "tool_version": run.tool_version,
            "profile_sha256": run.profile_sha256,
            "timezone": run.timezone,
        },
        "conclusion": report.conclusion,
        "collection": _collection(report.collection),
        "summary": {
            "outcomes": {outcome.value: report.summary.outcomes.get(outcome, 0) for outcome in Outcome},
            "resources": report.summary.resources,
            "resources_failing": report.summary.resources_failing,
            "problems": report.summary.problems,
        },
        "problems": [_problem(problem) for problem in report.problems],
        "controls": [_control(control, report) for control in report.controls],
        "resources": [_resource(resource) for resource in report.resources],
        "findings": [_finding(finding) for finding in report.findings],
    }
    return orjson.dumps(answer, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _collection(collection: Collection) -> Mapping[str, Any]:
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
        "readings": [reading_part(reading) for reading in collection.readings],
        "rejected_rows": [_rejected(row) for row in collection.rejected],
        "drift": [_drift(drift) for drift in collection.drift],
    }


def reading_part(reading: Reading) -> Mapping[str, Any]:
    """Write how one list was read, as the report and the manifest have it."""
    return {
        "kind": reading.kind,
        "complete": reading.complete,
        "pages": reading.pages,
        "passes": reading.passes,
        "count_first": reading.count_first,
        "count_last": reading.count_last,
        "distinct": reading.distinct,
        "duplicates": reading.duplicates,
        "gaps": list(reading.gaps),
        "refused": reading.refused,
    }


def _rejected(row: Rejected) -> Mapping[str, Any]:
    return {
        "kind": row.kind,
        "page": row.page,
        "row": row.row,
        "id": row.id,
        "path": row.path,
        "message": row.message,
    }


def _drift(drift: Drift) -> Mapping[str, Any]:
    return {
        "kind": drift.kind,
        "path": drift.path,
        "problem": drift.problem,
        "count": drift.count,
        "first_id": drift.first_id,
        "example": drift.example,
    }


def _problem(problem: Problem) -> Mapping[str, Any]:
    return {
        "subject": {"kind": problem.kind, "id": problem.id, "name": problem.name},
        "severity": problem.severity,
        "control": problem.control,
        "reason": problem.reason,
        "since": problem.since or None,
        "or_earlier": problem.or_earlier,
        "task": problem.task or None,
        "error": problem.error or None,
        "todo": problem.todo,
        "also": list(problem.also),
    }


def _control(control: Control[Any], report: Report) -> Mapping[str, Any]:
    own = [finding.outcome for finding in report.findings if finding.control == control.id]
    return {
        "id": control.id,
        "name": control.name,
        "title": control.title,
        "severity": control.severity,
        "outcomes": {outcome.value: own.count(outcome) for outcome in Outcome},
    }


def _resource(line: ResourceLine) -> Mapping[str, Any]:
    return {
        "id": line.id,
        "name": line.name,
        "type": line.type,
        "presence": line.presence,
        "vaults": list(line.vaults),
        "last_success": shown(line.last_success) if line.last_success else None,
        "days": list(line.days),
    }


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "control": finding.control,
        "subject": {"kind": finding.kind, "id": finding.id, "name": finding.name},
        "outcome": finding.outcome,
        "severity": finding.severity,
        "reason": finding.verdict.reason,
        "facts": finding.facts,
        "tasks": list(finding.verdict.tasks),
    }
