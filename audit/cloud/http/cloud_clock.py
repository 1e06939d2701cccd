"""The cloud's time. Signatures contain a time, and are refused if it is off by 15 minutes."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

_NEGLIGIBLE: Final = timedelta(minutes=5)
_LOG = structlog.get_logger()


class CloudClock:
    """This machine's time, corrected once if a response shows that it is wrong."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Store this machine's clock; tests replace it."""
        self._now = now
        self._offset = timedelta(0)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time."""
        return self._now() + self._offset

    def learn(self, signed_at: datetime, told: datetime | None) -> bool:
        """Use the time of a refusal to check whether the time of the request was wrong.

        Returns:
            True if it was wrong and is corrected now; the request may then be signed again.
        """
        if told is None or abs(told - signed_at) < _NEGLIGIBLE:
            return False
        with self._lock:
            if not self._offset:
                self._offset = told - self._now()
                _LOG.warning("clock.corrected", seconds=round(self._offset.total_seconds()))
        return abs(told - self()) < _NEGLIGIBLE
