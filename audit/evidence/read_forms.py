"""Manifest and pointer as they are read from a store: typed, with ranges, whatever wrote them.

Unknown fields are ignored. Everything else that differs is an error that names the object and the field.
"""

import re
from datetime import datetime
from itertools import chain
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from audit.clouds import CLOUDS, HUAWEI
from audit.collection import Kind, Moment, Natural, Reading, Window
from audit.errors import ChainError
from audit.evidence.store.keys import PLAIN
from audit.report.facts import AuditedAccount, Conclusion, Origin
from audit.timestamps import instant

Key = Annotated[str, Meta(pattern=rf"\A{PLAIN}\Z", max_length=512)]
"""The key of an object, or the end of one: it leads to no other folder."""
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Path = Annotated[str, Meta(pattern=r"\A/")]
LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""The most bytes of a response, unpacked: an audit accepts no more."""
_YEARS: Final = range(2000, 2200)  # a time outside of them leads to one that cannot be written
_Form = TypeVar("_Form")


class ListedObject(Struct, frozen=True):
    """An object of a run."""

    name: Key
    size: Natural
    sha256: Sha256


class ListedPage(Struct, frozen=True, kw_only=True):
    """A response, and what was requested."""

    name: Key
    kind: Kind
    path: _Path
    params: dict[str, str]
    request_id: str
    received_at: Moment
    rows: Natural
    number: Natural | None = None
    backups: Key | None = None
    size: Annotated[int, Meta(ge=0, le=LARGEST_ANSWER)]
    sha256: Sha256

    def __post_init__(self) -> None:
        """Refuse a requested time that is none."""
        _check_years(*(instant(self.params[name]) for name in ("start_time", "end_time") if name in self.params))


class ComparedRun(Struct, frozen=True):
    """The run that a run is compared with, and what was wrong with it."""

    run: str | None
    as_of: Moment | None
    trouble: str | None
    is_lost: bool
    notes: tuple[str, ...]


class IdentifiedRun(Struct, frozen=True, kw_only=True):
    """Which run it is."""

    id: str
    as_of: Moment
    window: Window
    read: Window
    project_id: str
    region: str
    profile_sha256: Sha256
    previous: ComparedRun
    enterprise_project_id: str | None = None
    what_if: bool = False
    cloud: Annotated[str, Meta(pattern=f"^({'|'.join(map(re.escape, CLOUDS))})$")] = HUAWEI
    account: AuditedAccount | None = None


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything that a run stored; what has a default was not written by version 0.1."""

    schema_version: Annotated[int, Meta(ge=1, le=2)]
    tool_version: str
    run: IdentifiedRun
    conclusion: Conclusion
    complete: bool
    covered: Window | None
    origin: Origin | None
    readings: tuple[Reading, ...]
    pages: tuple[ListedPage, ...]
    objects: tuple[ListedObject, ...]
    rejected: Natural | None = None
    history: tuple[Key, ...] = ()

    def __post_init__(self) -> None:
        """Refuse times with which nothing can be calculated."""
        run = self.run
        spans = (span for span in (run.window, run.read, self.covered) if span)
        times = (run.as_of, run.previous.as_of, *chain.from_iterable((span.since, span.until) for span in spans))
        _check_years(*(time for time in times if time), *(page.received_at for page in self.pages))

    @property
    def segments(self) -> tuple[ListedObject, ...]:
        """The objects that the history consists of."""
        listed = {each.name: each for each in self.objects}
        return tuple(listed[name] for name in self.history if name in listed)

    def sha256_of(self, name: str) -> str | None:
        """The hash of one of its objects, or None if it lists no such object."""
        return next((listed.sha256 for listed in self.objects if listed.name == name), None)


class Watched(Struct, frozen=True, kw_only=True):
    """Which traces the watch had committed."""

    schema_version: Annotated[int, Meta(ge=1, le=1)]
    traces: frozenset[str]


class Pointer(Struct, frozen=True, kw_only=True):
    """The pointer to the latest run of a project."""

    run: str
    as_of: Moment
    stored_at: Moment
    conclusion: Conclusion
    prefix: Key
    manifest_sha256: Sha256
    digest: Key
    digest_sha256: Sha256

    def __post_init__(self) -> None:
        """Refuse times with which nothing can be calculated."""
        _check_years(self.as_of, self.stored_at)

    @property
    def place(self) -> datetime:
        """The place of the run in time; a time of judgement in the future counts as the time of storing."""
        return min(self.as_of, self.stored_at)


def read_form(data: bytes, key: str, form: type[_Form]) -> _Form:
    """Read an object of a store.

    Raises:
        ChainError: it has another form.
    """
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ChainError(
            f"{key} is damaged or was written by a later version of cbr-audit: {error}; restore it from a copy"
        ) from error


def _check_years(*times: datetime) -> None:
    for time in times:
        if time.year not in _YEARS:
            raise ValueError(f"the time {time.isoformat()} is outside of the years {_YEARS[0]} to {_YEARS[-1]}")
