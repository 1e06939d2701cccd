"""Something between client and server that changes, records or cuts what passes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HOST = "127.0.0.1"
Change = Callable[[bytes], bytes | None]


def _unchanged(piece: bytes) -> bytes:
    return piece


@dataclass
class Between:
    """Listens for clients of a server; a change that returns None cuts the connection instead."""

    server: tuple[str, int]
    to_server: Change
    to_client: Change
    sent: list[bytes] = field(default_factory=list)
    listener: socket.socket = field(default_factory=lambda: socket.create_server((HOST, 0)))
    sockets: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.listener.getsockname()[1]}"

    def count(self, method: bytes) -> int:
        """How many requests of a method passed."""
        return sum(piece.startswith(method + b" ") for piece in self.sent)

    def head(self, method: str) -> dict[str, str]:
        """The headers of the first request of a method."""
        first = next(piece for piece in self.sent if piece.startswith(method.encode() + b" "))
        lines = first.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                upstream = socket.create_connection(self.server)
                self.sockets += [client, upstream]
                self.start(client, upstream, lambda piece: self.to_server(self.remember(piece)))
                self.start(upstream, client, self.to_client)

    def remember(self, piece: bytes) -> bytes:
        self.sent.append(piece)
        return piece

    def start(self, source: socket.socket, drain: socket.socket, change: Change) -> None:
        self.threads.append(threading.Thread(target=pass_on, args=(source, drain, change)))
        self.threads[-1].start()


def pass_on(source: socket.socket, drain: socket.socket, change: Change) -> None:
    with suppress(OSError):
        while (piece := source.recv(65536)) and (changed := change(piece)) is not None:
            drain.sendall(changed)
    hang_up(source, drain)


def hang_up(*sockets: socket.socket) -> None:
    for end in sockets:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def between(server: str, *, to_server: Change = _unchanged, to_client: Change = _unchanged) -> Iterator[Between]:
    """Stand between a server and its clients until the end of the block."""
    parts = urlsplit(server)
    here = Between((str(parts.hostname), int(parts.port or 80)), to_server, to_client)
    acceptor = threading.Thread(target=here.accept)
    acceptor.start()
    try:
        yield here
    finally:
        hang_up(here.listener)
        acceptor.join()
        hang_up(*here.sockets)
        for thread in here.threads:
            thread.join()
        for end in (*here.sockets, here.listener):
            end.close()
