"""What policies, vaults and resources promise, and the order of each aspect."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.profile.loosening import ORDERS as OF_PROFILES
from audit.records import KeepingRule, Policy
from audit.subjects.promises import of_policies, of_policy, of_resource, of_vault
from audit.subjects.strength import ORDERS, Aspect, Lacks, Strength, Value, compare
from tests.builders import DAILY, HOUR, NOW, a_policy, a_protected, a_vault

HOURLY = "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0"
NOON = "FREQ=DAILY;BYHOUR=12;BYMINUTE=0"
TEXTS = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2027-01-01T00:00:00Z"]


def takes(order: Lacks, first: Value, second: Value) -> bool:
    try:
        order(first, second)
    except TypeError:
        return False
    return True


def values_of(order: Lacks) -> st.SearchStrategy[Value]:
    """Draw what an order can hold against each other: numbers, lists or texts."""
    takes_lists = takes(order, (), ("a",))
    if takes_lists and takes(order, 0, 1):
        return st.none() | st.sampled_from(TEXTS)
    if takes_lists:
        return st.sets(st.sampled_from("abcd")).map(lambda items: tuple(sorted(items)))
    return st.none() | st.booleans() | st.integers(0, 5)


@st.composite
def two_states(draw: st.DrawFn, orders: Mapping[str, Lacks]) -> tuple[Strength, Strength]:
    aspects = draw(st.lists(st.sampled_from(sorted(orders)), unique=True, min_size=1))
    made = [{Aspect(what): draw(values_of(orders[what])) for what in aspects if draw(st.booleans())} for _ in range(2)]
    return made[0], made[1]


@pytest.mark.parametrize("orders", [ORDERS, OF_PROFILES])
@given(data=st.data())
def test_what_is_weaker_one_way_is_stronger_the_other_way(orders: Mapping[str, Lacks], data: st.DataObject) -> None:
    before, after = data.draw(two_states(orders))
    there, back = compare(before, after, orders), compare(after, before, orders)

    assert [(each.aspect, each.after, each.before) for each in there.weaker] == [tuple(each) for each in back.stronger]
    assert [(each.aspect, each.after, each.before) for each in there.stronger] == [tuple(each) for each in back.weaker]


@given(data=st.data())
def test_whatever_changed_is_weaker_or_stronger_or_both(data: st.DataObject) -> None:
    before, after = data.draw(two_states(ORDERS))
    found = compare(before, after)
    changed = {aspect for aspect in before.keys() & after.keys() if before[aspect] != after[aspect]}

    assert {each.aspect for each in (*found.weaker, *found.stronger)} == changed


def test_what_only_one_state_tells_is_not_compared() -> None:
    assert compare({Aspect("locked"): True}, {}) == compare({}, {Aspect("locked"): False}) == compare({}, {})


@pytest.mark.parametrize(
    ("what", "strong", "weak"),
    [
        ("enabled", True, False),
        ("retention_days", 8, 7),
        ("retention_days", None, 99_999),
        ("longest_gap_minutes", 60, 61),
        ("excluded_disks", ("a",), ("a", "b")),
        ("included_disks", (), ("a",)),
        ("included_disks", ("a", "b"), ("a",)),
        ("bind_rules", (), ("env=prod",)),
        ("consistent_level", "app_consistent", "crash_consistent"),
        ("consistent_level", "app_consistent", "odd"),
        ("consistent_level", "odd", "crash_consistent"),
        ("full_backup_interval", 10, 11),
        ("full_backup_interval", 100, None),
        ("copies_to", ("eu-west-0",), ()),
        ("backup_end", None, "2027-01-01T00:00:00Z"),
        ("backup_end", "2027-01-01T00:00:01Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_each_aspect_has_its_order(what: str, strong: Value, weak: Value) -> None:
    found = compare({Aspect(what): strong}, {Aspect(what): weak})

    assert [(each.before, each.after) for each in found.weaker] == [(strong, weak)]
    assert found.stronger == ()


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("excluded_disks", ("a",), ("b",)),
        ("bind_rules", ("env=prod",), ("env=prod", "tier=1")),
        ("bind_rules", ("env=prod", "tier=1"), ("env=prod",)),
        ("copies_to", ("eu-west-0",), ("eu-west-1",)),
        ("consistent_level", "odd", "odder"),
        ("protect_type", "backup", "hybrid"),
    ],
)
def test_where_nobody_knows_which_is_stronger_a_change_is_both(what: str, before: Value, after: Value) -> None:
    found = compare({Aspect(what): before}, {Aspect(what): after})

    assert found.weaker == found.stronger != ()


@pytest.mark.parametrize(("what", "value"), [("enabled", "text"), ("excluded_disks", 1)])
def test_a_value_of_another_type_is_no_value_of_an_aspect(what: str, value: Value) -> None:
    with pytest.raises(TypeError):
        compare({Aspect(what): True if what == "enabled" else ()}, {Aspect(what): value})


def weaker(before: Policy, after: Policy) -> dict[str, tuple[Value, Value]]:
    return {each.aspect.what: (each.before, each.after) for each in compare(of_policy(before), of_policy(after)).weaker}


def keeping(**changes: Any) -> Policy:
    return a_policy(**{"retention_days": None, "max_backups": None, **changes})


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (a_policy(retention_days=90), a_policy(retention_days=7), {"retention_days": (90, 7)}),
        (a_policy(retention_days=8), a_policy(retention_days=7), {"retention_days": (8, 7)}),
        (keeping(), keeping(retention_days=99_999), {"retention_days": (None, 99_999)}),
        (keeping(max_backups=9), keeping(max_backups=8), {"retention_days": (8, 7), "max_backups": (9, 8)}),
        (keeping(retention_days=30), keeping(max_backups=9), {"retention_days": (30, 8), "max_backups": (None, 9)}),
        (keeping(max_backups=9), keeping(retention_days=30), {}),
        (a_policy(), a_policy(enabled=False), {"enabled": (True, False)}),
        (a_policy(patterns=(DAILY, NOON)), a_policy(), {"longest_gap_minutes": (840, 1440), "runs_a_year": (730, 365)}),
        (
            keeping(max_backups=30),
            keeping(max_backups=30, patterns=(HOURLY,)),
            {"retention_days": (29, 1)},
        ),
        (keeping(daily_copies=7), keeping(daily_copies=6), {"daily_copies": (7, 6)}),
        (keeping(weekly_copies=7), keeping(), {"weekly_copies": (7, 0)}),
        (keeping(monthly_copies=7), keeping(), {"monthly_copies": (7, 0)}),
        (keeping(yearly_copies=7), keeping(), {"yearly_copies": (7, 0)}),
        (
            keeping(yearly_rule=KeepingRule(periods=7, days=(1, -1))),
            keeping(yearly_rule=KeepingRule(periods=6, days=(1,))),
            {"yearly_rule": (7, 6), "yearly_rule_picks": (("-1", "1"), ("1",))},
        ),
        (
            keeping(weekly_rule=KeepingRule(periods=4, weekdays=("MO",))),
            keeping(),
            {"weekly_rule": (4, 0), "weekly_rule_picks": (("MO",), ())},
        ),
        (keeping(monthly_rule=KeepingRule(periods=4)), keeping(monthly_rule=KeepingRule(periods=None)), {}),
        (
            keeping(monthly_rule=KeepingRule(periods=4, picks_by="Monthly", days=(1,), weekdays=("MO",))),
            keeping(monthly_rule=KeepingRule(periods=4, picks_by="Weekly", days=(1,), weekdays=("MO",))),
            {"monthly_rule_picks": (("1", "MO", "Monthly"), ("1", "MO", "Weekly"))},
        ),
        (a_policy(), a_policy(start_window=8 * HOUR), {"longest_gap_minutes": (1440, 1920)}),
        (a_policy(full_backup_interval=10), a_policy(full_backup_interval=-1), {"full_backup_interval": (10, None)}),
        (a_policy(full_backup_interval=-1), a_policy(), {}),
        (
            a_policy(destination_region="eu-west-0", cross_account_urn="other"),
            a_policy(destination_region="eu-west-0"),
            {"copies_to": (("eu-west-0", "other"), ("eu-west-0",))},
        ),
        (keeping(max_backups=9), keeping(limits_known=False), {}),
        (a_policy(patterns=("odd",)), a_policy(retention_days=6), {"retention_days": (7, 6)}),
    ],
)
def test_a_policy_promises_less(before: Policy, after: Policy, found: dict[str, tuple[Value, Value]]) -> None:
    assert weaker(before, after) == found


def test_a_policy_of_which_nobody_knows_the_rhythm_tells_what_it_can() -> None:
    told = of_policy(keeping(max_backups=9, patterns=("odd",)))

    assert Aspect("max_backups") in told
    assert {Aspect("retention_days"), Aspect("runs_a_year")}.isdisjoint(told)


def test_a_vault_tells_what_its_answer_says() -> None:
    silent = {Aspect("exists"): True, Aspect("protect_type"): "backup"}
    told: dict[str, Any] = {
        "locked": True,
        "auto_bind": False,
        "bind_rules": ("env=prod",),
        "consistent_level": "app_consistent",
        "is_multi_az": True,
        "auto_expand": False,
        "demand_billing": False,
    }

    assert of_vault(a_vault()) == silent
    assert of_vault(a_vault(**told)) == silent | {Aspect(what): value for what, value in told.items()}


@pytest.mark.parametrize(
    ("told", "found"),
    [((True, None), True), ((True, False), True), ((False, False), False), ((False, None), None), ((None,), None)],
)
def test_a_resource_follows_a_policy_where_one_answer_says_so(told: tuple[bool | None, ...], found: object) -> None:
    places = [(a_vault(), a_protected(auto_protect=each)) for each in told]

    assert of_resource(places).get(Aspect("auto_protect")) is found


def test_a_resource_is_held_as_its_backup_vaults_hold_it() -> None:
    places = [(a_vault(), a_protected(auto_protect=False, excluded=("b", "a"), included=()))]
    copies = a_vault("copies", protect_type="replication")

    assert of_resource([(copies, a_protected())]) == {Aspect("held"): False}
    assert of_resource(places) == {
        Aspect("held"): True,
        Aspect("auto_protect"): False,
        Aspect("excluded_disks"): ("a", "b"),
        Aspect("included_disks"): (),
    }
    assert Aspect("excluded_disks") not in of_resource([(a_vault(), a_protected(disks_known=False))])


def test_policies_promise_together_what_the_strongest_of_them_does() -> None:
    policies = [
        a_policy("a", retention_days=7, patterns=(HOURLY,)),
        a_policy("b", retention_days=30),
        a_policy("c", retention_days=90, enabled=False),
        a_policy("d", operation="replication", destination_region="eu-west-1"),
        a_policy("e", operation="replication", destination_region="eu-west-0"),
    ]
    told = of_policies(policies)

    assert told[Aspect("retention_days", "backup")] == 30
    assert told[Aspect("longest_gap_minutes", "backup")] == 60
    assert told[Aspect("copies_to", "replication")] == ("eu-west-0", "eu-west-1")
    assert told[Aspect("backup_policy")] is told[Aspect("replication_policy")] is True
    assert told.keys() == of_policies([]).keys()
    assert compare(told, of_policies([])).stronger == ()


def test_runs_are_counted_over_whole_cycles() -> None:
    weekly = a_policy(patterns=("FREQ=DAILY;INTERVAL=9;BYHOUR=1;BYMINUTE=0",), start_time=NOW - timedelta(days=9))

    assert of_policy(weekly)[Aspect("runs_a_year")] == 40
