"""What was found of accounts and projects, before anything is planned."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct, field


class FoundAccount(Struct, frozen=True, kw_only=True):
    """An account.

    Attributes:
        status: as Organizations calls it; ``active`` where nobody says otherwise.
        units: the names of the units above it, from the root; empty if it is in no organisation, or if unknown.
        unit_ids: their ids.
        agency: what is assumed to read it; empty for nothing.
        regions: its own regions, None for the usual ones.
        is_searched: whether IAM is asked for its projects.
    """

    id: str
    name: str = ""
    status: str = "active"
    units: tuple[str, ...] = ()
    unit_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    agency: str = ""
    regions: tuple[str, ...] | None = None
    is_searched: bool = True

    @property
    def called(self) -> str:
        """How messages name it."""
        return f"account {self.name} ({self.id})" if self.name else f"account {self.id}"

    @property
    def unit_names(self) -> Iterator[str]:
        """Everything that a pattern of units may name: ids, names and paths."""
        yield from self.unit_ids
        yield from self.units
        for size in range(2, len(self.units) + 1):
            yield "/".join(self.units[:size])


class FoundProject(Struct, frozen=True):
    """A project as IAM lists it."""

    id: str
    name: str
    is_enabled: bool = True
    is_domain: bool = False


class RawAnswer(Struct, frozen=True):
    """A response as received.

    Attributes:
        account: the account that was asked for; empty for the own one.
    """

    url: str
    body: bytes
    received_at: datetime
    account: str = ""


class FoundOrganization(Struct, frozen=True):
    """What Organizations says.

    Attributes:
        accounts: sorted by id.
        is_whole: whether no account can be missing.
        troubles: what could not be read, in words.
    """

    accounts: tuple[FoundAccount, ...] = ()
    is_whole: bool = True
    troubles: tuple[str, ...] = ()
    answers: tuple[RawAnswer, ...] = ()


class FoundProjects(Struct, frozen=True):
    """What IAM says of the projects of an account; ``is_whole`` and ``troubles`` as for an organisation."""

    projects: tuple[FoundProject, ...] = ()
    is_whole: bool = True
    troubles: tuple[str, ...] = ()
    answers: tuple[RawAnswer, ...] = ()


class FoundRegions(Struct, frozen=True):
    """The regions that IAM knows; None if they could not be read."""

    names: frozenset[str] | None = None
    troubles: tuple[str, ...] = ()
    answers: tuple[RawAnswer, ...] = ()


class Everything(Struct, frozen=True):
    """What was found altogether.

    Attributes:
        projects: by account; only those of accounts that were searched.
    """

    organization: FoundOrganization = FoundOrganization()
    regions: FoundRegions = FoundRegions()
    projects: Mapping[str, FoundProjects] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[RawAnswer, ...]:
        """Every response."""
        found = (self.organization.answers, self.regions.answers, *(of.answers for of in self.projects.values()))
        return tuple(answer for answers in found for answer in answers)
