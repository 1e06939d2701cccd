"""A company of accounts behind one address: STS, IAM, and the clouds of all projects."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

from audit.simulator import assuming, directory, project_lists
from audit.simulator.accounts import Accounts, MemberAccount, TrustAgency
from audit.simulator.answers import RequestRefusedError
from audit.simulator.cloud import Account
from audit.simulator.estate import build_estate
from audit.simulator.messages import Request, Response
from audit.simulator.simulator import Simulator
from audit.simulator.temporary import Pair, Pairs

AGENCY: Final = "cbr-audit"
"""The agency of every account but the first, which may assume it."""
_DAY: Final = timedelta(hours=24)
_RESOURCES: Final = 6
_DAYS: Final = 5
_TOKENS: Final = "/v3/auth/tokens"
NO_API: Final = RequestRefusedError(HTTPStatus.NOT_FOUND, "APIGW.0101", "The API does not exist.")
"""How the gateway refuses where there is no STS."""
NOT_HERE: Final = RequestRefusedError(HTTPStatus.BAD_REQUEST, "STS5.1007", "this API is not supported in this region")
"""How STS refuses what it does not serve in a region, as programs of others know it; they do not tell its status."""


class Company:
    """Responds for all accounts of a company; each project has a simulator of its own.

    Args:
        members: the accounts; the first is the auditor's, and its first project is home, which gets webhooks and pings.
        clock: the time in UTC, for keys, signatures and the Date header.

    Attributes:
        routes: requests that concern no project, by method and path; more can be added.
        directory: the organisation that the accounts are in.
        intercept: called with each request; a response that it returns is sent instead of the real one.
        without_sts: how STS refuses everything, None where it is served; ``NO_API`` or ``NOT_HERE``.
    """

    def __init__(
        self, members: Iterable[MemberAccount], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.accounts = Accounts([*members], clock)
        self.routes: dict[tuple[str, str], assuming.Handler] = {
            (method, path): handler for method, path, handler in (*assuming.STS, *assuming.IAM, *project_lists.IAM)
        }
        self.directory = directory.Directory(self.accounts)
        self.intercept: Callable[[Request], Response | None] = lambda _request: None
        self.without_sts: RequestRefusedError | None = None

    def __getitem__(self, name: str) -> MemberAccount:
        """Return an account by its name."""
        return next(member for member in self.accounts.members if member.name == name)

    @property
    def auditor(self) -> MemberAccount:
        """The account that audits the others."""
        return self.accounts.members[0]

    @property
    def home(self) -> Simulator:
        """The first project of the auditor's account."""
        return next(iter(self.auditor.projects.values()))

    def temporary_keys(self, lifetime: timedelta = _DAY) -> Pair:
        """Issue temporary keys in the auditor's account, as a function gets them for its agency."""
        return self.auditor.pairs.issue(self.accounts.clock(), lifetime)

    def expire_keys(self, name: str) -> None:
        """Invalidate every temporary key pair that was issued in an account so far."""
        self[name].pairs.expire(self.accounts.clock())

    def dispatch(self, request: Request) -> Response:
        """Respond to one request, from any thread."""
        try:
            response = self.intercept(request) or self._route(request)
        except RequestRefusedError as refusal:
            response = refusal.answer()
        return replace(
            response, headers={"Date": format_datetime(self.accounts.clock(), usegmt=True), **response.headers}
        )

    def _route(self, request: Request) -> Response:
        path = request.split().path.rstrip("/")
        if self.without_sts and path.startswith("/v5/"):
            raise self.without_sts
        if handler := self.routes.get((request.method, path)):
            return handler(self.accounts, request)
        if path.startswith(f"{directory.PREFIX}/") and request.method == "GET":
            return self.directory.dispatch(request)
        if path == _TOKENS:
            return self._token(request)
        found = self.accounts.project(f"{path}//".split("/")[2])
        if found is None:
            return self.home.dispatch(request)
        member, simulator = found
        if self._is_known(request) and self.accounts.holder(request).id != member.id:
            message = "The credentials are not valid for this project."
            raise RequestRefusedError(HTTPStatus.FORBIDDEN, "Forbidden", message)
        return simulator.dispatch(request)

    def _token(self, request: Request) -> Response:
        """Let the account with the project in the scope decide about a password; the project's id is in the body."""
        if assuming.asks_for_agency(request):
            return assuming.give_agency_token(self.accounts, request)
        body = request.body.decode(errors="replace")
        clouds = (simulator for member in self.accounts.members for simulator in member.projects.values())
        return next((cloud for cloud in clouds if f'"{cloud.project_id}"' in body), self.home).dispatch(request)

    def _is_known(self, request: Request) -> bool:
        """Whether a request has credentials at all; the projects refuse those without, as they always do."""
        return bool(request.header("X-Auth-Token") or request.header("Authorization"))


def build_company(  # noqa: PLR0913 - what an estate takes, and where they are
    names: Sequence[str] = ("audit", "shop", "bank"),
    *,
    regions: Sequence[str] = ("sim-1",),
    scenario: str = "healthy",
    resources: int = _RESOURCES,
    days: int = _DAYS,
    as_of: datetime,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Company:
    """Build a company: the first account audits, all others have an agency that trusts it.

    Args:
        names: of the accounts; the id of each is made from its place.
        regions: each account has a project in each.
        scenario: of every estate, as in ``build_estate``.
        resources: as in ``build_estate``.
        days: as in ``build_estate``.
        as_of: the last moment of the estates.
        clock: as for ``Company``.
    """
    members: list[MemberAccount] = []
    for number, name in enumerate(names):
        projects = {}
        for place, region in enumerate(regions):
            seed = 1 + 100 * number + place
            estate = build_estate(scenario, seed=seed, resources=resources, days=days, as_of=as_of)
            projects[region] = Simulator(estate, clock=clock)
        members.append(a_member(number, name, projects, trusts=members[0].id if members else ""))
    return Company(members, clock=clock)


def a_member(number: int, name: str, projects: dict[str, Simulator], *, trusts: str) -> MemberAccount:
    """Make an account with an agency that trusts another account; without one, if that is empty."""
    login = Account(domain=name, ak=f"ACCESSKEYOFACCOUNT{number:03}", sk=f"SecretKeyOfTheUserOfAccount{number:03}")
    agencies = {AGENCY: TrustAgency({trusts})} if trusts else {}
    pairs = Pairs(f"TEMPORARY{number:03}AK")
    return MemberAccount(f"{number:03}{'acc0' * 7}0", name, login, projects, agencies=agencies, pairs=pairs)
