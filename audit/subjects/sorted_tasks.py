"""The backup tasks of a resource, sorted once by what controls ask for."""

from collections.abc import Sequence
from typing import NamedTuple

from audit.records import BACKUP, Task, TaskList, listed


class SortedTasks(NamedTuple):
    """The backup tasks of a resource by how they went, each part oldest first.

    Attributes:
        backups: all of them, whatever became of them.
        successes: the backups that succeeded.
        broken: the backups that failed or timed out.
        skipped: the backups that did not start.
        puzzling: the backups whose status is not documented: nobody can say how they went.
        finished: the backups that succeeded or broke.
    """

    backups: TaskList
    successes: TaskList
    broken: TaskList
    skipped: TaskList
    puzzling: TaskList
    finished: TaskList


def sort_out(tasks: Sequence[Task]) -> SortedTasks:
    """Sort the backups among the tasks of a resource."""
    backups = listed(tasks, lambda task: task.operation == BACKUP)
    return SortedTasks(
        backups=backups,
        successes=backups.picked(lambda task: task.succeeded),
        broken=backups.picked(lambda task: task.broke),
        skipped=backups.picked(lambda task: task.status == "skipped"),
        puzzling=backups.picked(lambda task: not task.is_understood),
        finished=backups.picked(lambda task: task.succeeded or task.broke),
    )
