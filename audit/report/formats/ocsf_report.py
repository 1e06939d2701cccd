"""findings.ocsf.ndjson: one OCSF Compliance Finding (class 2003) per line, for SIEMs and security lakes.

Source: Open Cybersecurity Schema Framework 1.8.0, class compliance_finding with the profile cloud.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from audit.judging.findings import Control, Finding, Outcome, Severity
from audit.judging.witnesses import Attribution, Witnessed
from audit.records import Actor
from audit.report.contents import Report, remedy
from audit.report.facts import RunFacts
from audit.timestamps import instant

if TYPE_CHECKING:
    from audit.report.formats.ocsf_form import (
        CloudForm,
        ComplianceFindingForm,
        EvidenceActorForm,
        EvidenceForm,
        FindingInfoForm,
        MetadataForm,
        UnmappedForm,
    )

VERSION: Final = "1.8.0"
_AT_A_TIME: Final = 1000
_CLASS: Final = 2003
_CREATE: Final = 1
_SUPPRESSED: Final = 3
_RESOLVED: Final = 4
_STATES: Final = {Outcome.FAIL: 1, Outcome.UNKNOWN: 0}  # missing evidence resolves nothing
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = instant("1970-01-01T00:00:00Z")
_SEVERITIES: Final = {Severity.CRITICAL: 5, Severity.HIGH: 4, Severity.MEDIUM: 3, Severity.LOW: 2}
_INFORMATIONAL: Final = 1
_STATUSES: Final = {Outcome.PASS: 1, Outcome.FAIL: 3, Outcome.UNKNOWN: 0}  # the class has no word for not applicable
_NOT_APPLICABLE: Final = 99
_OTHER: Final = 99  # the class has no number for accounts of this cloud


def render(report: Report) -> bytes:
    """Return the findings as NDJSON, subject by subject."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield them a number of lines at a time."""
    controls = {control.id: control for control in report.controls}
    events = (_event(finding, controls[finding.control], report) for finding in report.findings.by_subject())
    lines = (orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)
    while some := b"".join(islice(lines, _AT_A_TIME)):
        yield some


def _event(finding: Finding, control: Control[Any], report: Report) -> "ComplianceFindingForm":
    run = report.run
    failed = finding.outcome == Outcome.FAIL
    attribution = report.attributions.get((finding.control, finding.kind, finding.id), Attribution())
    event: ComplianceFindingForm = {
        "activity_id": _CREATE,
        "category_uid": _CLASS // 1000,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + _CREATE,
        "time": _milliseconds(run.as_of),
        "severity_id": _SEVERITIES[finding.severity] if failed else _INFORMATIONAL,
        "status_id": _SUPPRESSED if finding.waiver else _STATES.get(finding.outcome, _RESOLVED),
        "message": finding.verdict.reason,
        "metadata": _metadata(finding, run),
        "cloud": _cloud(run),
        "finding_info": _finding_info(finding, control, run),
        "compliance": {
            "control": f"{control.id} {control.name}",
            "standards": ["cbr-audit"],
            "status_id": _STATUSES.get(finding.outcome, _NOT_APPLICABLE),
            "status": finding.outcome.value,
        },
        "remediation": {"desc": remedy(control)},
        "resources": [{"uid": finding.id, "name": finding.name, "type": finding.kind.value, "region": run.region}],
        "unmapped": _unmapped(finding, attribution, report),
    }
    if attribution.named:
        event["evidences"] = [_evidence(each, run) for each in attribution.named]
    return event


def _unmapped(finding: Finding, attribution: Attribution, report: Report) -> "UnmappedForm":
    written: UnmappedForm = {
        "facts": finding.facts,
        "tasks": list(finding.verdict.tasks),
        "collection_complete": report.collection.complete,
    }
    if attribution.more:
        written["actors_more"] = attribution.more
    if attribution.why_not:
        written["actors_why_not"] = attribution.why_not
    return written


def _evidence(witnessed: Witnessed, run: RunFacts) -> "EvidenceForm":
    trace = witnessed.trace
    written: EvidenceForm = {
        "uid": trace.id,
        "api": {"operation": trace.operation},
        "data": {
            "time": _milliseconds(trace.at),
            "service": trace.service,
            "run": witnessed.run,
            "resource_uid": trace.resource_id,
            "resource_name": trace.resource_name,
        },
    }
    if actor := _actor(trace.actor, run):
        written["actor"] = actor
    if trace.actor.source_ip:
        written["src_endpoint"] = {"ip": trace.actor.source_ip}
    return written


def _actor(actor: Actor, run: RunFacts) -> "EvidenceActorForm":
    """Write who it was, as far as the trace says; a user has a name, an id or an account in OCSF."""
    account = {"name": actor.account, "uid": actor.account_id}
    uid = actor.id or actor.urn or actor.access_key_id
    known = {"name": actor.name, "uid": uid, "uid_alt": actor.urn, "credential_uid": actor.access_key_id}
    user: Any = {name: value for name, value in known.items() if value}
    if of_account := {name: value for name, value in account.items() if value}:
        user["account"] = of_account
    written: EvidenceActorForm = {}
    if user:
        written["user"] = user
    if app := actor.invoked_by or (run.cloud_title if actor.is_cloud else None):
        written["app_name"] = app
    return written


def _cloud(run: RunFacts) -> "CloudForm":
    written: CloudForm = {"provider": run.cloud_title, "region": run.region, "project_uid": run.project_id}
    if account := run.account:
        written["account"] = {
            "uid": account.id,
            "name": account.name or account.id,  # some readers demand one
            "type": f"{run.cloud_title} account",
            "type_id": _OTHER,
        }
        root, _, unit = account.unit.partition("/")
        if root:
            written["org"] = {"name": root, "ou_name": unit} if unit else {"name": root}
    return written


def _metadata(finding: Finding, run: RunFacts) -> "MetadataForm":
    written: MetadataForm = {
        "version": VERSION,
        "profiles": ["cloud"],
        "product": {"name": "cbr-audit", "vendor_name": "cbr-audit", "version": run.tool_version},
        "uid": _uid(finding, run.id),
        "correlation_uid": run.id,
    }
    if labels := _labels(run):
        written["labels"] = labels
    return written


def _finding_info(finding: Finding, control: Control[Any], run: RunFacts) -> "FindingInfoForm":
    written: FindingInfoForm = {
        "uid": _uid(finding, f"{run.project_id}/what-if/{run.id}" if run.is_what_if else run.project_id),
        "title": control.title,
        "desc": finding.verdict.reason,
        "created_time": _milliseconds(run.as_of),
        "types": ["Backup"],
    }
    if isinstance(since := finding.facts.get("since"), str):
        written["first_seen_time"] = _milliseconds(instant(since))
    return written


def _labels(run: RunFacts) -> list[str]:
    labels = ("what-if",) if run.is_what_if else ()
    return [*labels, *(("profile-changed",) if run.profile_changes else ())]


def _uid(finding: Finding, scope: str) -> str:
    return f"{scope}/{finding.control}/{finding.kind}/{finding.id}"


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
