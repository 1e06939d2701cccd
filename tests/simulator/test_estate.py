import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.simulator import SCENARIOS, Estate, build_estate
from tests.simulator.recount import Recount
from tests.simulator.rows import due, longest_gap, when

AS_OF = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def an_estate(scenario: str = "mixed", **options: Any) -> Estate:
    return build_estate(scenario, **{"as_of": AS_OF, **options})


def every(estate: Estate, field: str) -> set[str]:
    return {task[field] for task in estate.tasks}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_gives_the_same_estate(scenario: str) -> None:
    first, again = (an_estate(scenario, seed=7, resources=9, days=5) for _ in range(2))

    assert first == again
    assert first.truth() == again.truth()


def test_another_seed_gives_another_estate() -> None:
    assert an_estate(seed=1, resources=3).project_id != an_estate(seed=2, resources=3).project_id


def test_changing_a_truth_leaves_the_next_one_alone() -> None:
    estate = an_estate(resources=3)
    estate.truth()["expected"].clear()

    assert estate.truth()["expected"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scenario": "sunny"}, "unknown scenario"),
        ({"resources": -1}, "negative"),
        ({"days": 1}, "at least 2"),
        ({"as_of": AS_OF.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        an_estate(**wrong)


def test_mixed_shows_every_operation_and_every_status() -> None:
    estate = an_estate("mixed")

    assert every(estate, "operation_type") == {
        "backup",
        "copy",
        "replication",
        "delete",
        "restore",
        "vault_delete",
        "remove_resource",
        "sync",
    }
    assert every(estate, "status") == {"success", "skipped", "failed", "running", "timeout", "waiting"}


RUNS = (101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113)
EVERYWHERE = (*RUNS, 201, 202, 203, 301, 302, 304, 401, 403, 404, 405, 406, 501, 502, 504, 601, 602, 603)
STRICT = (115, 117, 204, 205, 206, 207, 303, 305, 306, 402, 407, 408, 503, 505)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_every_control_has_something_to_find(scenario: str, seed: int) -> None:
    estate = an_estate(scenario, days=100, seed=seed)
    default, strict = (
        {entry["control"] for entry in estate.truth(preset)["expected"]} for preset in ("default", "strict")
    )

    assert default == {f"CBR-{number}" for number in EVERYWHERE}
    assert strict == default | {f"CBR-{number}" for number in STRICT}


def test_what_fails_by_default_fails_by_strict_limits_too() -> None:
    estate = an_estate("failing")
    default, strict = (estate.truth(preset)["expected"] for preset in ("default", "strict"))

    assert all(entry in strict for entry in default)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("scenario", ["healthy", "drifting", "gapped"])
def test_in_a_healthy_estate_only_the_numbers_of_the_strict_limits_find_something(scenario: str, seed: int) -> None:
    found = {entry["control"] for entry in an_estate(scenario, seed=seed).truth("strict")["expected"]}

    assert found <= {"CBR-202", "CBR-203", "CBR-205", "CBR-303", "CBR-403"}


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of default, strict"):
        an_estate(resources=1).truth("lenient")


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
@pytest.mark.parametrize("resources", [1, 2, 3, 5])
@pytest.mark.parametrize("days", [2, 14])
def test_small_estates_have_a_real_problem_too(scenario: str, resources: int, days: int) -> None:
    assert an_estate(scenario, resources=resources, days=days).truth()["conclusion"] == "non_compliant"


@pytest.mark.parametrize("resources", [1, 4, 11, 40, 90])
def test_a_third_of_a_failing_estate_is_in_trouble(resources: int) -> None:
    expected = an_estate("failing", resources=resources).truth()["expected"]
    troubled = {entry["subject"]["id"] for entry in expected if entry["subject"]["kind"] == "resource"}

    assert len(troubled) * 3 >= resources


@pytest.mark.parametrize(
    ("scenario", "conclusion"),
    [
        ("healthy", "compliant"),
        ("mixed", "non_compliant"),
        ("failing", "non_compliant"),
        ("drifting", "compliant"),
        ("gapped", "incomplete"),
    ],
)
def test_each_scenario_has_its_conclusion(scenario: str, conclusion: str) -> None:
    truth = an_estate(scenario).truth()

    assert truth["conclusion"] == conclusion
    assert bool(truth["expected"]) == (conclusion == "non_compliant")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_estate_without_resources_is_empty_and_proves_nothing(scenario: str) -> None:
    estate = an_estate(scenario, resources=0)

    assert (estate.vaults, estate.policies, estate.tasks) == ([], [], [])
    assert estate.truth() == {"conclusion": "incomplete", "expected": []}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("resources", [1, 2, 17, 18, 300])
def test_the_vaults_hold_as_many_resources_as_asked_for(scenario: str, resources: int) -> None:
    estate = an_estate(scenario, resources=resources, days=2)
    backup = [policy for policy in estate.policies if policy["operation_type"] == "backup"]

    in_cloud = [vault for vault in estate.vaults if vault["billing"]["cloud_type"] == "public"]
    shown = sum(len(vault["resources"]) for vault in in_cloud)
    assert shown == resources or (scenario == "partial" and 0 < shown < resources), "some of them are withheld"
    assert len(backup) <= 33, "32 that are applied, and one that is not"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_tasks_come_newest_first_and_lie_within_the_window(scenario: str) -> None:
    estate = an_estate(scenario, resources=15, days=20)
    created = [when(task["created_at"]) for task in estate.tasks]

    assert created == sorted(created, reverse=True) or scenario == "drifting"
    for task in estate.tasks:
        for name in ("created_at", "started_at", "ended_at", "updated_at"):
            assert task[name] is None or AS_OF - timedelta(days=20) <= when(task[name]) <= AS_OF
        assert (task["ended_at"] is None) == (task["status"] in ("running", "waiting"))
        assert (task["started_at"] is None) == (task["status"] == "waiting")
        assert 0 <= task["extra_info"]["common"]["progress"] <= 100


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_due_time_of_a_healthy_estate_has_its_task(seed: int) -> None:
    estate = an_estate("healthy", seed=seed, resources=20, days=16)
    runs: dict[str, list[datetime]] = {}
    for task in reversed(estate.tasks):
        if task["operation_type"] == "backup" and task["policy_id"]:
            runs.setdefault(task["extra_info"]["resource"]["id"], []).append(when(task["created_at"]))
    vaults = {vault["id"]: vault for vault in estate.vaults}
    for policy in estate.policies:
        moments = due(policy, AS_OF - timedelta(days=16), AS_OF - HOUR)
        if policy["operation_type"] == "backup":
            for link in policy["associated_vaults"]:
                for resource in vaults[link["vault_id"]]["resources"]:
                    delays = [run - moment for moment, run in zip(moments, runs[resource["id"]], strict=False)]
                    assert len(delays) == len(moments)
                    assert all(timedelta(0) < delay <= HOUR / 2 for delay in delays)


def test_long_intervals_need_a_long_window() -> None:
    gaps = {
        days: {
            longest_gap(policy)
            for seed in range(1, 9)
            for policy in an_estate("healthy", seed=seed, resources=30, days=days).policies
        }
        for days in (13, 14)
    }

    assert max(gaps[13]) == 24 * HOUR
    assert {6 * HOUR, 8 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR} <= gaps[14]


def test_patterns_come_in_the_forms_that_were_seen() -> None:
    patterns = {
        pattern
        for seed in range(1, 9)
        for policy in an_estate("healthy", seed=seed, resources=30, days=14).policies
        for pattern in policy["trigger"]["properties"]["pattern"]
    }

    assert any("BYDAY=SU,MO" in pattern for pattern in patterns)
    assert any(pattern.startswith("FREQ=WEEKLY;BYHOUR=") for pattern in patterns)
    assert any(pattern.startswith("FREQ=WEEKLY;BYDAY=MO,TU") for pattern in patterns)
    assert any("FREQ=DAILY;INTERVAL=2;" in pattern for pattern in patterns)
    assert any("BYHOUR=0" in pattern and ";BYHOUR=0;" not in pattern for pattern in patterns)


def test_mixed_has_null_names_and_vanished_fractions() -> None:
    tasks = an_estate("mixed").tasks
    alone = [task for task in tasks if task["operation_type"] == "backup" and task["vault_id"] is None]

    assert alone
    assert all(task["policy_id"] is None and task["vault_name"] is None for task in alone)
    assert any("." not in task["created_at"] for task in tasks)


def test_mixed_has_a_vault_for_copies_and_a_policy_that_nobody_uses() -> None:
    estate = an_estate("mixed")
    (copies,) = [vault for vault in estate.vaults if vault["billing"]["protect_type"] == "replication"]
    (unused,) = [policy for policy in estate.policies if policy["associated_vaults"] is None]

    assert copies["resources"] == []
    assert not unused["enabled"]


def test_drifting_differs_from_the_documents_but_never_in_the_status_of_a_backup() -> None:
    estate = an_estate("drifting", resources=20)
    backups = [task for task in estate.tasks if task["operation_type"] == "backup"]
    forms = Counter(len(task["created_at"].partition(".")[2]) for task in backups)

    assert {"migrate_resources", "update_expiration_time"} < every(estate, "operation_type")
    assert {task["status"] for task in backups} <= {"success", "running"}
    assert "partially_synchronised" in every(estate, "status")
    assert {repr(task["extra_info"]["backup"]["incremental"]) for task in backups} >= {
        "True",
        "'True'",
        "'true'",
        "'\"true\"'",
    }
    assert len([count for count in forms.values() if count > 20]) == 4
    assert any("trace" in task for task in estate.tasks)
    assert any("lifecycle" in vault for vault in estate.vaults)


def test_gapped_hides_the_newest_success_of_some_resources_and_more() -> None:
    estate = an_estate("gapped")
    newest: dict[str, str] = {}
    for task in estate.tasks:
        if task["operation_type"] == "backup" and task["status"] == "success":
            newest.setdefault(task["extra_info"]["resource"]["id"], task["id"])

    assert not Recount(estate, 30).failures(), "behind the gaps all is well"
    assert len(estate.hidden & set(newest.values())) >= 3
    assert len(estate.hidden - set(newest.values())) >= 3


def test_rows_are_ready_for_json() -> None:
    estate = an_estate("drifting", resources=5, days=3)
    rows = [estate.tasks, estate.vaults, estate.policies, estate.truth()]

    assert json.loads(json.dumps(rows)) == rows


def test_vaults_are_far_older_than_the_window() -> None:
    for vault in an_estate("mixed").vaults:
        assert AS_OF - when(vault["created_at"]) >= timedelta(days=130)


@pytest.mark.parametrize(("scenario", "seed"), [("mixed", 1), ("failing", 2)])
@pytest.mark.no_cover
def test_the_truth_of_a_large_estate_agrees_with_a_recount(scenario: str, seed: int) -> None:
    estate = an_estate(scenario, seed=seed, resources=150, days=30)
    expected = estate.truth()["expected"]
    failing = [entry for entry in expected if entry["outcome"] == "fail"]
    listed = {(entry["control"], entry["subject"]["kind"], entry["subject"]["id"]) for entry in failing}

    assert Recount(estate, 30).failures() == listed
    assert expected == sorted(
        expected, key=lambda entry: (entry["control"], entry["subject"]["kind"], entry["subject"]["id"])
    )
