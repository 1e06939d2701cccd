"""One account becomes another: what STS and IAM grant, to whom, for how long, and where it is of use."""

import json
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from audit.simulator import Company, Request, Response, build_company
from audit.simulator.accounts import MemberAccount
from audit.simulator.company_of_accounts import AGENCY, NO_API, NOT_HERE
from audit.simulator.signatures import signature
from audit.simulator.temporary import Pair
from tests.simulator.asking import AS_OF, password_request

HOST = "https://cloud.sim-1.myhuaweicloud.com"
HOUR = 3600
ASSUME = "/v5/agencies/assume"
KEYS_V3 = "/v3.0/OS-CREDENTIAL/securitytokens"
TOKENS = "/v3/auth/tokens"


@pytest.fixture
def now() -> list[datetime]:
    return [AS_OF]


@pytest.fixture
def company(now: list[datetime]) -> Company:
    return build_company(("audit", "shop"), resources=1, days=2, as_of=AS_OF, clock=lambda: now[0])


def own(company: Company) -> Pair:
    return Pair(company.auditor.login.ak, company.auditor.login.sk)


def signed(company: Company, pair: Pair, path: str, body: Any = None, *, token: str | None = None) -> Response:
    url, method = f"{HOST}{path}", "GET" if body is None else "POST"
    content = b"" if body is None else json.dumps(body).encode()
    sent = pair.token if token is None else token
    headers = {
        "X-Sdk-Date": f"{company.accounts.clock():%Y%m%dT%H%M%SZ}",
        **({"X-Security-Token": sent} if sent else {}),
    }
    names = ["host", "x-sdk-date", *(["x-security-token"] if sent else [])]
    text = signature(Request(method, url, headers, content), names, pair.sk)
    fields = f"SDK-HMAC-SHA256 Access={pair.ak}, SignedHeaders={';'.join(names)}, Signature={text}"
    return company.dispatch(Request(method, url, {**headers, "Authorization": fields}, content))


def assume(company: Company, pair: Pair | None = None, **changed: Any) -> Response:
    asked = {"agency_urn": f"iam::{company['shop'].id}:agency:{AGENCY}", "agency_session_name": "a-session", **changed}
    return signed(company, pair or own(company), ASSUME, asked)


def role(company: Company, **changed: Any) -> dict[str, Any]:
    asked = {"agency_name": AGENCY, "domain_id": company["shop"].id, **changed}
    return {"auth": {"identity": {"methods": ["assume_role"], "assume_role": asked}}}


def with_token(company: Company, path: str, body: Any, token: str) -> Response:
    content = json.dumps(body).encode()
    return company.dispatch(Request("POST", f"{HOST}{path}", {"X-Auth-Token": token}, content))


def keys_in(response: Response) -> Pair:
    found = json.loads(response.body)["credentials"]
    return Pair(found["access_key_id"], found["secret_access_key"], found["security_token"])


def project_of(member: MemberAccount) -> str:
    return next(iter(member.projects.values())).project_id


def reading(member: MemberAccount) -> str:
    return f"/v3/{project_of(member)}/vaults"


def status(response: Response) -> tuple[int, str]:
    told = json.loads(response.body)
    return response.status, str(told.get("error_code") or told.get("error", {}).get("message", ""))


def test_assumed_keys_read_the_projects_of_their_account_only(company: Company) -> None:
    keys = keys_in(assume(company))

    assert signed(company, keys, reading(company["shop"])).status == HTTPStatus.OK
    assert signed(company, keys, reading(company.auditor)).status == HTTPStatus.FORBIDDEN
    assert signed(company, own(company), reading(company["shop"])).status == HTTPStatus.FORBIDDEN
    assert signed(company, own(company), reading(company.auditor)).status == HTTPStatus.OK


def test_the_caller_is_told_who_it_is(company: Company) -> None:
    shop, function = company["shop"], company.temporary_keys()

    told = [
        json.loads(signed(company, pair, "/v5/caller-identity").body)["principal_urn"]
        for pair in (own(company), function, keys_in(assume(company, function)))
    ]

    assert told == [
        f"iam::{company.auditor.id}:user:auditor",
        f"sts::{company.auditor.id}:assumed-agency:function/own",
        f"sts::{shop.id}::assumed-agency:{AGENCY}/a-session",
    ]


@pytest.mark.parametrize(("seconds", "status"), [(899, 400), (HOUR, 200), (HOUR + 1, 400)])
def test_chained_keys_live_an_hour_at_most(company: Company, seconds: int, status: int) -> None:
    company["shop"].agencies[AGENCY].longest = timedelta(hours=12)

    assert assume(company, company.temporary_keys(), duration_seconds=seconds).status == status
    assert assume(company, duration_seconds=HOUR + 1).status == HTTPStatus.OK


def test_keys_end_when_they_say_or_when_they_are_ended(company: Company, now: list[datetime]) -> None:
    first, second = keys_in(assume(company, duration_seconds=900)), keys_in(assume(company))
    now[0] += timedelta(seconds=900)

    assert signed(company, first, reading(company["shop"])).status == HTTPStatus.UNAUTHORIZED
    assert signed(company, second, reading(company["shop"])).status == HTTPStatus.OK
    company.expire_keys("shop")
    assert signed(company, second, reading(company["shop"])).status == HTTPStatus.UNAUTHORIZED


def test_who_is_not_trusted_gets_nothing(company: Company) -> None:
    agency = company["shop"].agencies[AGENCY]
    agency.external_id = "the-secret"
    assert status(assume(company)) == (403, "STS5.1001")
    assert status(assume(company, external_id="another")) == (403, "STS5.1001")
    assert assume(company, external_id="the-secret").status == HTTPStatus.OK
    assert signed(company, own(company), KEYS_V3, role(company)).status == HTTPStatus.FORBIDDEN  # it knows no such id
    agency.trusts.clear()
    assert status(assume(company, external_id="the-secret")) == (403, "STS5.1001")
    wrong = Pair(own(company).ak, "a wrong secret key")
    assert assume(company, wrong).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("urn", ["iam::nobody:agency:cbr-audit", "iam::{id}:agency:other", "cbr-audit"])
def test_an_agency_that_is_not_there_cannot_be_assumed(company: Company, urn: str) -> None:
    assert status(assume(company, agency_urn=urn.format(id=company["shop"].id))) == (404, "STS5.1106")


@pytest.mark.parametrize("changed", [{"agency_session_name": "a"}, {"agency_urn": None}, {"surprise": 1}])
def test_a_wrong_body_is_refused(company: Company, changed: dict[str, Any]) -> None:
    assert status(assume(company, **changed)) == (400, "STS5.1000")
    assert status(signed(company, own(company), ASSUME, [])) == (400, "STS5.1000")


@pytest.mark.parametrize("refusal", [NO_API, NOT_HERE])
def test_sts_may_be_absent(company: Company, refusal: Any) -> None:
    company.without_sts = refusal

    assert status(assume(company)) == (refusal.status, refusal.code)
    assert signed(company, own(company), KEYS_V3, role(company)).status == HTTPStatus.CREATED


def test_version_3_gives_keys_by_id_and_by_name(company: Company) -> None:
    by_name = role(company, domain_id="", domain_name="shop", duration_seconds=HOUR)

    for body in (role(company), by_name):
        told = json.loads(signed(company, own(company), KEYS_V3, body).body)["credential"]
        keys = Pair(told["access"], told["secret"], told["securitytoken"])
        assert signed(company, keys, reading(company["shop"])).status == HTTPStatus.OK
        domains = json.loads(signed(company, keys, "/v3/auth/domains").body)["domains"]
        assert [domain["name"] for domain in domains] == ["shop"]


@pytest.mark.parametrize("path", [KEYS_V3, TOKENS])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"agency_name": "other"}, 404),
        ({"domain_id": "nobody"}, 404),
        ({"domain_id": ""}, 400),
        ({"agency_name": None}, 400),
    ],
)
def test_version_3_refuses_what_is_not_there(
    company: Company, path: str, changed: dict[str, Any], expected: int
) -> None:
    body = role(company, **changed)

    assert signed(company, own(company), path, body).status == expected


def test_version_3_refuses_other_bodies(company: Company) -> None:
    assert signed(company, own(company), KEYS_V3, {"auth": {}}).status == HTTPStatus.BAD_REQUEST
    assert signed(company, own(company), KEYS_V3, role(company, duration_seconds=1)).status == HTTPStatus.BAD_REQUEST


def test_a_token_of_an_agency_is_good_for_its_project(company: Company) -> None:
    shop = company["shop"]
    password = json.dumps(password_request(company.home)).encode()
    first = company.dispatch(Request("POST", f"{HOST}{TOKENS}", {}, password))
    for scope in ({"id": project_of(shop)}, {"name": "sim-1"}):
        body = role(company)
        body["auth"]["scope"] = {"project": scope}
        given = with_token(company, TOKENS, body, first.headers["X-Subject-Token"])
        headers = {"X-Auth-Token": given.headers["X-Subject-Token"]}
        assert json.loads(given.body)["token"]["user"]["domain"]["id"] == shop.id
        assert company.dispatch(Request("GET", f"{HOST}{reading(shop)}", headers)).status == HTTPStatus.OK
        assert company.dispatch(Request("GET", f"{HOST}{reading(company.auditor)}", headers)).status == 403

    body["auth"]["scope"] = {"project": {"id": "unknown"}}
    assert with_token(company, TOKENS, body, first.headers["X-Subject-Token"]).status == HTTPStatus.UNAUTHORIZED
    assert with_token(company, TOKENS, body, "nobody's").status == HTTPStatus.UNAUTHORIZED


def test_a_request_without_credentials_or_project_is_answered_as_ever(company: Company) -> None:
    plain = company.dispatch(Request("GET", f"{HOST}{reading(company['shop'])}"))
    unknown = signed(company, own(company), "/v3/unknown/vaults")
    ping = company.dispatch(Request("POST", f"{HOST}/ping/abc"))

    assert [plain.status, unknown.status, ping.status] == [401, 403, 200]
    assert company.home.inbox.pings == [("success", "")]
    assert all("Date" in answer.headers for answer in (plain, unknown, ping))


def test_a_test_may_answer_instead(company: Company) -> None:
    company.intercept = lambda _request: Response(503)

    assert assume(company).status == 503
