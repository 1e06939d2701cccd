"""Parts that several stored objects share: reports, findings and manifests."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, Protocol

import orjson

from audit.clouds import HUAWEI
from audit.collection import Reading
from audit.judging.findings import Finding
from audit.judging.witnesses import Attribution, Pair
from audit.report.actors import actors_part
from audit.report.baseline import Baseline
from audit.report.facts import AuditedAccount
from audit.subjects import Waiver
from audit.timestamps import shown

_AT_A_TIME: Final = 250


class _OfASubject(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


def laid_out(parts: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """Write an object as indented JSON with a final line break; each row of a list has one line, which saves a third.

    Args:
        parts: each key with its value, a long list as an iterator over its rows.
    """
    yield from _object(parts, b"\n")
    yield b"\n"


def _object(parts: Iterable[tuple[str, Any]], margin: bytes) -> Iterator[bytes]:
    within, separator = margin + b"  ", b"{"
    for name, part in parts:
        yield b'%b%b"%b": ' % (separator, within, name.encode())
        if isinstance(part, Mapping):
            yield from _object(part.items(), within)
        elif isinstance(part, list | Iterator):
            yield from _list(iter(part), within)
        else:
            yield orjson.dumps(part)
        separator = b","
    yield margin + b"}"


def _list(rows: Iterator[Any], margin: bytes) -> Iterator[bytes]:
    within, separator = margin + b"  ", b"["
    while some := [orjson.dumps(row) for row in islice(rows, _AT_A_TIME)]:
        yield b"".join((separator, within, (b"," + within).join(some)))
        separator = b","
    yield b"[]" if separator == b"[" else margin + b"]"


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


def cloud_part(cloud: str) -> Mapping[str, Any]:
    """Return the cloud of the project, as in the report and the manifest: only where it is not Huawei Cloud."""
    return {} if cloud == HUAWEI else {"cloud": cloud}


def account_part(account: AuditedAccount | None) -> Mapping[str, Any]:
    """Return the account of the project, as in the report and the manifest: only where it is known."""
    return {"account": {"id": account.id, "name": account.name, "unit": account.unit}} if account else {}


def previous_part(previous: Baseline) -> Mapping[str, Any]:
    """Return the previous run, as in the report and the manifest."""
    return {
        "run": previous.run,
        "as_of": shown(previous.as_of) if previous.as_of else None,
        "trouble": previous.trouble,
        "is_lost": previous.is_lost,
        "notes": list(previous.notes),
    }


def finding_part(finding: Finding, attributions: Mapping[Pair, Attribution]) -> Mapping[str, Any]:
    """Return a finding, as in the report and in findings.ndjson.

    What findings have in common comes first, in long pieces, so that it compresses well.
    """
    verdict = finding.verdict
    return {
        "subject": subject_part(finding),
        "control": finding.control,
        "severity": finding.severity,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "waiver": waiver_part(finding.waiver) if finding.waiver else None,
        "facts": dict(verdict.facts),
        "tasks": verdict.tasks,
        **actors_of(attributions.get((finding.control, finding.kind, finding.id))),
    }


def actors_of(attribution: Attribution | None) -> Mapping[str, Any]:
    """Return the key with who may have done it, where somebody is looked for."""
    return {"actors": actors_part(attribution)} if attribution else {}


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
