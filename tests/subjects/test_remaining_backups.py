"""What the backups that are left say against the rules that are known."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.records import Backup, KeepingRule
from audit.subjects import Lives, PastRules, PolicySubject, Rules, Terms
from tests.builders import DAY, HOUR, NOW, TICK, a_point, a_policy, a_policy_subject

MADE = NOW - 10 * DAY


def first_seen(days: int | None = 7, number: int | None = None, **changes: Any) -> PolicySubject:
    """A policy that no run saw before."""
    policy = a_policy(**{"retention_days": days, "max_backups": number, **changes})
    return a_policy_subject(policy, terms=(Terms(NOW, NOW, days, number),))


def to_live(life: timedelta | None, age: timedelta = 9 * DAY, **changes: Any) -> Backup:
    return a_point(age, expired_at=None if life is None else NOW - age + life, **changes)


def outlasted(*points: Backup, rules: tuple[PolicySubject, ...] = (first_seen(),), gone: datetime = NOW) -> bool:
    return Lives(points, Rules(rules, ())).outlast("server-1", MADE, gone)


class TestBackupsBesideOneThatIsGone:
    @pytest.mark.parametrize("age", [9 * DAY, 11 * DAY], ids=["after", "before"])
    def test_one_that_lives_longer_than_the_rules_give_speaks_against_them(self, age: timedelta) -> None:
        assert outlasted(to_live(90 * DAY, age))
        assert not outlasted(to_live(7 * DAY, age))

    def test_runs_that_saw_the_rules_know_better(self) -> None:
        seen = a_policy_subject(terms=(Terms(MADE, NOW, 7, None),))
        unseen = a_policy_subject(terms=(Terms(MADE + TICK, NOW, 7, None),))

        assert not outlasted(to_live(90 * DAY), rules=(seen,))
        assert outlasted(to_live(90 * DAY), rules=(unseen,))
        assert outlasted(to_live(90 * DAY), rules=(seen, unseen))
        assert outlasted(to_live(90 * DAY), rules=(a_policy_subject(),))
        assert outlasted(to_live(90 * DAY), rules=())

    @pytest.mark.parametrize(("life", "odd"), [(8 * DAY - HOUR - TICK, False), (8 * DAY - HOUR, True)])
    def test_a_rule_counts_whole_days(self, life: timedelta, odd: bool) -> None:  # noqa: FBT001
        assert outlasted(to_live(life), gone=MADE + 6 * DAY) == odd

    @pytest.mark.parametrize(("life", "odd"), [(10 * DAY + HOUR, False), (10 * DAY + HOUR + TICK, True)])
    def test_it_must_live_longer_than_the_other_did_give_or_take_an_hour(self, life: timedelta, odd: bool) -> None:  # noqa: FBT001
        assert outlasted(to_live(life)) == odd

    def test_only_the_nearest_on_either_side_count(self) -> None:
        usual = (to_live(7 * DAY, 11 * DAY), to_live(7 * DAY, 9 * DAY))

        assert not outlasted(to_live(90 * DAY, 12 * DAY), *usual, to_live(90 * DAY, 8 * DAY))

    def test_the_rule_of_another_policy_explains_a_life_and_not_what_lies_between(self) -> None:
        rules = (first_seen(7), first_seen(365, operation="backup"))

        assert not outlasted(to_live(365 * DAY), rules=rules)
        assert outlasted(to_live(90 * DAY), rules=rules)
        assert outlasted(to_live(90 * DAY), rules=(first_seen(7), first_seen(90, operation="replication")))

    @pytest.mark.parametrize(
        "changes",
        [
            {"by_policy": False},
            {"image_type": "replication"},
            {"parent_id": "whole"},
            {"status": "protecting"},
            {"status": "deleting"},
            {"status": "error"},
            {"resource_id": "other"},
        ],
    )
    def test_what_no_policy_made_here_or_is_not_whole_shows_no_rule(self, changes: dict[str, Any]) -> None:
        assert not outlasted(to_live(90 * DAY, **changes))

    def test_who_made_it_need_not_be_said(self) -> None:
        assert outlasted(to_live(90 * DAY, by_policy=None))

    def test_where_no_resource_is_named_it_may_be_any(self) -> None:
        lives = Lives([to_live(90 * DAY, resource_id="other")], Rules([first_seen()], ()))

        assert lives.outlast(None, MADE, NOW)

    @pytest.mark.parametrize(
        ("changes", "odd"),
        [
            ({}, True),
            ({"daily_copies": 90}, False),
            ({"weekly_copies": 12}, True),
            ({"weekly_copies": 13}, False),
            ({"monthly_copies": 3}, False),
            ({"yearly_copies": 1}, False),
            ({"weekly_rule": KeepingRule(periods=13, weekdays=("SA",)), "timezone": "UTC+00:00"}, False),
            ({"weekly_rule": KeepingRule(periods=12, weekdays=("SA",)), "timezone": "UTC+00:00"}, True),
            ({"weekly_rule": KeepingRule(periods=13, weekdays=("SU",)), "timezone": "UTC+00:00"}, True),
        ],
    )
    def test_what_may_be_kept_as_a_single_one_shows_no_rule(self, changes: dict[str, Any], odd: bool) -> None:  # noqa: FBT001
        made_on_a_saturday = to_live(90 * DAY + 3 * HOUR)

        assert outlasted(made_on_a_saturday, rules=(first_seen(7, **changes),)) == odd

    def test_the_next_one_that_shows_a_rule_counts_instead(self) -> None:
        rules = (first_seen(7, weekly_rule=KeepingRule(periods=52, weekdays=("SA",)), timezone="UTC+00:00"),)

        assert outlasted(to_live(90 * DAY, 9 * DAY), to_live(90 * DAY, 8 * DAY), rules=rules)


class TestBackupsWithoutAnEnd:
    def test_one_lives_longer_where_others_have_an_end(self) -> None:
        assert outlasted(to_live(None), to_live(7 * DAY, DAY))
        assert not outlasted(to_live(None))

    def test_it_must_be_said_that_a_policy_made_it(self) -> None:
        assert not outlasted(to_live(None, by_policy=None), to_live(7 * DAY, DAY))

    @pytest.mark.parametrize("rule", [first_seen(None, 5), first_seen(None)])
    def test_a_number_sets_no_end_and_a_policy_without_limits_neither(self, rule: PolicySubject) -> None:
        assert not outlasted(to_live(None), rules=(rule,))
        assert outlasted(to_live(90 * DAY), rules=(rule,))

    def test_it_may_be_kept_as_a_single_one(self) -> None:
        assert not outlasted(to_live(None), to_live(7 * DAY, DAY), rules=(first_seen(7, monthly_copies=1),))

    @pytest.mark.parametrize(("age", "speaks"), [(12 * DAY, False), (12 * DAY + TICK, True)])
    def test_an_older_one_shows_that_no_number_took_the_other(self, age: timedelta, speaks: bool) -> None:  # noqa: FBT001
        older = to_live(None, age)

        assert Lives([older], Rules([first_seen(None, 5)], ())).outnumber("server-1", MADE) == speaks
        assert not Lives([older], Rules([first_seen(None, 5, weekly_copies=4)], ())).outnumber("server-1", MADE)
        assert not Lives([to_live(90 * DAY, age)], Rules([first_seen(None, 5)], ())).outnumber("server-1", MADE)

    def test_a_number_that_a_run_saw_is_no_guess(self) -> None:
        seen = a_policy_subject(a_policy(retention_days=None), terms=(Terms(MADE, NOW, None, 5),))

        assert not Lives([to_live(None, 20 * DAY)], Rules([seen], ())).outnumber("server-1", MADE)


class TestTheRulesThemselves:
    OFF = PastRules("old", (Terms(NOW - 30 * DAY, NOW - 6 * DAY, 3, 4),), NOW - 5 * DAY)

    def test_a_policy_that_was_taken_off_counts_for_what_was_made_until_then(self) -> None:
        rules = Rules([first_seen(7)], [self.OFF])

        assert sorted(rules.days(NOW - 5 * DAY)) == [3, 7]
        assert list(rules.days(NOW - 5 * DAY + TICK)) == [7]
        assert list(rules.numbers(NOW - 9 * DAY, NOW)) == [4]
        assert list(Rules([], [self.OFF]).days(MADE)) == [3]

    def test_whether_runs_saw_it_counts_too(self) -> None:
        applied = a_policy_subject(terms=(Terms(NOW - 40 * DAY, NOW, 7, None),))

        assert Rules([applied], [self.OFF]).were_seen_by(NOW - 30 * DAY)
        assert not Rules([applied], [self.OFF]).were_seen_by(NOW - 30 * DAY - TICK)
        assert not Rules([], []).were_seen_by(NOW)

    def test_one_that_is_applied_again_counts_once(self) -> None:
        again = a_policy_subject(a_policy("old"), terms=(Terms(NOW, NOW, 7, None),))

        assert list(Rules([again], [self.OFF]).days(MADE)) == [7]

    def test_a_number_that_was_kept_in_between_may_have_taken_a_backup(self) -> None:
        terms = (
            Terms(NOW - 20 * DAY, NOW - 9 * DAY, None, 40),
            Terms(NOW - 8 * DAY, NOW - 7 * DAY, None, 2),
            Terms(NOW - 6 * DAY, NOW, None, 30),
        )
        rules = Rules([a_policy_subject(terms=terms)], ())

        assert sorted(rules.numbers(MADE, NOW)) == [2, 30, 40]
        assert sorted(rules.numbers(MADE, NOW - 9 * DAY)) == [40]
        assert sorted(rules.numbers(NOW - 6.5 * DAY, NOW - 6.5 * DAY)) == [2, 30]
        assert sorted(rules.numbers(NOW - 30 * DAY, NOW - 25 * DAY)) == [40]
