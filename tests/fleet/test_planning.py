import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from audit.fleet.configuration import parse_fleet
from audit.fleet.forms import FleetPlan, FormerFleetRun
from audit.fleet.found import (
    Everything,
    FoundAccount,
    FoundOrganization,
    FoundProject,
    FoundProjects,
    FoundRegions,
    RawAnswer,
)
from audit.fleet.planning import PlanFrame, plan, stored_answers
from audit.profile import load_profile
from tests.fleet.builders import AS_OF, RUN, SHA

PRESETS = {name: load_profile(name) for name in ("default", "strict")}
USUAL = """
agency: "iam::{account}:agency:cbr-audit"
discovery: {organization: true}
"""
FRAME = PlanFrame(run=RUN, as_of=AS_OF, tool_version="0.3.0", configuration_sha256=SHA, profiles=PRESETS)


def an_account(name: str, **changes: Any) -> FoundAccount:
    return FoundAccount(id=name, name=f"the {name}", units=("Root", "prod"), unit_ids=("r-1", "ou-1"), **changes)


def projects(*names: str, **changes: Any) -> FoundProjects:
    return FoundProjects(tuple(FoundProject(f"id-{name}", name, **changes) for name in names))


SHOP, BANK = an_account("shop"), an_account("bank")
TROUBLED = FoundProjects((), is_whole=False, troubles=("denied",))


def everything(*accounts: FoundAccount, **of: FoundProjects) -> Everything:
    """By default shop has a project in sim-1 and bank one in each of two regions."""
    listed = accounts or (SHOP, BANK)
    found = {"shop": projects("sim-1"), "bank": projects("sim-1_bank", "sim-2"), **of}
    return Everything(
        FoundOrganization(listed),
        FoundRegions(frozenset({"sim-1", "sim-2"})),
        {account.id: found[account.id] for account in listed if account.id in found},
    )


def planned(
    text: str = USUAL, found: Everything | None = None, previous: FleetPlan | None = None, **frame: Any
) -> FleetPlan:
    link = None
    if previous:
        link = FormerFleetRun(run=previous.run, prefix=previous.prefix, plan_sha256=SHA, report_sha256=SHA)
    whole = structs.replace(FRAME, previous=previous, link=link, **frame)
    return plan(parse_fleet(text, "fleet.yaml"), found or everything(), whole)


def keys(plan: FleetPlan) -> list[str]:
    return [target.key for target in plan.targets]


def reasons(plan: FleetPlan) -> dict[str, str]:
    return {each.project_id or each.account: each.reason for each in plan.left_out}


def test_every_project_of_every_account_becomes_a_target() -> None:
    made = planned()
    bank = made.targets[0]

    assert keys(made) == ["bank.sim-1.id-sim-1_bank", "bank.sim-2.id-sim-2", "shop.sim-1.id-sim-1"]
    assert (bank.account_name, bank.project_name, bank.unit) == ("the bank", "sim-1_bank", ("Root", "prod"))
    assert bank.agency == "iam::bank:agency:cbr-audit"
    assert (made.discovery.accounts, made.discovery.troubles, made.left_out) == (2, (), ())
    assert bank.profile_sha256 == PRESETS["default"].sha256
    assert (made.deadline - made.as_of).total_seconds() == 120 * 60


def test_every_answer_is_named_by_its_hash_in_the_order_of_asking() -> None:
    answers = [RawAnswer(f"https://cloud/{number}", bytes([number]), AS_OF) for number in range(3)]
    found = structs.replace(
        everything(SHOP, shop=FoundProjects(projects("sim-1").projects, answers=(answers[2],))),
        organization=FoundOrganization((SHOP,), answers=(answers[0],)),
        regions=FoundRegions(None, answers=(answers[1],)),
    )
    evidence = planned(found=found).discovery.evidence

    assert [each.url for each in evidence] == ["https://cloud/0", "https://cloud/1", "https://cloud/2"]
    assert stored_answers(found) == {each.name: bytes([number]) for number, each in enumerate(evidence)}
    assert [hashlib.sha256(stored_answers(found)[each.name]).hexdigest() for each in evidence] == [
        each.sha256 for each in evidence
    ]


@pytest.mark.parametrize("text", [USUAL, f"{USUAL}accounts: [{{id: shop, name: other, tags: {{a: b}}}}]"])
@pytest.mark.parametrize(
    ("status", "reason"),
    [("suspended", "the account is suspended"), ("pending_closure", "the account is being closed")],
)
def test_a_closed_account_is_left_out_with_that_reason_also_where_it_is_listed(
    text: str, status: str, reason: str
) -> None:
    made = planned(text, everything(an_account("shop", status=status), BANK))

    assert reasons(made) == {"shop": reason}
    assert made.discovery.accounts == 2
    assert {target.account for target in made.targets} == {"bank"}


def test_a_status_that_nobody_documents_leaves_nothing_out() -> None:
    assert "shop.sim-1.id-sim-1" in keys(planned(found=everything(an_account("shop", status="odd"))))


@pytest.mark.parametrize(
    ("discovery", "reason"),
    [
        ("include_units: [Root/test]", "its unit is not included (discovery.include_units)"),
        ("exclude_units: [prod]", "its unit is excluded (discovery.exclude_units)"),
        ("include_units: [ou-1]", None),
        ("exclude_units: [test]", None),
    ],
)
def test_units_leave_accounts_out_with_that_reason(discovery: str, reason: str | None) -> None:
    made = planned(f"discovery: {{organization: true, {discovery}}}", everything(SHOP))

    assert reasons(made).get("shop") == reason
    assert bool(made.targets) == (reason is None)


def test_an_account_outside_of_the_organisation_is_in_no_unit_and_stays() -> None:
    outside = FoundAccount(id="shop")

    assert keys(planned("discovery: {organization: true, include_units: [a]}", everything(outside)))


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ("accounts: [the bank]", {"bank"}),
        ("regions: [sim-1]", {"id-sim-1", "id-sim-1_bank"}),
        ("accounts: [bank], regions: [sim-1]", {"id-sim-1_bank"}),
        ("projects: ['*_bank']", {"id-sim-1_bank"}),
    ],
)
def test_what_a_rule_leaves_out_is_listed_with_its_reason(rule: str, left_out: set[str]) -> None:
    made = planned(f"{USUAL}leave_out: [{{{rule}, reason: nothing there}}]")

    assert reasons(made) == dict.fromkeys(left_out, "nothing there")
    assert not left_out & {target.project_id for target in made.targets}


def test_the_first_rule_that_fits_gives_the_profile() -> None:
    rules = "[{accounts: [shop], profile: strict}, {regions: [sim-1], profile: default}]"
    made = planned(f"{USUAL}profile: strict\nrules: {rules}", everything(SHOP))

    assert [target.profile_sha256 for target in made.targets] == [PRESETS["strict"].sha256]


def test_tags_name_the_owner() -> None:
    found = everything(an_account("shop", tags={"owner": "ann"}), BANK)
    made = planned(f"{USUAL}owner_tag: owner\naccounts: [{{id: bank, tags: {{owner: wei}}}}]", found)

    assert [target.owner for target in made.targets] == ["wei", "wei", "ann"]


def test_the_file_adds_to_what_the_organisation_says_of_an_account() -> None:
    listed = "accounts: [{id: shop, name: x, agency: shop/older, regions: [sim-2]}, {id: new, name: the new}]"
    made = planned(USUAL + listed, everything(SHOP, shop=projects("sim-1", "sim-2")))

    assert [(target.key, target.account_name, target.agency) for target in made.targets] == [
        ("shop.sim-2.id-sim-2", "the shop", "shop/older")
    ]
    assert reasons(made) == {"id-sim-1": "its region is not one of those to audit"}
    assert made.discovery.accounts == 2


def test_the_project_for_billing_is_skipped_and_other_odd_ones_are_left_out() -> None:
    odd = (
        FoundProject("MOS", "MOS"),
        FoundProject("off", "sim-1_off", is_enabled=False),
        FoundProject("self", "shop", is_domain=True),
    )
    made = planned(found=everything(SHOP, shop=FoundProjects((*projects("sim-1").projects, *odd))))

    assert keys(made) == ["shop.sim-1.id-sim-1"]
    assert reasons(made) == {"off": "the project is disabled", "self": "it stands for the account itself"}


@pytest.mark.parametrize("regions", [FoundRegions(frozenset({"sim-1"})), FoundRegions(None)])
@pytest.mark.parametrize("name", ["Odd_one", "é"])
def test_a_project_without_a_region_is_a_trouble_unless_the_file_says_which(name: str, regions: FoundRegions) -> None:
    found = structs.replace(everything(SHOP, shop=projects("sim-1", name)), regions=regions)
    listed = f"targets: [{{account: shop, region: sim-2, project: 'id', name: {name}}}]".replace("'id'", '"odd"')
    named = structs.replace(found, projects={"shop": FoundProjects((FoundProject("odd", name),))})

    assert "begins with no region: list it under targets" in planned(found=found).discovery.troubles[0]
    assert keys(planned(USUAL + listed, named)) == ["shop.sim-2.odd"]
    assert not planned(USUAL + listed, named).discovery.troubles


def test_a_project_without_a_region_can_be_left_out() -> None:
    found = everything(SHOP, shop=projects("sim-1", "Odd_one"))
    made = planned(f"{USUAL}leave_out: [{{projects: [Odd_one], reason: an old test}}]", found)

    assert reasons(made) == {"id-Odd_one": "an old test"}
    assert made.discovery.troubles == ()


def test_a_project_that_is_planned_for_two_accounts_is_a_trouble() -> None:
    made = planned(f"{USUAL}targets: [{{account: bank, region: sim-1, project: id-sim-1}}]")

    assert made.discovery.troubles == ("the project id-sim-1 is planned for 2 accounts",)


def test_a_region_that_iam_does_not_know_is_a_trouble() -> None:
    assert planned(found=everything(SHOP, shop=projects("sim-9"))).discovery.troubles
    assert keys(planned("discovery: {organization: true, regions: [sim-9]}", everything(SHOP, shop=projects("sim-9"))))


def test_an_account_without_a_project_to_audit_is_named() -> None:
    assert reasons(planned(found=everything(SHOP, shop=projects("MOS")))) == {
        "shop": "it has no project that could be audited"
    }


def test_an_account_whose_projects_nobody_lists_is_a_trouble() -> None:
    made = planned("discovery: {organization: true, projects: false}", Everything(FoundOrganization((SHOP,))))

    assert (
        "account the shop (shop): nobody lists its projects: switch discovery.projects on" in made.discovery.troubles[0]
    )


def test_listed_targets_need_no_asking() -> None:
    made = planned("targets: [{account: shop, region: sim-1, project: p, name: sim-1}]", Everything())

    assert keys(made) == ["shop.sim-1.p"]
    assert (made.discovery.accounts, made.discovery.troubles) == (1, ())


def test_one_accounts_denial_hides_no_other_and_its_known_targets_stay() -> None:
    before = planned()
    made = planned(found=everything(bank=TROUBLED), previous=before)

    assert keys(made) == keys(before)
    assert made.discovery.troubles == (
        "account the bank (bank): denied",
        "account the bank (bank): targets of the plan before that stay planned: 2",
    )
    assert made.previous is not None


def test_a_denied_account_still_has_its_listed_targets() -> None:
    made = planned(f"{USUAL}targets: [{{account: bank, region: sim-2, project: p}}]", everything(bank=TROUBLED))

    assert keys(made) == ["bank.sim-2.p", "shop.sim-1.id-sim-1"]
    assert made.discovery.troubles == ("account the bank (bank): denied",)


def test_what_was_seen_of_a_list_that_broke_off_is_planned_with_what_was_known() -> None:
    part = FoundProjects(projects("sim-1_bank").projects, is_whole=False, troubles=("broke off",))
    made = planned(found=everything(bank=part), previous=planned())

    assert keys(made) == keys(planned())
    assert made.discovery.troubles[-1].endswith("that stay planned: 1")


def test_what_a_list_that_broke_off_shows_as_disabled_is_not_kept() -> None:
    disabled = (FoundProject("id-sim-1_bank", "sim-1_bank", is_enabled=False),)
    part = FoundProjects(disabled, is_whole=False, troubles=("broke off",))
    made = planned(found=everything(bank=part), previous=planned())

    assert keys(made) == ["bank.sim-2.id-sim-2", "shop.sim-1.id-sim-1"]
    assert reasons(made) == {"id-sim-1_bank": "the project is disabled"}


def test_targets_in_regions_that_are_not_audited_any_more_are_not_kept() -> None:
    lost = structs.replace(everything(SHOP), organization=FoundOrganization((SHOP,), is_whole=False))
    text = "discovery: {organization: true, regions: [sim-2]}"
    denied = planned(text, everything(SHOP, shop=TROUBLED), previous=planned())

    assert keys(planned(text, lost, previous=planned())) == ["bank.sim-2.id-sim-2"]
    assert (denied.targets, denied.discovery.troubles) == ((), ("account the shop (shop): denied",))


def test_a_project_that_is_gone_from_a_whole_list_is_not_kept() -> None:
    assert keys(planned(found=everything(bank=projects("sim-2")), previous=planned())) == [
        "bank.sim-2.id-sim-2",
        "shop.sim-1.id-sim-1",
    ]


def test_an_account_that_is_gone_from_a_whole_organisation_is_not_kept() -> None:
    assert keys(planned(found=everything(SHOP), previous=planned())) == ["shop.sim-1.id-sim-1"]


def test_accounts_that_a_broken_off_list_does_not_show_stay_planned() -> None:
    organization = FoundOrganization((SHOP,), is_whole=False, troubles=("broke off",))
    found = structs.replace(everything(SHOP), organization=organization)
    made = planned(found=found, previous=planned())

    assert keys(made) == keys(planned())
    assert made.targets[0] == planned().targets[0]
    assert made.discovery.troubles == (
        "broke off",
        "account the bank (bank) may have been missed: targets of the plan before that stay planned: 2",
    )
    assert made.discovery.accounts == 1


def test_an_account_that_is_left_out_since_then_is_not_kept() -> None:
    organization = FoundOrganization((SHOP,), is_whole=False, troubles=("broke off",))
    found = structs.replace(everything(SHOP), organization=organization)
    made = planned(f"{USUAL}leave_out: [{{accounts: [bank], reason: sold}}]", found, previous=planned())

    assert keys(made) == ["shop.sim-1.id-sim-1"]
    assert reasons(made) == {"bank": "sold"}


@given(st.randoms())
def test_the_order_in_which_things_are_found_changes_nothing(random: Any) -> None:
    found = everything()
    shuffled = [SHOP, BANK]
    random.shuffle(shuffled)
    other = structs.replace(
        found,
        organization=FoundOrganization(tuple(shuffled)),
        projects={
            name: FoundProjects(tuple(random.sample(of.projects, len(of.projects))))
            for name, of in found.projects.items()
        },
    )

    assert planned(found=other).dump() == planned(found=found).dump()


def test_a_run_before_that_is_lost_is_a_trouble() -> None:
    assert planned(lost="the run before is lost").discovery.troubles == ("the run before is lost",)
    assert planned().discovery.troubles == ()


@pytest.mark.parametrize(("begun", "deadline"), [(-1, 120), (0, 120), (600, 720)])
def test_targets_have_their_time_also_where_an_earlier_time_is_judged(begun: int, deadline: int) -> None:
    made = planned(begun_at=AS_OF + timedelta(minutes=begun))

    assert made.deadline == AS_OF + timedelta(minutes=deadline)
