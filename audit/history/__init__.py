"""The tasks that are known, and how they merge; packed, because there may be a million of them.

Imports records.
"""

from audit.history.known_tasks import History
from audit.history.packed_tasks import PackedTasks, listed, newest, pick, pick_backups, pick_begun, pick_named
from audit.history.task_list import NO_TASKS, TaskList, plain

__all__ = [
    "NO_TASKS",
    "History",
    "PackedTasks",
    "TaskList",
    "listed",
    "newest",
    "pick",
    "pick_backups",
    "pick_begun",
    "pick_named",
    "plain",
]
