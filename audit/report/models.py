"""What cbr-audit publishes and reads, as models, which their schemas are generated from.

A report is written field by field (audit/report/formats/json_report.py), and a test holds it against these models.
Programs that read reports may use the models; `make schemas` writes the schemas anew.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_serializer

from audit.clouds import HUAWEI
from audit.collection import Kind
from audit.judging.findings import Outcome, Severity
from audit.judging.frameworks import Claim
from audit.report.day_states import LETTERS
from audit.report.facts import Conclusion
from audit.report.languages import Language
from audit.report.standings import Standing
from audit.subjects import Presence, SubjectKind

_SHA256: Final = r"^[0-9a-f]{64}$"
_Cloud = Annotated[
    str,
    Field(
        description="The cloud of the project, as CBR_AUDIT_CLOUD names it; missing for Huawei Cloud.",
        exclude_if=HUAWEI.__eq__,
    ),
]
_NOT_KNOWN: Final = "The account of the project; missing where it is not known."
_DAYS: Final = "A letter for each day of the window, in UTC, the oldest first: {}.".format(
    ", ".join(f"{letter} {day}" for day, letter in LETTERS.items())
)


class _Published(BaseModel):
    """A part of what we publish: nothing may be missing, and what was added since version 0.1 has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Published):
    """A span of time."""

    since: datetime = Field(description="Its start, in UTC.")
    until: datetime = Field(description="Its end, in UTC.")


class PreviousPart(_Published):
    """The run before this one, which it is compared with."""

    run: str | None = Field(description="Its id; null where there is none that can be used.")
    as_of: datetime | None = Field(description="Its time of judgement.")
    trouble: str | None = Field(description="Why it cannot be used; then everything counts as seen for the first time.")
    is_lost: bool = Field(description="There was a run before, and what it left is damaged or missing.")
    notes: list[str] = Field(description="What else was wrong with what it left.")


class AccountPart(_Published):
    """The account of the project, as the settings of the run say."""

    id: str
    name: str = Field(description="Empty if unknown.")
    unit: str = Field(
        description="Names of the organisational units above it, from the root, separated by slashes; empty if unknown."
    )


class RunPart(_Published):
    """Which run it is, and what it was judged by."""

    id: str = Field(description="The time of judgement and a hash.")
    as_of: datetime = Field(description="The time of judgement.")
    window: Span
    project_id: str
    region: str
    cloud: _Cloud = HUAWEI
    account: AccountPart | None = Field(
        default=None, description=_NOT_KNOWN, exclude_if=lambda account: account is None
    )
    enterprise_project_id: str | None = Field(
        default=None, description="What was to be read of the project; all_granted_eps for all that may be seen."
    )
    tool_version: str
    profile_sha256: str = Field(pattern=_SHA256, description="Of the profile in its canonical form.")
    profile_changes: list[str] = Field(
        default=[], description="Keys in which the profile differs from that of the run before."
    )
    what_if: bool = Field(
        default=False, description="Judged by a profile other than the configured one; it decides nothing."
    )
    timezone: str = Field(description="IANA name of the zone that people are shown beside UTC.")
    language: Language = Field(description="Of report.html and index.html; this file is English.")
    previous: PreviousPart


class ReadingPart(_Published):
    """How completely one list was read."""

    kind: Kind
    complete: bool
    pages: int
    passes: int = Field(description="Passes over the list; where there are several, the last one added nothing new.")
    count_first: int | None = Field(description="The total that the cloud stated first.")
    count_last: int | None = Field(description="The total that the cloud stated last.")
    distinct: int = Field(description="Different rows in the last pass.")
    duplicates: int = Field(description="Rows that came more than once although no page asked for them again.")
    gaps: list[str]
    refused: bool = Field(description="The permission to read the list is missing.")
    not_offered: list[str] = Field(
        default=[], description="Types of resources whose list the region does not have: none of them is seen."
    )
    status: str | None = Field(
        default=None, description="Of the tasks that were asked for, whatever their time; null for the whole list."
    )
    enterprise_project_id: str | None = Field(
        default=None, description="That the list was asked for; null where it was asked without one."
    )
    notes: list[str] = Field(default=[], description="What people should know, though nothing is missing.")


class RejectedPart(_Published):
    """A row that could not be used; its bytes are in the stored page.

    What it seems to be about is null where that cannot be read; it may then be about anything.
    """

    kind: Kind
    page: int = Field(description="Number of the stored page, from 1.")
    row: int = Field(description="Place in the page, from 0.")
    id: str
    path: str
    message: str
    mark: str = Field(default="", description="A short hash of the row; a waiver names a row by its id or by this.")
    run: str = Field(default="", description="Id of the run that stored the page: this one, or an earlier one.")
    resources: list[str] | None = Field(default=None, description="Ids of the resources that it names.")
    vaults: list[str] | None = Field(default=None, description="Ids of its vaults, or their names.")
    operation: str | None = Field(default=None, description="Of a task: what it did.")
    status: str | None = Field(default=None, description="Of a task that says that it is over: how it ended.")
    at: datetime | None = Field(default=None, description="Of a task: the newest time that it states.")
    waiver: "WaiverPart | None" = Field(default=None, description="Who accepts that it cannot be used.")


class DriftPart(_Published):
    """One way in which rows differ from the documents."""

    kind: Kind
    path: str
    problem: str
    count: int = Field(description="Rows in which it was seen.")
    first_id: str = Field(description="Id of the first such row.")
    example: str = Field(description="One value as JSON, cut to 80 characters.")
    since: datetime = Field(description="Time of judgement of the run that saw it first.")
    is_new: bool = Field(description="The run before did not see it, or there is none to compare with.")


class CollectionPart(_Published):
    """What was read and how completely; the counts are those of the task log."""

    complete: bool
    pages: int = Field(description="Answers received, over all lists.")
    count_first: int | None
    count_last: int | None
    distinct: int
    duplicates: int
    rejected: int = Field(description="Rows that could not be used, in this run or remembered from earlier ones.")
    gaps: list[str]
    notes: list[str] = Field(default=[], description="What people should know, though nothing is missing.")
    hidden_vaults: list[str] = Field(
        default=[], description="Ids of vaults that policies or backups name, and that no list shows."
    )
    readings: list[ReadingPart]
    rejected_rows: list[RejectedPart] = Field(description="Those rows.")
    drift: list[DriftPart] = Field(description="In which ways rows differ from the documents.")


class SummaryPart(_Published):
    """The counts that people ask for first."""

    outcomes: dict[Outcome, int]
    resources: int
    resources_failing: int = Field(description="Resources with a failure that nobody accepts.")
    problems: int
    waived: int = Field(description="Failures and unknown outcomes that somebody accepts.")
    out_of_scope: int = Field(description="Resources, policies and vaults that the profile leaves out.")
    controls_left_out: list[str] = Field(
        default=[], description="Ids of the usual controls that the profile does not apply."
    )


class SubjectPart(_Published):
    """What is judged."""

    kind: SubjectKind
    id: str
    name: str


class ExplainedPart(_Published):
    """A failure that follows from a problem."""

    control: str
    subject: SubjectPart


class ActorPart(_Published):
    """A trace of Cloud Trace Service, and who did what it tells of; null where it does not say."""

    trace: str = Field(description="Id of the trace.")
    at: datetime = Field(description="When it was done.")
    service: str = Field(description="The service that was asked, such as CBR.")
    operation: str = Field(description="Its name in Cloud Trace Service, such as deleteVault.")
    succeeded: bool | None = Field(description="Null where the trace does not say, or contradicts itself.")
    resource_type: str | None
    resource_id: str | None
    resource_name: str | None
    user: str | None = Field(description="Name of the user, or of the agency and its session.")
    user_id: str | None = Field(description="Id of the user, or of the principal.")
    account: str | None = Field(description="Name of the account of the user.")
    account_id: str | None
    urn: str | None = Field(description="The principal, such as iam::ACCOUNT:user:NAME.")
    access_key_id: str | None = Field(description="The key that signed the request.")
    invoked_by: str | None = Field(description="The service that asked on behalf of the user.")
    source_ip: str | None = Field(description="Where the request came from.")
    is_cloud: bool = Field(description="The cloud did it by itself.")
    run: str = Field(description="Id of the newest run whose stored traces have it.")


class ActorsPart(_Published):
    """Who may have done what is wrong: every trace that fits in what was done, to what, and when."""

    named: list[ActorPart] = Field(description="The oldest first, at most ten of a finding.")
    more: int = Field(description="How many others fit.")
    why_not: str | None = Field(description="Why nobody is known, or why others may be missing.")


_Actors = Annotated[
    ActorsPart | None,
    Field(
        description="Who may have done it; missing where no act of a person explains such a failure.",
        exclude_if=lambda actors: actors is None,
    ),
]


class ProblemPart(_Published):
    """What is wrong, in one line: a failure, with those that it explains."""

    subject: SubjectPart
    severity: Severity = Field(description="The worst of what is folded here.")
    control: str
    reason: str
    since: datetime | None = Field(description="The earliest of what is folded here.")
    or_earlier: bool = Field(description="The evidence only shows that it began no later.")
    task: str | None
    error: str | None
    todo: str
    also: list[str] = Field(description="Failed controls of the same subject that it explains.")
    explains: list[ExplainedPart] = Field(description="Failures of other subjects that it explains.")
    actors: _Actors = None


class WaiverPart(_Published):
    """Who accepts an outcome that is no pass."""

    subject: str = Field(description="The id, the name or the pattern that the waiver is about.")
    owner: str
    reason: str
    until: datetime = Field(description="From here on it has no effect.")
    ticket: str | None


class WaivedPart(_Published):
    """A finding that is no pass, and that somebody accepts."""

    control: str
    subject: SubjectPart
    outcome: Outcome
    severity: Severity
    reason: str
    waiver: WaiverPart


class ControlPart(_Published):
    """One control that was applied."""

    id: str
    name: str
    title: str
    severity: Severity
    outcomes: dict[Outcome, int]


class PlannedPart(_Published):
    """How many planned runs of the window ended how; every run is counted once, before ``repaired``.

    A count of zero is left out.
    """

    on_time: int = Field(default=0, description="Succeeded, and began within the grace.")
    late: int = Field(default=0, description="Succeeded, and began after the grace.")
    failed: int = Field(default=0, description="Failed or timed out.")
    skipped: int = 0
    overlap: int = Field(default=0, description="Left out because an earlier run was still going.")
    missing: int = Field(default=0, description="No task.")
    open: int = Field(default=0, description="Waiting or running.")
    unknown: int = Field(default=0, description="The log has gaps, or the task has a status that is not documented.")
    pending: int = Field(default=0, description="Their grace has not passed.")
    excused: int = Field(default=0, description="Not judged: before resource or policy were known, or in maintenance.")
    repaired: int = Field(
        default=0, description="Of those above: runs without a backup whose period brought one all the same."
    )
    unscheduled: int = Field(default=0, description="Backups that answer no planned run.")

    @model_serializer
    def _counted(self) -> dict[str, int]:
        return {name: count for name, count in self if count}


class EvidencePart(_Published):
    """One control that is evidence for a requirement."""

    id: str
    outcomes: dict[Outcome, int]


class RequirementPart(_Published):
    """One requirement of a standard, and what the findings say of it."""

    id: str
    text: str = Field(description="In our own words.")
    claim: Claim = Field(description="What the controls can say of it at best.")
    limit: str = Field(description="What they do not show.")
    conclusion: Standing = Field(
        description="Met: all its controls were applied and passed on complete evidence; no more than the claim says."
    )
    controls: list[EvidencePart] = Field(description="Its controls that were applied.")
    not_applied: list[str] = Field(description="Its controls that were not: not selected, or not in this version.")


class FrameworkPart(_Published):
    """One standard beside the findings."""

    id: str
    name: str
    source: str = Field(description="Where the requirements were read.")
    note: str | None
    requirements: list[RequirementPart] = Field(description="Its requirements that the controls serve.")


class ChangePart(_Published):
    """One finding that fails now, or failed before."""

    control: str
    subject: SubjectPart
    since: datetime = Field(description="Time of judgement of the first run in a row that saw it fail.")
    outcome: Outcome | None = Field(
        description="What the control says now; null where there is no such finding any more."
    )


AspectValue = str | int | bool | list[str] | None


class TurnPart(_Published):
    """One aspect of how one subject is protected that changed."""

    subject: SubjectPart
    what: str = Field(description="The aspect, such as retention_days, enabled or backup_end.")
    about: str | None = Field(description="What it is about beside the subject, such as the id of a backup.")
    before: AspectValue = Field(description="Null where there was no limit, such as an end.")
    after: AspectValue


class WeakeningPart(TurnPart):
    """Something that became weaker and is not restored."""

    since: datetime = Field(description="Time of judgement of the run that saw it first.")
    tasks: list[str] = Field(description="Ids of tasks that show who asked.")


class ProtectionPart(_Published):
    """What became weaker or stronger since the run before, in the scope of the profile."""

    weakened: list[TurnPart]
    strengthened: list[TurnPart] = Field(description="Changes that protect more.")


class MissedPart(_Published):
    """A backup that an earlier run saw and that is gone, where its policy does not explain it."""

    backup: str
    vault: str
    resource: str
    made: datetime = Field(description="When it was made.")
    end: datetime | None = Field(description="When its retention was to end; null where it had no end.")
    by_policy: bool | None = Field(description="A policy made it; null where the answer did not say.")
    is_copy: bool = Field(description="It came from another region.")
    gone: datetime = Field(description="When it was deleted, or when a run first missed it.")


class ChangesPart(_Published):
    """What changed since the run before."""

    against: str = Field(description="The id of that run.")
    as_of: datetime = Field(description="Its time of judgement.")
    new: list[ChangePart] = Field(description="What fails now and did not before.")
    still: list[ChangePart] = Field(description="What failed before and does still, or is unknown now.")
    resolved: list[ChangePart] = Field(description="What failed before and passes now.")
    disappeared: list[ChangePart] = Field(
        description="What failed before and is not judged any more, or does not apply: no repair."
    )
    not_compared: list[ChangePart] = Field(
        default=[],
        description="What fails, or failed, and only one of the two profiles judges, or this run may not see.",
    )
    protection: ProtectionPart | None = Field(
        default=None, description="What became weaker or stronger; null in a report of a version that did not compare."
    )


class TrendPart(_Published):
    """How one run ended, in a few numbers."""

    run: str
    as_of: datetime
    conclusion: Conclusion
    complete: bool
    passed: int = Field(description="Findings that passed.")
    judged: int = Field(description="Findings that passed, failed or are unknown.")
    problems: int
    oldest_backup: datetime | None = Field(
        description="The newest backup of the resource that is worst off; null where no resource has any."
    )
    without_backup: int = Field(description="Resources in scope of which no backup is known.")
    profile_changed: bool = Field(default=False, description="The profile was not that of the run before.")


class TimelinePart(_Published):
    """The recovery points of one resource against its limit."""

    points: int = Field(description="Successful backups that are known.")
    limit_seconds: int | None = Field(
        description="Greatest age of the newest one; null where none is known, or no backup vault holds the resource."
    )
    longest_gap_seconds: int | None = Field(description="Longest time without a new one, up to the time of judgement.")
    gaps: list[Span] = Field(description="Times without a new one that were longer than the limit, oldest first.")
    complete: bool = Field(description="The task log has no gaps; else there may be backups in the gaps.")


class ResourcePart(_Published):
    """One resource at a glance."""

    id: str
    name: str
    type: str
    presence: Presence
    vaults: list[str]
    enterprise_projects: list[str] = Field(default=[], description="Ids of those that its vaults belong to.")
    last_success: datetime | None = Field(description="When its newest successful backup began, as the task log says.")
    follows: list[str] | None = Field(description="Ids of the policies that it follows; null where they are not known.")
    known_since: datetime | None = Field(description="From when on it is known to be held and to follow them.")
    awaited_since: datetime | None = Field(
        default=None,
        description="Since when its first backup by its plan is awaited; null where neither it nor its plan is new.",
    )
    planned: PlannedPart | None = Field(description="Its planned runs; null where a schedule is not known.")
    days: str = Field(pattern=f"^[{''.join(LETTERS.values())}]*$", description=_DAYS)
    timeline: TimelinePart
    newest_point: datetime | None = Field(
        default=None,
        description="When its newest backup was made that can be restored from; null where none is, or nobody knows.",
    )
    points: int | None = Field(
        default=None,
        description="Its backups that can be restored from; null where they were not read completely.",
    )
    taken_mb: list[int] = Field(
        default=[],
        description="What its backups took in MB at the end of up to 15 days, the newest last, as vaults say.",
    )


class TermsPart(_Published):
    """By which rules a policy kept its backups over a time."""

    since: datetime = Field(description="Time of judgement of the first run that saw it so.")
    until: datetime = Field(description="Time of judgement of the last run that saw it so.")
    days: int | None = Field(description="The age at which backups were deleted; null where age did not matter.")
    number: int | None = Field(description="How many were kept; null where their number did not matter.")


class PastRulesPart(_Published):
    """By which rules a policy kept the backups of a vault that it is not applied to any more."""

    policy: str = Field(description="Its id.")
    until: datetime = Field(description="Time of judgement of the first run that found it taken off.")
    terms: list[TermsPart] = Field(description="The oldest first.")


class PlanPart(_Published):
    """What a policy planned for a time."""

    patterns: list[str] = Field(description="Its rules of recurrence, in the form of iCalendar (RFC 2445).")
    start_time: datetime | None = Field(
        description="What a rule with INTERVAL counts from; null where it does not say."
    )
    start_window_minutes: int = Field(description="How much later than planned CBR may start a run.")
    enabled: bool = Field(description="Disabled policies plan nothing.")
    vaults: list[str] = Field(description="Ids of the vaults that it was applied to.")
    seen: datetime = Field(description="Time of judgement of the first run that saw it.")
    since: datetime | None = Field(description="From when on it was in force; null where the first run of all saw it.")
    until: datetime | None = Field(description="Up to when it is known to have been in force; null of the present one.")
    clear_since: datetime | None = Field(
        description="What was due before is not judged once another plan takes its place: runs came at other times."
    )


class PolicyPart(_Published):
    """One policy, as the next run needs to know it."""

    id: str
    name: str
    policy_type: str | None = Field(
        default=None,
        description="custom_policy, or one of an organisation: organization_policy_v1, organization_policy_v2, or "
        "organization_policy_removed, which the account kept when it left; null where the cloud does not say.",
    )
    cross_account_urn: str | None = Field(default=None, description="The vault of another account that it copies to.")
    mark: str = Field(description="Changes with its schedule and its switch.")
    known_since: datetime | None = Field(
        description="From when on it has been as it is now; null where no earlier run saw it otherwise."
    )
    terms: list[TermsPart] = Field(
        default=[], description="By which rules it kept its backups, as far as runs saw it, the oldest first."
    )
    plans: list[PlanPart] = Field(
        default_factory=list, description="What it planned in the look-back, oldest first; the last is the present one."
    )
    enterprise_projects: list[str] = Field(
        default=[], description="Ids of those that the vaults that it is applied to belong to."
    )


class VaultPart(_Published):
    """One vault, as people and the next run need to know it."""

    id: str
    name: str
    enterprise_project_id: str | None
    listed: bool = Field(description="The list of vaults has it; else the log names one that an earlier run saw.")
    missing_since: datetime | None = Field(
        description="Time of judgement of the first run whose complete list did not have it any more."
    )
    last_seen: datetime | None = Field(
        default=None, description="Time of judgement of the last run whose list had it; null where that is not known."
    )
    past_rules: list[PastRulesPart] = Field(
        default=[], description="By which rules policies kept its backups that were taken off it in the look-back."
    )


class FindingPart(_Published):
    """What one control says of one subject."""

    control: str
    subject: SubjectPart
    outcome: Outcome
    severity: Severity
    reason: str
    facts: dict[str, str | int | bool | None]
    tasks: list[str] = Field(description="Ids of the tasks that the finding rests on.")
    waiver: WaiverPart | None = Field(description="Who accepts the outcome; it stays what it is.")
    actors: _Actors = None


class FindingLine(FindingPart):
    """A line of findings.ndjson.gz: a finding, and which run says so."""

    run: str = Field(description="The id of the run.")
    as_of: datetime = Field(description="Its time of judgement.")
    collection_complete: bool = Field(description="Everything could be read.")
    enterprise_projects: list[str] = Field(description="Of the subject, as far as they are known.")


class ReportFile(_Published):
    """The report of one run (report.json)."""

    schema_version: Literal[2]
    run: RunPart
    conclusion: Conclusion
    collection: CollectionPart
    summary: SummaryPart
    problems: list[ProblemPart]
    waived: list[WaivedPart] = Field(description="What is no problem because somebody accepts it.")
    out_of_scope: list[SubjectPart] = Field(description="What the profile leaves out.")
    controls: list[ControlPart]
    resources: list[ResourcePart]
    policies: list[PolicyPart]
    vaults: list[VaultPart] = Field(default=[], description="Those that are listed, and those that tasks still name.")
    frameworks: list[FrameworkPart]
    changes: ChangesPart | None = Field(description="Null where there is no run to compare with.")
    weakened: list[WeakeningPart] = Field(
        default=[],
        description="What became weaker in this run or an earlier one, and is neither restored nor accepted.",
    )
    missed: list[MissedPart] = Field(default=[], description="Backups that are gone, as the next run has to know them.")
    trend: list[TrendPart] = Field(
        description="Earlier runs, the oldest first, and this one last: all of two days, then one a day, for 90 days."
    )
    findings: list[FindingPart] = Field(
        description="Those that fail or are unknown, waived or not; all others passed or do not apply, and are only in "
        "findings.ndjson.gz. ``controls`` counts all."
    )


class ToldProblem(ProblemPart):
    """What is wrong with one subject, and whether it was known before."""

    new: bool = Field(description="The previous report did not have it, or not all of it.")
    compared: bool = Field(default=True, description="False where the profile of the previous report did not judge it.")


class ToldEnd(_Published):
    """A subject that is no longer shown as failing: it was mended, is gone, or its data are missing."""

    kind: SubjectKind
    name: str
    controls: list[str]


class ToldRun(_Published):
    """Which run it was."""

    id: str
    as_of: datetime
    project_id: str
    region: str
    profile_changes: list[str] = Field(
        default=[], description="Keys in which the profile differs from that of the run before."
    )


class WebhookCall(_Published):
    """What a webhook is told when the conclusion or the set of problems has changed."""

    schema_version: Literal[1]
    tool_version: str
    run: ToldRun
    conclusion: Conclusion
    conclusion_before: Conclusion | None = Field(description="Of the previous report; null where none could be read.")
    complete: bool
    resources: int
    resources_failing: int
    problems_count: int = Field(description="All problems; the list ends after 200.")
    problems: list[ToldProblem] = Field(description="New ones first, each part with the worst first.")
    ended: list[ToldEnd]
    report: str = Field(description="Where report.html is: its place in the store.")


class StoredPage(_Published):
    """One answer of the cloud, and what was asked for."""

    number: int | None = Field(
        default=None, description="Number of the answer in the run, counted from 1; equal answers have the same."
    )
    name: str = Field(description="The object that holds it, gzipped; equal answers share one.")
    backups: str | None = Field(
        default=None,
        description="The object that holds its backups, packed; missing if there is none.",
        exclude_if=lambda name: name is None,
    )
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

    name: str = Field(
        description="Its key without the run's prefix, or, if it begins with shared/, without the project."
    )
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
    cloud: _Cloud = HUAWEI
    account: AccountPart | None = Field(
        default=None, description=_NOT_KNOWN, exclude_if=lambda account: account is None
    )
    enterprise_project_id: str | None = Field(
        default=None, description="What was to be read of the project; all_granted_eps for all that may be seen."
    )
    profile_sha256: str = Field(pattern=_SHA256)
    what_if: bool = Field(default=False, description="Judged by a profile other than the configured one.")
    previous: PreviousPart


class OriginPart(_Published):
    """The run that another one continues."""

    run: str
    prefix: str
    manifest_sha256: str = Field(pattern=_SHA256)


class ManifestFile(_Published):
    """Everything that a run stored (manifest.json); without it, a run does not exist."""

    schema_version: Literal[1, 2] = Field(description="1 if no object is shared between runs.")
    tool_version: str
    run: ManifestRun
    conclusion: Conclusion
    complete: bool
    covered: Span | None = Field(description="The time over which the history has everything that CBR showed.")
    rejected: int | None = Field(
        default=None, description="Rows that could not be used, in this run and before; the history has those of tasks."
    )
    origin: OriginPart | None = Field(description="The run whose history this one continues.")
    history: list[str] = Field(
        default=[], description="The objects that its history consists of, in the order in which they are merged."
    )
    readings: list[ReadingPart]
    pages: list[StoredPage]
    objects: list[StoredObject]
