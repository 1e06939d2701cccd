"""Asynchronous invocations of a function: accepted at once, and run later, in any order, twice, or never.

Sources: "Configuring Asynchronous Invocation" of the FunctionGraph user guide: what fails is run again, and requests
beyond the capacity are discarded, which no log of the function shows.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

Ran = Counter[str]
"""How many were run, failed, run again, doubled and discarded."""


class Invocations:
    """The events that were accepted and not yet run."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []
        self._accepted = 0

    @property
    def waiting(self) -> int:
        """The number of events that were not run yet."""
        return len(self._waiting)

    def accept(self, event: Any) -> str:
        """Accept an event; return the id of the request."""
        self._accepted += 1
        self._waiting.append(event)
        return f"invocation-{self._accepted}"

    def run(
        self,
        function: Callable[[Any], Any],
        rng: Random,
        *,
        doubled: float = 0.0,
        discarded: float = 0.0,
        retries: int = 1,
    ) -> Ran:
        """Run everything that waits, what that adds included.

        Args:
            function: runs an event.
            rng: decides the order, and what happens to which event.
            doubled: the share of events that are run twice.
            discarded: the share of events that are never run.
            retries: how often an event is run again after the function failed.
        """
        ran = Ran()
        while self._waiting:
            event = self._waiting.pop(rng.randrange(len(self._waiting)))
            if rng.random() < discarded:
                ran["discarded"] += 1
                continue
            if rng.random() < doubled:
                ran["doubled"] += 1
                self._waiting.append(event)
            for number in range(retries + 1):
                ran["again" if number else "run"] += 1
                try:
                    function(event)
                except Exception:  # noqa: BLE001 - the platform catches whatever a function raises
                    ran["failed"] += 1
                else:
                    break
        return ran
