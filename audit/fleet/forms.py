"""The stored forms of a fleet run: the plan, and the receipt that each target leaves.

Everything here is written in one way only, so that equal values have equal bytes.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from pydantic import (
    Field,
)

from audit.evidence.chain import Link
from audit.evidence.layout import FLEETS
from audit.evidence.store.keys import PLAIN
from audit.evidence.written_form import Moment, Sha256, WrittenForm
from audit.judging.findings import Severity
from audit.report.facts import Conclusion
from audit.report.languages import LANGUAGES, Language

SCOPE: Final = FLEETS
_ID: Final = r"^[A-Za-z0-9_-]{1,64}$"
_NAME: Final = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
REGION: Final = r"^[a-z0-9-]{2,64}$"

Id = Annotated[str, Field(pattern=_ID)]
FleetName = Annotated[str, Field(pattern=_NAME)]


class Status(StrEnum):
    """What became of a planned target.

    audited: a report is stored. denied: the account or the project refused. unreachable: the cloud did not respond.
    out_of_time: the time ended first. failed: anything else. never: it left no receipt; no receipt says this.
    """

    AUDITED = "audited"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    OUT_OF_TIME = "out_of_time"
    NEVER = "never"


class Target(WrittenForm):
    """One project to audit: an account, a region, a project."""

    account: Id = Field(description="Id of the account.")
    account_name: str = Field(default="", description="Its name, empty if unknown.")
    region: str = Field(pattern=REGION, description="The region.")
    project_id: Id = Field(description="Id of the project.")
    project_name: str = Field(default="", description="Its name, empty if unknown.")
    unit: tuple[str, ...] = Field(
        default=(), strict=False, description="The names of the organisational units above the account, from the root."
    )
    tags: dict[str, str] = Field(default_factory=dict, description="The tags of the account.")
    owner: str = Field(default="", description="Who owns it, by the tag that the configuration names; empty if none.")
    agency: str = Field(default="", description="The agency that is assumed to read it; empty for none.")
    profile_sha256: Sha256 = Field(description="SHA-256 of the profile that judges it, in canonical form.")

    @property
    def called(self) -> str:
        """How people know it: the account, the region and the project, by name where they have one."""
        return f"{self.account_name or self.account}, {self.region}, {self.project_name or self.project_id}"

    @property
    def key(self) -> str:
        """What sets it apart from every other target; may be part of an object's key."""
        return f"{self.account}.{self.region}.{self.project_id}"


class NotAudited(WrittenForm):
    """Something that was found and is not audited, with the reason."""

    account: str = Field(description="Id of the account.")
    account_name: str = Field(default="", description="Its name, empty if unknown.")
    region: str = Field(default="", description="The region, empty if the whole account is left out.")
    project_id: str = Field(default="", description="Id of the project, empty if the whole account is left out.")
    project_name: str = Field(default="", description="Its name, empty if unknown.")
    reason: str = Field(description="Why, in one sentence.")


class Evidence(WrittenForm):
    """A response that the plan rests on, stored as received."""

    name: str = Field(description="Name of the object below the run.")
    sha256: Sha256 = Field(description="SHA-256 of the response, unpacked.")
    url: str = Field(description="What was asked.")
    account: str = Field(default="", description="Id of the account that was asked for; empty for the own one.")
    received_at: Moment = Field(description="When it was received.")


class Discovery(WrittenForm):
    """How the accounts and projects were found."""

    accounts: int = Field(ge=0, description="How many accounts were found, those left out included.")
    troubles: tuple[str, ...] = Field(
        default=(), strict=False, description="What could not be looked at; if there is any, the fleet is incomplete."
    )
    doubtful: tuple[str, ...] = Field(
        default=(), strict=False, description="Ids of the accounts of which projects may be missing, sorted."
    )
    evidence: tuple[Evidence, ...] = Field(default=(), strict=False, description="The responses, in order.")


class FormerFleetRun(WrittenForm):
    """The fleet run before, of those that were rolled up."""

    run: str = Field(description="Its id.")
    prefix: str = Field(description="The start of the keys of its objects.")
    plan_sha256: Sha256 = Field(description="SHA-256 of its plan.json.")
    report_sha256: Sha256 = Field(description="SHA-256 of its fleet.json.")


class FleetPlan(WrittenForm):
    """What a fleet run is to audit (plan.json), stored before anything is audited."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    fleet: FleetName = Field(description="Name of the fleet.")
    run: str = Field(description="Id of the fleet run.")
    as_of: Moment = Field(description="The time of judgement, the same for all targets.")
    deadline: Moment = Field(description="Until when targets may leave receipts.")
    tool_version: str = Field(description="The version of cbr-audit that planned.")
    configuration_sha256: Sha256 = Field(description="SHA-256 of the configuration, as given.")
    min_accounts: int = Field(default=0, ge=0, description="The least number of accounts that is expected.")
    timezone: str = Field(
        default="UTC",
        exclude_if=lambda zone: zone == "UTC",
        description="IANA name of the zone whose times the page shows beside UTC; left out for UTC.",
    )
    language: Language = Field(
        default="en",
        exclude_if=lambda language: language == "en",
        description=f"Language of the page: {' or '.join(LANGUAGES.values())}; left out for English.",
    )
    targets: tuple[Target, ...] = Field(
        strict=False, description="What is audited, sorted by account, region, project."
    )
    left_out: tuple[NotAudited, ...] = Field(default=(), strict=False, description="What was found and is not audited.")
    discovery: Discovery = Field(description="How they were found.")
    previous: FormerFleetRun | None = Field(
        default=None, description="The fleet run before; null if there is none or it is lost."
    )

    @property
    def scope(self) -> str:
        """The scope of the fleet in its store, as a project's id is that of a project."""
        return f"{SCOPE}{self.fleet}"

    @property
    def prefix(self) -> str:
        """The start of the keys of the run's objects."""
        return f"{self.scope}/{self.as_of:%Y/%m/%d}/{self.run}"


class Caller(WrittenForm):
    """Who read the target, as the cloud names it."""

    way: str = Field(description="How it signed in.")
    account_id: str = Field(default="", description="The account that the cloud says it is in; empty if not asked.")
    principal_urn: str = Field(default="", description="The principal; empty if not asked.")


class EnterpriseProject(WrittenForm):
    """One enterprise project in a target."""

    id: str = Field(description="Id of the enterprise project; empty for subjects without a known one.")
    resources: int = Field(ge=0, description="Resources in scope.")
    failing: int = Field(ge=0, description="Those with a failure that no waiver accepts.")
    failures: int = Field(ge=0, description="Failures of its resources, policies and vaults that no waiver accepts.")
    unknown: int = Field(ge=0, description="Their unknown outcomes.")


class Worst(WrittenForm):
    """One of the worst problems of a target."""

    severity: Severity = Field(strict=False, description="Its severity.")
    control: str = Field(description="Id of the control.")
    kind: str = Field(description="Kind of the subject.")
    id: str = Field(description="Id of the subject.")
    name: str = Field(description="Its name.")
    reason: str = Field(description="What is wrong.")
    todo: str = Field(default="", description="What to do about it.")
    since: Moment | None = Field(default=None, description="Since when, null if unknown.")


class Audited(WrittenForm):
    """What the audit of a target found."""

    conclusion: Conclusion = Field(strict=False, description="Its conclusion.")
    complete: bool = Field(description="Whether everything could be read.")
    run: str = Field(description="Id of its run.")
    prefix: str = Field(description="The start of the keys of its objects.")
    digest: Link = Field(description="The digest that commits it.")
    resources: int = Field(ge=0, description="Resources in scope.")
    failing: int = Field(ge=0, description="Those with a failure that no waiver accepts.")
    without_backup: int = Field(ge=0, description="Resources without any restorable backup that is known.")
    oldest_backup: Moment | None = Field(default=None, description="The oldest of the newest backups; null if none.")
    problems: int = Field(ge=0, description="Problems.")
    by_severity: dict[str, int] = Field(description="Failures that no waiver accepts, by severity.")
    findings: dict[str, int] = Field(description="Findings by outcome.")
    groups: tuple[EnterpriseProject, ...] = Field(
        default=(), strict=False, description="By enterprise project, sorted by id."
    )
    worst: tuple[Worst, ...] = Field(default=(), strict=False, description="The worst problems, at most 20.")


class Receipt(WrittenForm):
    """What became of one target (receipts/ACCOUNT.REGION.PROJECT.json); the first one that is stored counts."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    fleet_run: str = Field(description="Id of the fleet run.")
    target: str = Field(description="ACCOUNT.REGION.PROJECT of the target.")
    status: Status = Field(strict=False, description="What became of it.")
    reason: str = Field(default="", description="Why it was not audited, and what to do; empty if it was.")
    caller: Caller | None = Field(default=None, description="Who read it, null if nobody got so far.")
    started_at: Moment = Field(description="When its audit began.")
    ended_at: Moment = Field(description="When it ended.")
    tool_version: str = Field(description="The version of cbr-audit.")
    audited: Audited | None = Field(default=None, description="What the audit found, null if it was not audited.")


def sorted_targets(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Sort targets as plans have them."""
    return tuple(sorted(targets, key=lambda each: each.key))


class ReceiptSeal(WrittenForm):
    """Which receipts count (receipts.json): those that were there when the roll-up began."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    plan_sha256: Sha256 = Field(description="SHA-256 of plan.json.")
    receipts: dict[str, Sha256] = Field(description="SHA-256 of each receipt by ACCOUNT.REGION.PROJECT.")


class FleetObject(WrittenForm):
    """An object of a fleet run."""

    name: str = Field(pattern=rf"^{PLAIN}$", max_length=512, description="Its name below the run.")
    size: int = Field(ge=0, description="Its size in bytes.")
    sha256: Sha256 = Field(description="SHA-256 of its bytes, as stored.")


class FleetManifest(WrittenForm):
    """Everything that a fleet run stored (manifest.json); its digest covers this."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    fleet: FleetName = Field(description="Name of the fleet.")
    run: str = Field(description="Id of the fleet run.")
    as_of: Moment = Field(description="The time of judgement.")
    conclusion: Conclusion = Field(strict=False, description="The conclusion.")
    complete: bool = Field(description="Whether the fleet was seen completely.")
    objects: tuple[FleetObject, ...] = Field(strict=False, description="Its objects, sorted by name.")

    def hash_of(self, name: str) -> str | None:
        """Return the hash of an object, or None if it is not listed."""
        return next((listed.sha256 for listed in self.objects if listed.name == name), None)
