"""Several coordinators of one store, whose calls of it come in an order that a seed decides."""

from collections.abc import Callable, Sequence
from random import Random
from threading import Condition, Thread, current_thread
from typing import Any, cast

from audit.evidence.store import ProbedStore

_AT_MOST = 10.0


class InTurns:
    """A store that lets one thread go on at a time, from one call to the next."""

    def __init__(self, store: ProbedStore, seed: int) -> None:
        self._store = store
        self._rng = Random(seed)  # noqa: S311  # the order of calls
        self._changed = Condition()
        self._waiting: set[str] = set()
        self._next: str | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._in_turn(found) if name in {"create", "replace", "read", "keys"} else found

    def _in_turn(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: object) -> Any:
            me = current_thread().name
            with self._changed:
                self._waiting.add(me)
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self._next == me, _AT_MOST)
                self._next = None
                self._waiting.discard(me)
                return call(*arguments)

        return called

    def run(self, *works: Callable[[ProbedStore], object]) -> Sequence[object]:
        """Do all of it at once; return what each returned or raised."""
        results: list[object] = [None] * len(works)
        alive = {str(number) for number in range(len(works))}

        def work(number: int) -> None:
            try:
                results[number] = works[number](cast(ProbedStore, self))
            except Exception as error:  # noqa: BLE001  # it is the result
                results[number] = error
            with self._changed:
                alive.discard(str(number))
                self._changed.notify_all()

        threads = [Thread(target=work, args=(number,), name=str(number)) for number in range(len(works))]
        for thread in threads:
            thread.start()
        with self._changed:
            while alive:
                assert self._changed.wait_for(lambda: self._next is None and self._waiting == alive, _AT_MOST)
                if alive:
                    self._next = self._rng.choice(sorted(alive))
                    self._changed.notify_all()
        for thread in threads:
            thread.join()
        return results
