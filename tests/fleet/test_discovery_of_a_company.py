"""Discovery over real connections, of a simulated company whose services check signatures and who may ask."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from audit.cloud import assuming
from audit.cloud.credentials import SignedIn
from audit.cloud.http.auth import KeyAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.fleet import inquiry
from audit.fleet.configuration import parse_fleet
from audit.fleet.discovery import InTheCloud, discover
from audit.fleet.forms import FleetPlan
from audit.fleet.found import FoundAccount
from audit.fleet.planning import PlanFrame, plan
from audit.profile import load_profile
from audit.settings import Settings, SignIn, agency_named
from audit.simulator import Company, build_company, serve
from audit.simulator.directory import Membership
from audit.simulator.project_lists import ACCESSIBLE, LIST
from tests.fleet.builders import AS_OF, RUN, SHA

TEXT = """
home: {home}
agency: "iam::{{account}}:agency:cbr-audit"
discovery: {{organization: true}}
owner_tag: owner
"""
PROFILES = {"default": load_profile("default")}
REGIONS = ("sim-1", "sim-2")


@pytest.fixture
def company() -> Company:
    company = build_company(
        ("audit", "shop", "bank"), regions=REGIONS, resources=1, days=2, as_of=AS_OF, clock=lambda: AS_OF
    )
    company.directory.members["bank"].units = ("production", "money")
    company.directory.members["shop"].tags = {"owner": "ann"}
    return company


@contextmanager
def asking(company: Company, caller: str) -> Iterator[InTheCloud]:
    """Ask as the user of an account, and in each account as its agency."""
    login, clock = company[caller].login, CloudClock(lambda: AS_OF)
    keys = Fresh(lambda: Keys(login.ak, login.sk))
    own, limits = SignedIn(SignIn.KEYS, KeyAuth(keys, clock), keys), RequestLimits(tries=1)
    with (
        serve(company) as served,
        closing(Transport(dialect=inquiry.DIALECT, limits=limits)) as asked,
        closing(Transport(dialect=assuming.DIALECT, limits=limits)) as assumed,
    ):
        settings = Settings.model_construct(project_id="", sts_endpoint=served.url, iam_endpoint=served.url)

        def keys_for(account: FoundAccount) -> Credentials:
            agency = agency_named(account.agency)
            if agency is None:
                return own.credentials
            reader = assuming.reader_in_agency(settings, agency, own, "a-session", assumed, clock)
            reader.caller()
            return reader.credentials

        yield InTheCloud(asked, own.credentials, keys_for, organizations=served.url, iam=served.url)


def planned(company: Company, caller: str = "audit", previous: FleetPlan | None = None) -> FleetPlan:
    configuration = parse_fleet(TEXT.format(home=company.auditor.id), "fleet.yaml")
    frame = PlanFrame(
        run=RUN, as_of=AS_OF, tool_version="0", configuration_sha256=SHA, profiles=PROFILES, previous=previous
    )
    with asking(company, caller) as informants:
        return plan(configuration, discover(configuration, informants), frame)


def names(plan: FleetPlan) -> list[str]:
    return [f"{target.account_name} {target.project_name}" for target in plan.targets]


def test_everything_is_found_whatever_the_pages_are_like(company: Company) -> None:
    whole = planned(company)
    company.directory.most_rows = 1

    assert names(whole) == [f"{name} {region}" for name in ("audit", "shop", "bank") for region in REGIONS]
    assert names(planned(company)) == names(whole)
    assert whole.discovery.troubles == ()
    assert [target.unit for target in whole.targets[::2]] == [
        ("Root",),
        ("Root", "production"),
        ("Root", "production", "money"),
    ]
    assert [target.owner for target in whole.targets[::2]] == ["", "ann", ""]
    assert len(whole.discovery.evidence) == 15
    assert FleetPlan.load(whole.dump(), "plan.json") == whole


def test_an_account_that_may_not_ask_is_told_who_may(company: Company) -> None:
    denied = planned(company, caller="shop", previous=planned(company))

    assert "only the management account and accounts that are delegated administrators" in denied.discovery.troubles[0]
    assert names(denied) == names(planned(company))


def test_closed_accounts_and_disabled_projects_are_left_out(company: Company) -> None:
    company.directory.members["old"] = Membership("old-id", "old", status="pending_closure")
    company["shop"].disabled.add("sim-2")
    made = planned(company)

    assert {(each.account_name, each.project_name, each.reason) for each in made.left_out} == {
        ("old", "", "the account is being closed"),
        ("shop", "sim-2", "the project is disabled"),
    }
    assert made.discovery.troubles == ()


@pytest.mark.parametrize("page", [0, 1, 2, 3])
def test_an_organisation_that_shrinks_while_it_is_read_is_never_smaller_in_silence(company: Company, page: int) -> None:
    company.directory.most_rows = 1
    nothing = [lambda: None] * page
    company.directory.meanwhile = [*nothing, lambda: company.directory.members.pop("bank")]
    before = planned(
        build_company(("audit", "shop", "bank"), regions=REGIONS, resources=1, days=2, as_of=AS_OF, clock=lambda: AS_OF)
    )
    made = planned(company, previous=before)

    seen = "bank" in {target.account_name for target in made.targets}
    assert seen == bool(made.discovery.troubles)


def test_an_account_that_moves_while_it_is_read_is_named(company: Company) -> None:
    def move() -> None:
        company.directory.members["bank"].units = ()

    company.directory.meanwhile = [lambda: None, move]
    made = planned(company)

    assert "is listed in the organisation, and in no unit: it moved or left meanwhile" in made.discovery.troubles[0]
    assert "bank sim-1" in names(made)


def test_one_accounts_denial_hides_no_other(company: Company) -> None:
    company["shop"].denied = {LIST}
    part = planned(company)
    company["shop"].denied.add(ACCESSIBLE)
    nothing = planned(company, previous=part)

    assert (
        names(part)
        == names(nothing)
        == [f"{name} {region}" for name in ("audit", "shop", "bank") for region in REGIONS]
    )
    assert all("account shop" in trouble for trouble in (*part.discovery.troubles, *nothing.discovery.troubles))
    assert "give the agency the action iam:projects:listProjects" in part.discovery.troubles[0]
    assert nothing.discovery.troubles[-1].endswith("that stay planned: 2")


def test_an_agency_that_does_not_trust_the_audit_hides_no_other(company: Company) -> None:
    before = planned(company)
    company["shop"].agencies["cbr-audit"].trusts.clear()
    made = planned(company, previous=before)

    assert names(made) == names(before)
    assert "account shop" in made.discovery.troubles[0]
    assert "its agency could not be assumed: the agency" in made.discovery.troubles[0]
    assert made.discovery.troubles[-1].endswith("that stay planned: 2")
