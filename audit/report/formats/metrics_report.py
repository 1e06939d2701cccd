"""metrics.prom: what an alarm needs, as OpenMetrics text for a textfile collector.

Source: OpenMetrics 1.0 (RFC draft), "Text format"; every metric is a gauge, so Prometheus reads it too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from audit.judging.findings import Outcome, Severity
from audit.report.contents import Report
from audit.report.facts import Conclusion
from audit.timestamps import instant

Sample = tuple[Mapping[str, str], int]
_EPOCH: Final = instant("1970-01-01T00:00:00Z")


def render(report: Report) -> bytes:
    """Return the metrics of one run."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield them metric by metric."""
    run = report.run
    account = {"account": run.account.id} if run.account else {}
    common = {"project": run.project_id, "region": run.region, **account}
    for name, text, samples in _metrics(report):
        yield "".join(family(name, text, samples, common)).encode()
    yield b"# EOF\n"


def _metrics(report: Report) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    by_severity = Counter(problem.severity for problem in report.problems)
    yield (
        "cbr_audit_as_of_timestamp_seconds",
        "Time of judgement of the newest run.",
        [({}, _seconds(report.run.as_of))],
    )
    yield (
        "cbr_audit_conclusion",
        "1 for the conclusion of the run, 0 for the others.",
        [({"conclusion": each.value}, int(each == report.conclusion)) for each in Conclusion],
    )
    yield (
        "cbr_audit_what_if",
        "1 where the run was judged by a profile other than the configured one, so that it decides nothing.",
        [({}, int(report.run.is_what_if))],
    )
    yield (
        "cbr_audit_profile_changed",
        "1 where the profile is not that of the run before.",
        [({}, int(bool(report.run.profile_changes)))],
    )
    yield (
        "cbr_audit_collection_complete",
        "1 where everything could be read.",
        [({}, int(report.collection.complete))],
    )
    yield (
        "cbr_audit_problems",
        "Problems that need action, each once under its cause.",
        [({"severity": each.value}, by_severity[each]) for each in Severity],
    )
    yield (
        "cbr_audit_findings",
        "Subjects by control and outcome.",
        [
            ({"control": control.id, "name": control.name, "outcome": outcome.value}, report.tally[control.id][outcome])
            for control in report.controls
            for outcome in Outcome
        ],
    )
    yield (
        "cbr_audit_resource_last_success_timestamp_seconds",
        "When the newest successful backup of a resource began; no sample where none was seen.",
        [
            ({"resource_id": line.id, "resource": line.name, "type": line.type}, _seconds(line.last_success))
            for line in report.resources
            if line.last_success
        ],
    )
    yield (
        "cbr_audit_resource_newest_point_timestamp_seconds",
        "When the newest backup of a resource that can be restored from was made; no sample where none is known.",
        [
            ({"resource_id": line.id, "resource": line.name, "type": line.type}, _seconds(line.newest_point))
            for line in report.resources
            if line.newest_point
        ],
    )


def family(name: str, text: str, samples: Iterable[Sample], common: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of one metric; every sample has the common labels, too."""
    yield f"# HELP {name} {text}\n"
    yield f"# TYPE {name} gauge\n"
    for labels, value in samples:
        written = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**common, **labels}.items())
        yield f"{name}{{{written}}} {value}\n"


def _escaped(text: str) -> str:
    """Escape a label: a name was chosen by a cloud user and must not end its line."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())
