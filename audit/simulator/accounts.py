"""The accounts of a company: who may sign in, which agencies others may assume, and whose credentials are whose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from audit.simulator import signatures
from audit.simulator.answers import not_signed_in
from audit.simulator.cloud import Account
from audit.simulator.messages import Request
from audit.simulator.simulator import Simulator
from audit.simulator.temporary import Pair, Pairs

_HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class TrustAgency:
    """An agency of an account, which others may assume.

    Attributes:
        trusts: the ids of the accounts that may assume it.
        external_id: what they must know as well; empty for nothing.
        longest: how long its keys may live.
    """

    trusts: set[str]
    external_id: str = ""
    longest: timedelta = _HOUR


@dataclass(frozen=True, slots=True)
class Principal:
    """Who holds credentials, in the words of STS."""

    account_id: str
    urn: str
    id: str


@dataclass(slots=True)
class MemberAccount:
    """One account of a company.

    Attributes:
        login: its only user, with a password and a key pair.
        projects: by name: a region, or one with a suffix such as ``sim-1_finance``.
        agencies: by name.
        pairs: the temporary keys that were issued in it.
        assumed: who holds them, by access key; those of the function's own agency are not named.
        disabled: the names of projects that are disabled.
        denied: actions of IAM that are refused to everybody in it.
    """

    id: str
    name: str
    login: Account
    projects: dict[str, Simulator]
    agencies: dict[str, TrustAgency] = field(default_factory=dict)
    pairs: Pairs = field(default_factory=Pairs)
    assumed: dict[str, Principal] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for simulator in self.projects.values():
            simulator.belong_to(self.login, self.pairs)

    def pair(self, ak: str) -> Pair | None:
        """Return a key pair of this account: the user's own, or a temporary one."""
        return Pair(ak, self.login.sk) if ak == self.login.ak else self.pairs.find(ak)

    def principal(self, ak: str) -> Principal:
        """Name the holder of a key pair of this account: the user, or whoever assumed an agency."""
        user = Principal(self.id, f"iam::{self.id}:user:{self.login.user}", f"user-of-{self.id}")
        own = Principal(self.id, f"sts::{self.id}:assumed-agency:function/own", f"function-of-{self.id}:own")
        return self.assumed.get(ak, user if ak == self.login.ak else own)

    def keys_for(self, principal: Principal, now: datetime, lifetime: timedelta) -> Pair:
        """Issue temporary keys to somebody who assumed an agency of this account."""
        pair = self.pairs.issue(now, lifetime)
        self.assumed[pair.ak] = principal
        return pair


@dataclass(slots=True)
class Accounts:
    """Every account of a company, and the time."""

    members: list[MemberAccount]
    clock: Callable[[], datetime]

    def find(self, *, id: str = "", name: str = "") -> MemberAccount | None:  # noqa: A002 - as the API says
        """Return the account with an id or, without one, with a name."""
        return next((member for member in self.members if (member.id == id if id else member.name == name)), None)

    def project(self, project_id: str) -> tuple[MemberAccount, Simulator] | None:
        """Return a project by its id, and the account that it is in."""
        return next((found for found in self._projects() if found[1].project_id == project_id), None)

    def pair(self, ak: str) -> Pair | None:
        """Return a key pair of any account."""
        return next((pair for member in self.members if (pair := member.pair(ak))), None)

    def signer(self, request: Request) -> tuple[MemberAccount, Pair]:
        """Return whose keys signed a request, and refuse one that nobody's did."""
        signatures.check(request, self.pair, self.clock())
        ak = signatures.access_key(request)
        return next((member, pair) for member in self.members if (pair := member.pair(ak)))

    def holder(self, request: Request) -> MemberAccount:
        """Return the account whose token or keys a request has, and refuse one without."""
        token = request.header("X-Auth-Token")
        if token is None:
            return self.signer(request)[0]
        found = next((member for member, simulator in self._projects() if simulator.takes_token(token)), None)
        if found is None:
            raise not_signed_in("decrypt token fail")
        return found

    def _projects(self) -> Iterator[tuple[MemberAccount, Simulator]]:
        return ((member, simulator) for member in self.members for simulator in member.projects.values())
