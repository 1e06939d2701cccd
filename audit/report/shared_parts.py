"""Parts that several stored objects share: reports, findings and manifests."""

from collections.abc import Mapping
from typing import Any, Protocol

from audit.collection import Reading
from audit.judging.findings import Finding
from audit.report.baseline import Baseline
from audit.subjects import Waiver
from audit.timestamps import shown


class _OfASubject(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


def reading_part(reading: Reading) -> Mapping[str, Any]:
    """Return how one list was read, as in the report and the manifest."""
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
        "not_offered": list(reading.not_offered),
        "status": reading.status,
        "enterprise_project_id": reading.enterprise_project_id,
        "notes": list(reading.notes),
    }


def previous_part(previous: Baseline) -> Mapping[str, Any]:
    """Return the previous run, as in the report and the manifest."""
    return {
        "run": previous.run,
        "as_of": shown(previous.as_of) if previous.as_of else None,
        "trouble": previous.trouble,
        "is_lost": previous.is_lost,
        "notes": list(previous.notes),
    }


def finding_part(finding: Finding) -> Mapping[str, Any]:
    """Return a finding, as in the report and in findings.ndjson."""
    verdict = finding.verdict
    return {
        "control": finding.control,
        "subject": subject_part(finding),
        "outcome": verdict.outcome,
        "severity": finding.severity,
        "reason": verdict.reason,
        "facts": dict(verdict.facts),
        "tasks": verdict.tasks,
        "waiver": waiver_part(finding.waiver) if finding.waiver else None,
    }


def subject_part(part: _OfASubject) -> Mapping[str, Any]:
    """Return the subject that something is about."""
    return {"kind": part.kind, "id": part.id, "name": part.name}


def waiver_part(waiver: Waiver) -> Mapping[str, Any]:
    """Return who accepts an outcome."""
    return {
        "subject": waiver.subject,
        "owner": waiver.owner,
        "reason": waiver.reason,
        "until": shown(waiver.until),
        "ticket": waiver.ticket or None,
    }
