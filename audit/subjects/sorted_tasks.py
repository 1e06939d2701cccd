"""The tasks of a resource, sorted once by what controls ask for."""

from collections.abc import Sequence
from typing import NamedTuple

from audit.records import BACKUP, RESTORE, Task


class SortedTasks(NamedTuple):
    """The tasks of a resource by what they did and how they went, each part oldest first.

    Attributes:
        backups: all of them, whatever became of them.
        successes: the backups that succeeded.
        broken: the backups that failed or timed out.
        skipped: the backups that did not start.
        puzzling: the backups whose status is not documented: nobody can say how they went.
        finished: the backups that succeeded or broke.
        restores: the restores of its backups, wherever to.
        others: the tasks that are neither backups nor restores.
        unfinished: the tasks of any kind that have not ended.
    """

    backups: tuple[Task, ...]
    successes: tuple[Task, ...]
    broken: tuple[Task, ...]
    skipped: tuple[Task, ...]
    puzzling: tuple[Task, ...]
    finished: tuple[Task, ...]
    restores: tuple[Task, ...]
    others: tuple[Task, ...]
    unfinished: tuple[Task, ...]


def sort_out(tasks: Sequence[Task]) -> SortedTasks:
    """Sort the tasks of a resource; nearly all of them are backups that succeeded, so the rest is sorted apart."""
    backups = [task for task in tasks if task.operation == BACKUP]
    successes = [task for task in backups if task.status == "success"]
    failures = [task for task in backups if task.status != "success"] if len(successes) < len(backups) else []
    others = [task for task in tasks if task.operation != BACKUP] if len(backups) < len(tasks) else []
    broken = tuple([task for task in failures if task.broke])
    return SortedTasks(
        backups=tuple(backups),
        successes=tuple(successes),
        broken=broken,
        skipped=tuple([task for task in failures if task.status == "skipped"]),
        puzzling=tuple([task for task in failures if not task.is_understood]),
        finished=tuple([task for task in backups if task.succeeded or task.broke] if broken else successes),
        restores=tuple([task for task in others if task.operation == RESTORE]),
        others=tuple([task for task in others if task.operation != RESTORE]),
        unfinished=tuple([task for task in tasks if task.status != "success" and not task.finished]),
    )
