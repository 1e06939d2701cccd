from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.records import KeepingRule, Policy
from tests.builders import a_policy, a_policy_row
from tests.records.odd import ODD


def a_trigger(**properties: Any) -> dict[str, Any]:
    return {"id": "t", "properties": {"pattern": [], **properties}}


def test_a_policy_row_gives_every_field() -> None:
    assert Policy.from_row(a_policy_row()) == Policy(
        id="policy-1",
        name="daily",
        operation="backup",
        enabled=True,
        patterns=("FREQ=DAILY;BYHOUR=2;BYMINUTE=00",),
        start_time=datetime(2026, 1, 5, 8, 45, 56, tzinfo=UTC),
        vault_ids=frozenset({"vault-1"}),
        retention_days=30,
        max_backups=-1,
        timezone="UTC+08:00",
    )


def test_a_row_with_every_rule_gives_every_field() -> None:
    definition = {
        "max_backups": 5,
        "retention_duration_days": -1,
        "day_backups": 1,
        "week_backups": 2,
        "month_backups": 3,
        "year_backups": 4,
        "timezone": "UTC+02:00",
        "full_backup_interval": 10,
        "destination_region": "eu-west-0",
        "destination_project_id": "elsewhere",
    }
    policy = Policy.from_row(
        a_policy_row(
            operation_type="replication",
            operation_definition=definition,
            trigger=a_trigger(start_window_minutes=90),
            associated_vaults=[
                {"vault_id": "vault-1", "destination_vault_id": "far"},
                {"vault_id": "vault-2", "destination_vault_id": ""},
                {"vault_id": "vault-3"},
            ],
        )
    )

    assert (policy.operation, policy.max_backups, policy.retention_days) == ("replication", 5, -1)
    assert (policy.daily_copies, policy.weekly_copies, policy.monthly_copies, policy.yearly_copies) == (1, 2, 3, 4)
    assert (policy.timezone, policy.full_backup_interval, policy.destination_region) == ("UTC+02:00", 10, "eu-west-0")
    assert policy.start_window == timedelta(minutes=90)
    assert policy.destination_project_id == "elsewhere"
    assert policy.destinations == {("vault-1", "far")}


def test_the_smallest_definition_leaves_everything_else_out() -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"retention_duration_days": 30}))

    assert (policy.retention_days, policy.max_backups, policy.timezone) == (30, None, None)
    assert (policy.daily_copies, policy.weekly_copies, policy.monthly_copies, policy.yearly_copies) == (0, 0, 0, 0)
    assert (policy.full_backup_interval, policy.destination_region, policy.start_window) == (None, None, timedelta(0))


@pytest.mark.parametrize(
    ("minutes", "window"),
    [(None, 0), ("60", 0), (True, 0), (-5, 0), (0, 0), (1440, 1440), (1441, 1440), (10**18, 1440)],
)
def test_a_start_window_is_at_most_a_day(minutes: object, window: int) -> None:
    policy = Policy.from_row(a_policy_row(trigger=a_trigger(start_window_minutes=minutes)))

    assert policy.start_window == timedelta(minutes=window)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "key", ["day_backups", "week_backups", "month_backups", "year_backups", "timezone", "full_backup_interval"]
)
def test_an_odd_value_where_none_is_demanded_never_raises(key: str, odd: object) -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={key: odd}))

    copies = (policy.daily_copies, policy.weekly_copies, policy.monthly_copies, policy.yearly_copies)
    assert all(type(number) is int for number in copies)
    assert policy.timezone is None
    assert policy.full_backup_interval in {None, 0, 10**18}


@pytest.mark.parametrize(
    ("days", "number", "by_age", "by_number"),
    [
        (None, None, False, False),
        (-1, -1, False, False),
        (0, 0, False, False),
        (-1, None, False, False),
        (1, -1, True, False),
        (30, 0, True, False),
        (-1, 1, False, True),
        (0, 99999, False, True),
        (30, 7, True, True),
    ],
)
def test_minus_one_and_nought_fill_the_place_of_a_rule_that_is_not_there(
    days: int | None,
    number: int | None,
    by_age: bool,  # noqa: FBT001  # the expectation
    by_number: bool,  # noqa: FBT001  # the expectation
) -> None:
    policy = a_policy(retention_days=days, max_backups=number)

    assert (policy.keeps_by_age, policy.keeps_by_number) == (by_age, by_number)
    assert policy.keeps_for_ever is not (by_age or by_number)


@pytest.mark.parametrize("vaults", [None, []])
def test_a_policy_may_have_no_vaults(vaults: object) -> None:
    assert Policy.from_row(a_policy_row(associated_vaults=vaults)).vault_ids == frozenset()


@pytest.mark.parametrize("odd", [None, "", "7", True, 1.5, {}])
def test_an_odd_retention_is_none(odd: object) -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"retention_duration_days": odd, "max_backups": odd}))

    assert (policy.retention_days, policy.max_backups) == (None, None)
    assert policy.limits_known == (odd in (None, ""))


@pytest.mark.parametrize("great", [2**53, 2**64 - 1, 1e300])
def test_a_retention_that_nobody_can_count_to_is_not_known(great: object) -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"retention_duration_days": great}))

    assert (policy.retention_days, policy.limits_known) == (None, False)


def test_a_retention_with_a_point_is_the_same_number() -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"retention_duration_days": 30.0, "max_backups": -1.0}))

    assert (policy.retention_days, policy.max_backups) == (30, -1)
    assert type(policy.retention_days) is int


@pytest.mark.parametrize("name", [None, ""])
def test_a_policy_without_a_name_is_called_by_its_id(name: object) -> None:
    assert Policy.from_row(a_policy_row(name=name)).name == "policy-1"


@pytest.mark.parametrize("start", [None, ""])
def test_a_trigger_may_have_no_start(start: object) -> None:
    trigger = {"id": "t", "properties": {"pattern": [], "start_time": start}}

    assert Policy.from_row(a_policy_row(trigger=trigger)).start_time is None


@pytest.mark.parametrize("start", [5, True, [], "soon", "9999-12-31T23:59:59-12:00"])
def test_a_start_that_names_no_time_is_a_value_error(start: object) -> None:
    trigger = {"id": "t", "properties": {"pattern": [], "start_time": start}}

    with pytest.raises(ValueError, match="not a time"):
        Policy.from_row(a_policy_row(trigger=trigger))


def with_rules(**rules: Any) -> Policy:
    return Policy.from_row(a_policy_row(operation_definition={"advanced_retention_rules": rules}))


def test_advanced_rules_give_every_field() -> None:
    weekly = {"days_of_week": ["SU", "MO"], "retention_duration_periods": 12}
    monthly = {"retention_type": "Monthly", "days_of_month": [15, -1], "retention_duration_periods": 24}
    yearly = {
        "retention_type": "Weekly",
        "retention_months": ["January", "June"],
        "retention_weeks": ["First"],
        "days_of_week": ["SA"],
        "retention_duration_periods": 7,
    }

    policy = with_rules(weekly_retention_rules=weekly, monthly_retention_rules=monthly, yearly_retention_rules=yearly)

    assert policy.weekly_rule == KeepingRule(periods=12, weekdays=("MO", "SU"))
    assert policy.monthly_rule == KeepingRule(periods=24, picks_by="Monthly", days=(-1, 15))
    assert policy.yearly_rule == KeepingRule(
        periods=7, picks_by="Weekly", weekdays=("SA",), weeks=("First",), months=("January", "June")
    )
    assert policy.keeping_rules == (policy.weekly_rule, policy.monthly_rule, policy.yearly_rule)


@pytest.mark.parametrize(
    "rule", [None, {}, {"retention_duration_periods": -1}, {"retention_duration_periods": -1, "days_of_week": ["SU"]}]
)
def test_a_rule_that_is_switched_off_is_none(rule: object) -> None:
    policy = with_rules(weekly_retention_rules=rule, monthly_retention_rules=rule, yearly_retention_rules=rule)

    assert policy.keeping_rules == ()


@pytest.mark.parametrize("rules", [None, {}])
def test_a_policy_without_advanced_rules_has_none(rules: object) -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"advanced_retention_rules": rules}))

    assert policy.keeping_rules == ()


@pytest.mark.parametrize("odd", [0, -2, "12", 1.5, None, True, [], {"id": 1}], ids=repr)
def test_a_rule_whose_length_cannot_be_read_is_a_rule_of_unknown_length(odd: object) -> None:
    policy = with_rules(weekly_retention_rules={"days_of_week": ["SU"], "retention_duration_periods": odd})

    assert policy.weekly_rule == KeepingRule(periods=None, weekdays=("SU",))


@pytest.mark.parametrize("odd", ["12 weeks", 12, True, ["SU"]], ids=repr)
def test_rules_of_another_form_are_rules_of_which_nothing_is_known(odd: object) -> None:
    unknown = KeepingRule(periods=None)
    policy = Policy.from_row(a_policy_row(operation_definition={"advanced_retention_rules": odd}))

    assert policy.keeping_rules == (unknown, unknown, unknown)
    assert with_rules(yearly_retention_rules=odd).keeping_rules == (unknown,)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_picks_of_a_rule_never_raise(odd: object) -> None:
    keys = ("retention_type", "days_of_week", "retention_weeks", "retention_months", "days_of_month")

    policy = with_rules(yearly_retention_rules={**dict.fromkeys(keys, odd), "retention_duration_periods": 7})

    assert policy.yearly_rule == KeepingRule(periods=7)


def test_whose_policy_it_is_and_which_account_it_copies_to_is_read() -> None:
    definition = {"cross_account_urn": "cbr::other:vault:safe"}
    policy = Policy.from_row(a_policy_row(operation_definition=definition, policy_type="organization_policy_removed"))

    assert (policy.policy_type, policy.cross_account_urn) == ("organization_policy_removed", "cbr::other:vault:safe")


@pytest.mark.parametrize("odd", ["", None, 5, [], {}], ids=repr)
def test_an_odd_type_or_account_says_nothing(odd: object) -> None:
    policy = Policy.from_row(a_policy_row(operation_definition={"cross_account_urn": odd}, policy_type=odd))

    assert (policy.policy_type, policy.cross_account_urn) == (None, None)


@pytest.mark.parametrize("key", ["day_backups", "week_backups", "month_backups", "year_backups"])
@pytest.mark.parametrize(("value", "known"), [(4, True), (0, True), (None, True), ("4", False), ([], False)])
def test_a_number_of_copies_that_cannot_be_read_is_not_taken_for_none(key: str, value: object, known: bool) -> None:  # noqa: FBT001
    assert Policy.from_row(a_policy_row(operation_definition={key: value})).limits_known is known
