import pytest

from audit.records import Member
from tests.builders import a_member, a_member_row
from tests.records.odd import ODD


def test_a_row_gives_every_field() -> None:
    assert Member.from_row(a_member_row()) == Member(project_id="stranger", status="accepted")


@pytest.mark.parametrize("odd", [*ODD, None], ids=repr)
def test_one_that_names_no_project_says_so(odd: object) -> None:
    assert Member.from_row(a_member_row(dest_project_id=odd)).project_id is None


@pytest.mark.parametrize(
    ("status", "shared", "rejected"),
    [("accepted", True, False), ("pending", True, False), ("rejected", False, True), ("odd", False, False)],
)
def test_what_is_offered_is_shared_until_it_is_rejected(
    status: str,
    shared: bool,  # noqa: FBT001  # the expectation
    rejected: bool,  # noqa: FBT001  # the expectation
) -> None:
    member = a_member(status)

    assert (member.is_shared, member.is_rejected) == (shared, rejected)
