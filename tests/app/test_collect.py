import random

from audit.app.collect import newest_of_each
from tests.builders import DAY, HOUR, a_point


def test_the_newest_whole_backup_of_each_resource_is_named_newest_first() -> None:
    backups = [
        a_point(9 * HOUR, id="old"),
        a_point(8 * HOUR, id="new"),
        a_point(3 * HOUR, id="part", parent_id="whole"),
        a_point(2 * HOUR, id="making", status="protecting"),
        a_point(HOUR, id="going", status="deleting"),
        a_point(5 * HOUR, id="other", resource_id="server-2"),
        a_point(6 * HOUR, id="copy", resource_id="server-3", image_type="replication"),
    ]

    assert newest_of_each(backups, 10) == ["other", "copy", "new"]
    assert newest_of_each(backups, 2) == ["other", "copy"]


def test_neither_the_order_of_the_list_nor_equal_times_change_the_choice() -> None:
    backups = [a_point(DAY, id=f"point-{n}", resource_id=f"server-{n % 7}") for n in range(40)]
    chosen = newest_of_each(backups, 5)
    random.Random(1).shuffle(backups)  # noqa: S311  # repeatable

    assert newest_of_each(backups, 5) == chosen
    assert len(chosen) == 5
