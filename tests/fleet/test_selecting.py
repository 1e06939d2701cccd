import pytest

from audit.fleet.configuration import parse_fleet
from audit.fleet.found import FoundAccount
from audit.fleet.selecting import remarks, selects

ACCOUNT = FoundAccount(id="a1", name="shop", units=("Root", "prod"), unit_ids=("r", "ou-1"), tags={"tier": "gold"})
LISTED = "accounts: [{id: a1, name: shop, tags: {tier: gold}}]\n"


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("accounts: [a1]", True),
        ("accounts: [sh*]", True),
        ("accounts: [bank]", False),
        ("units: [prod]", True),
        ("units: [Root/prod]", True),
        ("units: [ou-1]", True),
        ("units: [test, Root/test]", False),
        ("tags: [tier]", True),
        ("tags: [tier=gold]", True),
        ("tags: [tier=silver]", False),
        ("regions: [sim-*]", True),
        ("regions: [eu-*]", False),
        ("projects: [p1]", True),
        ("projects: ['*_web']", True),
        ("projects: [sim-1]", False),
        ("accounts: [shop], regions: [eu-*]", False),
    ],
)
def test_every_part_of_a_rule_must_fit(rule: str, fits: bool) -> None:  # noqa: FBT001
    (selector,) = parse_fleet(f"{LISTED}rules: [{{{rule}, profile: strict}}]", "f").rules

    assert selects(selector, ACCOUNT, "sim-1", "p1", "sim-1_web") == fits


def said(text: str) -> list[str]:
    return [f"{'.'.join(map(str, place))}: {remark}" for place, remark in remarks(parse_fleet(text, "f"))]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accounts: [a*]", "accounts: [a1]"),
        ("accounts: [a*]", "accounts: [a*], regions: [sim-1]"),
        ("accounts: [a1, b]", "accounts: [b]"),
        ("accounts: ['*']", "accounts: [a*]"),
        ("accounts: ['a?']", "accounts: ['a?']"),
    ],
)
def test_a_rule_behind_one_that_selects_all_of_it_is_named(first: str, second: str) -> None:
    rules = f"rules:\n- {{{first}, profile: strict}}\n- {{{second}, profile: dora}}"

    assert said(f"discovery: {{organization: true}}\n{rules}") == [
        "rules.1: it can never count: number 1 of rules selects all of it"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accounts: [a1]", "accounts: [a*]"),
        ("accounts: [a*], regions: [sim-1]", "accounts: [a1]"),
        ("accounts: ['a?']", "accounts: ['a*']"),
        ("accounts: [a*]", "tags: [a]"),
    ],
)
def test_a_rule_that_may_still_count_is_not_named(first: str, second: str) -> None:
    assert not said(
        f"discovery: {{organization: true}}\nrules:\n- {{{first}, profile: strict}}\n- {{{second}, profile: dora}}"
    )


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            f"discovery: {{regions: [sim-1]}}\n{LISTED}rules: [{{regions: [eu-*], profile: strict}}]",
            "rules.0: it can never count: none of its regions is audited",
        ),
        (
            f"{LISTED}rules: [{{accounts: [b], profile: strict}}]",
            "rules.0: it can never count: none of its accounts is",
        ),
        (
            f"{LISTED}leave_out: [{{units: [b], reason: c}}]",
            "leave_out.0: it can never count: accounts have units only",
        ),
        (
            f"{LISTED}rules: [{{tags: [b], profile: strict}}]",
            "rules.0: it can never count: no account that is listed has",
        ),
        (
            f"{LISTED}discovery: {{exclude_units: [b]}}",
            "discovery.exclude_units: exclude_units has no effect while disc",
        ),
    ],
)
def test_what_has_no_effect_is_named(text: str, remark: str) -> None:
    (only,) = said(text)

    assert only.startswith(remark)


def test_an_agency_that_would_be_assumed_at_home_too_is_named() -> None:
    assert said('agency: "{account}/a"\ndiscovery: {organization: true}') == [
        "agency: without home, it is assumed in the account of the audit itself, too"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{LISTED}rules: [{{regions: [eu-*], profile: strict}}]",
        f"discovery: {{regions: [sim-1]}}\n{LISTED}rules: [{{regions: [sim-1], profile: strict}}]",
        "discovery: {regions: [s-1]}\naccounts: [{id: a, regions: [eu-1]}]\nrules: [{regions: [eu-*], profile: dora}]",
        "targets: [{account: b, region: sim-1, project: p}]\nrules: [{accounts: [b], profile: strict}]",
        f"{LISTED}rules: [{{accounts: [shop], tags: [tier=gold], profile: strict}}]",
    ],
)
def test_what_may_have_an_effect_is_not_named(text: str) -> None:
    assert not said(text)
