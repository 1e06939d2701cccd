"""Connections whose answers must begin in time.

A timeout of a socket is about silence: a server that sends one byte of its headers now and then never trips it. Here a
watchdog hangs up when the status line and the headers are not complete in time; the body has its own deadline.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from audit.cloud.http.watchdog import Watchdog


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose connections hang up when an answer does not begin in time.

    Attributes:
        watchdog: watches over the answers; to be used for what else takes time with them.
    """

    def __init__(self, within: timedelta, *, connections: int) -> None:
        """Take the time that status line and headers may need, and the connections to keep open."""
        self._within = within.total_seconds()
        self._told = threading.local()
        self.watchdog = Watchdog()
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give the pools connections that watch the time."""
        super().init_poolmanager(*args, **kwargs)
        within, tell, dog = self._within, self.tell, self.watchdog

        class Plain(_Watched, HTTPConnection):
            seconds = within
            watchdog = dog
            sent = staticmethod(tell)

        class Encrypted(_Watched, HTTPSConnection):
            seconds = within
            watchdog = dog
            sent = staticmethod(tell)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self.watchdog.close()

    @contextmanager
    def telling(self, sent: Callable[[], object]) -> Iterator[None]:
        """Call something for each request that this thread sends in the block, when it is on its way."""
        before, self._told.sent = getattr(self._told, "sent", None), sent
        try:
            yield
        finally:
            self._told.sent = before

    def tell(self) -> None:
        """Call what this thread wants to be called."""
        sent = getattr(self._told, "sent", None)
        if sent:
            sent()


class _Watched(HTTPConnection):
    """Says when a request was sent, and hangs up on an answer that does not begin in time."""

    seconds: float
    watchdog: Watchdog
    sent: Callable[[], None]

    def getresponse(self) -> Any:
        self.sent()
        hung_up = threading.Event()
        with self.watchdog.watching(self.seconds, partial(self._hang_up, hung_up)):
            answer = super().getresponse()
        if hung_up.is_set():  # headers that end early would pass for whole ones
            answer.close()
            raise TimeoutError("the answer did not begin in time")
        return answer

    def _hang_up(self, hung_up: threading.Event) -> None:
        hung_up.set()
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
