from collections.abc import Callable

import pytest

from audit.records import Task
from audit.subjects.sorted_tasks import SortedTasks, sort_out
from tests.builders import DAY, HOUR, a_backup

STATUSES = ("success", "failed", "timeout", "skipped", "running", "waiting", "paused")
OPERATIONS = ("backup", "restore", "replication", "delete")
TASKS = tuple(
    a_backup(day * DAY, status, task_id=f"{operation}-{status}-{day}", operation=operation, ended_at=ended)
    for day in (3, 2)
    for operation in OPERATIONS
    for status in STATUSES
    for ended in ([a_backup(HOUR).created_at] if status == "paused" else [None])
)
RULES: dict[str, Callable[[Task], bool]] = {
    "claimed": lambda task: task.operation == "backup" and task.succeeded,
    "backups": lambda task: task.operation == "backup",
    "successes": lambda task: task.operation == "backup" and task.succeeded,
    "broken": lambda task: task.operation == "backup" and task.broke,
    "skipped": lambda task: task.operation == "backup" and task.status == "skipped",
    "puzzling": lambda task: task.operation == "backup" and not task.is_understood,
    "finished": lambda task: task.operation == "backup" and (task.succeeded or task.broke),
}


def parts(found: SortedTasks) -> dict[str, tuple[Task, ...]]:
    return found._asdict()


@pytest.mark.parametrize("part", SortedTasks._fields)
@pytest.mark.parametrize("left_out", [None, *STATUSES, *OPERATIONS])
def test_each_part_holds_what_its_name_says_oldest_first(part: str, left_out: str | None) -> None:
    tasks = tuple(task for task in TASKS if left_out not in {task.status, task.operation})

    assert parts(sort_out(tasks))[part] == tuple(filter(RULES[part], tasks))


def test_what_only_succeeded_leaves_the_other_parts_empty() -> None:
    found = parts(sort_out((a_backup(DAY), a_backup(HOUR))))

    assert {part for part, tasks in found.items() if tasks} == {"claimed", "backups", "successes", "finished"}
