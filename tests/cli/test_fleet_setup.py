"""`cbr-audit fleet doctor` and `fleet agency`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from audit.cli.commands import main
from audit.cli.fleet_demo import settings_of
from audit.simulator import StagedCompany, build_staged_company, serve
from tests.fleet.builders import AS_OF
from tests.pretend import without_waiting

AGENCY = 'home: main\nagency: "iam::{account}:agency:cbr-audit"\ndiscovery: {organization: true}\n'


@dataclass
class Place:
    """A served company, and the settings of the account that audits it."""

    staged: StagedCompany
    settings: dict[str, str]
    store: Path

    def doctor(self, *args: str, **changed: str) -> Result:
        told = CliRunner().invoke(main, ["fleet", "doctor", *args], env={**self.settings, **changed})
        assert not [path for path in self.store.rglob("*") if path.is_file()]
        return told


@pytest.fixture(params=["partial"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    staged = build_staged_company(request.param, as_of=AS_OF)
    with serve(staged.company) as served, without_waiting():
        settings = {**settings_of(staged, served.url), "CBR_AUDIT_STORE": str(tmp_path / "store")}
        yield Place(staged, settings, tmp_path / "store")


@pytest.mark.parametrize("place", ["healthy"], indirect=True)
def test_a_fleet_that_is_ready_has_one_line_for_each_target(place: Place) -> None:
    told = place.doctor()
    lines = told.stdout.splitlines()

    assert told.exit_code == 0, told.output
    assert lines[-1] == "Ready to audit."
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert "ok         home: organization: 7 accounts" in lines
    assert sum("5 lists can be read, as sts-v5: account 00" in line for line in lines) == 8
    assert sum("5 lists can be read, as the own identity" in line for line in lines) == 1


@pytest.mark.parametrize("place", ["healthy"], indirect=True)
def test_a_target_without_traces_is_ready_and_says_what_is_lost(place: Place) -> None:
    for account in place.staged.company.accounts.members:
        for simulator in account.projects.values():
            simulator.deny("cts:trace:list")

    told = place.doctor()

    assert told.exit_code == 0
    assert told.stdout.count("4 lists can be read") == told.stdout.count(": traces: ") == 9


def test_what_is_missing_is_named_for_each_target_and_hides_no_other(place: Place) -> None:
    told = place.doctor()
    missing = [line for line in told.stdout.splitlines() if line.startswith("MISSING")]

    assert told.exit_code == 2
    assert missing[0].startswith("MISSING    home: discovery: account research (")
    assert [line.partition("operation-logs")[2] for line in missing if "cbr:tasks:list" in line] != []
    assert any("research, sim-south, sim-south: agency: the agency iam::" in line for line in missing)
    assert told.stdout.count("5 lists can be read") == 7
    assert told.stdout.count("the agency was not assumed") == 4
    assert told.stdout.splitlines()[-1].startswith("Not ready: fix what is MISSING")


def test_programs_get_every_check_with_its_place(place: Place) -> None:
    told = orjson.loads(place.doctor("--json").stdout)

    assert told["ok"] is False
    assert {"home", "audit, sim-north, sim-north"} <= {each["place"] for each in told["checks"]}
    assert told["checks"][0]["check"]["name"] == "settings"


def test_an_organisation_that_may_not_be_asked_is_missing(place: Place) -> None:
    place.staged.company.directory.denied = {"organizations:accounts:list"}
    told = place.doctor()

    assert "home: discovery: " in told.stdout
    assert "give the auditing user or agency the action organizations:accounts:list there" in told.stdout
    assert "home: organization" not in told.stdout
    assert "found, and at least 7 are expected" in told.stdout


def test_a_fleet_without_targets_or_with_wrong_settings_is_not_ready(place: Place) -> None:
    nothing = place.doctor(CBR_AUDIT_FLEET="accounts: [{id: nobody}]\ndiscovery: {projects: false}\n")
    wrong = place.doctor(CBR_AUDIT_FLEET="", CBR_AUDIT_STS_ENDPOINT="", CBR_AUDIT_ORGANIZATIONS_ENDPOINT="")

    assert "MISSING    home: targets: there is nothing to audit" in nothing.stdout
    assert "MISSING    home: settings: set --file (CBR_AUDIT_FLEET) to the fleet file" in wrong.stdout
    assert (nothing.exit_code, wrong.exit_code) == (2, 2)


def test_a_target_whose_settings_cannot_be_is_named(place: Place) -> None:
    text = f"targets: [{{account: other, region: eu-de, project: {'0' * 32}}}]\n"
    told = place.doctor(CBR_AUDIT_FLEET=text, CBR_AUDIT_ENDPOINT="", HUAWEICLOUD_SDK_REGION="eu-west-101")

    assert told.exit_code == 2
    assert (
        f"MISSING    other, eu-de, {'0' * 32}: settings: HUAWEICLOUD_SDK_REGION: eu-de is a region of " in told.stdout
    )


def test_a_plan_shows_what_is_left_out_and_what_may_be_missing(place: Place) -> None:
    expecting = place.settings["CBR_AUDIT_FLEET"].replace("min_accounts: 7", "min_accounts: 8")
    told = CliRunner().invoke(main, ["fleet", "plan"], env={**place.settings, "CBR_AUDIT_FLEET": expecting})

    assert told.exit_code == 3, told.output
    assert "  playground: a sandbox, nothing in it is kept" in told.stdout
    assert "  old-shop: the account is suspended" in told.stdout
    assert "7 accounts were found, and at least 8 are expected." in told.stdout
    assert "Could not be looked at, so the fleet would be incomplete (1):" in told.stdout


def agency(*args: str, **settings: str) -> Result:
    return CliRunner().invoke(main, ["fleet", "agency", *args], env={"CBR_AUDIT_FLEET": AGENCY, **settings})


def test_what_accounts_set_up_is_shown(tmp_path: Path) -> None:
    told = agency("--home-name", "the main", CBR_AUDIT_EXTERNAL_ID="a-secret-id")
    named = agency(
        CBR_AUDIT_FLEET=f"{AGENCY}accounts: [{{id: main, name: the main}}]\n", CBR_AUDIT_EXTERNAL_ID="a-secret-id"
    )
    signed_in = agency(CBR_AUDIT_DOMAIN="the main", CBR_AUDIT_EXTERNAL_ID="a-secret-id")
    file = tmp_path / "fleet.yaml"
    file.write_text(AGENCY)
    given = agency(
        "--file", str(file), "--home-name", "the main", CBR_AUDIT_EXTERNAL_ID="a-secret-id", CBR_AUDIT_FLEET=""
    )

    assert told.exit_code == 0, told.output
    assert told.stdout.startswith('--- account/trust-policy.json\n{\n  "Version": "5.0"')
    assert '"a-secret-id"' in told.stdout
    assert 'delegated_domain_name = "the main"' in told.stdout
    assert told.stdout == named.stdout == signed_in.stdout == given.stdout


def test_what_accounts_set_up_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "setup"
    told, again = (agency("--home-name", "the main", "--out", str(folder)) for _ in range(2))

    assert told.exit_code == 0, told.output
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "account/trust-policy.json",
        "account/identity-policy.json",
        "account/agency.tf",
        "older/agency.tf",
        "home/identity-policy.json",
    }
    assert (again.exit_code, "File exists" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("args", "settings", "said"),
    [
        ((), {}, "with --home-name"),
        (("--home-name", "main"), {"CBR_AUDIT_FLEET": ""}, "set --file (CBR_AUDIT_FLEET)"),
    ],
)
def test_what_an_agency_cannot_do_without_is_asked_for(
    args: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    told = agency(*args, **settings)

    assert told.exit_code == 2
    assert said in told.stderr
