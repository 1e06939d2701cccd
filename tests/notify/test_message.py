from audit.judging.witnesses import Attribution, Witnessed
from audit.notify.change import compare
from audit.notify.message import subject, text
from audit.records import Actor
from audit.report.actors import actors_part
from tests.builders import a_trace
from tests.notify.builders import a_problem, a_report

LASTING = ", since 2026-11-20 11:00 UTC (3 days)"
URL = "obs://reports/cbr/p1/2026/11/23/20261123T120000Z-0123456789ab/report.html"


def test_a_person_is_told_what_is_wrong_since_when_and_what_to_do() -> None:
    follows = {"control": "CBR-301", "subject": {"kind": "vault", "id": "v1", "name": "vault-1"}}
    fresh = a_problem("web-2", severity="critical", since=None, error=None, also=["CBR-104"], explains=[follows])
    report = a_report(a_problem("db-1"), fresh)
    change = compare(report, a_report(a_problem("db-1"), a_problem("nas-3")))

    assert subject(change) == "cbr-audit: NOT COMPLIANT, 2 problems (1 new), project p1 r1"
    assert text(change, URL).split("\n") == [
        "NOT COMPLIANT: backups need attention.",
        "Before: NOT COMPLIANT, as of 2026-11-23T12:00:00Z",
        "",
        "New problems (1):",
        "- critical: resource web-2: no successful backup within the limit; explains 2 others",
        "  To do: The vault is full: enlarge it.",
        "",
        "No longer shown as failing (1):",
        "- resource nas-3: CBR-101",
        "",
        "Known problems (1):",
        f"- high: resource db-1: no successful backup within the limit{LASTING} (BackupService.6114)",
        "  To do: The vault is full: enlarge it.",
        "",
        "Judged as of 2026-11-23T12:00:00Z, project p1 r1",
        f"Report: {URL}",
        "Show it: cbr-audit show 20261123T120000Z-0123456789ab",
        "",
    ]


def test_the_first_message_lists_the_problems_without_calling_them_new() -> None:
    change = compare(a_report(a_problem()), None)

    assert subject(change) == "cbr-audit: NOT COMPLIANT, 1 problem, project p1 r1"
    assert "Problems, worst first (1):" in text(change, URL)
    assert "Before" not in text(change, URL)


def test_missing_data_are_named_and_make_no_good_news() -> None:
    gaps = [f"gap {number}" for number in range(5)]
    report = a_report(conclusion="incomplete", collection={"complete": False, "gaps": gaps})
    change = compare(report, a_report(a_problem()))

    assert subject(change) == "cbr-audit: INCOMPLETE, project p1 r1"
    lines = text(change, URL).split("\n")
    assert lines[0].startswith("INCOMPLETE: not everything could be judged")
    assert lines[2:5] == ["Not read: gap 0", "Not read: gap 1", "Not read: gap 2"]
    assert "No longer shown as failing, perhaps for want of data (1):" in lines


def test_a_message_stays_short_whatever_the_number_of_problems() -> None:
    many = [a_problem(f"db-{number}") for number in range(1000)]
    gone = [a_problem(f"old-{number}") for number in range(1000)]
    known = [a_problem(f"known-{number}") for number in range(1000)]

    told = text(compare(a_report(*many, *known), a_report(*gone, *known)), URL)

    assert len(told.split("\n")) < 60
    assert [line for line in told.split("\n") if " more: " in line] == [
        "- and 990 more: see the report",
        "- and 990 more: see the report",
        "- and 995 more: see the report",
    ]


def test_names_from_the_cloud_cannot_shape_the_message() -> None:
    name = "db\n[Report]: http://evil.example\x1b[31m"
    change = compare(a_report(a_problem(name)), a_report(a_problem(f"{name}2")))

    told = text(change, URL)
    assert not {"[", "]", "\x1b"} & set(told)
    assert "\nReport: obs://" in told
    assert "\n(Report)" not in told
    assert "\n" not in subject(compare(a_report(run={**a_report()["run"], "region": name}), None))


def test_by_whom_is_told_at_each_problem_and_why_nobody_is_known_once() -> None:
    eve = actors_part(Attribution(named=(Witnessed(a_trace(actor=Actor(name="eve[1]\n")), "r1"),)))
    unread = actors_part(Attribution(why_not="cts:trace:list is not granted"))
    report = a_report(a_problem("db-1", actors=eve), *(a_problem(name, actors=unread) for name in ("db-2", "db-3")))
    told = text(compare(report, None), URL)

    assert "  By whom: eve(1)? (user) at 2026-11-23T03:00:00Z, deleteVault\n  To do: The vault" in told
    assert told.count("By whom is not known of 2 problems, because cts:trace:list is not granted.") == 1
    assert told.count("By whom") == 2
