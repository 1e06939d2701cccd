"""Pretend clouds, clocks and contexts that tests share."""

import gzip
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from audit.app.execute import execute
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.cloud.http.auth import KeyAuth, TokenAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Transport
from audit.simulator import Estate, Response, Simulator, build_estate, serve
from audit.timestamps import shown

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes only when somebody waits, and a little with each look where ``tick`` says so."""

    now: float = 1000.0
    tick: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.now += self.tick
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Context:
    """What FunctionGraph hands to a function, as a plain object."""

    user_data: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    keys: tuple[str, str, str] = ("", "", "")
    remaining: int = 300_000
    request_id: str = "0123-4567"

    def getRequestID(self) -> str:  # noqa: N802  # named by the platform
        return self.request_id

    def getRemainingTimeInMilliSeconds(self) -> int:  # noqa: N802  # named by the platform
        return self.remaining

    def getUserData(self, key: str) -> str | None:  # noqa: N802  # named by the platform
        return self.user_data.get(key)

    def getToken(self) -> str:  # noqa: N802  # named by the platform
        return self.token

    def getSecurityAccessKey(self) -> str:  # noqa: N802  # named by the platform
        return self.keys[0]

    def getSecuritySecretKey(self) -> str:  # noqa: N802  # named by the platform
        return self.keys[1]

    def getSecurityToken(self) -> str:  # noqa: N802  # named by the platform
        return self.keys[2]


def by_token(token: str) -> TokenAuth:
    return TokenAuth(Fresh(lambda: token))


def by_keys(
    access_key: str, secret_key: str, security_token: str = "", *, project_id: str = "", clock: CloudClock | None = None
) -> KeyAuth:
    keys = Keys(access_key, secret_key, security_token)
    return KeyAuth(Fresh(lambda: keys), clock or CloudClock(), project_id=project_id)


def an_estate(scenario: str = "mixed", *, seed: int = 1, resources: int = 6, days: int = 5) -> Estate:
    """Return a copy that a test may change; copying takes an eighth of building."""
    copied: Estate = pickle.loads(_pickled(scenario, seed, resources, days))  # noqa: S301  # our own
    return copied


@cache
def _pickled(scenario: str, seed: int, resources: int, days: int) -> bytes:
    return pickle.dumps(build_estate(scenario, seed=seed, resources=resources, days=days, as_of=AS_OF))


def a_simulator(scenario: str = "mixed", *, seed: int = 1, resources: int = 6, days: int = 5) -> Simulator:
    return Simulator(an_estate(scenario, seed=seed, resources=resources, days=days))


def variables(simulator: Simulator, url: str, store: Path, **changed: str) -> dict[str, str]:
    """The settings that let an audit read a simulator with a user and a password."""
    return {
        "CBR_AUDIT_ENDPOINT": url,
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": url,
        "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
        "CBR_AUDIT_USER": simulator.user,
        "CBR_AUDIT_PASSWORD": simulator.password,
        "CBR_AUDIT_DOMAIN": simulator.domain,
        "CBR_AUDIT_STORE": str(store),
        **changed,
    }


def json_response(content: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"Content-Type": "application/json", **headers}, orjson.dumps(content))


def whole_report(run: Path) -> Any:
    """The report.json in the folder of a run, with every finding in place of those that somebody must look at."""
    lines = gzip.decompress((run / "findings.ndjson.gz").read_bytes()).splitlines()
    return {**orjson.loads((run / "report.json").read_bytes()), "findings": [*map(orjson.loads, lines)]}


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def without_waiting() -> Iterator[Clock]:
    """Let audits wait by a clock of their own, so that retries take no time."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.app.connections.Transport", partial(Transport, sleep=clock.sleep, clock=clock))
        yield clock


def audit(simulator: Simulator, folder: Path, *, as_of: datetime = AS_OF, **changed: str) -> Done:
    """Carry out a whole audit of a simulator over a socket."""
    with serve(simulator) as served, without_waiting():
        made = request_from_settings(variables(simulator, served.url, folder, **changed), as_of=shown(as_of))
        return execute(replace(made, nonce="always the same"), lambda _progress: None)
