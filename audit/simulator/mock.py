"""``mock_cbr``: the simulator behind ``responses``, for tests that use requests without opening connections."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from threading import RLock
from types import TracebackType
from typing import Final, ParamSpec, TypeVar

import responses
from requests import PreparedRequest

from audit.simulator.estate import Estate, build_estate
from audit.simulator.messages import Request
from audit.simulator.simulator import Simulator

P = ParamSpec("P")
T = TypeVar("T")
_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SERVICES: Final = ("cbr", "cts", "functiongraph", "iam", "kms", "smn")


class mock_cbr:  # noqa: N801 - read as a function, like other mocks of clouds
    """Respond for CBR, CTS, FunctionGraph, IAM, KMS and SMN of one region, and refuse every other host.

    As a context manager, it returns the simulator. As a decorator, it passes nothing to the function; the simulator is
    the mock's attribute ``simulator``. Blocks of the same mock can be nested: the outermost one creates the simulator
    and ends the mock. Blocks of different mocks can be nested, too: only the innermost one responds.

    Args:
        scenario: what happens in the estate, see ``build_estate``.
        seed: as in ``build_estate``.
        resources: as in ``build_estate``.
        days: as in ``build_estate``.
        as_of: the last moment of the estate; by default, when the mock starts.
        region: the region in the host names, which end in .com or, in Europe, in .eu.
    """

    def __init__(
        self,
        scenario: str = "mixed",
        *,
        seed: int = 1,
        resources: int = 40,
        days: int = 30,
        as_of: datetime | None = None,
        region: str = "sim-1",
    ) -> None:
        self._build: Callable[[], Estate] = lambda: build_estate(
            scenario, seed=seed, resources=resources, days=days, as_of=as_of or datetime.now(UTC)
        )
        self._hosts = re.compile(
            rf"https://({'|'.join(_SERVICES)})\.{re.escape(region)}\.myhuaweicloud\.(com|eu)(/.*)?"
        )
        self._lock = RLock()
        self._depth = 0
        self._mock: responses.RequestsMock
        self.simulator: Simulator

    def __enter__(self) -> Simulator:
        with self._lock:
            if self._depth == 0:
                self._start()
            self._depth += 1
            return self.simulator

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._mock.stop()

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Run a function inside the mock."""

        @wraps(function)
        def inside(*args: P.args, **kwargs: P.kwargs) -> T:
            with self:
                return function(*args, **kwargs)

        return inside

    def _start(self) -> None:
        self.simulator = Simulator(self._build())
        self._mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        for method in _METHODS:
            self._mock.add_callback(method, self._hosts, callback=self._answer, content_type=None)
        self._mock.start()

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        asked = Request(request.method or "GET", request.url or "", dict(request.headers), content)
        response = self.simulator.dispatch(asked)
        return response.status, dict(response.headers), response.body
