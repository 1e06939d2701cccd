import random
from datetime import timedelta

import pytest

from audit.controls.cbr_101_recent_backup import judge
from audit.judging.findings import Outcome
from audit.report.timeline import Gap, timeline
from audit.subjects import Presence
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_policy_subject, a_resource, a_window, limits

START = a_window().since


def gap(since: timedelta, until: timedelta = timedelta()) -> Gap:
    return Gap(since=NOW - since, until=NOW - until)


def test_points_are_the_successful_backups_from_the_oldest_on() -> None:
    ages = {3 * DAY: "success", 2 * DAY: "failed", DAY: "success", HOUR: "running", -HOUR: "success"}
    tasks = [a_backup(age, status, task_id=str(age)) for age, status in ages.items()]

    assert timeline(a_resource(*tasks), limits()).points == (NOW - 3 * DAY, NOW - DAY)


def test_resources_with_backups_in_the_same_hours_share_their_points_and_keep_their_own_gaps() -> None:
    held = {"held_since": NOW - 41 * HOUR}
    one, other = (timeline(a_resource(a_backup(40 * HOUR - late), **held), limits()) for late in (TICK, HOUR - TICK))

    assert one.points is other.points
    assert one.points == (NOW - 40 * HOUR,)
    assert (one.longest, other.longest) == (40 * HOUR - TICK, 39 * HOUR + TICK)


def test_a_gap_of_exactly_the_limit_is_within_it_and_a_longer_one_is_not() -> None:
    tasks = [a_backup(age, task_id=str(age)) for age in (61 * HOUR + TICK, 31 * HOUR, HOUR)]
    found = timeline(a_resource(*tasks, held_since=NOW - 62 * HOUR), limits())

    assert found.limit == 30 * HOUR
    assert found.gaps == (gap(61 * HOUR + TICK, 31 * HOUR),)
    assert found.longest == 30 * HOUR + TICK


def test_the_gap_that_still_lasts_counts_up_to_now() -> None:
    found = timeline(a_resource(a_backup(40 * HOUR), held_since=NOW - 41 * HOUR), limits())

    assert (found.gaps, found.longest) == ((gap(40 * HOUR),), 40 * HOUR)


@pytest.mark.parametrize("bound", ["held_since", "covered_since"])
def test_a_gap_begins_no_earlier_than_silence_means_something(bound: str) -> None:
    whole = timeline(a_resource(), limits())
    young = timeline(a_resource(**{bound: NOW - 2 * DAY}), limits())

    assert whole.gaps == (Gap(since=START, until=NOW),)
    assert young.gaps == (gap(2 * DAY),)


@pytest.mark.parametrize("age", [None, 30 * HOUR])
def test_the_gap_that_still_lasts_counts_however_new_what_is_known(age: timedelta | None) -> None:
    policies = (a_policy_subject(known_since=NOW),)
    resource = a_resource(a_backup(40 * HOUR), known_since=NOW, policies=policies)

    assert timeline(resource, limits(max_backup_age=age)).gaps == (gap(40 * HOUR),)


def test_before_the_first_backup_of_a_resource_that_no_vault_held_there_is_no_gap() -> None:
    found = timeline(a_resource(a_backup(20 * HOUR), held_since=NOW - 10 * HOUR), limits())

    assert (found.gaps, found.longest) == ((), 20 * HOUR)


def test_gaps_that_ended_before_the_resource_was_known_as_it_is_do_not_count() -> None:
    tasks = [a_backup(age, task_id=str(age)) for age in (9 * DAY, 6 * DAY, 3 * DAY)]
    found = timeline(a_resource(*tasks, known_since=NOW - 5 * DAY), limits())

    assert found.gaps == (gap(6 * DAY, 3 * DAY), gap(3 * DAY))


@pytest.mark.parametrize(("age", "gaps"), [(None, 1), (30 * HOUR, 2)])
def test_a_limit_of_the_policies_holds_no_longer_than_they_are_known(age: timedelta | None, gaps: int) -> None:
    tasks = [a_backup(age, task_id=str(age)) for age in (9 * DAY, 6 * DAY)]
    policies = (a_policy_subject(known_since=NOW - 5 * DAY),)
    resource = a_resource(*tasks, policies=policies, held_since=NOW - 9 * DAY)

    assert len(timeline(resource, limits(max_backup_age=age)).gaps) == gaps


def test_a_vault_that_is_newer_than_now_leaves_nothing_to_measure() -> None:
    found = timeline(a_resource(held_since=NOW + HOUR), limits())

    assert (found.gaps, found.longest) == ((), None)


def test_without_a_limit_of_the_profile_the_policy_gives_it() -> None:
    assert timeline(a_resource(), limits(max_backup_age=None)).limit == 30 * HOUR


@pytest.mark.parametrize("changes", [{"policies": None}, {"presence": Presence.REPLICA}, {"presence": Presence.LEFT}])
def test_where_no_limit_is_known_nothing_is_measured(changes: dict[str, object]) -> None:
    found = timeline(a_resource(a_backup(9 * DAY), **changes), limits(max_backup_age=None))

    assert (found.points, found.limit, found.longest, found.gaps) == ((NOW - 9 * DAY,), None, None, ())


def test_a_log_with_gaps_makes_a_gap_unsure() -> None:
    assert timeline(a_resource(), limits()).is_sure
    assert not timeline(a_resource(log_complete=False), limits()).is_sure


@pytest.mark.parametrize("seed", range(40))
def test_the_last_gap_is_too_long_exactly_where_cbr_101_fails(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test wants the same numbers again
    ages = sorted((chance.randrange(1, 29 * 24) for _ in range(chance.randrange(1, 60))), reverse=True)
    resource = a_resource(*(a_backup(age * HOUR, task_id=str(age)) for age in ages))

    gaps = timeline(resource, limits()).gaps
    assert (judge(resource, limits()).outcome is Outcome.FAIL) == (bool(gaps) and gaps[-1].until == NOW)
