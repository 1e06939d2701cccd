"""What takes too long is ended from outside: one thread watches over everything that is waited for at the same time.

A timer for each answer would be a thread for each, and starting one makes who starts it wait for Python's one lock
twice, which somebody who parses a page holds for milliseconds.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Ends what is not done in time. Its thread is started when there is something to watch, and ends after that."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._changed = threading.Condition()
        self._watched: dict[object, tuple[float, Callable[[], None]]] = {}
        self._is_awake = False
        self._looks_again = 0.0

    @contextmanager
    def watching(self, seconds: float, end: Callable[[], None]) -> Iterator[None]:
        """Call ``end`` once if the block takes longer than so many seconds, and never after it.

        It is called in another thread and must neither wait nor raise.
        """
        key, at = object(), time.monotonic() + seconds
        with self._changed:
            self._watched[key] = (at, end)
            if not self._is_awake:
                threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
                self._is_awake, self._looks_again = True, at
            elif at < self._looks_again:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched.pop(key, None)  # its thread finds that out when it looks again

    def close(self) -> None:
        """Let the thread end now, if nothing is watched."""
        with self._changed:
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            try:
                while self._watched:
                    self._end_what_is_late()
                    self._looks_again = min((at for at, _ in self._watched.values()), default=0.0)
                    if self._watched:
                        self._changed.wait(max(0.0, self._looks_again - time.monotonic()))
            finally:
                self._is_awake = False

    def _end_what_is_late(self) -> None:
        now = time.monotonic()
        late = [key for key, (at, _) in self._watched.items() if at <= now]
        for key in late:
            _, end = self._watched.pop(key)
            end()
