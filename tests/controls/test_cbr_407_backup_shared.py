from typing import Any

import pytest

from audit.controls.cbr_407_backup_shared import CONTROL, judge
from audit.judging.control_catalogue import OPT_IN
from audit.judging.findings import Clue, Outcome, Verdict
from audit.records import Member
from tests.builders import DAY, HOUR, a_member, a_point, a_resource, facts_of, limits

POINTS = (a_point(2 * DAY, id="old"), a_point(HOUR, id="part", parent_id="new"), a_point(HOUR, id="new"))


def judged(*members: Member, trusted: frozenset[str] = frozenset({"friend"}), **changes: Any) -> Verdict:
    values: dict[str, Any] = {"recovery_points": POINTS, "members": {"new": members}}
    return judge(a_resource(**{**values, **changes}), limits(trusted_projects=trusted))


def test_one_that_is_shared_with_nobody_passes_and_says_how_much_was_looked_at() -> None:
    verdict = judged()

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.PASS, {"backups": 2, "looked_at": 1, "shares": 0})


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ([a_member("accepted", project_id="friend"), a_member("pending", project_id="friend")], Outcome.PASS),
        ([a_member("rejected")], Outcome.PASS),
        ([a_member("odd", project_id="friend")], Outcome.PASS),
        ([a_member("accepted")], Outcome.FAIL),
        ([a_member("pending")], Outcome.FAIL),
        ([a_member("rejected"), a_member("odd", project_id="other"), a_member("pending")], Outcome.FAIL),
        ([a_member("odd")], Outcome.UNKNOWN),
        ([a_member("accepted", project_id=None)], Outcome.UNKNOWN),
    ],
)
def test_a_share_counts_unless_it_was_rejected_or_its_project_is_trusted(
    members: list[Member], outcome: Outcome
) -> None:
    assert judged(*members).outcome is outcome


def test_without_trusted_projects_every_share_is_one_too_many() -> None:
    verdict = judged(a_member(project_id="friend"), a_member("pending", project_id="b"), trusted=frozenset())

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {"backups": 2, "looked_at": 1, "shares": 2, "projects": "b, friend", "backup": "new"}
    assert verdict.clues == (Clue("new", None),)


def test_every_backup_that_was_looked_at_counts() -> None:
    assert judged(members={"new": (), "old": (a_member(),)}).outcome is Outcome.FAIL


@pytest.mark.parametrize("members", [{}, {"of another resource": ()}])
def test_a_resource_none_of_whose_backups_was_looked_at_is_unknown(members: dict[str, Any]) -> None:
    verdict = judged(members=members)

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"backups": 2, "looked_at": 0})


@pytest.mark.parametrize("changes", [{"members": None}, {"recovery_points": None}])
def test_lists_that_were_not_read_completely_leave_it_unknown(changes: dict[str, Any]) -> None:
    assert judged(a_member(), **changes).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("points", [(), (a_point(parent_id="whole"),)])
def test_what_has_no_backup_of_its_own_is_not_judged(points: Any) -> None:
    assert judged(recovery_points=points).outcome is Outcome.NOT_APPLICABLE


def test_it_is_applied_only_where_a_profile_asks_for_it() -> None:
    assert CONTROL.id in OPT_IN
