"""The backup tasks of a resource, sorted once by what controls ask for."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from audit.records import BACKUP, HOLLOW, Task, TaskList, listed, plain
from audit.records.keys import Key


class SortedTasks(NamedTuple):
    """The backup tasks of a resource by how they went, each part oldest first.

    Attributes:
        claimed: the backups that say they succeeded, and may have made nothing; all others are as found out below.
        backups: all of them, whatever became of them.
        successes: the backups that succeeded, as far as the log alone can tell.
        broken: the backups that failed or timed out, or are hollow.
        skipped: the backups that did not start.
        puzzling: the backups whose status is not documented: nobody can say how they went.
        finished: the backups that succeeded or broke.
    """

    claimed: TaskList
    backups: TaskList
    successes: TaskList
    broken: TaskList
    skipped: TaskList
    puzzling: TaskList
    finished: TaskList


def sort_out(tasks: Sequence[Task]) -> SortedTasks:
    """Sort the backups among the tasks of a resource."""
    written = listed(tasks, lambda task: task.operation == BACKUP)
    claimed = written.picked(lambda task: task.succeeded)
    backups = _found_out(written, claimed)
    return SortedTasks(
        claimed=claimed,
        backups=backups,
        successes=backups.picked(lambda task: task.succeeded),
        broken=backups.picked(lambda task: task.broke),
        skipped=backups.picked(lambda task: task.status == "skipped"),
        puzzling=backups.picked(lambda task: not task.is_understood),
        finished=backups.picked(lambda task: task.succeeded or task.broke),
    )


def _found_out(written: TaskList, claimed: TaskList) -> TaskList:
    """Call those successes hollow that name a backup which an earlier success made already."""
    named = [key for key in claimed.backup_keys() if key is not None]
    if len(set(named)) == len(named):  # nearly always
        return written
    made: set[Key] = set()
    found = []
    for task in written:
        key = task.backup_key if task.succeeded else None
        found.append(replace(task, status=HOLLOW) if key in made else task)
        if key is not None:
            made.add(key)
    return plain(found)
