"""What can be read of a row that cannot be used: nothing is believed that is not plain."""

from typing import Any

import pytest

from audit.answers.kinds import ANSWERS
from audit.answers.strict_json import Unreadable
from audit.answers.unusable_rows import glance
from audit.collection import About, Kind
from audit.timestamps import instant
from tests.builders import a_backup_row, a_policy_row, a_protectable_row, a_task_row, a_usage_row, a_vault_row


def seen(kind: Kind, row: Any) -> About:
    return glance(ANSWERS[kind], row)


def of_task(**changes: Any) -> About:
    return seen(Kind.TASKS, a_task_row(**changes))


def test_everything_is_read_of_a_task_that_says_it() -> None:
    assert of_task() == About(
        resources=("server-1",),
        vaults=("vault-1",),
        operation="backup",
        status="success",
        at=instant("2026-01-05T22:07:41.100000"),
    )


@pytest.mark.parametrize("resource", [None, {}, {"id": None}, {"id": ""}, {"id": ["server-1"]}, "server-1"])
def test_a_task_without_a_resource_that_can_be_read_may_be_on_any(resource: Any) -> None:
    assert of_task(extra_info={"resource": resource}).resources is None
    assert of_task(extra_info=resource).resources is None


@pytest.mark.parametrize(
    ("removed", "resources"),
    [
        ({"resources": [{"id": "a"}, {"id": "b"}]}, ("server-1", "a", "b")),
        ({"resources": []}, ("server-1",)),
        ({"resources": [{"id": "a"}, {"id": None}]}, None),
        ({"resources": [{"id": "a"}, "b"]}, None),
        ({"resources": "a"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_task_that_takes_out_what_cannot_be_read_may_concern_any(
    removed: Any, resources: tuple[str, ...] | None
) -> None:
    assert of_task(extra_info={"resource": {"id": "server-1"}, "remove_resources": removed}).resources == resources


def test_a_removal_may_name_what_it_takes_out_alone() -> None:
    assert of_task(extra_info={"remove_resources": {"resources": [{"id": "a"}]}}).resources == ("a",)


def test_a_vault_is_known_by_its_id_or_else_by_its_name() -> None:
    assert of_task(vault_id=None).vaults == ("blue",)
    assert of_task(vault_id=5, vault_name="").vaults is None


@pytest.mark.parametrize("word", ["auto_backup", "BACKUP", "", None, 5, ["backup"], True])
def test_a_word_that_no_document_knows_says_nothing(word: Any) -> None:
    assert of_task(operation_type=word).operation is None
    assert of_task(status=word).status is None


@pytest.mark.parametrize("status", ["running", "waiting"])
def test_a_task_that_goes_on_may_end_in_any_way(status: str) -> None:
    assert of_task(status=status).status is None


def test_the_newest_time_that_can_be_read_counts() -> None:
    assert of_task(updated_at=5, ended_at=None).at == instant("2026-01-05T22:00:03.120000")
    assert of_task(created_at="2027-13-45T00:00:00").at == instant("2026-01-05T22:07:41.100000")
    assert seen(Kind.TASKS, {"created_at": "soon"}).at is None


@pytest.mark.parametrize(
    ("associated", "vaults"),
    [
        ([{"vault_id": "a"}, {"vault_id": "b"}], ("a", "b")),
        ([], ()),
        (None, ()),
        ([{"vault_id": "a"}, {"vault_id": 5}], None),
        ([{"vault_id": "a"}, None], None),
        ("a", None),
    ],
)
def test_a_policy_concerns_the_vaults_that_it_names(associated: Any, vaults: tuple[str, ...] | None) -> None:
    assert seen(Kind.POLICIES, a_policy_row(associated_vaults=associated)) == About(vaults=vaults)


def test_a_policy_that_does_not_say_where_it_is_applied_may_be_applied_anywhere() -> None:
    row = a_policy_row()
    del row["associated_vaults"]

    assert seen(Kind.POLICIES, row) == About()


@pytest.mark.parametrize(
    ("held", "resources"),
    [([{"id": "a"}], ("a",)), ([], ()), (None, None), ([{"id": "a"}, {}], None), ([None], None)],
)
def test_a_vault_concerns_what_it_holds(held: Any, resources: tuple[str, ...] | None) -> None:
    assert seen(Kind.VAULTS, a_vault_row(resources=held)) == About(resources=resources)


def test_a_backup_concerns_its_resource_and_its_vault() -> None:
    assert seen(Kind.BACKUPS, a_backup_row()) == About(resources=("server-1",), vaults=("vault-1",))
    assert seen(Kind.BACKUPS, a_backup_row(resource_id=None)) == About(vaults=("vault-1",))


@pytest.mark.parametrize(
    ("changes", "resources"),
    [
        ({"children": [{"id": "disk-1"}]}, ("server-1", "disk-1")),
        ({"children": None}, ("server-1",)),
        ({"children": [{"id": 5}]}, None),
        ({"id": None}, None),
    ],
)
def test_what_could_be_protected_concerns_its_parts_too(
    changes: dict[str, Any], resources: tuple[str, ...] | None
) -> None:
    assert seen(Kind.PROTECTABLES, a_protectable_row(**changes)) == About(resources=resources)


def test_an_agent_concerns_what_is_held_under_its_id() -> None:
    assert seen(Kind.AGENTS, {"agent_id": "agent-1"}) == About(resources=("agent-1",))
    assert seen(Kind.AGENTS, {"agent_id": None}) == About()


@pytest.mark.parametrize("row", [None, 5, "row", [], Unreadable(id="task-1", reason="a number", digest="0")])
@pytest.mark.parametrize("kind", Kind)
def test_what_is_no_row_may_be_anything(kind: Kind, row: Any) -> None:
    assert seen(kind, row) == About()


def test_an_answer_to_something_else_tells_nothing() -> None:
    assert glance(ANSWERS["error"], {"error_code": "x"}) == About()


SOME = About(resources=("a",), vaults=("v",), operation="backup", status="success", at=instant("2026-01-01T00:00:00"))


def test_of_two_rows_with_one_id_either_may_be_true() -> None:
    other = About(
        resources=("b",), vaults=("v",), operation="restore", status="success", at=instant("2026-01-02T00:00:00")
    )

    assert SOME | other == other | SOME == About(resources=("a", "b"), vaults=("v",), status="success", at=other.at)
    assert SOME | About() == About() == About() | SOME
    assert SOME | SOME == SOME


@pytest.mark.parametrize(("resource", "seen_as"), [("server-1", ("server-1",)), ("", None), (7, None)])
def test_usage_is_about_the_resource_that_it_names(resource: Any, seen_as: tuple[str, ...] | None) -> None:
    assert seen(Kind.STORAGE_USAGE, a_usage_row(resource_id=resource)) == About(resources=seen_as)
