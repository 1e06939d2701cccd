"""A server on a raw socket that does what no sound server does: breaks off, trickles, floods, lies about lengths."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
Talk = Callable[[socket.socket, threading.Event], None]


@dataclass
class Rude:
    """Where the server is, and the heads of the requests that reached it."""

    url: str
    heads: list[bytes] = field(default_factory=list)


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {told}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(*parts: bytes) -> Talk:
    def talk(connection: socket.socket, _stopped: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)

    return talk


def resets(before: bytes = b"") -> Talk:
    """Reset the connection, as a firewall does."""

    def talk(connection: socket.socket, _stopped: threading.Event) -> None:
        connection.sendall(before)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return talk


def repeats(start: bytes, piece: bytes, *, every: float = 0.0) -> Talk:
    """Send a piece again and again until the client hangs up."""

    def talk(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(start)
        while not stopped.wait(every):
            connection.sendall(piece)

    return talk


def keeps_silent(connection: socket.socket, stopped: threading.Event) -> None:
    del connection
    stopped.wait()


@contextmanager
def rude_server(*talks: Talk) -> Iterator[Rude]:
    """Serve until the end of the block: each connection gets the next talk, and every further one the last."""
    listener = socket.create_server((HOST, 0))
    rude = Rude(f"http://{HOST}:{listener.getsockname()[1]}")
    stopped = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket, talk: Talk) -> None:
        with connection:
            connection.settimeout(10)
            try:
                rude.heads.append(_head(connection))
                talk(connection, stopped)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            talk = talks[min(len(threads), len(talks) - 1)]
            threads.append(threading.Thread(target=serve, args=(connection, talk)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield rude
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        for thread in threads:
            thread.join()
        listener.close()


def _head(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    return received
