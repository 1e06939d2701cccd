"""The backup tasks of a resource, sorted once by what controls ask for."""

from collections.abc import Sequence
from typing import NamedTuple

from audit.records import BACKUP, Task, pick


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

    backups: tuple[Task, ...]
    successes: tuple[Task, ...]
    broken: tuple[Task, ...]
    skipped: tuple[Task, ...]
    puzzling: tuple[Task, ...]
    finished: tuple[Task, ...]


def sort_out(tasks: Sequence[Task]) -> SortedTasks:
    """Sort the backups among the tasks of a resource; nearly all succeeded, so the rest is sorted apart."""
    backups = pick(tasks, lambda task: task.operation == BACKUP)
    successes = [task for task in backups if task.status == "success"]
    failures = [task for task in backups if task.status != "success"] if len(successes) < len(backups) else []
    broken = tuple([task for task in failures if task.broke])
    return SortedTasks(
        backups=tuple(backups),
        successes=tuple(successes),
        broken=broken,
        skipped=tuple([task for task in failures if task.status == "skipped"]),
        puzzling=tuple([task for task in failures if not task.is_understood]),
        finished=tuple([task for task in backups if task.succeeded or task.broke] if broken else successes),
    )
