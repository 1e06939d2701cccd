import pytest

from audit.records import Usage
from tests.builders import a_usage_row


def test_a_row_gives_the_number_of_backups() -> None:
    assert Usage.from_row(a_usage_row()) == Usage(backup_count=3)


def test_a_row_without_a_number_says_so() -> None:
    row = a_usage_row()
    del row["backup_count"]

    assert Usage.from_row(row).backup_count is None


@pytest.mark.parametrize(("given", "count"), [(None, None), (0, 0), ((1 << 53) - 1, (1 << 53) - 1)])
def test_none_is_not_the_same_as_no_number(given: int | None, count: int | None) -> None:
    assert Usage.from_row(a_usage_row(backup_count=given)).backup_count == count
