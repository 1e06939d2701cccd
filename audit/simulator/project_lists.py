"""IAM: the projects of an account, and the regions.

Sources: the API reference of IAM, and the vendor's Terraform provider: every account has the project MOS, which is only
for the billing of OBS. Not proven: whether an agency may list projects; here it may, unless the account denies it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from audit.simulator.accounts import Accounts, MemberAccount
from audit.simulator.answers import IdentityRefusedError, good
from audit.simulator.assuming import Handler
from audit.simulator.messages import Request, Response

LIST: Final = "iam:projects:listProjects"
ACCESSIBLE: Final = "iam:projects:listProjectsForUser"
_PAGES: Final = {"page", "per_page"}
_MOST: Final = 5000
_FORBIDDEN: Final = "You are not authorized to perform the requested action."


def list_projects(accounts: Accounts, request: Request) -> Response:
    """List all projects of the caller's account; ``page`` and ``per_page`` go together."""
    member = _admitted(accounts, request, LIST)
    asked = dict(parse_qsl(request.split().query, keep_blank_values=True))
    if asked.keys() not in (set(), _PAGES) or not all(value.isdecimal() for value in asked.values()):
        raise IdentityRefusedError(HTTPStatus.BAD_REQUEST, "The parameters of the query are invalid.")
    number, size = (int(asked.get(name, usual)) for name, usual in (("page", 1), ("per_page", _MOST)))
    rows = _rows(member)
    return good({"projects": rows[(number - 1) * size : number * size], "links": _links(request)})


def list_accessible_projects(accounts: Accounts, request: Request) -> Response:
    """List the projects that the caller may access: here, those that are enabled."""
    member = _admitted(accounts, request, ACCESSIBLE)
    return good({"projects": [row for row in _rows(member) if row["enabled"]], "links": _links(request)})


def list_regions(accounts: Accounts, request: Request) -> Response:
    """List the regions in which any account has a project."""
    accounts.holder(request)
    names = {name.partition("_")[0] for member in accounts.members for name in member.projects}
    regions = [{"id": name, "type": "public", "locales": {"en-us": name}} for name in sorted(names)]
    return good({"regions": regions, "links": _links(request)})


def _admitted(accounts: Accounts, request: Request, action: str) -> MemberAccount:
    member = accounts.holder(request)
    if action in member.denied:
        raise IdentityRefusedError(HTTPStatus.FORBIDDEN, _FORBIDDEN)
    return member


def _rows(member: MemberAccount) -> list[dict[str, Any]]:
    """Return the projects, those of regions and those below them, and the one for billing."""
    ids = {name: simulator.project_id for name, simulator in member.projects.items()}
    own = [_row(member, name, project, ids) for name, project in sorted(ids.items())]
    return [_row(member, "MOS", "MOS", ids), *own]


def _row(member: MemberAccount, name: str, project: str, ids: Mapping[str, str]) -> dict[str, Any]:
    region = name.partition("_")[0]
    return {
        "id": project,
        "name": name,
        "domain_id": member.id,
        "parent_id": member.id if name == region else ids.get(region, member.id),
        "enabled": name not in member.disabled,
        "is_domain": False,
        "description": "",
        "links": {"self": f"https://iam/v3/projects/{project}"},
    }


def _links(request: Request) -> dict[str, str | None]:
    return {"self": request.url, "previous": None, "next": None}


IAM: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/v3/projects", list_projects),
    ("GET", "/v3/auth/projects", list_accessible_projects),
    ("GET", "/v3/regions", list_regions),
)
