"""Ours against the vendor's: its own signer signs the same, and its own client reads the simulator."""

import json
import random
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests
from huaweicloudsdkcbr.v1 import CbrClient, ListOpLogsRequest, ListPoliciesRequest, ListVaultRequest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from audit.cloud.http.cloud_clock import CloudClock
from audit.simulator import Request, Simulator, serve, signatures
from tests.pretend import a_simulator, by_keys

pytestmark = pytest.mark.filterwarnings(r"ignore:datetime.datetime.utc:DeprecationWarning:huaweicloudsdkcore")

COMPARED = 1000
CHARACTERS = string.ascii_letters + string.digits + " -_.~!*'();:@&=+$,/?#[]%\"<>\\^`{|}äß一🙂\t"
JSON = "application/json"


def words(rng: random.Random, longest: int, characters: str = CHARACTERS) -> str:
    return "".join(rng.choices(characters, k=rng.randint(0, longest)))


def a_path(rng: random.Random) -> str:
    """A path whose parts are encoded; a slash in a part, or a part of dots, means something else to a server."""
    parts = [words(rng, 12, CHARACTERS.replace("/", "")) for _ in range(rng.randint(0, 4))]
    path = "/".join(quote("x" if set(part) <= {"."} else part, safe="") for part in ["v3", *parts])
    return f"/{path}{rng.choice(('', '/'))}"


def a_request(rng: random.Random) -> dict[str, Any]:
    """Everything that may differ between two requests."""
    names = [words(rng, 6) for _ in range(rng.randint(0, 5))]
    return {
        "method": rng.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")),
        "host": rng.choice(("cbr.eu-west-101.myhuaweicloud.com", "127.0.0.1:8080", "xn--a-ccb.example.com:444")),
        "path": a_path(rng),
        "query": [(name, words(rng, 20)) for name in names for _ in range(rng.randint(1, 3))],
        "headers": {"Content-Type": JSON} if rng.random() < 0.5 else {},
        "body": rng.choice((b"", words(rng, 200).encode(), rng.randbytes(50))),
        "at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**8)),
        "keys": [words(rng, 20, string.ascii_letters) + "A", words(rng, 40, string.ascii_letters) + "S"],
        "token": rng.choice(("", "gQ" + words(rng, 300, string.ascii_letters + "+/="))),
        "project": rng.choice(("", words(rng, 30, string.hexdigits) + "p")),
    }


def ours(asked: dict[str, Any]) -> requests.PreparedRequest:
    access_key, secret_key = asked["keys"]
    clock = CloudClock(lambda: asked["at"])
    auth = by_keys(access_key, secret_key, asked["token"], project_id=asked["project"], clock=clock)
    return requests.Request(
        asked["method"],
        f"https://{asked['host']}{asked['path']}",
        headers=dict(asked["headers"]),
        params=asked["query"],
        data=asked["body"],
        auth=auth,
    ).prepare()


def theirs(asked: dict[str, Any]) -> str:
    added = {"X-Project-Id": asked["project"], "X-Security-Token": asked["token"]}
    signed = Signer(BasicCredentials(*asked["keys"], "p")).sign(
        SdkRequest(
            method=asked["method"],
            schema="https",
            host=asked["host"],
            resource_path=asked["path"],
            query_params=list(asked["query"]),
            header_params={
                "X-Sdk-Date": f"{asked['at']:%Y%m%dT%H%M%SZ}",
                **asked["headers"],
                **{name: value for name, value in added.items() if value},
            },
            body=asked["body"],
        )
    )
    return str(signed.header_params["Authorization"])


def test_a_thousand_random_requests_are_signed_as_the_vendor_signs_them() -> None:
    rng = random.Random(5)  # noqa: S311  # repeatable
    seen: set[str] = set()
    for _ in range(COMPARED):
        asked = a_request(rng)
        sent = ours(asked)
        found = str(sent.headers["Authorization"])

        assert found == theirs(asked), asked
        names = found.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        received = Request(str(sent.method), str(sent.url), dict(sent.headers), asked["body"])
        assert found.endswith(f"Signature={signatures.signature(received, names, asked['keys'][1])}")
        seen.add(found)

    assert len(seen) == COMPARED


@pytest.mark.parametrize(
    ("method", "body", "signature"),
    [
        ("GET", b"", "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842"),
        ("POST", b'{"name":"test","id":1}', "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f"),
    ],
)
def test_the_vectors_of_the_vendor_s_own_tests_are_met(method: str, body: bytes, signature: str) -> None:
    """From huaweicloud-sdk-python-v3, huaweicloud-sdk-core/tests/test_signer.py."""
    asked = {
        **a_request(random.Random(0)),  # noqa: S311  # every value is replaced
        "method": method,
        "host": "service.endpoint.myhuaweicloud.com",
        "path": "/resources",
        "query": [("size", "1")],
        "headers": {},
        "body": body,
        "at": datetime(2020, 6, 8, 2, 39, tzinfo=UTC),
        "keys": ["AccessKey", "SecretKey"],
        "token": "",
        "project": "",
    }
    assert str(ours(asked).headers["Authorization"]) == (
        f"SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=host;x-sdk-date, Signature={signature}"
    )


def a_vendor_client(simulator: Simulator, url: str, **changed: str) -> Any:
    pair = {"ak": simulator.ak, "sk": simulator.sk, **changed}
    credentials = BasicCredentials(pair["ak"], pair["sk"], simulator.project_id)
    if "token" in pair:
        credentials.with_security_token(pair["token"])
    return CbrClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def vaults_of(simulator: Simulator) -> dict[str, str]:
    """The vaults as the simulator answers without any client: their ids and states."""
    asked = Request("GET", f"http://cbr/v3/{simulator.project_id}/vaults", {"X-Auth-Token": simulator.token})
    rows = json.loads(simulator.dispatch(asked).body)["vaults"]
    return {row["id"]: row["billing"]["status"] for row in rows}


def test_the_vendor_s_client_reads_tasks_policies_and_vaults_of_the_simulator() -> None:
    simulator = a_simulator(resources=12)
    pair = simulator.temporary_keys()
    with serve(simulator) as served:
        for changed in ({}, {"ak": pair.ak, "sk": pair.sk, "token": pair.token}):
            client = a_vendor_client(simulator, served.url, **changed)
            tasks: list[str] = []
            while len(tasks) < len(simulator.tasks):
                answer = client.list_op_logs(ListOpLogsRequest(limit=50, offset=len(tasks), operation_type="backup"))
                tasks += [task.id for task in answer.operation_logs]
                if len(tasks) >= answer.count:
                    break
            policies = client.list_policies(ListPoliciesRequest())
            vaults = client.list_vault(ListVaultRequest(limit=1000))

            assert tasks == [row["id"] for row in simulator.tasks if row["operation_type"] == "backup"]
            assert len(tasks) > 50
            assert policies.count == len(policies.policies) > 0
            assert vaults.count == len(vaults.vaults) > 0
            assert {vault.id: vault.billing.status for vault in vaults.vaults} == vaults_of(simulator)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"sk": "wrong"}, "verify aksk signature fail"), ({"token": "other"}, "is not that of the ak")],
)
def test_the_vendor_s_client_is_refused_as_ours_is(changed: dict[str, str], words: str) -> None:
    simulator = a_simulator(resources=1)
    pair = simulator.temporary_keys()
    with serve(simulator) as served:
        given = {"ak": pair.ak, "sk": pair.sk, "token": pair.token, **changed}
        client = a_vendor_client(simulator, served.url, **given)
        with pytest.raises(ClientRequestException, match=words) as refusal:
            client.list_vault(ListVaultRequest())

    assert (refusal.value.status_code, refusal.value.error_code) == (401, "APIGW.0301")


def test_the_vendor_s_client_understands_a_missing_permission() -> None:
    simulator = a_simulator(resources=1)
    simulator.deny("cbr:policies:list")
    with serve(simulator) as served, pytest.raises(ClientRequestException) as refusal:
        a_vendor_client(simulator, served.url).list_policies(ListPoliciesRequest())

    assert refusal.value.status_code == 403
    assert refusal.value.error_msg == "Policy doesn't allow cbr:policies:list to be performed."
    assert "Egpjbi1ub3J0aA==" in str(refusal.value)
