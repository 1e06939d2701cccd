"""The page of a fleet: who is fine, failing or not seen comes first, and nothing in it is markup of others."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from audit.fleet import fleet_page
from audit.fleet.forms import EnterpriseProject, NotAudited, Status, Worst
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from audit.judging.findings import Severity
from tests.fleet.builders import AS_OF, SHA, a_plan, a_receipt, a_target, stored, what_was_found

EVIL = "<script>alert(1)</script>"


def full(name: str = "shop") -> FleetReport:
    """A fleet with one target in each state, on two days."""
    gone, *targets = (
        a_target(number, account_name=f"{name}-{number}", owner="ann", tags={"team": name}, unit=("Root", name))
        for number in range(9)
    )
    problem = Worst(
        severity=Severity.CRITICAL,
        control="CBR-101",
        kind="resource",
        id="r1",
        name=name,
        reason=f"no backup of {name}",
        todo="Enlarge the vault.",
        since=AS_OF - timedelta(days=3),
    )
    project = EnterpriseProject(id="0", resources=10, failing=2, failures=2, unknown=0)
    bad = what_was_found(
        targets[0],
        conclusion="non_compliant",
        failing=2,
        problems=3,
        without_backup=1,
        by_severity={"critical": 1},
        worst=(problem,),
        groups=(project,),
    )
    statuses = (Status.DENIED, Status.UNREACHABLE, Status.FAILED, Status.OUT_OF_TIME)
    receipts = [
        a_receipt(targets[0], audited=bad),
        a_receipt(targets[1], audited=what_was_found(targets[1], complete=False, conclusion="incomplete")),
        a_receipt(targets[2]),
        *(
            a_receipt(target, status, reason=f"{name}: 403")
            for target, status in zip(targets[3:], statuses, strict=False)
        ),
    ]
    first = a_plan(gone, *targets[1:], as_of=AS_OF - timedelta(days=1))
    yesterday = roll_up(first, SHA, stored(*receipts[1:]))
    out = NotAudited(account="old", account_name=name, region="eu-west-0", project_id="p", reason="it is suspended")
    return roll_up(a_plan(*targets, left_out=(out,)), SHA, stored(*receipts), FleetBefore(first, yesterday))


class Rows(HTMLParser):
    """The text of each row of the table of targets."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.rows: list[str] = []
        self.tags: set[str] = set()
        self._is_inside = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "table":
            self._is_inside = ("class", "list targets") in attrs
        elif tag == "tr" and self._is_inside:
            self.rows.append("")

    def handle_data(self, data: str) -> None:
        if self._is_inside and self.rows:
            self.rows[-1] += f"{data} "


def test_what_was_not_seen_comes_first_then_what_fails() -> None:
    rows = [" ".join(row.split()) for row in Rows(fleet_page.render(full())).rows[1:]]
    words = ["Denied", "Unreachable", "Failed", "Out of time", "Never audited", "Not compliant", "Incomplete"]

    assert len(rows) == len(words) + 1
    assert all(f" {each} " in row for each, row in zip([*words, "Compliant"], rows, strict=True))
    assert "shop-1 account-1 new" in rows[5]
    assert "shop: 403" in rows[0]


def test_every_state_says_how_many_targets_and_names_the_accounts() -> None:
    page = fleet_page.render(full()).decode()

    assert [int(number) for number in re.findall(r'data-state="\w+"[^>]*><b>(\d+)</b>', page)] == [5, 1, 1, 1]
    assert "<bdi>shop-4</bdi>" in page
    assert "8 targets" in page
    assert "Gone since the run before" in page
    assert "it is suspended" in page


@pytest.mark.parametrize("base", ["../", "../../../../../"])
def test_targets_lead_to_their_reports(base: str) -> None:
    report = full()
    page = fleet_page.render(report, base).decode()
    prefixes = [line.audited.prefix for line in report.targets if line.audited]

    assert all(f'href="{base}{prefix}/report.html"' in page for prefix in prefixes)


def test_a_day_has_a_letter_for_each_target() -> None:
    page = fleet_page.render(full()).decode()

    for words in ("Compliant", "Not compliant", "Denied", "Never audited", "Not planned"):
        assert f': {words}">' in page


def test_names_are_never_markup() -> None:
    page = fleet_page.render(full(EVIL))

    assert page.count(b"<script>") == 1
    assert EVIL.encode() not in page


def test_the_page_requests_nothing() -> None:
    page = fleet_page.render(full()).decode()

    assert not re.findall(r'(?:src|href)="(?!#|data:|\.\./)', page)
    assert "default-src 'none'" in page


def test_a_fleet_without_targets_has_a_page_all_the_same() -> None:
    page = fleet_page.render(roll_up(a_plan(), SHA, {})).decode()

    assert "Incomplete" in page
    assert "no target was found" in page


def test_the_same_roll_up_gives_the_same_page() -> None:
    assert fleet_page.render(full()) == fleet_page.render(full())
