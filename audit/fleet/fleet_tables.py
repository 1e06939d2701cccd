"""A roll-up for programs: fleet.csv with a line for each target, and fleet.prom with what an alarm needs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from audit.fleet.forms import Status
from audit.fleet.roll_up import FleetReport, TargetLine
from audit.report.facts import Conclusion
from audit.report.formats.csv_report import cell
from audit.report.formats.metrics_report import Sample, family
from audit.timestamps import shown

COLUMNS: Final = (
    *("fleet_run", "as_of", "account", "account_name", "unit", "owner", "region", "project_id", "project_name"),
    *("status", "reason", "conclusion", "complete", "resources", "failing", "without_backup", "oldest_backup"),
    *("problems", "critical", "high", "medium", "low", "run", "prefix", "digest_sha256"),
)


def render_csv(report: FleetReport) -> bytes:
    """Return a line for each target, in the order of the plan, as UTF-8 CSV (RFC 4180)."""
    rows = (COLUMNS, *(_row(report, line) for line in report.targets))
    return "".join(f"{','.join(map(cell, row))}\r\n" for row in rows).encode()


def render_metrics(report: FleetReport) -> bytes:
    """Return the metrics of one roll-up as OpenMetrics text."""
    common = {"fleet": report.fleet}
    lines = (line for name, text, samples in _metrics(report) for line in family(name, text, samples, common))
    return "".join((*lines, "# EOF\n")).encode()


def _row(report: FleetReport, line: TargetLine) -> list[str]:
    target, found = line.target, line.audited
    severities = found.by_severity if found else {}
    return [
        *(report.run, shown(report.as_of), target.account, target.account_name, "/".join(target.unit), target.owner),
        *(target.region, target.project_id, target.project_name, line.status.value, line.reason),
        found.conclusion.value if found else "",
        str(found.complete).lower() if found else "",
        *((str(found.resources), str(found.failing), str(found.without_backup)) if found else ("", "", "")),
        shown(found.oldest_backup) if found and found.oldest_backup else "",
        str(found.problems) if found else "",
        *(str(severities.get(severity, 0)) if found else "" for severity in ("critical", "high", "medium", "low")),
        *((found.run, found.prefix, found.digest.sha256) if found else ("", "", "")),
    ]


def _metrics(report: FleetReport) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    yield (
        "cbr_audit_fleet_as_of_timestamp_seconds",
        "Time of judgement of the newest run.",
        [({}, _seconds(report.as_of))],
    )
    yield (
        "cbr_audit_fleet_conclusion",
        "1 for the conclusion of the fleet, 0 for the others.",
        [({"conclusion": each.value}, int(each == report.conclusion)) for each in Conclusion],
    )
    yield (
        "cbr_audit_fleet_complete",
        "1 where every target was read and judged completely, and none can be missing.",
        [({}, int(report.complete))],
    )
    yield (
        "cbr_audit_fleet_targets",
        "Planned targets by what became of them.",
        [({"status": each.value}, report.summary.by_status[each.value]) for each in Status],
    )
    yield (
        "cbr_audit_fleet_target_conclusion",
        "1 for the conclusion of a target, 0 for the others; no sample where it was not audited.",
        [
            ({**_labels(line), "conclusion": each.value}, int(each == line.audited.conclusion))
            for line in report.targets
            if line.audited
            for each in Conclusion
        ],
    )
    yield (
        "cbr_audit_fleet_target_seen",
        "1 where a target was audited.",
        [(_labels(line), int(line.audited is not None)) for line in report.targets],
    )
    yield (
        "cbr_audit_fleet_target_resources_failing",
        "Resources with a failure that no waiver accepts; no sample where the target was not audited.",
        [(_labels(line), line.audited.failing) for line in report.targets if line.audited],
    )
    yield (
        "cbr_audit_fleet_target_oldest_backup_timestamp_seconds",
        "The oldest of the newest backups of a target's resources; no sample where none is known.",
        [
            (_labels(line), _seconds(line.audited.oldest_backup))
            for line in report.targets
            if line.audited and line.audited.oldest_backup
        ],
    )


def _labels(line: TargetLine) -> Mapping[str, str]:
    target = line.target
    return {"account": target.account, "region": target.region, "project": target.project_id}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
