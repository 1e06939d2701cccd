"""The tasks of a resource, sorted once by what controls ask for."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from audit.records import BACKUP, RESTORE, Task

_BROKEN: Final = frozenset({"failed", "timeout"})


class SortedTasks(NamedTuple):
    """The tasks of a resource by what they did and how they went, each part oldest first.

    Attributes:
        backups: all of them, whatever became of them.
        successes: the backups that succeeded.
        broken: the backups that failed or timed out.
        skipped: the backups that did not start.
        puzzling: the backups whose status is not documented: nobody can say how they went.
        restores: the restores of its backups, wherever to.
        unfinished: the tasks of any kind that have not ended.
    """

    backups: tuple[Task, ...]
    successes: tuple[Task, ...]
    broken: tuple[Task, ...]
    skipped: tuple[Task, ...]
    puzzling: tuple[Task, ...]
    restores: tuple[Task, ...]
    unfinished: tuple[Task, ...]


def sort_out(tasks: Iterable[Task]) -> SortedTasks:
    """Look at each task once; nearly all of them are backups that succeeded."""
    backups: list[Task] = []
    successes: list[Task] = []
    others: list[Task] = []
    restores: list[Task] = []
    unfinished: list[Task] = []
    for task in tasks:
        is_success = task.status == "success"
        if task.operation == BACKUP:
            backups.append(task)
            (successes if is_success else others).append(task)
        elif task.operation == RESTORE:
            restores.append(task)
        if not is_success and not task.finished:
            unfinished.append(task)
    return SortedTasks(
        backups=tuple(backups),
        successes=tuple(successes),
        broken=tuple([task for task in others if task.status in _BROKEN]),
        skipped=tuple([task for task in others if task.status == "skipped"]),
        puzzling=tuple([task for task in others if not task.is_understood]),
        restores=tuple(restores),
        unfinished=tuple(unfinished),
    )
