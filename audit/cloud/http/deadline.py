"""Connections that receive a response in a given time, or not at all.

A socket timeout limits silence only: a server that sends one byte now and then never triggers it. Here, each wait for
bytes is no longer than the time left for the whole response, headers and body.
"""

import io
import socket
import threading
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter with a time limit for each request and its response."""

    def __init__(self, *, connections: int) -> None:
        """Store the number of connections to keep open."""
        self._request = threading.local()
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that watch the time."""
        super().init_poolmanager(*args, **kwargs)
        request = self._request

        class Timed(HTTPResponse):
            def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
                super().__init__(cast("socket.socket", _Receiver(sock, request.until)), *args, **kwargs)

        class Plain(HTTPConnection):
            response_class = Timed

        class Encrypted(HTTPSConnection):
            response_class = Timed

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Use the same connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager

    def allow(self, seconds: float) -> None:
        """Set how long the next request of this thread may take, until the end of its response."""
        self._request.until = time.monotonic() + seconds


class _Receiver(io.RawIOBase):
    """What a socket receives until a time; then reading raises TimeoutError."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until
        self._silence = connection.gettimeout()
        self._received = connection.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Stand for the socket, of which http.client asks this alone."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response did not arrive in time")
        self._connection.settimeout(min(left, self._silence or left))
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()
