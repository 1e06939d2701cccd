"""Which run a report is about, and how it ended."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from audit.collection import Window
from audit.report.baseline import Baseline


class Conclusion(StrEnum):
    """How a run ends."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    INCOMPLETE = "incomplete"


class Origin(Struct, frozen=True, kw_only=True):
    """The run that another one continues: its id, where it lies, and the hash of its manifest."""

    run: str
    prefix: str
    manifest_sha256: str


class RunFacts(Struct, frozen=True, kw_only=True):
    """Which run a report is about, and what it was judged by.

    Attributes:
        window: the time that is judged; it is longer than what was read where earlier runs left a history.
        read: the time whose task log was read.
        timezone: the IANA name of the zone that people are shown beside UTC.
        language: of the pages for people, as profiles name it.
        profile_sha256: of the profile in its canonical form.
        previous: the run before this one.
        enterprise_project_id: what was to be read of the project; None where a run before this setting left it open.
        origin: the run whose history and memory this one took over, None for the first one.
        is_what_if: judged by a profile other than the configured one, so that it decides nothing.
        is_backfill: a run of its scope has judged this time or a later one before, so that later runs pass it over.
        profile_changes: the keys in which the profile differs from that of the run before; empty where it is the same.
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
