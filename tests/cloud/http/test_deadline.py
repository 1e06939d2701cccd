"""A response whose headers trickle in ends at its deadline, however often a byte comes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPResponse

import pytest
import requests

from audit.cloud.http.deadline import DeadlineAdapter


def test_headers_that_trickle_end_at_the_deadline() -> None:
    with _trickling() as url, _session(timedelta(milliseconds=200)) as session, pytest.raises(requests.ReadTimeout):
        session.get(url, timeout=5)


def test_a_response_in_time_is_not_disturbed() -> None:
    with _answering() as url, _session(timedelta(seconds=30)) as session:
        assert session.get(url, timeout=5).text == "ok"


def test_silence_ends_before_the_deadline() -> None:
    with _silent() as url, _session(timedelta(seconds=30)) as session, pytest.raises(requests.ReadTimeout):
        session.get(url, timeout=0.1)


def test_encrypted_connections_are_timed_too() -> None:
    with _session(timedelta(seconds=1)) as session:
        adapter = session.get_adapter("https://")
        assert isinstance(adapter, DeadlineAdapter)
        kinds = [adapter.poolmanager.connection_from_url(f"{scheme}://a").ConnectionCls for scheme in ("http", "https")]
        assert kinds[0].response_class is kinds[1].response_class is not HTTPResponse


@contextmanager
def _session(within: timedelta) -> Iterator[requests.Session]:
    adapter = DeadlineAdapter(connections=1)
    adapter.allow(within.total_seconds())
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        yield session


@contextmanager
def _silent() -> Iterator[str]:
    def talk(connection: socket.socket) -> None:
        connection.recv(1)  # until the client hangs up

    with _server(talk) as url:
        yield url


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
