"""What Organizations and IAM tell of accounts, units, projects and regions, to whom, and page by page."""

import json
from typing import Any

import pytest

from audit.simulator import Company, Request, build_company
from audit.simulator.directory import Membership
from audit.simulator.project_lists import ACCESSIBLE, LIST
from audit.simulator.signatures import signature
from tests.simulator.asking import AS_OF

HOST = "https://cloud.sim-1.myhuaweicloud.com"
ACCOUNTS = "/v1/organizations/accounts"
UNITS = "/v1/organizations/organizational-units"


@pytest.fixture
def company() -> Company:
    return build_company(("audit", "shop", "bank"), resources=1, days=2, as_of=AS_OF, clock=lambda: AS_OF)


def ask(company: Company, path: str, who: str = "audit", method: str = "GET") -> tuple[int, Any]:
    login, headers, names = company[who].login, {"X-Sdk-Date": f"{AS_OF:%Y%m%dT%H%M%SZ}"}, ["host", "x-sdk-date"]
    text = signature(Request(method, f"{HOST}{path}", headers), names, login.sk)
    fields = f"SDK-HMAC-SHA256 Access={login.ak}, SignedHeaders={';'.join(names)}, Signature={text}"
    response = company.dispatch(Request(method, f"{HOST}{path}", {**headers, "Authorization": fields}))
    return response.status, json.loads(response.body)


def names(company: Company, path: str, kind: str = "accounts") -> list[str]:
    status, body = ask(company, path)
    assert status == 200, body
    assert body["page_info"]["current_count"] == len(body[kind])
    return [row["name"] for row in body[kind]]


def test_the_tree_leads_to_every_account_and_each_parent_lists_only_its_own(company: Company) -> None:
    company.directory.members["bank"].units = ("production", "money")

    assert names(company, "/v1/organizations/roots", "roots") == ["Root"]
    assert names(company, f"{UNITS}?parent_id=r-root", "organizational_units") == ["production"]
    assert names(company, f"{UNITS}?parent_id=ou-production", "organizational_units") == ["money"]
    assert names(company, f"{ACCOUNTS}?parent_id=r-root") == ["audit"]
    assert names(company, f"{ACCOUNTS}?parent_id=ou-production") == ["shop"]
    assert names(company, f"{ACCOUNTS}?parent_id=ou-production-money") == ["bank"]
    assert names(company, ACCOUNTS) == ["audit", "shop", "bank"]


def test_contact_data_is_null_unless_it_is_asked_for(company: Company) -> None:
    _, body = ask(company, ACCOUNTS)

    assert {row[name] for row in body["accounts"] for name in ("mobile_phone", "intl_number_prefix", "email")} == {None}


def test_pages_go_on_behind_the_marker_until_it_is_null(company: Company) -> None:
    company.directory.most_rows = 2
    _, first = ask(company, f"{ACCOUNTS}?limit=200")
    _, second = ask(company, f"{ACCOUNTS}?limit=200&marker={first['page_info']['next_marker']}")

    assert [[row["name"] for row in page["accounts"]] for page in (first, second)] == [["audit", "shop"], ["bank"]]
    assert second["page_info"]["next_marker"] is None


def test_an_organisation_may_shrink_between_pages(company: Company) -> None:
    company.directory.meanwhile = [lambda: company.directory.members.pop("bank")]

    assert names(company, ACCOUNTS) == ["audit", "shop", "bank"]
    assert names(company, ACCOUNTS) == ["audit", "shop"]


def test_tags_are_those_of_one_account(company: Company) -> None:
    company.directory.members["shop"].tags = {"owner": "ann"}
    _, body = ask(company, f"/v1/organizations/organizations:accounts/{company['shop'].id}/tags")

    assert body["tags"] == [{"key": "owner", "value": "ann"}]


def test_only_the_management_account_and_delegated_administrators_may_ask(company: Company) -> None:
    assert ask(company, ACCOUNTS, "shop")[0] == 403

    company.directory.delegated.add("shop")

    assert ask(company, ACCOUNTS, "shop")[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ACCOUNTS}?limit=0", 400),
        (f"{ACCOUNTS}?limit=x", 400),
        (f"{ACCOUNTS}?with_register_contact_info=true", 400),
        ("/v1/organizations/organizations:accounts/nobody/tags", 404),
        ("/v1/organizations/policies", 404),
        ("/v3/projects?page=1", 400),
        ("/v3/projects?page=1&per_page=x", 400),
    ],
)
def test_what_nobody_documents_is_refused(company: Company, path: str, status: int) -> None:
    assert ask(company, path)[0] == status


def test_an_action_can_be_denied(company: Company) -> None:
    company.directory.denied.add("organizations:ous:list")
    company["shop"].denied = {LIST}

    assert ask(company, UNITS)[0] == 403
    assert ask(company, "/v3/projects", "shop")[0] == 403
    assert ask(company, "/v3/auth/projects", "shop")[0] == 200
    company["shop"].denied.add(ACCESSIBLE)
    assert ask(company, "/v3/auth/projects", "shop")[0] == 403


def test_accounts_that_are_closed_or_have_no_projects_can_be_listed(company: Company) -> None:
    company.directory.members["old"] = Membership("old-id", "old", ("production",), "suspended")
    _, body = ask(company, f"{ACCOUNTS}?parent_id=ou-production")

    assert [(row["name"], row["status"]) for row in body["accounts"]][-1] == ("old", "suspended")


def test_an_account_has_its_projects_those_below_them_and_the_one_for_billing(company: Company) -> None:
    shop = company["shop"]
    shop.projects["sim-1_web"] = company["bank"].projects["sim-1"]
    shop.disabled.add("sim-1_web")
    _, body = ask(company, "/v3/projects", "shop")
    billing, region, web = body["projects"]

    assert (billing["id"], billing["name"]) == ("MOS", "MOS")
    assert (region["name"], region["parent_id"], region["domain_id"], region["enabled"]) == (
        "sim-1", shop.id, shop.id, True
    )  # fmt: skip
    assert (web["name"], web["parent_id"], web["enabled"]) == ("sim-1_web", region["id"], False)
    assert [row["name"] for row in ask(company, "/v3/auth/projects", "shop")[1]["projects"]] == ["MOS", "sim-1"]


def test_projects_come_in_pages(company: Company) -> None:
    pages = [ask(company, f"/v3/projects?page={number}&per_page=1")[1]["projects"] for number in (1, 2, 3)]

    assert [[row["name"] for row in page] for page in pages] == [["MOS"], ["sim-1"], []]


def test_regions_are_those_with_projects(company: Company) -> None:
    assert [row["id"] for row in ask(company, "/v3/regions")[1]["regions"]] == ["sim-1"]
