"""IAM: the projects of an account, and the regions of the cloud.

Source: the API reference of IAM ("Querying a Project List", "Querying the Project List Accessible to Users", "Querying
a Region List"). No document says whether the first one shows every project to an agency; it is asked for first, since
the second one leaves out what the agency may not access.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Final

from msgspec import Meta, Struct

from audit.errors import AuditError, SourceAnswerError, SourceRefusedError
from audit.fleet.found import FoundProject, FoundProjects, FoundRegions
from audit.fleet.inquiry import Inquiry

ACTION: Final = "iam:projects:listProjects"
_PER_PAGE: Final = 1000
_MOST_PAGES: Final = 100

_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Project(Struct):
    """A project."""

    id: _Id
    name: Annotated[str, Meta(min_length=1, max_length=500)]
    domain_id: str
    enabled: bool
    is_domain: bool = False


class _Projects(Struct):
    """A page of projects."""

    projects: list[_Project]


class _Region(Struct):
    """A region."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{2,64}$")]


class _Regions(Struct):
    """All regions."""

    regions: list[_Region]


def read_projects(inquiry: Inquiry, account: str) -> FoundProjects:
    """Read the projects of an account, as somebody in it."""
    rows: dict[str, _Project] = {}
    troubles: list[str] = []
    try:
        for row in _every_project(inquiry):
            if row.id in rows:
                troubles.append(f"IAM lists the project {row.id} twice: the list may have changed meanwhile")
            rows.setdefault(row.id, row)
    except AuditError as error:
        troubles.append(f"its projects could not be read completely: {error}")
        if isinstance(error, SourceRefusedError) and error.status == HTTPStatus.FORBIDDEN:
            rows |= _accessible(inquiry, troubles)
    if not rows and not troubles:
        troubles.append("IAM lists no project, not even those that every account has")
    return FoundProjects(_own(rows, account, troubles), not troubles, tuple(troubles), tuple(inquiry.answers))


def read_regions(inquiry: Inquiry) -> FoundRegions:
    """Read the names of all regions."""
    try:
        rows = inquiry.get("/v3/regions", _Regions).regions
    except AuditError as error:
        return FoundRegions(None, (f"the regions could not be read: {error}",), tuple(inquiry.answers))
    return FoundRegions(frozenset(row.id for row in rows), (), tuple(inquiry.answers))


def _every_project(inquiry: Inquiry) -> Iterator[_Project]:
    for page in range(1, _MOST_PAGES + 1):
        params = (("page", str(page)), ("per_page", str(_PER_PAGE)))
        rows = inquiry.get("/v3/projects", _Projects, params, action=ACTION).projects
        yield from rows
        if len(rows) != _PER_PAGE:  # more than asked for: IAM does not page, and this is everything
            return
    raise SourceAnswerError(f"there are more than {_MOST_PAGES} pages of projects")


def _accessible(inquiry: Inquiry, troubles: list[str]) -> dict[str, _Project]:
    try:
        return {row.id: row for row in inquiry.get("/v3/auth/projects", _Projects, action=ACTION).projects}
    except AuditError as error:
        troubles.append(f"nor could those that the agency may access: {error}")
        return {}


def _own(rows: dict[str, _Project], account: str, troubles: list[str]) -> tuple[FoundProject, ...]:
    """Return the projects of the account; another one's would mean that the keys are another account's."""
    strangers = sorted({row.domain_id for row in rows.values()} - {account})
    if strangers:
        troubles.append(f"IAM lists projects of the account {strangers[0]}: the agency is in another account")
    found = (rows[name] for name in sorted(rows) if rows[name].domain_id == account)
    return tuple(FoundProject(row.id, row.name, row.enabled, row.is_domain) for row in found)
