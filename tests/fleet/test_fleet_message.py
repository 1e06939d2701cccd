"""What people read of a fleet that has changed."""

from audit.fleet.fleet_change import compare
from audit.fleet.fleet_message import subject, text
from audit.fleet.forms import Discovery, NotAudited, Status
from tests.fleet.builders import a_plan, a_receipt, a_target, what_was_found
from tests.fleet.test_fleet_change import ONE, THREE, TWO, a_problem, a_report, failing

URL = "obs://reports/cbr/fleet-all/index.html"
FOUR = a_target(4, project_name="eu-west-101_shop", owner="team [a]")


def test_the_engineer_on_call_reads_which_accounts_and_what_to_do() -> None:
    before = a_report(
        *(a_receipt(ONE), failing(TWO, a_problem()), a_receipt(THREE, Status.DENIED), a_receipt(FOUR)),
        targets=(ONE, TWO, THREE, FOUR),
    )
    now = a_report(
        a_receipt(ONE, Status.DENIED, reason="answered 403: sts:agencies:assume"),
        failing(TWO, a_problem(), a_problem("db-2", severity="low")),
        failing(THREE, a_problem("web-1")),
        targets=(ONE, TWO, THREE),
        left_out=(NotAudited(account=FOUR.account, reason="the account is suspended"),),
        before=a_plan(ONE, TWO, THREE, FOUR),
        discovery=Discovery(accounts=4, troubles=("the list of accounts broke off",)),
    )

    assert subject(now) == "cbr-audit: NOT COMPLIANT, 1 not seen, 2 failing of 3 targets, fleet all"
    assert text(compare(now, before), URL).split("\n") == [
        "Not all that there is may be known. Not seen: company-1. Failing: company-2, company-3.",
        "NOT COMPLIANT: backups need attention.",
        "Before: NOT COMPLIANT, as of 2026-11-23T04:00:00Z",
        "",
        "New doubts (1):",
        "- the list of accounts broke off",
        "",
        "New (2):",
        "- company-1, eu-west-101, project-1: denied: answered 403: sts:agencies:assume",
        "  To do: See that the account trusts the audit account, and what its agency may do.",
        "- company-3, eu-west-101, project-3: failing, 1 problem (1 new)",
        "  high: resource web-1: its newest backup is too old",
        "  To do: Start a backup.",
        "",
        "Worse than before (1):",
        "- company-2, eu-west-101, project-2: failing, 2 problems (1 new)",
        "  low: resource db-2: its newest backup is too old",
        "  To do: Start a backup.",
        "",
        "Seen again (1):",
        "- company-3, eu-west-101, project-3",
        "",
        "Not planned any more (1):",
        "- company-4, eu-west-101, eu-west-101_shop (owner team (a)): the account is suspended",
        "",
        "Judged as of 2026-11-23T04:00:00Z, 3 targets, fleet all",
        f"Page: {URL}",
        "",
    ]


def test_a_first_message_calls_nothing_new_and_good_news_are_short() -> None:
    first = a_report(a_receipt(ONE), failing(TWO, problems=0))
    fine = a_report(a_receipt(ONE), a_receipt(TWO))

    assert "Not fine (1):\n- company-2, eu-west-101, project-2: failing, 0 problems\n" in text(compare(first, None), "")
    assert subject(fine) == "cbr-audit: COMPLIANT, 2 targets, fleet all"
    assert text(compare(fine, first), URL).startswith(
        "Nothing is failing in 2 targets, and all were seen.\nCOMPLIANT: every target was audited"
    )
    assert "Recovered (1):" in text(compare(fine, first), URL)


def test_a_fleet_of_nothing_is_no_good_news_today_or_tomorrow() -> None:
    nothing = a_report(targets=())

    assert subject(nothing) == "cbr-audit: INCOMPLETE, 0 targets, fleet all"
    for before, title in ((None, "In doubt (1):"), (nothing, "Still in doubt (1):")):
        lines = text(compare(nothing, before), URL).split("\n")
        assert lines[0] == "Not all that there is may be known."
        assert lines[lines.index(title) + 1] == "- there is nothing to audit: no target was found"


def test_a_message_stays_short_whatever_the_number_of_targets() -> None:
    targets = tuple(a_target(number, account_name="") for number in range(1000))
    unread = {target.key: what_was_found(target, complete=False) for target in targets[500:]}
    receipts = [a_receipt(target, audited=unread[target.key]) for target in targets[500:]]
    now = a_report(*receipts, targets=targets)
    lines = text(compare(now, now), URL).split("\n")

    assert lines[0].startswith("Not seen: account-0, account-1, account-10, account-100, account-101 and 495 more. ")
    assert "Incomplete: account-500" in lines[0]
    assert "- and 995 more: see the report" in lines
    assert len("\n".join(lines)) < 2000
