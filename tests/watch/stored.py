"""Changes in a store that lies in memory, and a store whose calls come in an order that a seed decides."""

from collections.abc import Callable, Sequence
from random import Random
from threading import Semaphore, Thread
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
    """A store that lets one of several invocations go on at a time, from one call to the next, and kills some."""

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance
        self._mine = Semaphore(0)

    def run(self, works: Sequence[Callable[[Store], object]], deaths: Sequence[int | None]) -> list[object]:
        """Do all works at once; return what each returned or raised.

        Args:
            works: the invocations.
            deaths: for each, the number of the call at which it is killed.
        """
        results: list[object] = [None] * len(works)
        turns = [_Turns(self._store, self._mine, death) for death in deaths]

        def work(number: int) -> None:
            try:
                turns[number].wait()
                results[number] = works[number](cast("Store", turns[number]))
            except BaseException as error:  # noqa: BLE001  # it is the result
                results[number] = error
            turns[number].is_done = True
            self._mine.release()

        threads = [Thread(target=work, args=(number,)) for number in range(len(works))]
        for thread in threads:
            thread.start()
        while waiting := [each for each in turns if not each.is_done]:
            self._chance.choice(waiting).go.release()
            self._mine.acquire()
        for thread in threads:
            thread.join()
        return results


class _Turns:
    """The store as one invocation sees it."""

    def __init__(self, store: Store, back: Semaphore, death: int | None) -> None:
        self._store = store
        self._back = back
        self._death = death
        self._calls = 0
        self.go = Semaphore(0)
        self.is_done = False

    def wait(self) -> None:
        self.go.acquire()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._in_turn(found) if callable(found) else found

    def _in_turn(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: object) -> Any:
            self._back.release()
            self.wait()
            self._calls += 1
            if self._calls == self._death:
                raise KilledError
            return call(*arguments)

        return called
