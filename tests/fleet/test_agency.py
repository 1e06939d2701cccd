import json
from typing import Any

import hcl2
import pytest

from audit.cloud.permissions import LIST_PROJECTS, LIST_PROJECTS_V5, ORGANIZATION
from audit.errors import SettingsError
from audit.fleet.agency import agency_files
from audit.fleet.configuration import parse_fleet
from audit.fleet.iam import ACTION
from audit.fleet.organization import ACTIONS

FLEET = 'home: main\nagency: "iam::{account}:agency:cbr-audit"\ndiscovery: {organization: true}\n'
TRUST = "account/trust-policy.json"
READING = "account/identity-policy.json"
OWN = "home/identity-policy.json"


def files(text: str = FLEET, external_id: str = "") -> dict[str, Any]:
    made = agency_files(parse_fleet(text, "f"), "the main", external_id)
    return {name: json.loads(data) if name.endswith(".json") else data.decode() for name, data in made.items()}


def test_the_agency_trusts_the_home_account_alone() -> None:
    (statement,) = files()[TRUST]["Statement"]

    assert statement == {"Effect": "Allow", "Action": ["sts:agencies:assume"], "Principal": {"IAM": ["main"]}}


def test_an_external_id_is_demanded_where_there_is_one() -> None:
    (statement,) = files(external_id="secret")[TRUST]["Statement"]

    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["secret"]}}


def test_the_agency_may_only_read_and_every_action_is_named() -> None:
    (statement,) = files()[READING]["Statement"]

    assert {"cbr:tasks:list", "cbr:vaults:listProtectables", "iam:projects:list"} <= {*statement["Action"]}
    assert all(action.rpartition(":")[2].startswith("list") for action in statement["Action"])


def test_the_audit_itself_may_assume_agencies_of_that_name_and_ask_organizations() -> None:
    listed = "accounts: [{id: shop, agency: 'iam::shop:agency:other'}, {id: bank, agency: bank/older}]"
    assuming, listing, asking = files(FLEET + listed)[OWN]["Statement"]

    assert assuming["Resource"] == ["iam::*:agency:cbr-audit", "iam::shop:agency:other"]
    assert listing["Action"] == [*LIST_PROJECTS_V5]
    assert asking["Action"] == [*ORGANIZATION]


def test_organizations_is_granted_only_where_it_is_asked() -> None:
    text = 'home: main\nagency: "{account}/cbr-audit"\naccounts: [{id: shop}]'

    assert len(files(text)[OWN]["Statement"]) == 2
    assert files(text)[OWN]["Statement"][0]["Resource"] == ["iam::*:agency:cbr-audit"]


def test_the_terraform_of_an_account_makes_a_trust_agency_of_the_policies_beside_it() -> None:
    made = files()
    policy, agency = (body for each in hcl2.loads(made["account/agency.tf"])["resource"] for body in each.values())
    (read,), (audit,) = policy.values(), agency.values()

    assert audit["name"].strip('"') == "cbr-audit"
    assert audit["policy_names"] == ["${huaweicloud_identity_policy.read.name}"]
    for name, text in ((TRUST, audit["trust_policy"]), (READING, read["policy_document"])):
        assert name.partition("/")[2] in text
        assert name in made


def test_the_terraform_makes_the_older_kind_of_agency_with_the_same_rights() -> None:
    text = files()["older/agency.tf"]
    resources = [entry for each in hcl2.loads(text)["resource"] for entry in each.items()]
    policies = [json.loads(part.partition("JSON\n")[0]) for part in text.split("<<-JSON\n")[1:]]

    assert [kind.strip('"') for kind, _ in resources] == [
        "huaweicloud_identity_role",
        "huaweicloud_identity_role",
        "huaweicloud_identity_agency",
    ]
    assert 'delegated_domain_name = "the main"' in text
    assert {policy["Version"] for policy in policies} == {"1.1"}
    assert policies[1]["Statement"][0]["Action"] == [*LIST_PROJECTS]
    granted = {action for policy in policies for action in policy["Statement"][0]["Action"]} - {*LIST_PROJECTS}
    assert granted < {*files()[READING]["Statement"][0]["Action"]}


@pytest.mark.parametrize("name", ["account/agency.tf", "older/agency.tf"])
def test_terraform_is_told_where_the_provider_is(name: str) -> None:
    (settings,) = hcl2.loads(files()[name])["terraform"]
    (providers,) = settings["required_providers"]

    assert providers["huaweicloud"]["source"].strip('"') == "huaweicloud/huaweicloud"


@pytest.mark.parametrize("lacking", ["home", "agency"])
def test_without_home_or_agency_nobody_can_be_trusted(lacking: str) -> None:
    text = "\n".join(line for line in FLEET.splitlines() if not line.startswith(lacking))

    with pytest.raises(SettingsError, match=f"the fleet file lacks {lacking}"):
        files(text)


def test_a_name_that_terraform_would_read_as_its_own_is_refused() -> None:
    with pytest.raises(SettingsError, match="is not the name of an account"):
        agency_files(parse_fleet(FLEET, "f"), "${file(x)}", "")


def test_what_is_granted_is_what_is_asked_for() -> None:
    assert {*ORGANIZATION} == {*ACTIONS}
    assert {*LIST_PROJECTS} == {ACTION}
