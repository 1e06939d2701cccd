from typing import Any

import pytest

from audit.errors import SourceRefusedError, SourceUnreachableError
from audit.fleet.found import FoundOrganization
from audit.fleet.organization import read_organization
from tests.fleet.asking import Script, a_page, an_inquiry

ACCOUNTS = "/v1/organizations/accounts"
UNITS = "/v1/organizations/organizational-units"
ROOTS = "/v1/organizations/roots"


def an_account(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "status": "active", "joined_at": "2023-07-20T02:07:56Z", **changes}


def a_unit(name: str) -> dict[str, str]:
    return {"id": f"ou-{name}", "name": name}


def a_script(**changes: Any) -> Script:
    """Root has the account main; below it prod has shop, and inner, below prod, has bank."""
    script = {
        ACCOUNTS: a_page("accounts", *(an_account(name) for name in ("main", "shop", "bank"))),
        ROOTS: a_page("roots", {"id": "r-1", "name": "Root"}),
        f"{ACCOUNTS}?parent_id=r-1": a_page("accounts", an_account("main")),
        f"{UNITS}?parent_id=r-1": a_page("organizational_units", a_unit("prod")),
        f"{ACCOUNTS}?parent_id=ou-prod": a_page("accounts", an_account("shop")),
        f"{UNITS}?parent_id=ou-prod": a_page("organizational_units", a_unit("inner")),
        f"{ACCOUNTS}?parent_id=ou-inner": a_page("accounts", an_account("bank")),
        f"{UNITS}?parent_id=ou-inner": a_page("organizational_units"),
    }
    return {**script, **changes}


def read(script: Script, *, with_tags: bool = False) -> FoundOrganization:
    return read_organization(an_inquiry(script), with_tags=with_tags)


def ids(found: FoundOrganization) -> list[str]:
    return [account.id for account in found.accounts]


def test_accounts_are_found_through_all_units_with_the_path_to_each() -> None:
    found = read(a_script())

    assert (found.is_whole, found.troubles) == (True, ())
    assert [(account.id, account.name, account.units) for account in found.accounts] == [
        ("id-bank", "bank", ("Root", "prod", "inner")),
        ("id-main", "main", ("Root",)),
        ("id-shop", "shop", ("Root", "prod")),
    ]
    assert found.accounts[0].unit_ids == ("r-1", "ou-prod", "ou-inner")


def test_every_answer_is_kept_as_received_and_contact_data_is_never_asked_for() -> None:
    script = a_script()
    found = read(script)

    assert len(found.answers) == len(script)
    assert found.answers[0].url == f"https://cloud{ACCOUNTS}?limit=200"
    assert b'"joined_at":"2023-07-20T02:07:56Z"' in found.answers[0].body
    assert not any("contact" in answer.url for answer in found.answers)


def test_a_list_ends_where_there_is_no_marker_and_not_where_a_page_is_short() -> None:
    script = a_script(
        **{
            ACCOUNTS: a_page("accounts", an_account("main"), marker="m1"),
            f"{ACCOUNTS}?marker=m1": a_page("accounts", marker="m2"),
            f"{ACCOUNTS}?marker=m2": a_page("accounts", an_account("shop"), an_account("bank"), marker=""),
        }
    )

    assert read(script) == FoundOrganization(read(a_script()).accounts, answers=read(script).answers)


def test_tags_are_read_only_where_they_are_needed() -> None:
    tags = {
        f"/v1/organizations/organizations:accounts/id-{name}/tags": a_page("tags", {"key": "owner", "value": name})
        for name in ("main", "shop", "bank")
    }
    found = read(a_script(**tags), with_tags=True)

    assert [account.tags for account in found.accounts] == [{"owner": name} for name in ("bank", "main", "shop")]


REFUSED = SourceRefusedError("answered 403; only the management account may ask", status=403)


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({ACCOUNTS: REFUSED}, "the accounts of the organisation could not be read completely: answered 403; only"),
        ({ROOTS: REFUSED}, "the roots of the organisation could not be read completely: answered 403"),
        ({f"{UNITS}?parent_id=ou-prod": REFUSED}, "the units in the unit Root/prod (ou-prod) could not be read"),
        ({f"{ACCOUNTS}?parent_id=ou-inner": REFUSED}, "the accounts in the unit Root/prod/inner (ou-inner) could"),
        ({ACCOUNTS: b"{}"}, "did not answer as documented: Object missing required field"),
        ({ACCOUNTS: b'{"accounts": 1'}, "did not answer as documented"),
        ({ACCOUNTS: b'{"a": "\xff"}'}, "did not answer as documented"),
        ({ACCOUNTS: a_page("accounts", an_account("main", id="../x"))}, "did not answer as documented"),
        ({ACCOUNTS: a_page("accounts", count=3)}, "a page says that it has 3 rows, and has 0"),
        (
            {ACCOUNTS: a_page("accounts", marker="m"), f"{ACCOUNTS}?marker=m": a_page("accounts", marker="m")},
            "the marker of the next page repeats",
        ),
        (
            {
                ACCOUNTS: a_page("accounts", an_account("main"), an_account("shop"), marker="m"),
                f"{ACCOUNTS}?marker=m": a_page("accounts", an_account("shop"), an_account("bank")),
            },
            "the accounts of the organisation have id-shop twice",
        ),
        ({f"{ACCOUNTS}?parent_id=ou-inner": a_page("accounts", an_account("shop"))}, "id-shop is listed in two units"),
        (
            {f"{UNITS}?parent_id=ou-inner": a_page("organizational_units", a_unit("prod"))},
            "the unit Root/prod/inner/prod (ou-prod) is listed twice",
        ),
        (
            {f"{ACCOUNTS}?parent_id=ou-inner": a_page("accounts", an_account("bank"), an_account("new"))},
            "account id-new is listed in a unit, and not in the organisation",
        ),
        (
            {f"{ACCOUNTS}?parent_id=ou-inner": a_page("accounts")},
            "account id-bank is listed in the organisation, and in no unit",
        ),
    ],
)
def test_whatever_may_hide_an_account_is_a_trouble_and_all_others_are_found(
    change: dict[str, Any], trouble: str
) -> None:
    found = read(a_script(**change))

    assert not found.is_whole
    assert any(trouble in each for each in found.troubles)
    assert {"id-main", "id-shop"} <= {*ids(found)}


def test_an_account_that_only_one_of_both_lists_shows_is_looked_at() -> None:
    moved = {f"{ACCOUNTS}?parent_id=ou-inner": a_page("accounts", an_account("new"))}

    assert ids(read(a_script(**moved))) == ["id-bank", "id-main", "id-new", "id-shop"]


def test_an_organisation_without_accounts_is_a_trouble() -> None:
    script = {ACCOUNTS: a_page("accounts"), ROOTS: a_page("roots")}

    assert read(script).troubles == ("Organizations lists no account, not even its own",)


def test_tags_that_cannot_be_read_are_a_trouble_and_hide_no_account() -> None:
    tags = {f"/v1/organizations/organizations:accounts/id-{name}/tags": REFUSED for name in ("main", "shop", "bank")}
    found = read(a_script(**tags), with_tags=True)

    assert "the tags of account bank (id-bank) could not be read completely: answered 403" in found.troubles[0]
    assert (len(found.accounts), found.is_whole) == (3, True)


def test_a_list_without_an_end_is_given_up() -> None:
    script = {f"{ACCOUNTS}?marker={number}": a_page("accounts", marker=str(number + 1)) for number in range(600)}
    found = read(a_script(**script, **{ACCOUNTS: a_page("accounts", marker="0")}))

    assert "there are more than 500 pages" in found.troubles[0]


def test_units_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.fleet.organization._MOST_UNITS", 2)

    assert "there are more than 2 units; not all of them were read" in read(a_script()).troubles


def test_an_organisation_that_does_not_answer_at_all_is_troubles_and_no_error() -> None:
    found = read({ACCOUNTS: SourceUnreachableError("no answer"), ROOTS: SourceUnreachableError("no answer")})

    assert (found.accounts, found.is_whole, len(found.troubles)) == ((), False, 2)
