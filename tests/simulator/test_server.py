import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from audit.simulator import Request, Response, Simulator, serve
from tests.simulator.asking import a_simulator, password_request

SECONDS = 10


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def get(session: requests.Session, url: str, simulator: Simulator, **headers: str) -> requests.Response:
    named = {"X-Auth-Token": simulator.token, **headers}
    return session.get(f"{url}/v3/{simulator.project_id}/operation-logs", headers=named, timeout=SECONDS)


def test_a_client_signs_in_and_reads_over_one_connection(session: requests.Session) -> None:
    simulator = a_simulator(resources=2)
    with serve(simulator) as served:
        answer = session.post(f"{served.url}/v3/auth/tokens", json=password_request(simulator), timeout=SECONDS)
        pages = [
            get(session, served.url, simulator, **{"X-Auth-Token": answer.headers["X-Subject-Token"]}) for _ in range(2)
        ]

    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].raw.version == 11
    assert pages[0].json()["count"] == len(simulator.tasks)
    assert simulator.requests == 3


def test_nothing_is_left_running_although_clients_keep_their_connections(session: requests.Session) -> None:
    before = set(threading.enumerate())
    with serve(a_simulator(resources=1)) as served:
        session.get(f"{served.url}/nothing", timeout=SECONDS)
        address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
        idle = socket.create_connection(address, timeout=SECONDS)

    idle.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, timeout=SECONDS)


def test_a_failing_test_stops_the_server_too() -> None:
    before = set(threading.enumerate())

    with pytest.raises(ZeroDivisionError), serve(a_simulator(resources=1)):
        _ = 1 / 0

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_every_other_method_is_answered_as_not_allowed(session: requests.Session, method: str) -> None:
    simulator = a_simulator(resources=1)
    with serve(simulator) as served:
        url = f"{served.url}/v3/{simulator.project_id}/vaults"
        response = session.request(method, url, timeout=SECONDS)
        again = get(session, served.url, simulator)

    assert response.status_code == 405
    assert (response.content == b"") == (method == "HEAD")
    assert again.ok, "the connection can be used after it"


def test_many_clients_are_answered_at_once() -> None:
    simulator = a_simulator(resources=2)
    with serve(simulator) as served, ThreadPoolExecutor(8) as pool:

        def walk(_: int) -> int:
            with requests.Session() as session:
                return sum(get(session, served.url, simulator).ok for _ in range(5))

        assert sum(pool.map(walk, range(8))) == 40
    assert simulator.requests == 40


@pytest.mark.parametrize(("offered", "willing", "encoding"), [("gzip", 1, "gzip"), ("gzip", 0, None), ("", 1, None)])
def test_answers_are_packed_only_if_both_sides_want_it(
    session: requests.Session, offered: str, willing: int, encoding: str | None
) -> None:
    simulator = a_simulator(resources=1, gzip=bool(willing))
    with serve(simulator) as served:
        response = get(session, served.url, simulator, **{"Accept-Encoding": offered})

    assert response.headers.get("Content-Encoding") == encoding
    assert response.json()["count"] == len(simulator.tasks)


def test_an_interceptor_can_lose_the_connection(session: requests.Session) -> None:
    simulator = a_simulator(resources=1)

    def lose(_: Request, number: int) -> None:
        if number == 0:
            raise ConnectionResetError

    simulator.intercept = lose
    with serve(simulator) as served:
        with pytest.raises(requests.ConnectionError):
            get(session, served.url, simulator)
        assert get(session, served.url, simulator).ok
    assert simulator.requests == 1


def test_a_body_that_is_too_short_ends_with_its_connection(session: requests.Session) -> None:
    simulator = a_simulator(resources=1)
    simulator.intercept = lambda _, __: Response(200, {"Content-Length": "100"}, b"{")
    with serve(simulator) as served, pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(session, served.url, simulator)


def test_a_mistake_in_an_interceptor_is_reported(session: requests.Session, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator(resources=1)

    def stumble(_: Request, __: int) -> None:
        raise LookupError("a mistake of the test")

    simulator.intercept = stumble
    with serve(simulator) as served, pytest.raises(requests.ConnectionError):
        get(session, served.url, simulator)

    assert "a mistake of the test" in capsys.readouterr().err


def test_a_client_that_goes_away_is_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    simulator = a_simulator(resources=1)
    arrived, gone = threading.Event(), threading.Event()

    def wait(_: Request, __: int) -> Response:
        arrived.set()
        gone.wait(SECONDS)
        return Response(200, {}, b"x" * 30_000_000)

    simulator.intercept = wait
    with serve(simulator) as served:
        address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=SECONDS) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            arrived.wait(SECONDS)
        gone.set()

    assert capsys.readouterr().err == ""
