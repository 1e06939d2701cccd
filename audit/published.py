"""What cbr-audit publishes and reads, as models; schemas/{report,manifest,profile,event}/ are generated from them.

A report is written field by field (audit/report/json_report.py) and a test holds it against these models. Programs
that read reports may use the models; `make schemas` writes the schemas anew.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from audit.collection import Kind
from audit.event import ManualEvent, TimerEvent
from audit.findings import Outcome, Severity
from audit.profile import Profile
from audit.report.contents import Conclusion
from audit.report.days import Day
from audit.subjects import Presence, SubjectKind

_SHA256: Final = r"^[0-9a-f]{64}$"


class _Published(BaseModel):
    """A part of what we publish: nothing may be missing and nothing may be added without a new version."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Published):
    """A window of time."""

    since: datetime = Field(description="Its start, in UTC.")
    until: datetime = Field(description="Its end, in UTC.")


class RunPart(_Published):
    """Which run it is, and what it was judged by."""

    id: str = Field(description="The time of judgement and a hash.")
    as_of: datetime = Field(description="The time of judgement.")
    window: Span
    project_id: str
    region: str
    tool_version: str
    profile_sha256: str = Field(pattern=_SHA256, description="Of the profile in its canonical form.")
    timezone: str = Field(description="IANA name of the zone that people are shown beside UTC.")


class ReadingPart(_Published):
    """How completely one list was read."""

    kind: Kind
    complete: bool
    pages: int
    passes: int = Field(description="Walks over the list; the last one added nothing new.")
    count_first: int | None = Field(description="The total that the cloud stated first.")
    count_last: int | None = Field(description="The total that the cloud stated last.")
    distinct: int = Field(description="Different rows in the last walk.")
    duplicates: int = Field(description="Rows that came more than once although no page asked for them again.")
    gaps: list[str]
    refused: bool = Field(description="The permission to read the list is missing.")


class RejectedPart(_Published):
    """A row that could not be used; its bytes are in the stored page."""

    kind: Kind
    page: int = Field(description="Number of the stored page, from 1.")
    row: int = Field(description="Place in the page, from 0.")
    id: str
    path: str
    message: str


class DriftPart(_Published):
    """One way in which rows differ from the documents."""

    kind: Kind
    path: str
    problem: str
    count: int = Field(description="Rows in which it was seen.")
    first_id: str
    example: str = Field(description="One value as JSON, cut to 80 characters.")


class CollectionPart(_Published):
    """What was read and how completely; the counts are those of the task log."""

    complete: bool
    pages: int = Field(description="Answers received, over all lists.")
    count_first: int | None
    count_last: int | None
    distinct: int
    duplicates: int
    rejected: int
    gaps: list[str]
    readings: list[ReadingPart]
    rejected_rows: list[RejectedPart]
    drift: list[DriftPart]


class SummaryPart(_Published):
    """The counts that people ask for first."""

    outcomes: dict[Outcome, int]
    resources: int
    resources_failing: int
    problems: int


class SubjectPart(_Published):
    """What is judged."""

    kind: SubjectKind
    id: str
    name: str


class ProblemPart(_Published):
    """What is wrong with one subject, in one line."""

    subject: SubjectPart
    severity: Severity
    control: str
    reason: str
    since: datetime | None
    or_earlier: bool = Field(description="The evidence only shows that it began no later.")
    task: str | None
    error: str | None
    todo: str
    also: list[str] = Field(description="The subject's other failed controls.")


class ControlPart(_Published):
    """One control that was applied."""

    id: str
    name: str
    title: str
    severity: Severity
    outcomes: dict[Outcome, int]


class ResourcePart(_Published):
    """One resource at a glance."""

    id: str
    name: str
    type: str
    presence: Presence
    vaults: list[str]
    last_success: datetime | None = Field(description="When its newest successful backup began.")
    days: list[Day] = Field(description="One for each day of the window, in UTC, the oldest first.")


class FindingPart(_Published):
    """What one control says of one subject."""

    control: str
    subject: SubjectPart
    outcome: Outcome
    severity: Severity
    reason: str
    facts: dict[str, str | int | bool | None]
    tasks: list[str] = Field(description="Ids of the tasks that the finding rests on.")


class ReportFile(_Published):
    """The report of one run (report.json)."""

    schema_version: Literal[1]
    run: RunPart
    conclusion: Conclusion
    collection: CollectionPart
    summary: SummaryPart
    problems: list[ProblemPart]
    controls: list[ControlPart]
    resources: list[ResourcePart]
    findings: list[FindingPart]


class StoredPage(_Published):
    """One answer of the cloud, and what was asked for."""

    name: str = Field(description="The object that holds it, gzipped; equal answers share one.")
    kind: Kind
    path: str
    params: dict[str, str]
    request_id: str
    received_at: datetime
    rows: int
    size: int = Field(description="Bytes as received, before gzip.")
    sha256: str = Field(pattern=_SHA256, description="Of the bytes as received, before gzip.")


class StoredObject(_Published):
    """One object of a run."""

    name: str = Field(description="Its key under the run's prefix.")
    size: int
    sha256: str = Field(pattern=_SHA256)


class ManifestRun(_Published):
    """Which run it is."""

    id: str
    as_of: datetime
    window: Span = Field(description="The time that was judged.")
    read: Span = Field(description="The time whose task log was read.")
    project_id: str
    region: str
    profile_sha256: str = Field(pattern=_SHA256)


class OriginPart(_Published):
    """The run that another one continues."""

    run: str
    prefix: str
    manifest_sha256: str = Field(pattern=_SHA256)


class ManifestFile(_Published):
    """Everything that a run stored (manifest.json); without it, a run does not exist."""

    schema_version: Literal[1]
    tool_version: str
    run: ManifestRun
    conclusion: Conclusion
    complete: bool
    covered: Span | None = Field(description="The time over which the history has everything that CBR showed.")
    previous: OriginPart | None = Field(description="The run whose history this one continues.")
    readings: list[ReadingPart]
    pages: list[StoredPage]
    objects: list[StoredObject]


PUBLISHED: Final[dict[str, type[BaseModel]]] = {
    "report/v1.json": ReportFile,
    "manifest/v1.json": ManifestFile,
    "profile/v1.json": Profile,
    "event/timer.json": TimerEvent,
    "event/manual.json": ManualEvent,
}


def schema(name: str) -> bytes:
    """Generate one published schema as indented JSON."""
    generated: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cbr-audit:{name.removesuffix('.json').replace('/', ':')}",
        **PUBLISHED[name].model_json_schema(),
    }
    return orjson.dumps(generated, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write(folder: Path) -> None:
    """Write every published schema below a folder."""
    for name in PUBLISHED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(schema(name))
