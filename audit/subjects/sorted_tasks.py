"""The backup tasks of a resource, sorted once for all controls.

Backups made elsewhere come into a hybrid vault by synchronisation. For such a resource, the synchronisations are its
backups, except those that succeeded and brought nothing because there was nothing to bring. A synchronisation that
brought nothing and says that it could not bring some has failed. If one does not say how many it brought, it is unclear
whether it brought any, or all.
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
        claimed: those that say they succeeded, and may have made nothing; the other parts are corrected for that, and
            may be synchronisations.
        backups: all of them.
        successes: those that succeeded, as far as the log alone shows.
        broken: those that failed, timed out or are hollow.
        skipped: those that did not start.
        puzzling: those of which it is unclear how they went: their status is undocumented, or contradicts their error
            or what they could not bring.
        finished: those that succeeded or failed.
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
    """Whether a synchronisation succeeded but says that it could not bring everything."""
    return task.operation == SYNC and task.succeeded and not task.did_it_all


def _made_a_backup(task: Task) -> bool:
    return task.succeeded and not _is_silent(task)


def _is_silent(task: Task) -> bool:
    """Whether a synchronisation succeeded but does not say how many backups it brought."""
    return task.operation == SYNC and task.succeeded and task.synced is None


def _found_out(written: TaskList, claimed: TaskList) -> TaskList:
    """Mark as hollow the successes that name a backup of an earlier success, or that brought none."""
    named = [key for key in claimed.backup_keys if key is not None]
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
