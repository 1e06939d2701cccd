from collections.abc import Sequence
from typing import cast

import pytest

from audit.cloud.http.transport import Credentials, Transport
from audit.errors import SourceRefusedError
from audit.fleet.configuration import parse_fleet
from audit.fleet.discovery import InTheCloud, discover
from audit.fleet.found import Everything, FoundAccount, FoundOrganization, FoundProject, FoundProjects, FoundRegions
from tests.fleet.asking import Script, Scripted, a_page

ORGANIZATION = FoundOrganization(
    (FoundAccount(id="bank"), FoundAccount(id="old", status="suspended"), FoundAccount(id="shop"))
)


class Pretended:
    """Knows everything at once, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def organization(self, *, with_tags: bool) -> FoundOrganization:
        self.asked.append(f"organization{' with tags' if with_tags else ''}")
        return ORGANIZATION

    def regions(self) -> FoundRegions:
        self.asked.append("regions")
        return FoundRegions(frozenset({"sim-1"}))

    def projects(self, account: FoundAccount) -> FoundProjects:
        self.asked.append(f"{account.id} {account.agency}".strip())
        return FoundProjects((FoundProject(f"of-{account.id}", "sim-1"),))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("discovery: {organization: true}", ["bank", "organization", "regions", "shop"]),
        (
            'discovery: {organization: true}\nowner_tag: a\nagency: "{account}/audit"',
            ["bank bank/audit", "organization with tags", "regions", "shop shop/audit"],
        ),
        ("discovery: {organization: true, regions: [sim-1]}", ["bank", "organization", "shop"]),
        ("discovery: {organization: true, projects: false}", ["organization"]),
        (
            "discovery: {organization: true}\nleave_out: [{accounts: [shop], reason: a}]",
            ["bank", "organization", "regions"],
        ),
        ("accounts: [{id: a, regions: [sim-1]}]", ["a"]),
        ("targets: [{account: a, region: sim-1, project: p}]", []),
    ],
)
def test_only_what_is_needed_is_asked_and_never_an_account_that_is_left_out(text: str, asked: Sequence[str]) -> None:
    pretended = Pretended()
    discover(parse_fleet(text, "f"), pretended)

    assert sorted(pretended.asked) == asked


def test_projects_are_kept_in_the_order_of_accounts() -> None:
    found = discover(parse_fleet("discovery: {organization: true}", "f"), Pretended())

    assert [*found.projects] == ["bank", "shop"]
    assert found.regions.names == frozenset({"sim-1"})


def in_the_cloud(script: Script) -> Everything:
    def keys_for(account: FoundAccount) -> Credentials:
        if account.id == "bank":
            raise SourceRefusedError("STS answered 403", status=403)
        return cast("Credentials", None)

    transport, place = cast("Transport", Scripted(script)), "https://cloud"
    informants = InTheCloud(transport, cast("Credentials", None), keys_for, organizations=place, iam=place)
    return discover(parse_fleet("discovery: {organization: true}", "f"), informants)


def test_an_account_whose_agency_refuses_hides_no_other() -> None:
    rows = [{"id": name, "name": name, "status": "active"} for name in ("bank", "shop")]
    project = {"id": "p", "name": "sim-1", "domain_id": "shop", "enabled": True}
    found = in_the_cloud(
        {
            "/v1/organizations/accounts": a_page("accounts", *rows),
            "/v1/organizations/roots": a_page("roots", {"id": "r", "name": "Root"}),
            "/v1/organizations/accounts?parent_id=r": a_page("accounts", *rows),
            "/v1/organizations/organizational-units?parent_id=r": a_page("organizational_units"),
            "/v3/regions": {"regions": [{"id": "sim-1"}]},
            "/v3/projects?page=1": {"projects": [project]},
        }
    )

    assert found.projects["bank"].troubles == ("its agency could not be assumed: STS answered 403",)
    assert [each.id for each in found.projects["shop"].projects] == ["p"]
    assert [answer.account for answer in found.answers] == ["", "", "", "", "", "shop"]
