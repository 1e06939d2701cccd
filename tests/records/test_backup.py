from datetime import UTC, datetime
from typing import Any

import pytest

from audit.records import Backup, Replica
from tests.builders import a_backup_row, a_point
from tests.records.odd import ODD

STATUSES = [
    "available",
    "protecting",
    "deleting",
    "restoring",
    "error",
    "waiting_protect",
    "waiting_delete",
    "waiting_restore",
    "odd",
]


def test_a_backup_row_gives_every_field() -> None:
    assert Backup.from_row(a_backup_row(parent_id="whole")) == Backup(
        id="point-1",
        key="point-1",
        resource_id="server-1",
        vault_id="vault-1",
        status="available",
        image_type="backup",
        created_at=datetime(2026, 1, 5, 22, 7, 41, 345, UTC),
        expired_at=datetime(2026, 2, 4, 22, 7, 41, 345, UTC),
        resource_name="web-1",
        resource_type="OS::Nova::Server",
        by_policy=True,
        encrypted=False,
        parent_id="whole",
        replicas=(Replica(status="success", region="eu-west-0", created_at=datetime(2026, 1, 6, tzinfo=UTC)),),
    )


@pytest.mark.parametrize("nothing", [None, "", "absent"])
def test_what_is_null_or_absent_is_not_there(nothing: object) -> None:
    optional = ("expired_at", "resource_name", "resource_type", "parent_id", "extend_info", "replication_records")
    row = a_backup_row(**dict.fromkeys(optional, nothing))
    if nothing == "absent":
        row = {key: value for key, value in row.items() if key not in optional}

    point = Backup.from_row(row)
    assert (point.expired_at, point.resource_name, point.resource_type, point.parent_id) == (None,) * 4
    assert (point.by_policy, point.encrypted, point.replicas) == (None, None, ())


def test_a_copy_that_has_not_begun_has_no_time_and_no_place() -> None:
    row = a_backup_row(replication_records=[{"id": "a", "status": "waiting_replicate", "created_at": None}, "odd"])

    assert Backup.from_row(row).replicas == (Replica(status="waiting_replicate", region=None, created_at=None),)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "changes",
    [
        lambda odd: {"resource_name": odd, "resource_type": odd, "parent_id": odd},
        lambda odd: {"extend_info": odd},
        lambda odd: {"extend_info": {"auto_trigger": odd, "encrypted": odd}},
        lambda odd: {"replication_records": odd},
        lambda odd: {"replication_records": [{"status": odd, "destination_region": odd}]},
    ],
)
def test_an_odd_value_where_none_is_demanded_never_raises(changes: Any, odd: object) -> None:
    point = Backup.from_row(a_backup_row(**changes(odd)))

    assert {type(text) for text in (point.resource_name, point.resource_type, point.parent_id)} <= {str, type(None)}
    assert {point.by_policy, point.encrypted} <= {None, True, False}


@pytest.mark.parametrize("key", ["created_at", "expired_at"])
def test_a_time_that_does_not_exist_is_a_value_error(key: str) -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        Backup.from_row(a_backup_row(**{key: "2026-02-30T00:00:00"}))


@pytest.mark.parametrize(
    ("changes", "is_copy", "is_own"),
    [
        ({}, False, True),
        ({"image_type": "replication"}, True, False),
        ({"parent_id": "whole"}, False, False),
        ({"image_type": "replication", "parent_id": "whole"}, True, False),
    ],
)
def test_neither_a_copy_nor_a_part_is_a_backup_of_its_own(
    changes: dict[str, Any],
    is_copy: bool,  # noqa: FBT001  # the expectation
    is_own: bool,  # noqa: FBT001  # the expectation
) -> None:
    point = a_point(**changes)

    assert (point.is_copy, point.is_own) == (is_copy, is_own)


def test_a_status_says_what_can_be_done_with_it() -> None:
    points = {status: a_point(status=status) for status in STATUSES}

    assert [name for name, point in points.items() if point.is_available] == [
        "available",
        "restoring",
        "waiting_restore",
    ]
    assert [name for name, point in points.items() if point.is_broken] == ["error"]
    assert [name for name, point in points.items() if not point.is_lasting] == [
        "protecting",
        "deleting",
        "waiting_protect",
        "waiting_delete",
    ]


def test_the_algorithm_of_an_encrypted_backup_is_read() -> None:
    row = a_backup_row(extend_info={"encrypted": True, "encrypted_algorithm": "AES_256"})

    assert Backup.from_row(row).encrypted_algorithm == "AES_256"
    assert Backup.from_row(a_backup_row()).encrypted_algorithm is None
