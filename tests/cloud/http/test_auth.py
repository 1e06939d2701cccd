import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
import requests
import responses

from audit.cloud.http.answer import Answer
from audit.cloud.http.auth import KeyAuth, TokenAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.sign_in import Person, sign_in, unless_refused
from audit.cloud.http.transport import Credentials, Transport
from audit.errors import SourceAnswerError, SourceRefusedError
from audit.simulator import Request, Response, Simulator, serve
from tests.pretend import Clock, a_simulator, by_keys, by_token

AT = datetime(2019, 11, 15, 3, 36, 55, tzinfo=UTC)
OFFICIAL = by_keys("QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", clock=CloudClock(lambda: AT))
IAM = "https://iam.sim-1.myhuaweicloud.com"
PERSON = Person("u", "pass-word", {"name": "company"})


def test_the_official_vector_is_signed_as_documented() -> None:
    """From "API Request Signing Guide", the worked example."""
    url = (
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
    )
    request = requests.Request("GET", url, headers={"Content-Type": "application/json"}, auth=OFFICIAL).prepare()

    assert request.headers["X-Sdk-Date"] == "20191115T033655Z"
    assert request.headers["Authorization"] == (
        "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    )


def test_chinese_and_reserved_characters_are_signed_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []
    digest = hashlib.sha256

    def remember(data: bytes = b"") -> object:
        hashed.append(data)
        return digest(data)

    monkeypatch.setattr("audit.cloud.http.auth.hashlib.sha256", remember)
    query = {"test": "一 (&=?!#%.*)", "path": "/tmp/123", "limit": "1", "enable": "true", "multi": ["3", "1", "2"]}  # noqa: S108  # the vendor's example
    requests.Request("GET", "https://service.example.com/v1/tasks/", params=query, auth=OFFICIAL).prepare()

    method, path, signed, *_ = max(hashed, key=len).decode().split("\n")
    assert (method, path) == ("GET", "/v1/tasks/")
    assert signed == (
        "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
    )


def ask(url: str, simulator: Simulator, credentials: Credentials, **params: str) -> bytes:
    transport = Transport()
    try:
        return transport.get(f"{url}/v3/{simulator.project_id}/operation-logs", tuple(params.items()), credentials).body
    finally:
        transport.close()


def test_signed_requests_are_accepted_by_a_service_that_checks_them() -> None:
    simulator = a_simulator(resources=1)
    seen: list[Request] = []

    def watch(request: Request, _number: int) -> Response | None:
        seen.append(request)
        return None

    simulator.intercept = watch
    plain = by_keys(simulator.ak, simulator.sk)
    temporary = by_keys(simulator.ak, simulator.sk, "a token / of STS", project_id=simulator.project_id)
    with serve(simulator) as served:
        for credentials in (plain, temporary):
            ask(served.url, simulator, credentials, limit="1", vault_name="一 (&=?!#%.*) ~a+b")

    assert seen[0].header("X-Security-Token") is None
    assert seen[1].header("X-Security-Token") == "a token / of STS"
    signed = re.findall("SignedHeaders=([^,]+)", str(seen[1].header("Authorization")))
    assert signed == ["host;x-project-id;x-sdk-date;x-security-token"]


def test_a_wrong_secret_key_is_refused_and_not_shown() -> None:
    simulator = a_simulator(resources=1)
    credentials = by_keys(simulator.ak, "AnotherSecretKey")
    with serve(simulator) as served, pytest.raises(SourceRefusedError, match="verify aksk signature fail") as refusal:
        ask(served.url, simulator, credentials)

    assert refusal.value.status == 401
    assert "AnotherSecretKey" not in str(refusal.value)
    assert simulator.requests == 1, "keys that were refused are not tried again"


def test_a_body_is_signed_too() -> None:
    signatures = {
        str(requests.Request("POST", IAM, data=body, auth=OFFICIAL).prepare().headers["Authorization"])
        for body in (b"a", "a", "b", None)
    }
    assert len(signatures) == 3, "text and bytes of the same body are one"


def test_a_given_token_is_sent_and_cannot_be_renewed() -> None:
    simulator = a_simulator(resources=1)
    with serve(simulator) as served:
        assert b"operation_logs" in ask(served.url, simulator, by_token(simulator.token))
        with pytest.raises(SourceRefusedError, match="answered 401"):
            ask(served.url, simulator, by_token("another"))
    assert simulator.requests == 2


REFUSED = Answer(b"", {}, 401)


def test_a_user_signs_in_when_the_first_request_needs_it() -> None:
    tokens = iter(["first", "second"])
    credentials = TokenAuth(Fresh(lambda: next(tokens)))

    requests_sent = [requests.Request("GET", IAM, auth=credentials).prepare() for _ in range(2)]
    assert [request.headers["X-Auth-Token"] for request in requests_sent] == ["first", "first"]

    assert credentials.renew(requests_sent[0], REFUSED)
    assert credentials.renew(requests_sent[1], REFUSED), "another thread has renewed it already"
    assert requests.Request("GET", IAM, auth=credentials).prepare().headers["X-Auth-Token"] == "second"


def test_a_token_without_permission_is_not_renewed() -> None:
    credentials = TokenAuth(Fresh(iter(["first", "second"]).__next__))
    sent = requests.Request("GET", IAM, auth=credentials).prepare()

    assert not credentials.renew(sent, Answer(b"", {}, 403))


def test_what_ends_is_asked_for_again_when_it_was_held_long_enough(clock: Clock) -> None:
    values = iter(range(9))
    fresh = Fresh(lambda: next(values), keep=timedelta(minutes=10), clock=clock)

    seen = []
    for seconds in (0, 599, 1, 599, 1):
        clock.now += seconds
        seen.append(fresh.get())

    assert seen == [0, 0, 1, 1, 2]


def test_keys_that_end_are_replaced_by_those_that_the_platform_has_now() -> None:
    simulator = a_simulator(resources=1)
    platform = iter([Keys("ENDEDACCESSKEY", "ended"), Keys(simulator.ak, simulator.sk)])
    with serve(simulator) as served:
        body = ask(served.url, simulator, KeyAuth(Fresh(lambda: next(platform)), CloudClock()))

    assert b"operation_logs" in body
    assert simulator.requests == 2


def signed_at(request: requests.PreparedRequest) -> str:
    return str(request.headers["X-Sdk-Date"])


@pytest.mark.parametrize("minutes", [-1500, -20, 20, 1500])
def test_a_wrong_clock_is_corrected_once_and_the_request_sent_again(minutes: int) -> None:
    """The simulator refuses dates that are more than 15 minutes off, as the cloud does."""
    simulator = a_simulator(resources=1)
    clock = CloudClock(lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    credentials = by_keys(simulator.ak, simulator.sk, clock=clock)
    with serve(simulator) as served:
        for _ in range(3):
            assert b"operation_logs" in ask(served.url, simulator, credentials)

    assert simulator.requests == 4, "one was refused, and nothing after it"
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_clock_that_the_cloud_does_not_correct_is_a_refusal_that_names_the_clock() -> None:
    simulator = a_simulator(resources=1)
    clock = CloudClock(lambda: datetime.now(UTC) + timedelta(minutes=20))
    refusal = Response(401, {"Content-Type": "application/json"}, b'{"error_msg": "the signature is expired"}')
    simulator.intercept = lambda _request, _number: refusal
    with serve(simulator) as served, pytest.raises(SourceRefusedError, match="that this machine's clock is right"):
        ask(served.url, simulator, by_keys(simulator.ak, simulator.sk, clock=clock))

    assert simulator.requests == 1


def dated(moment: datetime, status: int = 401) -> Answer:
    return Answer(b"", {"Date": format_datetime(moment, usegmt=True)}, status)


def test_the_clock_is_learned_once_and_by_the_first_thread_that_is_refused() -> None:
    clock = CloudClock(lambda: AT)
    credentials = by_keys("A", "S", clock=clock)
    sent = [requests.Request("GET", IAM, auth=credentials).prepare() for _ in range(2)]
    told = dated(AT + timedelta(minutes=20))

    assert credentials.renew(sent[0], told)
    assert credentials.renew(sent[1], told), "signed before the clock was corrected"
    assert signed_at(requests.Request("GET", IAM, auth=credentials).prepare()) == "20191115T035655Z"
    assert not credentials.renew(sent[0], dated(AT - timedelta(minutes=20))), "a second correction is not believed"
    assert clock() == AT + timedelta(minutes=20)


@pytest.mark.parametrize("answer", [dated(AT), dated(AT + timedelta(minutes=4)), REFUSED, Answer(b"", {"Date": "?"})])
def test_a_refusal_for_another_reason_leaves_the_clock_alone(answer: Answer) -> None:
    clock = CloudClock(lambda: AT)
    credentials = by_keys("A", "S", clock=clock)

    assert not credentials.renew(requests.Request("GET", IAM, auth=credentials).prepare(), answer)
    assert clock() == AT


def test_a_date_without_a_zone_is_utc() -> None:
    assert Answer(b"", {"Date": "Fri, 15 Nov 2019 03:36:55 -0000"}).cloud_time == AT
    assert Answer(b"", {}).cloud_time is None


def exchange(domain: dict[str, str]) -> str:
    transport = Transport()
    try:
        return sign_in(transport, IAM, "p1", Person("u", "pass-word", domain))
    finally:
        transport.close()


@pytest.mark.parametrize("domain", [{"name": "company"}, {"id": "d1"}])
def test_a_password_is_exchanged_for_a_token_of_one_project(
    cloud: responses.RequestsMock, domain: dict[str, str]
) -> None:
    cloud.post(f"{IAM}/v3/auth/tokens?nocatalog=true", status=201, headers={"X-Subject-Token": "MII"}, json={})

    assert exchange(domain) == "MII"
    assert orjson.loads(cloud.calls[0].request.body or b"") == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "u", "password": "pass-word", "domain": domain}},
            },
            "scope": {"project": {"id": "p1"}},
        }
    }


def test_a_refused_password_is_tried_once_and_not_shown(cloud: responses.RequestsMock) -> None:
    error = {"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}
    cloud.post(f"{IAM}/v3/auth/tokens?nocatalog=true", status=401, json=error)

    with pytest.raises(SourceRefusedError, match=r"401 The username or password is wrong") as refusal:
        exchange({"name": "company"})

    assert "pass-word" not in str(refusal.value)
    assert len(cloud.calls) == 1


def test_an_answer_of_iam_without_a_token_is_an_error(cloud: responses.RequestsMock) -> None:
    cloud.post(f"{IAM}/v3/auth/tokens?nocatalog=true", status=201, json={})

    with pytest.raises(SourceAnswerError, match="check the IAM endpoint"):
        exchange({"name": "company"})


def test_a_refused_sign_in_is_not_tried_again() -> None:
    tries: list[int] = []

    def refuse() -> str:
        tries.append(1)
        raise SourceRefusedError("wrong password", status=401)

    credentials = TokenAuth(Fresh(unless_refused(refuse)))
    for _ in range(3):
        with pytest.raises(SourceRefusedError, match="wrong password"):
            requests.Request("GET", "https://cbr.example.com/", auth=credentials).prepare()

    assert tries == [1]


def test_secrets_are_not_printed() -> None:
    assert "pass-word" not in repr(PERSON)
    assert repr(Keys("A", "secret-key", "session-token")) == "Keys(access_key='A')"
