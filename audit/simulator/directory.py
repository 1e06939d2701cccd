"""Organizations: the root, the units, the accounts in them, and their tags.

Sources: the vendor's SDK, the API reference of ListAccounts, and a response that a client of others recorded: contact
data is null unless it is asked for. Not documented: the codes of refusals, and what a marker means. Here it is the last
id of a page, so that a list goes on behind it, whatever came or went meanwhile.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from audit.simulator.accounts import Accounts
from audit.simulator.answers import RequestRefusedError, good
from audit.simulator.messages import Request, Response

PREFIX: Final = "/v1/organizations"
ROOT: Final = "Root"
_KNOWN: Final = {"parent_id", "limit", "marker"}
_TAGS: Final = f"{PREFIX}/organizations:accounts/"
_MOST: Final = 1000


@dataclass(slots=True)
class Membership:
    """An account as its organisation knows it.

    Attributes:
        units: the names of the units above it, below the root.
        status: ``active``, ``suspended`` or ``pending_closure``.
    """

    id: str
    name: str
    units: tuple[str, ...] = ()
    status: str = "active"
    tags: dict[str, str] = field(default_factory=dict)


class Directory:
    """The organisation of a company; its first account manages it.

    Attributes:
        members: the accounts by name; ones that have no projects anywhere can be added.
        delegated: the names of accounts that are delegated administrators, which may ask, too.
        denied: actions that are refused to everybody.
        most_rows: the largest page, whatever limit is asked for.
        meanwhile: what happens after each page of accounts, one after the other.
    """

    def __init__(self, accounts: Accounts) -> None:
        """Put the first account into the root, and all others into the unit production."""
        self._accounts = accounts
        self.members = {
            each.name: Membership(each.id, each.name, ("production",) if number else ())
            for number, each in enumerate(accounts.members)
        }
        self.delegated: set[str] = set()
        self.denied: set[str] = set()
        self.most_rows = _MOST
        self.meanwhile: list[Callable[[], object]] = []

    def dispatch(self, request: Request) -> Response:
        """Respond to one request below ``PREFIX``."""
        path, asked = request.split().path.rstrip("/"), _asked(request)
        action, rows = self._list(path, asked.get("parent_id"))
        self._admit(request, action)
        response = self._page(path.rpartition("/")[2], rows, asked)
        if action == "organizations:accounts:list" and self.meanwhile:
            self.meanwhile.pop(0)()
        return response

    def _list(self, path: str, parent: str | None) -> tuple[str, list[dict[str, Any]]]:
        """Return the action that a list needs, and its rows."""
        if path == f"{PREFIX}/accounts":
            found = [each for each in self.members.values() if parent in {None, _unit_id(each.units)}]
            return "organizations:accounts:list", [_account(each) for each in found]
        if path == f"{PREFIX}/roots":
            return "organizations:roots:list", [_unit(())]
        if path == f"{PREFIX}/organizational-units":
            below = {unit for unit in self._units() if parent in {None, _unit_id(unit[:-1])}}
            return "organizations:ous:list", [_unit(unit) for unit in below]
        account = path.removeprefix(_TAGS).removesuffix("/tags")
        member = next(
            (each for each in self.members.values() if path == f"{_TAGS}{account}/tags" and each.id == account), None
        )
        if member is None:
            raise _refused(HTTPStatus.NOT_FOUND, "The API or the resource does not exist.")
        return "organizations:tags:list", [{"key": key, "value": value} for key, value in member.tags.items()]

    def _units(self) -> set[tuple[str, ...]]:
        """Return every unit that an account is below, by its path."""
        return {each.units[:size] for each in self.members.values() for size in range(1, len(each.units) + 1)}

    def _admit(self, request: Request, action: str) -> None:
        """Let the management account ask, and delegated administrators; nobody else."""
        caller = self._accounts.signer(request)[0]
        if caller.id != self._accounts.members[0].id and caller.name not in self.delegated:
            raise _refused(HTTPStatus.FORBIDDEN, "You must be the management account or a delegated administrator.")
        if action in self.denied:
            raise _refused(HTTPStatus.FORBIDDEN, f"The action {action} is not allowed.")

    def _page(self, kind: str, rows: Iterable[dict[str, Any]], asked: dict[str, str]) -> Response:
        """Return the rows behind the marker; the marker of the next page is null at the end."""
        identity = "key" if kind == "tags" else "id"
        ordered = sorted(rows, key=lambda row: str(row[identity]))
        left = [row for row in ordered if str(row[identity]) > asked.get("marker", "")]
        page = left[: min(int(asked.get("limit", _MOST)), self.most_rows)]
        marker = page[-1][identity] if len(page) < len(left) else None
        info = {"next_marker": marker, "current_count": len(page)}
        return good({kind.replace("-", "_"): page, "page_info": info})


def _asked(request: Request) -> dict[str, str]:
    asked = dict(parse_qsl(request.split().query, keep_blank_values=True))
    limit = asked.get("limit", "1")
    if not asked.keys() <= _KNOWN or not limit.isdecimal() or int(limit) not in range(1, _MOST + 1):
        raise _refused(HTTPStatus.BAD_REQUEST, "A parameter is not known or not valid.")
    return asked


def _refused(status: HTTPStatus, message: str) -> RequestRefusedError:
    return RequestRefusedError(status, f"Organizations.{1000 + status.value}", message)


def _unit_id(names: tuple[str, ...]) -> str:
    return "ou-" + "-".join(names) if names else "r-root"


def _unit(names: tuple[str, ...]) -> dict[str, Any]:
    name, unit = names[-1] if names else ROOT, _unit_id(names)
    return {"id": unit, "urn": f"organizations::{unit}", "name": name, "created_at": "2023-07-20T02:07:56Z"}


def _account(member: Membership) -> dict[str, Any]:
    return {
        "id": member.id,
        "urn": f"organizations::account:{member.id}",
        "name": member.name,
        "status": member.status,
        "join_method": "invited",
        "joined_at": "2023-07-20T02:07:56Z",
        "description": None,
        "mobile_phone": None,
        "intl_number_prefix": None,
        "email": None,
    }
