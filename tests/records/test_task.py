import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.records import Task
from audit.records.fields import SHARED
from tests.builders import NOW, a_task, a_task_of, a_task_row
from tests.records.odd import ODD


def test_a_backup_row_gives_every_field() -> None:
    row = a_task_row(error_info={"code": "BackupService.6114", "message": "vault is full"})

    assert Task.from_row(row) == a_task_of(
        id="task-1",
        operation="backup",
        status="success",
        created_at=datetime(2026, 1, 5, 22, 0, 3, 120000, UTC),
        updated_at=datetime(2026, 1, 5, 22, 7, 41, 100000, UTC),
        started_at=datetime(2026, 1, 5, 22, 0, 2, 980000, UTC),
        ended_at=datetime(2026, 1, 5, 22, 7, 41, 345, UTC),
        resource_id="server-1",
        resource_name="web-1",
        resource_type="OS::Nova::Server",
        vault_id="vault-1",
        vault_name="blue",
        policy_id="policy-1",
        error_code="BackupService.6114",
        error_message="vault is full",
        backup_id="backup-1",
        incremental=True,
        app_consistency="0",
    )


def test_the_smallest_row_leaves_everything_else_out() -> None:
    row = {key: a_task_row()[key] for key in ("id", "status", "created_at", "updated_at")}

    task = Task.from_row({**row, "operation_type": "sync"})

    assert (task.started_at, task.resource_id, task.vault_id, task.error_code, task.removed) == (None,) * 4 + ((),)


def test_explicit_nulls_are_the_same_as_nothing() -> None:
    nulls = dict.fromkeys(("started_at", "ended_at", "vault_id", "vault_name", "policy_id", "error_info", "extra_info"))

    task = Task.from_row(a_task_row(operation_type="sync", **nulls))

    assert (task.started_at, task.ended_at, task.vault_id, task.vault_name, task.policy_id) == (None,) * 5


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("True", True),
        ('"true"', True),
        ('"false"', False),
        ("False", False),
        ("maybe", None),
        (1, None),
    ],
)
def test_every_form_of_incremental_is_read(value: object, truth: bool | None) -> None:  # noqa: FBT001  # the expectation
    extra = {"resource": {"id": "server-1"}, "backup": {"incremental": value}}

    assert Task.from_row(a_task_row(extra_info=extra)).incremental is truth


@pytest.mark.parametrize(
    ("code", "error"),
    [("AppConsistency.202", "AppConsistency.202"), ("0", None), ("", None), (None, None), (202, None)],
)
def test_an_error_of_consistency_is_read_and_nought_is_none(code: object, error: str | None) -> None:
    extra = {"resource": {"id": "server-1"}, "backup": {"app_consistency_error_code": code}}

    assert Task.from_row(a_task_row(extra_info=extra)).app_consistency_error == error


@pytest.mark.parametrize("operation", ["backup", "delete", "restore"])
def test_the_backup_id_comes_from_the_block_of_the_operation(operation: str) -> None:
    extra = {"resource": {"id": "server-1"}, operation: {"backup_id": "backup-7"}}
    row = a_task_row(operation_type=operation, extra_info=extra)

    assert Task.from_row(row).backup_id == "backup-7"


def test_a_restore_names_its_target() -> None:
    extra = {"restore": {"backup_id": "backup-1", "target_resource_id": "server-2"}}
    row = a_task_row(operation_type="restore", extra_info=extra)

    assert Task.from_row(row).target_resource_id == "server-2"


def test_a_synchronisation_says_how_many_backups_it_brought() -> None:
    extra = {"resource": {"id": "vm-1"}, "sync": {"sync_backup_num": 3, "delete_backup_num": 1}}

    assert Task.from_row(a_task_row(operation_type="sync", extra_info=extra)).synced == 3
    assert Task.from_row(a_task_row(operation_type="backup", extra_info=extra)).synced is None


@pytest.mark.parametrize(
    ("block", "failures"),
    [
        ({}, None),
        ({"fail_count": 0, "total_count": 7}, None),
        ({"fail_count": -1}, None),
        ({"fail_count": None}, None),
        ({"fail_count": "0"}, None),
        ({"fail_count": []}, None),
        ({"fail_count": 2, "total_count": 7}, 2),
        ({"err_sync_backup_num": 4}, 4),
        ({"fail_count": 0, "fail_delete_count": 3}, 3),
        ({"fail_count": 2.0}, 2),
        ({"fail_count": ["backup-1", "backup-2"]}, 2),
        ({"fail_count": "3"}, 1),
        ({"fail_count": True}, 1),
        ({"fail_count": {"backup-1": "locked"}}, 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("operation", ["vault_delete", "remove_resource"])
def test_a_removal_says_whether_something_could_not_be_taken_away(
    operation: str, block: dict[str, Any], failures: int | None
) -> None:
    name = "vault_delete" if operation == "vault_delete" else "remove_resources"
    task = Task.from_row(a_task_row(operation_type=operation, extra_info={name: block}))

    assert (task.failures, task.did_it_all) == (failures, failures is None)


def test_other_tasks_have_no_such_count() -> None:
    extra = {"resource": {"id": "server-1"}, "backup": {"fail_count": 2}, "vault_delete": {"fail_count": 2}}

    assert Task.from_row(a_task_row(extra_info=extra)).failures is None


def test_a_removal_names_every_resource_that_can_be_read() -> None:
    resources = [{"id": "server-1"}, "odd", {"id": 5}, {"name": "no id"}, {"id": "disk-1"}]
    row = a_task_row(operation_type="remove_resource", extra_info={"remove_resources": {"resources": resources}})

    assert Task.from_row(row).removed == ("server-1", "disk-1")


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "path",
    [
        ("error_info",),
        ("error_info", "code"),
        ("error_info", "message"),
        ("vault_name",),
        ("extra_info", "backup"),
        ("extra_info", "backup", "backup_id"),
        ("extra_info", "backup", "incremental"),
        ("extra_info", "backup", "app_consistency_status"),
        ("extra_info", "delete"),
        ("extra_info", "restore"),
        ("extra_info", "restore", "target_resource_id"),
        ("extra_info", "sync"),
        ("extra_info", "remove_resources"),
        ("extra_info", "remove_resources", "resources"),
        ("extra_info", "resource", "name"),
        ("extra_info", "resource", "type"),
    ],
    ids=".".join,
)
def test_an_odd_value_where_none_is_demanded_never_raises(path: tuple[str, ...], odd: object) -> None:
    row: dict[str, Any] = {**a_task_row(), "extra_info": {"resource": {"id": "server-1"}}}
    inner = row
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = odd

    task = Task.from_row(row)

    texts: tuple[object, ...] = (
        task.error_code,
        task.error_message,
        task.vault_name,
        task.backup_id,
        task.resource_name,
    )
    assert all(text is None or (isinstance(text, str) and text) for text in texts)
    assert task.incremental in {None, True}


@pytest.mark.parametrize(
    "extra", [None, {}, {"resource": None}, {"resource": {}}, {"resource": {"id": None}}, {"resource": {"id": ""}}]
)
def test_a_backup_that_names_no_resource_is_a_value_error_and_any_other_task_is_not(extra: object) -> None:
    with pytest.raises(ValueError, match=r"names no resource \(extra_info\.resource\.id\)"):
        Task.from_row(a_task_row(extra_info=extra))
    for operation in ("restore", "sync", "vault_delete", "replication"):
        assert Task.from_row(a_task_row(operation_type=operation, extra_info=extra)).resource_id is None


@pytest.mark.parametrize("field", ["created_at", "updated_at", "started_at", "ended_at"])
def test_a_time_that_does_not_exist_is_a_value_error(field: str) -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        Task.from_row(a_task_row(**{field: "2026-02-30T00:00:00"}))


@pytest.mark.parametrize(
    ("status", "finished", "succeeded", "broke", "is_understood"),
    [
        ("success", True, True, False, True),
        ("failed", True, False, True, True),
        ("timeout", True, False, True, True),
        ("skipped", True, False, False, True),
        ("running", False, False, False, True),
        ("waiting", False, False, False, True),
        ("paused", False, False, False, False),
    ],
)
def test_a_status_says_whether_the_task_ended_and_how(
    status: str,
    finished: bool,  # noqa: FBT001  # the expectation
    succeeded: bool,  # noqa: FBT001  # the expectation
    broke: bool,  # noqa: FBT001  # the expectation
    is_understood: bool,  # noqa: FBT001  # the expectation
) -> None:
    task = a_task(status=status)

    assert (task.finished, task.succeeded, task.broke, task.is_understood) == (
        finished,
        succeeded,
        broke,
        is_understood,
    )


@pytest.mark.parametrize(("status", "finished"), [("paused", True), ("running", False), ("waiting", False)])
def test_a_status_that_is_not_documented_is_final_where_the_task_has_ended(status: str, finished: bool) -> None:  # noqa: FBT001  # the expectation
    task = a_task(status=status, ended_at=NOW)

    assert (task.finished, task.succeeded, task.broke) == (finished, False, False)


def test_a_task_began_when_it_started_or_else_when_it_was_created() -> None:
    task = Task.from_row(a_task_row())

    assert task.began == task.started_at
    assert Task.from_row(a_task_row(started_at=None)).began == task.created_at


@pytest.mark.parametrize("field", ["created_at", "updated_at", "started_at", "ended_at"])
@pytest.mark.parametrize("time", ["2026-11-23", "2026-11-23T04", "2026-11-23T04:00"])
def test_a_time_that_the_documents_do_not_know_is_refused(field: str, time: str) -> None:
    with pytest.raises(ValueError, match="not a timestamp"):
        Task.from_row(a_task_row(**{field: time}))


@pytest.mark.parametrize("odd", [5, 1.0, True, "", None])
def test_a_backup_must_name_its_resource_with_a_text(odd: object) -> None:
    row = a_task_row()
    row["extra_info"]["resource"]["id"] = odd

    with pytest.raises(ValueError, match="names no resource"):
        Task.from_row(row)


def test_texts_that_many_tasks_share_are_one_copy_even_where_they_were_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.records.fields._MOST_SHARED", 3)
    message = "long " * 100
    rows = [a_task_row(error_info={"code": f"code-{number % 2}", "message": message}) for number in range(20)]
    tasks = [Task.from_row(json.loads(json.dumps(row))) for row in rows]

    assert {task.error_code for task in tasks} == {"code-0", "code-1"}
    assert {task.error_message for task in tasks} == {message}
    for name in ("error_code", "error_message", "vault_name"):
        values = [getattr(task, name) for task in tasks]
        assert len(set(map(id, values))) == len(set(values))
    assert len(SHARED) <= 3
    assert message not in SHARED


@pytest.mark.parametrize(
    ("operation", "block", "found"),
    [
        ("update_backups", {"affected_backups_count": 2, "expiration_day": "2026-12-01"}, "update_expiration_time"),
        ("update_backups", None, "update_backups"),
        ("update_backups", {}, "update_backups"),
        ("delete", {"affected_backups_count": 0}, "delete"),
    ],
)
def test_a_task_that_moves_ends_is_known_by_its_block_unless_its_operation_is_published(
    operation: str, block: Any, found: str
) -> None:
    row = a_task_row(operation_type=operation, extra_info={"update_expiration_time": block})

    assert Task.from_row(row).operation == found


@pytest.mark.parametrize(
    ("info", "error"),
    [
        ({"code": "", "message": ""}, None),
        ({"code": "0", "message": "done"}, None),
        ({"code": 0, "message": None}, None),
        ({"code": "BackupService.6107", "message": "full"}, "BackupService.6107"),
        ({"code": 6107}, "6107"),
        ({"code": ["BackupService.6107"]}, '["BackupService.6107"]'),
        ({"message": "full"}, "full"),
        ({"code": "", "message": {"en": "full"}}, '{"en":"full"}'),
        ("full", "full"),
        (["full"], '["full"]'),
        ([], None),
        (None, None),
    ],
)
def test_whatever_form_an_error_has_it_is_told(info: object, error: str | None) -> None:
    task = Task.from_row(a_task_row(error_info=info))

    assert (task.error, task.succeeded, task.is_understood) == (error, error is None, error is None)
    assert task.claims_success


def test_a_failure_with_an_error_is_understood() -> None:
    task = a_task(status="failed", error_code="BackupService.6107")

    assert (task.is_understood, task.broke, task.came_to_nothing, task.may_have_worked) == (True, True, True, False)


@pytest.mark.parametrize(
    ("operation", "is_known"), [("backup", True), ("migrate_resources", True), ("Backup", False), ("", False)]
)
def test_an_operation_is_known_where_it_is_documented(operation: str, is_known: bool) -> None:  # noqa: FBT001  # the expectation
    assert a_task(operation=operation).is_known is is_known
