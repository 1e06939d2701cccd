"""An answer whose headers trickle in is hung up on, however often a byte comes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests

from audit.cloud.http.deadline import DeadlineAdapter


def test_headers_that_trickle_are_hung_up_on() -> None:
    with _trickling() as url, _session(timedelta(milliseconds=200)) as session, pytest.raises(requests.ReadTimeout):
        session.get(url, timeout=5)


def test_an_answer_in_time_is_not_disturbed() -> None:
    with _answering() as url, _session(timedelta(seconds=30)) as session:
        assert session.get(url, timeout=5).text == "ok"


def test_encrypted_connections_are_watched_too() -> None:
    with _session(timedelta(seconds=1)) as session:
        adapter = session.get_adapter("https://")
        assert isinstance(adapter, DeadlineAdapter)
        with adapter.poolmanager.connection_from_url("https://127.0.0.1") as pool:
            assert hasattr(pool.ConnectionCls, "seconds")


def test_hanging_up_on_a_closed_connection_is_harmless() -> None:
    with _answering() as url, _session(timedelta(seconds=30)) as session:
        adapter = session.get_adapter(url)
        assert isinstance(adapter, DeadlineAdapter)
        pool = adapter.poolmanager.connection_from_url(url)
        connection = pool.ConnectionCls("127.0.0.1")
        connection._hang_up(threading.Event())  # noqa: SLF001  # what the watchdog does when it is late
        assert session.get(url, timeout=5).text == "ok"


@contextmanager
def _session(within: timedelta) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", DeadlineAdapter(within, connections=1))
        session.mount("https://", DeadlineAdapter(within, connections=1))
        yield session


@contextmanager
def _trickling() -> Iterator[str]:
    """A server that begins a header and then sends a byte of it every few milliseconds until the client hangs up."""

    def talk(connection: socket.socket) -> None:
        pause = threading.Event()
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not pause.wait(0.01):
            connection.sendall(b"a")

    with _server(talk) as url:
        yield url


@contextmanager
def _answering() -> Iterator[str]:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    with _server(lambda connection: connection.sendall(answer)) as url:
        yield url


@contextmanager
def _server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                talk(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        thread.join()
        listener.close()
