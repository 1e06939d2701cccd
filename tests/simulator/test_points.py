from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.simulator import SCENARIOS, Estate, build_estate
from tests.simulator.rows import DAY, HOUR, Row, Rows, flag, made_by, when

AS_OF = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)


def an_estate(scenario: str = "healthy", **options: Any) -> Estate:
    return build_estate(scenario, **{"as_of": AS_OF, "resources": 20, "days": 30, **options})


def by_policy(point: Row) -> bool:
    return bool(point["extend_info"]["auto_trigger"])


@pytest.mark.parametrize("scenario", ["healthy", "gapped"])
def test_every_success_that_was_not_deleted_has_its_backup_unless_retention_says_nothing(scenario: str) -> None:
    estate = an_estate(scenario, days=60)
    rows = Rows(estate)
    there = {point["id"] for point in estate.backups}
    made = {made_by(task): task for task in rows.successes if task["operation_type"] == "backup"}

    assert not rows.deleted & there
    silent = [task for backup_id, task in made.items() if backup_id not in there | rows.deleted]
    assert {task["extra_info"]["backup"]["backup_name"].split("_")[0] for task in silent} <= {"autobk"}
    for task in silent:
        policies = [policy for policy in estate.policies if policy["id"] == task["policy_id"]]
        assert any(rows.explains(policy, AS_OF - when(task["ended_at"]), 99) for policy in policies)


def test_backups_come_newest_first_and_one_that_is_being_made_is_there() -> None:
    estate = an_estate("mixed", resources=40)
    created = [when(point["created_at"]) for point in estate.backups]
    running = {made_by(task) for task in estate.tasks if task["status"] == "running"}

    assert created == sorted(created, reverse=True)
    assert running
    assert running == {point["id"] for point in estate.backups if point["status"] == "protecting"}


def test_a_backup_by_hand_never_ends_and_one_by_policy_ends_as_its_policy_says() -> None:
    estate = an_estate(days=20, resources=40)
    policies = {policy["id"]: policy["operation_definition"] for policy in estate.policies}
    by_hand = [point for point in estate.backups if not by_policy(point)]

    assert by_hand
    assert {point["expired_at"] for point in by_hand} == {None}
    assert all(point["name"].startswith("manualbk_") for point in by_hand)
    for point in (point for point in estate.backups if by_policy(point) and point["status"] == "available"):
        days = policies[point["scheduled_operation_id"]].get("retention_duration_days", -1)
        end = point["expired_at"]
        assert (end is None) == (days == -1)
        assert end is None or timedelta(0) <= when(end) - when(point["created_at"]) - days * DAY < 4 * HOUR


def test_a_server_has_a_backup_of_each_disk() -> None:
    servers = [point for point in an_estate().backups if point["resource_type"] == "OS::Nova::Server"]
    children = [child for point in servers for child in point["children"]]

    assert {len(point["children"]) for point in servers} == {1, 2}
    assert {child["resource_type"] for child in children} == {"OS::Cinder::Volume"}
    assert all(child["parent_id"] == point["id"] for point in servers for child in point["children"])
    assert len({child["id"] for child in children}) == len(children)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("days", [9, 40])
def test_vaults_say_how_many_backups_they_hold_and_how_much_these_take(scenario: str, days: int) -> None:
    estate = an_estate(scenario, days=days)
    counts = Counter(
        point["resource_id"]
        for point in estate.backups
        if point["image_type"] == "backup" and point["status"] != "protecting"
    )
    for vault in Rows(estate).backup_vaults:
        sizes = [resource["backup_size"] for resource in vault["resources"]]
        departed = {point["resource_id"] for point in Rows(estate).points_of_vault.get(vault["id"], ())}
        departed -= {resource["id"] for resource in vault["resources"]}
        assert [resource["backup_count"] for resource in vault["resources"]] == [
            counts[resource["id"]] for resource in vault["resources"]
        ]
        assert (vault["billing"]["used"] - sum(sizes) <= len(sizes)) != bool(departed)


def test_the_state_of_a_resource_is_that_of_its_newest_backup() -> None:
    estate = an_estate("mixed", resources=40)
    rows, listed = Rows(estate), {row["id"] for kind in estate.protectables.values() for row in kind}
    states = {"available": "available", "error": "error", "protecting": "protecting"}
    seen = set()
    for _, resource in rows.held():
        if resource["protect_status"] == "deleted" or resource["id"] not in listed:
            continue
        points = rows.own_points_of.get(resource["id"])
        state = states[points[0]["status"]] if points else "available"
        assert resource["protect_status"] == state
        seen.add(state)

    assert seen >= {"available", "error"}


def test_copies_of_other_regions_look_worse_than_what_is_here() -> None:
    estate = an_estate("mixed", resources=40)
    copies = [point for point in estate.backups if point["image_type"] == "replication"]
    (bad,) = [point for point in copies if point["status"] == "error"]
    own = Rows(estate).own_points_of[bad["resource_id"]]

    assert len(copies) == 4
    assert when(bad["created_at"]) >= when(own[0]["created_at"]) - 2 * HOUR
    assert when(bad["expired_at"]) - when(bad["created_at"]) < DAY


def test_copies_to_another_region_agree_with_their_tasks() -> None:
    estate = an_estate("mixed", resources=40)
    tasks = {
        (block["source_backup_id"], task["created_at"]): task
        for task in estate.tasks
        if (block := task["extra_info"].get("replication"))
    }
    records = [(point, record) for point in estate.backups for record in point["replication_records"]]
    logged = [record for point, record in records if (point["id"], record["created_at"]) in tasks]

    assert {record["status"] for record in logged} == {"success", "fail"}
    for record in logged:
        task = tasks[record["source_backup_id"], record["created_at"]]
        assert (task["status"] == "success") == (record["status"] == "success")
        assert record["destination_backup_id"] == task["extra_info"]["replication"]["destination_backup_id"]
    old = [record for point, record in records if (point["id"], record["created_at"]) not in tasks]
    assert {record["status"] for record in old} == {"success"}


def test_backups_from_before_the_window_are_there_without_tasks() -> None:
    estate = an_estate(days=14)
    made = {made_by(task) for task in estate.tasks if task["operation_type"] == "backup"}
    older = [point for point in estate.backups if point["id"] not in made]

    assert older
    assert all(when(point["created_at"]) < AS_OF - 33 * DAY for point in older)


def test_drifting_spells_backups_in_other_ways() -> None:
    points = an_estate("drifting").backups

    assert len({len(point["created_at"]) for point in points}) >= 4
    assert any("expired_at" not in point for point in points)
    assert any("auto_trigger" not in point["extend_info"] for point in points)
    assert {type(point["incremental"]) for point in points} == {bool, str}
    assert all(flag(point["extend_info"]["encrypted"]) for point in points)


def test_gapped_hides_backups_too() -> None:
    estate = an_estate("gapped")

    assert len(estate.hidden & {point["id"] for point in estate.backups}) >= 3


@pytest.mark.parametrize(
    ("control", "looks_like_it"),
    [
        pytest.param("CBR-303", lambda row: row["billing"]["status"] == "lock", id="being enlarged is called lock"),
        pytest.param("CBR-304", lambda row: row["billing"]["used"] > row["billing"]["size"], id="more MB than GB"),
        pytest.param("CBR-304", lambda row: row["auto_expand"] and almost_full(row), id="almost full, and grows"),
    ],
)
def test_some_vaults_only_look_like_problems(control: str, looks_like_it: Any) -> None:
    estate = an_estate("mixed", resources=40)
    expected = estate.truth("strict")["expected"]
    failing = {entry["subject"]["id"] for entry in expected if entry["control"] == control}

    assert {vault["id"] for vault in estate.vaults if looks_like_it(vault)} - failing


def almost_full(vault: Row) -> bool:
    billing = vault["billing"]
    return bool(billing["used"] > 0.9 * billing["size"] * 1024)
