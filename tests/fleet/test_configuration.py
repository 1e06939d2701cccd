import re
from pathlib import Path

import pytest

from audit.errors import FleetFileError, ProfileError
from audit.fleet.configuration import FleetConfiguration, load_fleet, parse_fleet
from audit.fleet.found import FoundAccount
from audit.fleet.starter import fleet_starter
from audit.profile import load_profile

SHOP = "- {id: shop, name: the shop}"
MINIMAL = "discovery: {organization: true}\n"


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(FleetFileError) as error:
        parse_fleet(text, "fleet.yaml")
    assert str(error.value).startswith("fleet.yaml")
    return error.value.faults or (str(error.value),)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("discovry: {}", "line 1: discovry is not a key of a fleet file; did you mean discovery?"),
        (
            "discovery:\n  organisation: true",
            "line 2: discovery.organisation is not a key of a fleet file; did you mean organization?",
        ),
        ("discovery: {regions: [EU]}", "line 1: discovery.regions.0: a region looks like eu-west-101"),
        (f"{MINIMAL}name: All of it", "line 2: name: "),
        (f"{MINIMAL}agency: cbr-audit", "line 2: agency: write iam::{account}:agency:NAME, or {account}/NAME where"),
        (f"{MINIMAL}agency: iam::abc:agency:a", "line 2: agency: write {account} in the place of the account"),
        ("accounts:\n- {id: a, agency: x}", "line 2: accounts.0.agency: write iam::{account}:agency:NAME"),
        ("accounts:\n- {id: a b}", "line 2: accounts.0.id: write one line of text"),
        ("accounts:\n- {name: a}", "line 2: accounts.0.id is missing"),
        (
            f"{MINIMAL}rules:\n- {{profile: strict}}",
            "line 3: rules.0: it selects nothing; give at least one of accounts",
        ),
        (
            f"{MINIMAL}rules:\n- {{profile: strict, account: [a]}}",
            "line 3: rules.0.account is not a key of a fleet file; did you mean ac",
        ),
        (f"{MINIMAL}leave_out:\n- accounts: [a]", "line 3: leave_out.0.reason is missing"),
        (f"{MINIMAL}expect: {{min_accounts: -1}}", "line 2: expect.min_accounts: "),
        (f"{MINIMAL}limits: {{parallel: 0}}", "line 2: limits.parallel: "),
        (f"accounts:\n{SHOP}\n{SHOP}", "line 3: the account shop stands here twice"),
        (f"accounts:\n{SHOP}\ndomains:\n- domain_id: shop", "line 4: the account shop stands here twice"),
        (
            "targets:\n- {account: a, region: sim-1, project: p}\n- {account: a, region: sim-2, project: p}",
            "line 3: the project p stands here twice",
        ),
        (
            "name: all",
            "line 1: it names nothing to audit: switch discovery.organization on, or list accounts or targets",
        ),
        ("", "it names nothing to audit"),
        (
            "name: all\nexternal_id: secret",
            "line 2: external_id: an external id is a secret and does not belong in a file",
        ),
        ("domains: [{domain_id: a, regions: [5]}]", "line 1: domains.0.regions.0: write a text"),
        ("domains: [{domain_id: a, regions: x}]", "line 1: domains.0.regions: write a list"),
        ("domains: [{domain_id: a, duration_seconds: 60}]", "line 1: domains.0.duration_seconds: "),
        ("- a", "fleet.yaml must contain keys such as discovery:, not a list"),
        ("a: [", "fleet.yaml is not YAML: "),
        ("a: *b", "fleet.yaml: line 1: anchors (&) and aliases (*) are not supported"),
        ("a: 1\n---\nb: 2", "fleet.yaml: line 2: a second document starts here; a fleet file has one"),
        ("#" * 300_000, "fleet.yaml is larger than 256 KiB, too large for a fleet file"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(text: str, fault: str) -> None:
    assert faults_of(text)[0].startswith(fault)


def test_the_secret_itself_is_not_quoted() -> None:
    assert "hunter2" not in "".join(faults_of("external_id: hunter2"))


def test_keys_with_nothing_below_them_count_as_left_out() -> None:
    assert parse_fleet(f"{MINIMAL}rules:\n", "f").rules == ()


def test_a_file_of_c7n_org_is_read_as_it_is() -> None:
    text = """
vars: {charge_code: xyz}
domains:
- agency_urn: iam::bank:agency:custodian_agency
  domain_id: bank
  duration_seconds: 900
  name: the bank
  regions: [sim-1, "sim-2, sim-3"]
  status: suspended
  tags: {owner: ann, floor: 5, empty: null}
  vars: {charge_code: abc}
  email: {of: theirs}
- domain_id: shop
  regions: [all]
"""
    bank, shop = parse_fleet(text, "accounts.yml").listed

    assert bank == FoundAccount(
        id="bank",
        name="the bank",
        status="suspended",
        tags={"owner": "ann", "floor": "5", "empty": ""},
        agency="iam::bank:agency:custodian_agency",
        regions=("sim-1", "sim-2", "sim-3"),
    )
    assert shop == FoundAccount(id="shop")


def test_each_account_has_its_own_agency_or_the_usual_one_and_home_has_none() -> None:
    text = """
home: main
agency: "iam::{account}:agency:cbr-audit"
accounts:
- {id: main}
- {id: shop, regions: [sim-2], tags: {a: b}}
- {id: bank, agency: bank/older}
"""
    main, shop, bank = parse_fleet(text, "f").listed

    assert (main.agency, shop.agency, bank.agency) == ("", "iam::shop:agency:cbr-audit", "bank/older")
    assert (shop.regions, shop.tags) == (("sim-2",), {"a": "b"})


@pytest.mark.parametrize(
    ("added", "needs"),
    [
        ("", False),
        ("owner_tag: owner", True),
        ("leave_out: [{tags: [a], reason: b}]", True),
        ("rules: [{regions: [a], profile: b}]", False),
    ],
)
def test_tags_are_needed_only_where_something_depends_on_them(added: str, needs: bool) -> None:  # noqa: FBT001
    assert parse_fleet(MINIMAL + added, "f").needs_tags == needs


def test_profiles_are_presets_or_files_beside_the_fleet_file(tmp_path: Path) -> None:
    tmp_path.joinpath("gold.yaml").write_text("preset: strict\nlook_back: 30d")
    path = tmp_path / "fleet.yaml"
    path.write_text(f"{MINIMAL}rules:\n- {{accounts: [a], profile: gold.yaml}}\n- {{accounts: [b], profile: dora}}")

    fleet = load_fleet(str(path))

    assert fleet.content == path.read_bytes()
    assert [*fleet.profiles] == ["default", "gold.yaml", "dora"]
    assert fleet.profiles["dora"] == load_profile("dora")
    assert fleet.profiles["gold.yaml"].look_back == "30d"


def test_the_text_itself_can_be_given() -> None:
    assert load_fleet("discovery: {organization: true}").configuration == load_fleet(MINIMAL).configuration
    assert load_fleet(MINIMAL).configuration.discovery.organization


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetFileError, match=r"cannot read the fleet file .*: No such file"):
        load_fleet(str(tmp_path / "none.yaml"))
    with pytest.raises(FleetFileError, match=r"cannot read the fleet file .*null byte"):
        load_fleet("a\0b")


def test_an_invalid_profile_is_named() -> None:
    with pytest.raises(ProfileError, match=r"cannot read the profile none\.yaml"):
        load_fleet(f"{MINIMAL}profile: none.yaml\n")


def test_the_starter_can_be_used_and_shows_every_key() -> None:
    active = re.sub(r"^#(?=\w|  )", "", fleet_starter(), flags=re.MULTILINE)
    configuration = parse_fleet(active, "starter.yaml")

    assert parse_fleet(fleet_starter(), "starter.yaml").discovery.organization
    assert configuration.model_fields_set == {*FleetConfiguration.model_fields} - {"vars"}
    assert configuration.discovery.model_fields_set == {*type(configuration.discovery).model_fields}
    assert len(configuration.listed) == 2
