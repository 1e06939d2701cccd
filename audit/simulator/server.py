"""The simulator on a local socket, for clients that need a real connection."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final, Protocol

from audit.simulator.messages import Request, Response

HOST: Final = "127.0.0.1"
_POLL_SECONDS: Final = 0.02


class Answering(Protocol):
    """What can be served: the cloud of one project, or of many accounts."""

    def dispatch(self, request: Request) -> Response:
        """Respond to one request, from any thread."""


@dataclass(frozen=True, slots=True)
class Served:
    """The address of a simulator."""

    url: str


@contextmanager
def serve(simulator: Answering, port: int = 0) -> Iterator[Served]:
    """Serve a simulator on 127.0.0.1 until the block ends; port 0 picks a free one."""
    server = _Server(simulator, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, name="simulator")
    thread.start()
    try:
        yield Served(f"http://{HOST}:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """A server with one thread per connection; all are joined at the end."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, simulator: Answering, port: int) -> None:
        self.simulator = simulator
        self._connections: set[Any] = set()
        self._lock = Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors in a response, but not that a client disconnected in the middle of it."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Close the connections that clients keep open, so that their threads end, too."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the simulator respond, and writes the response in one piece."""

    server: _Server
    protocol_version = "HTTP/1.1"
    # Without these two, each response waits for a delayed acknowledgement: 22 instead of 700 requests a second.
    disable_nagle_algorithm = True
    wbufsize = 65536

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Handle every method alike: the routes decide which ones are allowed."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self.answer

    def answer(self) -> None:
        """Respond to one request; a connection error of the interceptor closes the connection without a response."""
        length = int(self.headers.get("Content-Length") or 0)
        url = f"http://{self.headers.get('Host', HOST)}{self.path}"
        request = Request(self.command, url, dict(self.headers.items()), self.rfile.read(length))
        try:
            response = self.server.simulator.dispatch(request)
        except OSError:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        length = int(response.headers.get("Content-Length", len(response.body)))
        if "Content-Length" not in response.headers:
            self.send_header("Content-Length", str(length))
        # A body that is shorter than it says must end: the client would wait for the rest.
        self.close_connection = self.close_connection or length != len(response.body)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the parent class
        """Log nothing."""
