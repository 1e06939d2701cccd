import gzip
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import time_machine

from audit.cloud.http.answer import Answer
from audit.cloud.http.auth import TokenAuth
from audit.cloud.http.renewable import Fresh
from audit.cloud.http.sign_in import Person, sign_in
from audit.cloud.http.transport import RequestLimits, Transport
from audit.cloud.http.upload import Upload
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError, SourceUnreachableError
from audit.log import REDACTOR
from audit.simulator import Request, Response, serve
from tests.cloud.http.rude_server import Talk, answer, keeps_silent, repeats, resets, rude_server, says
from tests.pretend import AS_OF, Clock, a_simulator, by_token

URL = "https://cbr.sim-1.myhuaweicloud.com/v3/p1/vaults"
TOKEN = by_token("a-token-that-nobody-may-see")
SECOND = timedelta(seconds=1)


@contextmanager
def a_transport(clock: Clock | None = None, **limits: Any) -> Iterator[Transport]:
    clock = clock or Clock()
    transport = Transport(limits=RequestLimits(**limits), sleep=clock.sleep, clock=clock)
    try:
        yield transport
    finally:
        transport.close()


def get(transport: Transport, url: str = URL) -> Answer:
    return transport.get(url, (("limit", "10"),), TOKEN)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again(cloud: responses.RequestsMock, clock: Clock, status: int) -> None:
    cloud.get(URL, status=status)
    cloud.get(URL, body=b"fine", headers={"X-Request-Id": "r-1"})

    with a_transport(clock) as transport:
        found = get(transport)

    assert (found.body, found.request_id) == (b"fine", "r-1")
    assert len(clock.slept) == 1
    assert 0 <= clock.slept[0] <= 0.5


@pytest.mark.parametrize(
    "lost", [requests.ConnectionError("gone"), requests.exceptions.ConnectTimeout(), requests.exceptions.ReadTimeout()]
)
def test_a_lost_connection_is_tried_again(
    cloud: responses.RequestsMock, clock: Clock, lost: requests.RequestException
) -> None:
    cloud.get(URL, body=lost)
    cloud.get(URL, body=b"fine")

    with a_transport(clock) as transport:
        assert get(transport).body == b"fine"


RUDE: dict[str, tuple[Talk, str]] = {
    "a body that breaks off": (says(answer(b'{"count": 1', length=500)), "was lost"),
    "a chunked body that breaks off": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "was lost",
    ),
    "a reset in the body": (resets(answer(b'{"count": 1', length=500)), "was lost"),
    "a reset before the answer": (resets(), "no connection"),
    "no HTTP at all": (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "no connection"),
    "damaged gzip": (says(answer(b"this is not gzip", "Content-Encoding: gzip", "Connection: close")), "damaged"),
}


@pytest.mark.parametrize(("talk", "words"), RUDE.values(), ids=RUDE)
def test_a_broken_answer_is_tried_again_and_never_taken_for_a_whole_one(talk: Talk, words: str) -> None:
    with rude_server(talk, says(answer(b"whole"))) as server, a_transport() as transport:
        assert get(transport, server.url).body == b"whole"
    with rude_server(talk) as server, a_transport(tries=2) as transport:
        with pytest.raises(SourceUnreachableError, match=f"did not answer: .*{words}.*check the endpoint"):
            get(transport, server.url)
        assert len(server.heads) == 2


def test_a_body_longer_than_it_says_does_not_spoil_the_next_answer() -> None:
    smuggled = answer(b"12345", length=3) + answer(b"smuggled")
    with rude_server(says(smuggled), says(answer(b"next"))) as server, a_transport() as transport:
        assert get(transport, server.url).body == b"123"
        assert get(transport, server.url).body == b"next"


def test_retry_after_in_seconds_is_honoured(cloud: responses.RequestsMock, clock: Clock) -> None:
    cloud.get(URL, status=429, headers={"Retry-After": " 7 "})
    cloud.get(URL, body=b"fine")

    with a_transport(clock) as transport:
        get(transport)

    assert clock.slept == [7.0]


class TestTooManyRequests:
    """Whoever is told to wait, all wait: it is the host that has had enough."""

    BUSY = answer(b"{}", "Retry-After: 7", "Connection: close", status="429 Too Many Requests")
    FINE = answer(b"[]", "Connection: close")

    def test_no_thread_asks_a_host_that_told_another_one_to_wait(self) -> None:
        clock, order = Clock(), []

        def other() -> None:
            transport.get(f"{server.url}/other", (), TOKEN)
            order.append("answered")

        def sleep(seconds: float) -> None:
            order.append(f"waits {seconds:.0f} s, {len(server.heads)} asked")
            if len(order) == 1:
                thread = threading.Thread(target=other)
                thread.start()
                thread.join(30)
            else:
                clock.now += seconds

        with rude_server(says(self.BUSY), says(self.FINE)) as server:
            transport = Transport(sleep=sleep, clock=clock)
            assert get(transport, server.url).body == b"[]"
            transport.close()

        assert order[:2] == ["waits 7 s, 1 asked", "waits 7 s, 1 asked"]
        assert order[-1] == "answered"
        assert len(server.heads) == 3

    def test_an_answer_that_asks_for_less_does_not_shorten_the_wait(self, cloud: responses.RequestsMock) -> None:
        for seconds in ("7", "1"):  # the second request was on its way when the first one was answered
            cloud.get(URL, status=429, headers={"Retry-After": seconds})
        cloud.get(URL, body=b"fine")
        slept: list[float] = []
        with closing(Transport(sleep=slept.append, clock=lambda: 0.0, limits=RequestLimits(tries=1))) as transport:
            for _ in range(2):
                with pytest.raises(SourceUnreachableError, match="answered 429"):
                    get(transport)
            get(transport)

        assert slept == [7.0, 7.0]

    def test_another_host_is_asked_all_the_same(self) -> None:
        with rude_server(says(self.BUSY)) as busy, rude_server(says(self.FINE)) as idle:
            clock = Clock()
            with a_transport(clock, tries=1) as transport:
                with pytest.raises(SourceUnreachableError, match="answered 429"):
                    get(transport, busy.url)
                assert get(transport, idle.url).body == b"[]"

        assert clock.slept == []

    def test_a_host_that_wants_more_time_than_there_is_is_not_asked_again(self) -> None:
        with rude_server(says(self.BUSY)) as server, a_transport(budget=timedelta(seconds=5)) as transport:
            with pytest.raises(SourceUnreachableError, match="answered 429"):
                get(transport, server.url)
            with pytest.raises(SourceUnreachableError, match="was not asked: it had too many requests"):
                get(transport, server.url)

        assert len(server.heads) == 1


@pytest.mark.parametrize(("seconds", "pause"), [(9, 9.0), (-9, 0.0)])
def test_retry_after_as_a_date_is_honoured(
    cloud: responses.RequestsMock, clock: Clock, seconds: int, pause: float
) -> None:
    later = format_datetime(AS_OF + timedelta(seconds=seconds), usegmt=True)
    cloud.get(URL, status=503, headers={"Retry-After": later})
    cloud.get(URL, body=b"fine")

    with time_machine.travel(AS_OF, tick=False), a_transport(clock) as transport:
        get(transport)

    assert clock.slept == [pause]


@pytest.mark.parametrize("words", ["soon", "-3", "²", "Mon, 23 Nov 2026 12:00:00 -0000", "1.5"])
def test_a_retry_after_that_cannot_be_read_is_a_pause_of_our_own(
    cloud: responses.RequestsMock, clock: Clock, words: str
) -> None:
    cloud.get(URL, status=503, headers={"Retry-After": words})
    cloud.get(URL, body=b"fine")

    with a_transport(clock) as transport:
        get(transport)

    assert clock.slept[0] <= 0.5


@pytest.mark.parametrize("seconds", ["10", "99999999999", "9" * 400])
def test_a_retry_after_beyond_the_budget_gives_up_at_once(
    cloud: responses.RequestsMock, clock: Clock, seconds: str
) -> None:
    cloud.get(URL, status=429, headers={"Retry-After": seconds}, json={"error_code": "APIGW.0308", "error_msg": "slow"})

    with (
        a_transport(clock, budget=10 * SECOND) as transport,
        pytest.raises(SourceUnreachableError, match=r"answered 429 \(APIGW.0308 slow\)"),
    ):
        get(transport)

    assert clock.slept == []


def test_tries_are_limited_and_pauses_grow_no_longer_than_eight_seconds(
    cloud: responses.RequestsMock, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.cloud.http.transport.random.uniform", lambda _low, high: high)
    failing = cloud.get(URL, status=500)

    with a_transport(clock, tries=8) as transport, pytest.raises(SourceUnreachableError, match="answered 500"):
        get(transport)

    assert failing.call_count == 8
    assert clock.slept == [0.5, 1, 2, 4, 8, 8, 8]


def test_the_budget_is_one_for_all_requests(cloud: responses.RequestsMock, clock: Clock) -> None:
    cloud.get(URL, body=b"fine")

    with a_transport(clock, budget=10 * SECOND) as transport:
        get(transport)
        clock.now += 10
        with pytest.raises(SourceUnreachableError, match="time for it is used up"):
            get(transport)


def test_without_time_nothing_is_sent() -> None:
    with rude_server(says(answer())) as server, a_transport(budget=timedelta(0)) as transport:
        with pytest.raises(SourceUnreachableError, match="used up"):
            get(transport, server.url)
        assert server.heads == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_post_is_never_tried_again(cloud: responses.RequestsMock, clock: Clock, status: int) -> None:
    cloud.post(URL, status=status)

    with a_transport(clock) as transport, pytest.raises(SourceUnreachableError, match=f"answered {status}"):
        transport.post(URL, {"a": 1})

    assert len(cloud.calls) == 1


def test_a_post_that_is_lost_is_not_sent_again() -> None:
    with rude_server(resets()) as server, a_transport() as transport:
        with pytest.raises(SourceUnreachableError, match="no connection"):
            transport.post(server.url, {"password": "p"})
        assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "check project id and times"),
        (401, "sign in with valid credentials"),
        (403, "CBR ReadOnlyAccess"),
        (404, "check the project id, the region and the endpoint"),
        (409, "see the error codes"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(
    cloud: responses.RequestsMock, clock: Clock, status: int, remedy: str
) -> None:
    cloud.get(URL, status=status, json={"error_code": "BackupService.9900", "error_msg": "No."})

    with a_transport(clock) as transport, pytest.raises(SourceRefusedError, match=remedy) as refusal:
        get(transport)

    assert (refusal.value.status, refusal.value.code) == (status, "BackupService.9900")
    assert f"/v3/p1/vaults answered {status} (BackupService.9900 No.)" in str(refusal.value)
    assert "a-token-that-nobody-may-see" not in everything_said(refusal.value)
    assert len(cloud.calls) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error_code": "A.1", "error_msg": "No."}', "A.1 No."),
        (b'{"error": {"code": 401, "message": "No.", "title": "Unauthorized"}}', "401 No."),
        (b'{"error": {"error_code": "A.1", "error_msg": "No."}}', "A.1 No."),
        (b'{"errorCode": "A.1", "errorMsg": "No."}', "A.1 No."),
        (b'{"code": "A.1", "message": "No."}', "A.1 No."),
        (b'{"message": "No."}', "No."),
        (b'{"error_code": "A.1"}', "A.1"),
        (b'{"error_code": "A.1", "error_msg": "' + b"x" * 900 + b'"}', "A.1 " + "x" * 196),
        (b'{"error": "No."}', ""),
        (b"{}", ""),
        (b"[1]", ""),
        (b"", ""),
        (b"<html>Gateway</html>", ""),
        (b"[" * 100_000, ""),
        (b'{"code": "\\ud800"}', ""),
    ],
)
def test_every_form_of_error_is_understood(cloud: responses.RequestsMock, body: bytes, said: str) -> None:
    cloud.get(URL, status=403, body=body)

    with a_transport() as transport, pytest.raises(SourceRefusedError) as refusal:
        get(transport)

    assert f"answered 403{f' ({said})' if said else ''}; give" in str(refusal.value)


def test_a_service_that_quotes_the_token_does_not_spread_it(cloud: responses.RequestsMock) -> None:
    REDACTOR.learn(["MIIquotedtoken"])
    cloud.get(URL, status=403, json={"error_msg": "decrypt token fail: MIIquotedtoken"})

    with a_transport() as transport, pytest.raises(SourceRefusedError, match=r"decrypt token fail: \*\*\*") as refusal:
        get(transport)

    assert "MIIquotedtoken" not in everything_said(refusal.value)


class Renewing(requests.auth.AuthBase):
    """Credentials that can be renewed as often as wanted."""

    def __init__(self) -> None:
        self.renewals = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Auth-Token"] = f"token {self.renewals}"
        return request

    def renew(self, refused: requests.PreparedRequest, answer: Answer) -> bool:
        del refused, answer
        self.renewals += 1
        return True


def test_a_refused_token_is_renewed_once(cloud: responses.RequestsMock) -> None:
    cloud.get(URL, status=401)
    cloud.get(URL, body=b"fine", match=[responses.matchers.header_matcher({"X-Auth-Token": "token 1"})])

    with a_transport() as transport:
        assert transport.get(URL, (), Renewing()).body == b"fine"


def test_a_renewed_token_that_is_refused_too_is_the_end(cloud: responses.RequestsMock) -> None:
    credentials = Renewing()
    cloud.get(URL, status=401)

    with a_transport() as transport, pytest.raises(SourceRefusedError, match="answered 401"):
        transport.get(URL, (), credentials)

    assert credentials.renewals == 1
    assert len(cloud.calls) == 2


def test_a_token_may_be_renewed_on_the_last_try(cloud: responses.RequestsMock) -> None:
    for status in (500, 500, 401):
        cloud.get(URL, status=status)
    cloud.get(URL, body=b"fine")

    with a_transport(tries=3) as transport:
        assert transport.get(URL, (), Renewing()).body == b"fine"


def test_several_threads_that_are_refused_at_once_sign_in_once() -> None:
    simulator = a_simulator(resources=1)
    signed_in: list[str] = []
    together = threading.Barrier(8)
    refused = threading.Semaphore(8)

    def wait_for_each_other(request: Request, _number: int) -> Response | None:
        if request.method == "GET" and signed_in and refused.acquire(blocking=False):
            together.wait(10)
        return None

    with serve(simulator) as served, a_transport(Clock(), budget=timedelta(hours=1)) as transport:

        def obtain() -> str:
            person = Person(simulator.user, simulator.password, {"name": simulator.domain})
            signed_in.append(sign_in(transport, served.url, simulator.project_id, person))
            return signed_in[-1]

        credentials = TokenAuth(Fresh(obtain))
        url = f"{served.url}/v3/{simulator.project_id}/vaults"
        transport.get(url, (), credentials)
        simulator.expire_tokens()
        simulator.intercept = wait_for_each_other
        answers: list[Answer] = []
        threads = [
            threading.Thread(target=lambda: answers.append(transport.get(url, (), credentials))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(answers) == 8
    assert len(signed_in) == 2, "once at the start and once for all eight"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent", "304 Not Modified"])
def test_a_redirect_is_refused_and_the_other_host_sees_nothing(status: str) -> None:
    with rude_server(says(answer())) as other:
        redirect = answer(b"", f"Location: {other.url}/v3/p1/vaults", status=status)
        with (
            rude_server(says(redirect)) as server,
            a_transport() as transport,
            pytest.raises(SourceAnswerError, match="redirect, which is not followed"),
        ):
            get(transport, server.url)
        with rude_server(says(redirect)) as server, a_transport() as transport, pytest.raises(SourceAnswerError):
            transport.post(server.url, {"password": "p"})

    assert other.heads == []


def test_the_body_of_a_redirect_is_capped_like_any_other() -> None:
    bomb = gzip.compress(bytes(8 * 1024 * 1024))
    redirect = answer(bomb, "Location: http://127.0.0.1:1/", "Content-Encoding: gzip", status="302 Found")
    flood = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
    for talk in (says(redirect), repeats(flood, bytes(65536))):
        with (
            rude_server(talk) as server,
            a_transport(decoded=1024 * 1024) as transport,
            pytest.raises(SourceAnswerError, match="too much in one answer"),
        ):
            get(transport, server.url)


def test_a_location_that_cannot_be_understood_is_a_redirect_too() -> None:
    redirect = answer(b"", "Location: http://[", status="302 Found")
    with rude_server(says(redirect)) as server, a_transport() as transport, pytest.raises(SourceAnswerError):
        get(transport, server.url)


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password stolen\n", encoding="utf-8")
    netrc.chmod(0o600)
    with rude_server(says(answer())) as proxy, rude_server(says(answer(b"direct", "Connection: close"))) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(netrc))
        with a_transport() as transport:
            assert get(transport, server.url).body == b"direct"
            transport.post(server.url, {})

    assert proxy.heads == []
    assert len(server.heads) == 2
    assert not any(b"authorization" in head.lower() for head in server.heads)
    assert b"X-Auth-Token: a-token-that-nobody-may-see" in server.heads[0]
    assert b"x-auth-token" not in server.heads[1].lower(), "a POST carries no credentials but its body"


def test_certificates_are_checked_whatever_the_environment_says(
    cloud: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "")
    cloud.get(URL, body=b"fine")
    cloud.post(URL, body=b"fine")

    with a_transport() as transport:
        get(transport)
        transport.post(URL, {})

    assert [call.request.req_kwargs["verify"] for call in cloud.calls] == [True, True]  # type: ignore[attr-defined]  # responses adds it


def test_a_certificate_that_cannot_be_trusted_is_final(cloud: responses.RequestsMock, clock: Clock) -> None:
    cloud.get(URL, body=requests.exceptions.SSLError("self-signed"))

    with a_transport(clock) as transport, pytest.raises(SourceUnreachableError, match="cannot be trusted"):
        get(transport)

    assert clock.slept == []


def test_a_body_is_capped_as_received() -> None:
    with (
        rude_server(says(answer(bytes(500_000)))) as server,
        a_transport(wire=100_000) as transport,
        pytest.raises(SourceAnswerError, match="too much"),
    ):
        get(transport, server.url)


def test_a_body_is_capped_as_decoded() -> None:
    bomb = gzip.compress(gzip.compress(bytes(32 * 1024 * 1024)))
    with (
        rude_server(says(answer(bomb, "Content-Encoding: gzip, gzip"))) as server,
        a_transport(decoded=1024 * 1024) as transport,
        pytest.raises(SourceAnswerError, match="too much"),
    ):
        get(transport, server.url)


def test_an_endless_body_ends() -> None:
    talk = repeats(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))
    with (
        rude_server(talk) as server,
        a_transport(wire=1024 * 1024) as transport,
        pytest.raises(SourceAnswerError, match="too much"),
    ):
        get(transport, server.url)


def test_an_answer_that_is_compressed_is_unpacked() -> None:
    packed = gzip.compress(b"fine" * 200_000)
    with rude_server(says(answer(packed, "Content-Encoding: gzip"))) as server, a_transport() as transport:
        assert get(transport, server.url).body == b"fine" * 200_000


@pytest.mark.parametrize("length", [10**6, 10**9])
def test_a_body_that_trickles_ends_at_the_deadline(length: int) -> None:
    talk = repeats(answer(b"", length=length), b"x", every=0.001)
    with rude_server(talk) as server:
        transport = Transport(limits=RequestLimits(request=timedelta(milliseconds=200), tries=1))
        with pytest.raises(SourceUnreachableError, match="too slow"):
            get(transport, server.url)
        transport.close()


GZIP_WITH_A_NAME = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"  # the name of the file follows, and never ends


@pytest.mark.parametrize(
    "start",
    [
        answer(b"", length=10**9),
        answer(b"", length=1000),
        b"HTTP/1.1 200 OK\r\n\r\n",
        answer(GZIP_WITH_A_NAME, "Content-Encoding: gzip", length=10**9),
    ],
    ids=["silence after the head", "silence before a small body", "silence without a length", "gzip that never begins"],
)
def test_a_body_that_never_comes_ends_at_the_deadline_too(start: bytes) -> None:
    every = 0.01 if b"gzip" in start else 60
    within = timedelta(milliseconds=200)
    with rude_server(repeats(start, b"n", every=every)) as server:
        transport = Transport(limits=RequestLimits(request=within, tries=1))
        with pytest.raises(SourceUnreachableError, match="did not answer"):
            get(transport, server.url)
        transport.close()


def test_a_silent_server_cannot_outlast_the_budget() -> None:
    with rude_server(keeps_silent) as server:
        transport = Transport(limits=RequestLimits(budget=timedelta(milliseconds=200)))
        with pytest.raises(SourceUnreachableError, match="did not answer"):
            get(transport, server.url)
        transport.close()


def test_cookies_are_not_kept() -> None:
    talk = says(answer(b"", "Set-Cookie: session=1; Path=/", "Connection: close"))
    with rude_server(talk) as server, a_transport() as transport:
        get(transport, server.url)
        get(transport, server.url)

    assert len(server.heads) == 2
    assert not any(b"cookie" in head.lower() for head in server.heads)


@pytest.mark.parametrize("token", ["secret\nX-Other: 1", "secret\r\n", "secret\u4e2d"])
def test_a_token_that_cannot_be_sent_is_not_shown(token: str) -> None:
    with rude_server(says(answer())) as server, a_transport() as transport:
        with pytest.raises(SourceError, match="have what cannot be sent; check both") as error:
            transport.get(server.url, (), by_token(token))
        assert "secret" not in everything_said(error.value)


@pytest.mark.parametrize("url", ["https://a..b/v3", "https:///v3", "https://host:port/v3", "https://*/v3"])
def test_an_address_that_makes_no_sense_is_an_error_of_the_source(url: str) -> None:
    with a_transport() as transport:
        with pytest.raises(SourceError, match="cannot be asked"):
            get(transport, url)
        with pytest.raises(SourceError, match="cannot be asked"):
            transport.post(url, {})


def test_an_answer_knows_when_it_came() -> None:
    before = datetime.now(UTC)
    assert before <= Answer(b"", {}).received_at <= datetime.now(UTC)
    assert Answer(b"", {}).request_id == ""


def everything_said(error: BaseException) -> str:
    """The error as a platform prints it: with its causes and their causes."""
    return "".join(traceback.format_exception(error))


def test_a_body_that_is_sent_too_slowly_ends_at_the_deadline() -> None:
    clock = Clock(tick=1.0)
    upload = Upload(bytes(100), seconds=3.5, clock=clock)

    assert [len(upload.read(10)) for _ in range(3)] == [10, 10, 10]
    with pytest.raises(TimeoutError):
        upload.read(10)


def test_somebody_who_answers_shows_the_time_whatever_the_answer_is(cloud: responses.RequestsMock) -> None:
    cloud.get(URL, status=404, headers={"Date": format_datetime(AS_OF, usegmt=True)})
    with a_transport() as transport:
        assert transport.probe(URL).cloud_time == AS_OF
        with pytest.raises(SourceUnreachableError, match="no connection"):
            transport.probe("http://127.0.0.1:1")
