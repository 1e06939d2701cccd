from datetime import UTC, datetime

import pytest

from audit.records import Protected, Vault
from tests.builders import Row, a_vault, a_vault_row
from tests.records.odd import ODD

EXTRA = {"exclude_volumes": ["disk-1", "disk-2"], "include_volumes": [{"id": "disk-3", "os_version": "x"}, {"os": 1}]}


def a_billing(**changes: object) -> Row:
    billing: Row = {**a_vault_row()["billing"], **changes}
    return billing


def test_a_vault_row_gives_every_field() -> None:
    assert Vault.from_row(a_vault_row()) == Vault(
        id="vault-1",
        name="blue",
        protect_type="backup",
        created_at=datetime(2025, 3, 25, 6, 20, 47, 611113, UTC),
        resources=(Protected(id="server-1", name="web-1", type="OS::Nova::Server"),),
        status="available",
        consistent_level="crash_consistent",
        size_gb=100,
        used_mb=0,
        tags=None,
    )


def test_a_row_with_everything_gives_every_field() -> None:
    row = a_vault_row(
        billing=a_billing(is_multi_az=True, status="lock", size=200, used=51200, consistent_level="app_consistent"),
        locked=True,
        threshold=80,
        auto_expand=False,
        demand_billing=True,
        smn_notify=True,
        enterprise_project_id="eps-1",
        tags=[{"key": "owner", "value": "red"}, {"key": "cost", "value": None}, {"key": "", "value": "x"}, 5],
        resources=[{"id": "server-1", "name": "", "type": "T", "auto_protect": False, "extra_info": EXTRA}],
    )
    vault = Vault.from_row(row)

    assert (vault.status, vault.locked, vault.is_multi_az) == ("lock", True, True)
    assert (vault.size_gb, vault.used_mb, vault.threshold_percent) == (200, 51200, 80)
    assert (vault.auto_expand, vault.smn_notify, vault.enterprise_project_id) == (False, True, "eps-1")
    assert vault.demand_billing is True
    assert (vault.consistent_level, vault.tags) == ("app_consistent", (("owner", "red"), ("cost", "")))
    assert vault.resources == (
        Protected(
            id="server-1",
            name="server-1",
            type="T",
            auto_protect=False,
            excluded=("disk-1", "disk-2"),
            included=("disk-3",),
            disks_known=False,  # one of them has no id
        ),
    )


@pytest.mark.parametrize("extra", [None, {}, {"exclude_volumes": None}, {"include_volumes": []}])
def test_a_resource_from_which_nothing_is_left_out_says_so_in_many_ways(extra: object) -> None:
    row = a_vault_row(resources=[{"id": "server-1", "name": "web-1", "type": "T", "extra_info": extra}])

    (held,) = Vault.from_row(row).resources
    assert (held.excluded, held.included, held.auto_protect, held.disks_known) == ((), (), None, True)


@pytest.mark.parametrize(
    "extra", [5, "text", {"exclude_volumes": "disk-1"}, {"exclude_volumes": ["disk-1", 5]}, {"include_volumes": [{}]}]
)
def test_lists_of_disks_that_cannot_be_read_are_not_taken_for_empty_ones(extra: object) -> None:
    row = a_vault_row(resources=[{"id": "server-1", "name": "web-1", "type": "T", "extra_info": extra}])

    assert not Vault.from_row(row).resources[0].disks_known


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["locked", "auto_expand", "smn_notify", "threshold", "enterprise_project_id", "tags"])
def test_an_odd_value_where_none_is_demanded_never_raises(key: str, odd: object) -> None:
    vault = Vault.from_row(a_vault_row(**{key: odd}))

    assert {vault.locked, vault.auto_expand, vault.smn_notify} <= {None, True}
    assert vault.threshold_percent in {None, 0, 10**18}
    is_list = key == "tags" and isinstance(odd, list)
    assert (vault.enterprise_project_id, vault.tags) == (None, () if is_list else None)


@pytest.mark.parametrize(("protect_type", "only_copies"), [("backup", False), ("hybrid", False), ("replication", True)])
def test_only_a_replication_vault_receives_nothing_but_copies(
    protect_type: str,
    only_copies: bool,  # noqa: FBT001  # the expectation
) -> None:
    assert a_vault(protect_type=protect_type).receives_copies_only is only_copies


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_resource_with_an_odd_name_is_called_by_its_id(odd: object) -> None:
    vault = Vault.from_row(a_vault_row(resources=[{"id": "server-1", "name": odd, "type": "T"}]))

    assert vault.resources[0].name == "server-1"


def test_a_vault_may_not_say_when_it_was_created() -> None:
    assert Vault.from_row(a_vault_row(created_at=None)).created_at is None


@pytest.mark.parametrize("status", ["available", "error", "deleted", "a new one"])
def test_a_protected_resource_has_the_state_that_the_vault_gives_it(status: str) -> None:
    row = {"id": "server-1", "name": "web-1", "type": "T", "protect_status": status}

    assert Protected.from_row(row).protect_status == status


@pytest.mark.parametrize("odd", [None, "", 5, [], {}], ids=repr)
def test_an_odd_state_of_a_protected_resource_says_nothing(odd: object) -> None:
    assert Protected.from_row({"id": "s", "name": "s", "type": "T", "protect_status": odd}).protect_status is None


def test_only_a_hybrid_vault_takes_what_is_synchronised() -> None:
    synchronised = [kind for kind in ("backup", "replication", "hybrid") if a_vault(protect_type=kind).is_synchronised]

    assert synchronised == ["hybrid"]


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        (None, None),
        ({}, ()),
        ({"tags": None}, ()),
        ({"tags": []}, ()),
        ({"tags": [{"key": "tier", "value": "1"}, {"key": "env", "value": None}, {"key": "env"}]}, ("env=", "tier=1")),
        ({"tags": [{"key": "env", "value": 1}]}, ('{"tags":[{"key":"env","value":1}]}',)),
        ({"tags": [{"key": "", "value": "1"}]}, ('{"tags":[{"key":"","value":"1"}]}',)),
        ({"tags": [{"key": "env", "not": True}]}, ('{"tags":[{"key":"env","not":true}]}',)),
        ({"tags": ["env"]}, ('{"tags":["env"]}',)),
        ({"tags": "env"}, ('{"tags":"env"}',)),
        ({"names": ["web"], "tags": []}, ('{"names":["web"],"tags":[]}',)),
        ("env", ('"env"',)),
    ],
)
def test_rules_that_bind_are_read_as_tags_or_kept_as_they_are_written(rules: object, read: object) -> None:
    assert Vault.from_row(a_vault_row(bind_rules=rules)).bind_rules == read
    assert Vault.from_row(a_vault_row()).bind_rules is None
