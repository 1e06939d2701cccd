from datetime import UTC, datetime, timedelta

import pytest

from audit.simulator import Request, Response, Simulator
from audit.simulator.signatures import canonical, signature
from tests.simulator.asking import AS_OF, CBR, a_simulator, body_of

ENCODED = "%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
HOST_AND_DATE = ["host", "x-sdk-date"]


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return a_simulator(resources=2, days=2, clock=lambda: AS_OF)


def signed(
    simulator: Simulator,
    *,
    at: datetime = AS_OF,
    ak: str | None = None,
    sk: str | None = None,
    names: list[str] = HOST_AND_DATE,
    token: str | None = None,
) -> Response:
    url = f"{CBR}/v3/{simulator.project_id}/operation-logs?status=success&limit=1"
    headers = {"X-Sdk-Date": f"{at:%Y%m%dT%H%M%SZ}", "X-Project-Id": simulator.project_id}
    if token is not None:
        headers["X-Security-Token"] = token
    known = [name for name in names if name != "x-lost"]
    text = signature(Request("GET", url, headers), known, sk or simulator.sk)
    fields = f"Access={ak or simulator.ak}, SignedHeaders={';'.join(names)}, Signature={text}"
    return simulator.dispatch(Request("GET", url, {**headers, "Authorization": f"SDK-HMAC-SHA256 {fields}"}))


def test_the_example_of_the_documents_is_reproduced() -> None:
    request = Request(
        "GET",
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        {"content-type": "application/json", "X-Sdk-Date": "20191115T033655Z"},
    )

    found = signature(request, ["content-type", *HOST_AND_DATE], "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc")

    assert found == "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"


def test_the_query_is_sorted_and_encoded_in_the_canonical_request() -> None:
    query = "test=%E4%B8%80+%28%26%3D%3F%21%23%25.%2A%29&path=/tmp/123&multi=3&multi=1&limit=1&multi=2&enable=true"

    text = canonical(Request("get", f"{CBR}/a b/?{query}", {}), ["host"])

    assert text.splitlines()[:4] == [
        "GET",
        "/a%20b/",
        "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29",
        "host:cbr.sim-1.myhuaweicloud.com",
    ]


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_a_right_signature_lets_in(simulator: Simulator, minutes: int) -> None:
    response = signed(simulator, at=AS_OF + timedelta(minutes=minutes), names=[*HOST_AND_DATE, "x-project-id"])

    assert response.status == 200


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_stale_signature_is_refused(simulator: Simulator, minutes: int) -> None:
    response = signed(simulator, at=AS_OF + timedelta(minutes=minutes))

    assert response.status == 401
    assert "expired" in body_of(response)["error_msg"]


def test_a_wrong_secret_key_is_refused(simulator: Simulator) -> None:
    assert "signature fail" in body_of(signed(simulator, sk="other"))["error_msg"]


def test_an_unknown_access_key_is_refused(simulator: Simulator) -> None:
    assert "not exist" in body_of(signed(simulator, ak="other"))["error_msg"]


@pytest.mark.parametrize("names", [["host"], [*HOST_AND_DATE, "x-lost"]])
def test_the_date_must_be_signed_and_signed_headers_must_be_there(simulator: Simulator, names: list[str]) -> None:
    assert "missing" in body_of(signed(simulator, names=names))["error_msg"]


@pytest.mark.parametrize("fields", ["", "Basic abc", "SDK-HMAC-SHA256 Access=1"])
def test_a_request_without_any_credentials_is_refused(simulator: Simulator, fields: str) -> None:
    url = f"{CBR}/v3/{simulator.project_id}/vaults"
    response = simulator.dispatch(Request("GET", url, {"Authorization": fields}))

    assert response.status == 401


def test_a_date_that_is_no_date_is_refused(simulator: Simulator) -> None:
    fields = f"Access={simulator.ak}, SignedHeaders=x-sdk-date, Signature=00"
    headers = {"X-Sdk-Date": "today", "Authorization": f"SDK-HMAC-SHA256 {fields}"}
    response = simulator.dispatch(Request("GET", f"{CBR}/v3/{simulator.project_id}/vaults", headers))

    assert "not a time" in body_of(response)["error_msg"]


def test_signatures_are_checked_against_the_real_time_by_default() -> None:
    simulator = a_simulator(resources=1, days=2)

    assert signed(simulator, at=datetime.now(UTC)).status == 200
    assert signed(simulator, at=AS_OF).status == 401


def test_a_temporary_key_lets_in_with_its_own_token_until_its_end() -> None:
    now = AS_OF
    simulator = a_simulator(resources=1, days=2, clock=lambda: now)
    pair, other = simulator.temporary_keys(timedelta(hours=1)), simulator.temporary_keys()
    names = [*HOST_AND_DATE, "x-security-token"]

    def ask(token: str | None, names: list[str] = names) -> tuple[int, str]:
        response = signed(simulator, at=now, ak=pair.ak, sk=pair.sk, names=names, token=token)
        return response.status, body_of(response).get("error_msg", "")

    assert ask(pair.token)[0] == 200
    for sent, signed_names in ((other.token, names), ("", names), (None, HOST_AND_DATE), (pair.token, HOST_AND_DATE)):
        status, said = ask(sent, signed_names)
        assert (status, said.rpartition(": ")[2]) == (401, "the security token is not that of the ak")
    now += timedelta(hours=1)
    assert ask(pair.token) == (401, "Incorrect IAM authentication information: the security token is expired")


def test_a_token_beside_permanent_keys_means_nothing(simulator: Simulator) -> None:
    assert signed(simulator, names=[*HOST_AND_DATE, "x-security-token"], token="any").status == 200
