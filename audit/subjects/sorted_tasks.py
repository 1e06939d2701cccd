"""The backup tasks of a resource, sorted once by what controls ask for.

What is backed up elsewhere comes into a hybrid vault by synchronisation: for such a resource, these are its backups,
unless one succeeded and brought none because there was none to bring. One that brought none and says that it could not
bring some failed. Whether one brought any that does not say how many, or all of those that it should, nobody can say.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from audit.history import TaskList, listed, plain
from audit.records import BACKUP, HOLLOW, SYNC, Task
from audit.records.keys import Key


class SortedTasks(NamedTuple):
    """The backup tasks of a resource by how they went, each part oldest first.

    Attributes:
        claimed: the backups that say they succeeded, and may have made nothing; all others are as found out below, and
            may be synchronisations.
        backups: all of them, whatever became of them.
        successes: the backups that succeeded, as far as the log alone can tell.
        broken: the backups that failed or timed out, or are hollow.
        skipped: the backups that did not start.
        puzzling: the backups of which nobody can say how they went: their status is not documented, or contradicts
            their error or what they could not bring.
        finished: the backups that succeeded or broke.
    """

    claimed: TaskList
    backups: TaskList
    successes: TaskList
    broken: TaskList
    skipped: TaskList
    puzzling: TaskList
    finished: TaskList


def sort_out(tasks: Sequence[Task], *, synchronised: bool = False) -> SortedTasks:
    """Sort the backups among the tasks of a resource, which may be synchronised from elsewhere."""
    written = listed(tasks, _is_backup_or_sync if synchronised else _is_backup)
    claimed = written.picked(lambda task: task.succeeded and _is_backup(task))
    backups = _found_out(written, claimed)
    return SortedTasks(
        claimed=claimed,
        backups=backups,
        successes=backups.picked(_made_a_backup),
        broken=backups.picked(lambda task: task.broke),
        skipped=backups.picked(lambda task: task.status == "skipped"),
        puzzling=backups.picked(lambda task: not task.is_understood or _is_silent(task) or _fell_short(task)),
        finished=backups.picked(lambda task: _made_a_backup(task) or task.broke),
    )


def _is_backup(task: Task) -> bool:
    return task.operation == BACKUP


def _is_backup_or_sync(task: Task) -> bool:
    return task.operation == BACKUP or (task.operation == SYNC and not (_brought_none(task) and task.did_it_all))


def _brought_none(task: Task) -> bool:
    return task.succeeded and task.synced is not None and task.synced <= 0


def _fell_short(task: Task) -> bool:
    """A synchronisation that succeeded, and says that it could not bring all."""
    return task.operation == SYNC and task.succeeded and not task.did_it_all


def _made_a_backup(task: Task) -> bool:
    return task.succeeded and not _is_silent(task)


def _is_silent(task: Task) -> bool:
    """A synchronisation that succeeded, and does not say how many backups it brought."""
    return task.operation == SYNC and task.succeeded and task.synced is None


def _found_out(written: TaskList, claimed: TaskList) -> TaskList:
    """Call those successes hollow that name a backup which an earlier success made already, or that brought none."""
    named = [key for key in claimed.backup_keys() if key is not None]
    if len(set(named)) == len(named) and not any(map(_brought_none, written.kinds)):  # nearly always
        return written
    made: set[Key] = set()
    found = []
    for task in written:
        key = task.backup_key if task.succeeded else None
        found.append(replace(task, status=HOLLOW) if key in made or _brought_none(task) else task)
        if key is not None:
            made.add(key)
    return plain(found)
