"""Which run a report is about, and its conclusion."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from audit.clouds import CLOUDS, HUAWEI
from audit.collection import Window
from audit.report.baseline import Baseline


class Conclusion(StrEnum):
    """How a run ends."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    INCOMPLETE = "incomplete"


class Origin(Struct, frozen=True, kw_only=True):
    """The run that another one continues: its id, its prefix, and the hash of its manifest."""

    run: str
    prefix: str
    manifest_sha256: str


class AuditedAccount(Struct, frozen=True, kw_only=True):
    """The account of the project, as far as somebody said: nothing is judged by it.

    Attributes:
        name: its name, empty if unknown.
        unit: the names of the organisational units above it, from the root, separated by slashes; empty if unknown.
    """

    id: str
    name: str = ""
    unit: str = ""


class RunFacts(Struct, frozen=True, kw_only=True):
    """Which run a report is about, and what it was judged by.

    Attributes:
        window: the time that is judged; it is longer than what was read if earlier runs left a history.
        read: the time whose task log was read.
        timezone: the IANA name of the zone that pages show in addition to UTC.
        language: the language of the pages, as profiles name it.
        profile_sha256: the hash of the profile in canonical form.
        previous: the previous run.
        enterprise_project_id: what was to be read of the project; None if a run before this setting left it open.
        cloud: the name of the cloud.
        account: the account of the project; None if it is not known.
        origin: the run whose history and memory this one continues, None for the first one.
        is_what_if: whether it was judged by a profile other than the configured one, so that it decides nothing.
        is_backfill: whether a run of its scope already judged this time or a later one, so that later runs skip it.
        profile_changes: the keys in which the profile differs from that of the previous run; empty if none.
    """

    id: str
    as_of: datetime
    window: Window
    read: Window
    project_id: str
    region: str
    tool_version: str
    profile_sha256: str
    timezone: str
    language: str = "en"
    previous: Baseline = field(default_factory=Baseline)
    origin: Origin | None = None
    is_what_if: bool = False
    is_backfill: bool = False
    profile_changes: tuple[str, ...] = ()
    enterprise_project_id: str | None = None
    cloud: str = HUAWEI
    account: AuditedAccount | None = None

    @property
    def cloud_title(self) -> str:
        """The cloud as people call it."""
        return CLOUDS[self.cloud].title
