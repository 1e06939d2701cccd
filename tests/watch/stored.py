"""Changes in a store that lies in memory, and a store whose calls come in an order that a seed decides."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from threading import Lock, Thread
from typing import Any, cast

import orjson

from audit.collection import Kind, Page
from audit.evidence.chain import Signer, Unsigned
from audit.evidence.store import Store
from audit.profile import Profile
from audit.watch.change_forms import ChangeReport
from audit.watch.change_store import StoredChange
from tests.builders import NOW, a_trace
from tests.watch.changes import a_change

PROJECT = "project-1"
PROFILE = Profile()
EVENT = b'{"cts":{}}'


def a_page(number: int = 1) -> Page:
    """A response that differs from that of another number."""
    body = orjson.dumps({"vaults": [], "count": 0, "number": number})
    return Page(
        kind=Kind.VAULTS,
        path=f"/v3/{PROJECT}/vaults",
        params=(("limit", "1000"), ("offset", "0")),
        body=body,
        request_id="r-1",
        received_at=NOW,
        rows=[],
        envelope={"count": 0, "number": number},
    )


def a_verdict(trace: str, **changes: Any) -> ChangeReport:
    return a_change(a_trace(trace), profile_sha256=PROFILE.sha256, **changes)


def judged(
    store: Store, trace: str, signer: Signer | None = None, *, project_id: str = PROJECT, **changes: Any
) -> StoredChange:
    """Store and commit a change."""
    change = StoredChange(store, project_id, trace)
    change.begin(EVENT)
    change.keep(a_page())
    change.commit(a_verdict(trace, project_id=project_id, **changes), PROFILE.canonical, signer or Unsigned())
    return change


class KilledError(BaseException):
    """The invocation is gone; nothing catches this."""


class Stepping:
    """Lets one of several invocations go on at a time, from one call of the store to the next, and kills some."""

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance
        self._alive: list[_Invocation] = []

    def run(self, works: Sequence[Callable[[Store], object]], deaths: Sequence[int | None]) -> list[object]:
        """Do all works at once; return what each returned or raised.

        Args:
            works: the invocations.
            deaths: for each, the number of the call at which it is killed.
        """
        invocations = [_Invocation(self, work, death) for work, death in zip(works, deaths, strict=True)]
        self._alive = [*invocations]
        for each in invocations:
            each.start()
        self._chance.choice(self._alive).go.release()
        for each in invocations:
            each.join()
        return [each.result for each in invocations]

    def step(self, me: "_Invocation") -> None:
        """Choose who goes on, and wait until that is me again."""
        following = self._chance.choice(self._alive)
        if following is not me:
            following.go.release()
            me.go.acquire()

    def end(self, me: "_Invocation") -> None:
        self._alive.remove(me)
        if self._alive:
            self._chance.choice(self._alive).go.release()

    def call(self, name: str) -> Any:
        return getattr(self._store, name)


class _Invocation(Thread):
    """One invocation, and the store as it sees it."""

    def __init__(self, stepping: Stepping, work: Callable[[Store], object], death: int | None) -> None:
        super().__init__()
        self._stepping = stepping
        self._work = work
        self._death = death
        self._calls = 0
        self.result: object = None
        self.go = Lock()
        self.go.acquire()

    def run(self) -> None:
        self.go.acquire()
        try:
            self.result = self._work(cast("Store", _Seen(self)))
        except BaseException as error:  # noqa: BLE001  # it is the result
            self.result = error
        self._stepping.end(self)

    def call(self, name: str, *arguments: object) -> Any:
        self._stepping.step(self)
        self._calls += 1
        if self._calls == self._death:
            raise KilledError
        return self._stepping.call(name)(*arguments)


class _Seen:
    url = "stepping:"

    def __init__(self, invocation: _Invocation) -> None:
        self._invocation = invocation

    def __getattr__(self, name: str) -> Any:
        return partial(self._invocation.call, name)
