"""fleet.yaml: which accounts, regions and projects are audited together, by which rules, and who is asked for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from audit.errors import FleetFileError
from audit.fleet.forms import FleetName, Id
from audit.fleet.found import FoundAccount
from audit.profile import Profile, build, find_source
from audit.profile.presets import PRESETS
from audit.profile.scope import Patterns
from audit.profile.source import WrittenSource, is_text, read_source, validated
from audit.profile.written import LARGEST, KeyPath, PlainLine, Written, ZoneName
from audit.report.languages import LANGUAGES, Language
from audit.settings import ANY_ACCOUNT, Region, agency_named

_KEY: Final = "discovery:"
_EXTERNAL_ID: Final = "an external id is a secret and does not belong in a file: set CBR_AUDIT_EXTERNAL_ID"


def _agency(text: str) -> str:
    if agency_named(text.replace(ANY_ACCOUNT, "0")) is None:
        raise ValueError(f"write iam::{ANY_ACCOUNT}:agency:NAME, or {ANY_ACCOUNT}/NAME where the cloud has no STS")
    return text


def _template(text: str) -> str:
    if agency_named(_agency(text)):
        raise ValueError(f"write {ANY_ACCOUNT} in the place of the account, since it is for all of them")
    return text


def _as_c7n_does(regions: object) -> object:
    """Split regions at commas, and take ``all`` for no limit, as c7n-org does."""
    if not isinstance(regions, list) or not all(isinstance(each, str) for each in regions):
        return regions
    names = [name.strip() for each in regions for name in each.split(",")]
    return [] if "all" in names else names


Agency = Annotated[str, AfterValidator(_agency)]
Regions = Annotated[tuple[Region, ...], Field(strict=False, min_length=1, max_length=100)]


class DiscoveryValues(Written):
    """Who is asked for accounts and projects."""

    organization: bool = Field(
        default=False, description="Whether Organizations is asked for all accounts, through all units."
    )
    include_units: Patterns | None = Field(
        default=None, description="Only accounts below these units: ids, names, or paths such as Root/prod."
    )
    exclude_units: Patterns | None = Field(default=None, description="No accounts below these units.")
    projects: bool = Field(default=True, description="Whether IAM is asked for the projects of each account.")
    regions: Regions | None = Field(default=None, description="The regions to audit; without it, all with projects.")


class AccountValues(Written):
    """An account, whether or not the organisation lists it."""

    id: Id = Field(description="Id of the account.")
    name: PlainLine = Field(default="", description="Its name.")
    agency: Agency | None = Field(default=None, description="Its agency, if it is not the usual one.")
    regions: Regions | None = Field(default=None, description="Its regions, if they are not the usual ones.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags; they count before those of the organisation.")


class DomainValues(Written):
    """An account as c7n-org's file has it; that file may have more keys."""

    model_config = ConfigDict(extra="ignore")

    domain_id: Id = Field(description="Id of the account.")
    name: PlainLine = Field(default="", description="Its name.")
    status: str = Field(default="active", description="Its status; one that is not active is left out.")
    agency_urn: Agency | None = Field(default=None, description="Its agency.")
    duration_seconds: int = Field(
        default=3600, ge=900, le=43200, description="How long keys may be valid; not needed, since they are renewed."
    )
    regions: Annotated[tuple[Region, ...], Field(strict=False), BeforeValidator(_as_c7n_does)] = Field(
        default=(), description="Its regions; none or all for all with projects."
    )
    tags: dict[str, str | int | bool | None] = Field(default_factory=dict, description="Its tags.")


class ListedTarget(Written):
    """A project to audit without asking for it."""

    account: Id = Field(description="Id of the account.")
    region: Region = Field(description="Its region.")
    project: Id = Field(description="Id of the project.")
    name: PlainLine = Field(default="", description="Name of the project.")


class TargetSelector(Written):
    """Targets for which every part that is given fits, each with at least one of its patterns (``*`` and ``?``)."""

    accounts: Patterns | None = Field(default=None, description="Ids or names of accounts.")
    units: Patterns | None = Field(default=None, description="Ids, names or paths of units above the account.")
    tags: Patterns | None = Field(default=None, description="Tags of accounts: a key, or key=value.")
    regions: Patterns | None = Field(default=None, description="Regions.")
    projects: Patterns | None = Field(default=None, description="Ids or names of projects.")

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The parts that are given."""
        found = {name: getattr(self, name) for name in TargetSelector.model_fields}
        return {name: patterns for name, patterns in found.items() if patterns}

    @model_validator(mode="after")
    def _selects(self) -> "TargetSelector":
        if not self.parts:
            raise ValueError(f"it selects nothing; give at least one of {', '.join(TargetSelector.model_fields)}")
        return self


class ProfileRule(TargetSelector):
    """The profile of some targets."""

    profile: PlainLine = Field(description="A preset, or the path of a file, from the folder of this one.")


class LeaveOut(TargetSelector):
    """Targets that are not audited."""

    reason: PlainLine = Field(description="Why; the report shows it.")


class ExpectValues(Written):
    """What is known beforehand, so that an answer that lacks something is noticed."""

    min_accounts: int = Field(default=0, ge=0, description="The least number of accounts.")


class FleetLimits(Written):
    """How much at once, and for how long."""

    parallel: int = Field(default=4, ge=1, le=100, description="Targets at once.")
    minutes_per_target: int = Field(default=30, ge=1, le=4320, description="Minutes for one target.")
    minutes: int = Field(default=120, ge=1, le=4320, description="Minutes for all of them.")


class FleetConfiguration(Written):
    """Many accounts, regions and projects that are audited together. A file of c7n-org with domains is one, too."""

    version: Literal[1] = Field(default=1, description="Version of this form.")
    name: FleetName = Field(default="all", description="Name of the fleet, part of the keys in its store.")
    home: Id | None = Field(
        default=None, description="Id of the account of the audit itself, which is read without an agency."
    )
    agency: Annotated[str, AfterValidator(_template)] | None = Field(
        default=None, description=f"The agency that is assumed in each account, with {ANY_ACCOUNT} for its id."
    )
    discovery: DiscoveryValues = Field(
        default_factory=DiscoveryValues.model_construct, description="Who is asked for accounts and projects."
    )
    accounts: Annotated[tuple[AccountValues, ...], Field(strict=False, max_length=2000)] = Field(
        default=(), description="Accounts that belong to the fleet, or have something of their own."
    )
    domains: Annotated[tuple[DomainValues, ...], Field(strict=False, max_length=2000)] = Field(
        default=(), description="Accounts in the form of c7n-org."
    )
    vars: dict[str, Any] = Field(default_factory=dict, description="Of c7n-org; without effect.")
    targets: Annotated[tuple[ListedTarget, ...], Field(strict=False, max_length=2000)] = Field(
        default=(), description="Projects that are audited without asking for them."
    )
    profile: PlainLine = Field(default="default", description="The profile where no rule gives another one.")
    rules: Annotated[tuple[ProfileRule, ...], Field(strict=False, max_length=1000)] = Field(
        default=(), description="Profiles of some targets; the first rule that fits counts."
    )
    leave_out: Annotated[tuple[LeaveOut, ...], Field(strict=False, max_length=1000)] = Field(
        default=(), description="What is not audited, and why."
    )
    timezone: ZoneName = Field(
        default="UTC", description="IANA name of the zone of your people; the page shows its times beside UTC."
    )
    language: Language = Field(default="en", description=f"Language of the page: {' or '.join(LANGUAGES.values())}.")
    owner_tag: PlainLine | None = Field(default=None, description="The tag of accounts that names who owns them.")
    expect: ExpectValues = Field(default_factory=ExpectValues.model_construct, description="What is known beforehand.")
    limits: FleetLimits = Field(default_factory=FleetLimits.model_construct, description="How much, how long.")

    @property
    def listed(self) -> tuple[FoundAccount, ...]:
        """The accounts that the file lists."""
        own = [
            FoundAccount(
                id=each.id,
                name=each.name,
                tags=each.tags,
                agency=self.agency_of(each.id, each.agency),
                regions=each.regions,
            )
            for each in self.accounts
        ]
        theirs = [
            FoundAccount(
                id=each.domain_id,
                name=each.name,
                status=each.status,
                tags={key: "" if value is None else str(value) for key, value in each.tags.items()},
                agency=self.agency_of(each.domain_id, each.agency_urn),
                regions=each.regions or None,
            )
            for each in self.domains
        ]
        return (*own, *theirs)

    @property
    def selectors(self) -> tuple[ProfileRule | LeaveOut, ...]:
        """Everything that selects targets."""
        return (*self.rules, *self.leave_out)

    @property
    def needs_tags(self) -> bool:
        """Whether something depends on the tags of accounts."""
        return self.owner_tag is not None or any(selector.tags for selector in self.selectors)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Every profile that a target may have, as written."""
        return tuple(dict.fromkeys((self.profile, *(rule.profile for rule in self.rules))))

    def agency_of(self, account: str, own: str | None = None) -> str:
        """Return the agency to assume in an account; empty for none."""
        usual = "" if account == self.home else self.agency or ""
        return (own or usual).replace(ANY_ACCOUNT, account)

    def contradictions(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield the place and message of what only the whole shows."""
        ids = [
            *((("accounts", number), each.id) for number, each in enumerate(self.accounts)),
            *((("domains", number), each.domain_id) for number, each in enumerate(self.domains)),
        ]
        seen: set[str] = set()
        for place, account in ids:
            if account in seen:
                yield place, f"the account {account} stands here twice"
            seen.add(account)
        listed: set[tuple[str, str]] = set()
        for number, target in enumerate(self.targets):
            if (target.account, target.project) in listed:
                yield ("targets", number), f"the project {target.project} stands here twice"
            listed.add((target.account, target.project))
        if not (ids or listed or self.discovery.organization):
            yield (
                (),
                "it names nothing to audit: switch discovery.organization on, or list accounts or targets",
            )


class FleetFile(Struct, frozen=True):
    """A fleet's configuration as read.

    Attributes:
        source: the values as written.
        configuration: what they say.
        content: the bytes of the file.
        profiles: every profile that a target may have, by what the file calls it.
    """

    source: WrittenSource
    configuration: FleetConfiguration
    content: bytes
    profiles: dict[str, Profile]


def load_fleet(given: str) -> FleetFile:
    """Read the configuration of a fleet, and the profiles that it names: from a file's path, or YAML text.

    Raises:
        FleetFileError: it cannot be read, or names every invalid key with its line and the nearest valid key.
        ProfileError: a profile is invalid.
    """
    if is_text(given):
        content, name, folder = given.encode(), "the fleet file", Path()
    else:
        content, name, folder = _content(Path(given)), given, Path(given).parent
    source = read_source(content, name, FleetFileError, _KEY)
    configuration = configure(source)
    return FleetFile(source, configuration, content, _profiles(configuration, folder))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FleetFileError(f"cannot read the fleet file {path}: {reason}") from error


def parse_fleet(text: str | bytes, name: str) -> FleetConfiguration:
    """Parse a fleet's configuration.

    Raises:
        FleetFileError: names every invalid key with its line and the nearest valid key.
    """
    return configure(read_source(text, name, FleetFileError, _KEY))


def configure(source: WrittenSource) -> FleetConfiguration:
    """Build a configuration from what was written.

    Raises:
        FleetFileError: names every invalid key with its line and the nearest valid key.
    """
    if "external_id" in source.values:
        texts = source.located([(("external_id",), f"external_id: {_EXTERNAL_ID}")])
        raise FleetFileError(f"{source.name}: {texts[0]}", texts)
    written = {key: value for key, value in source.values.items() if value is not None}
    return validated(source, FleetConfiguration, written, FleetConfiguration.contradictions, FleetFileError)


def _profiles(configuration: FleetConfiguration, folder: Path) -> dict[str, Profile]:
    """Load each profile once; a path begins at the folder of the fleet's file."""
    places = {name: name if name in PRESETS else str(folder / name) for name in configuration.profiles}
    return {name: build(find_source(place)) for name, place in places.items()}
