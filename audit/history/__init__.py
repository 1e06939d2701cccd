"""The tasks that are known, and how they merge; packed, because there may be a million of them.

Imports records.
"""

from audit.history.known_tasks import History
from audit.history.table import Columns, Group, apart, packed, together
from audit.history.task_list import (
    NO_TASKS,
    PackedTasks,
    TaskList,
    listed,
    newest,
    pick,
    pick_backups,
    pick_begun,
    pick_named,
    plain,
)

__all__ = [
    "NO_TASKS",
    "Columns",
    "Group",
    "History",
    "PackedTasks",
    "TaskList",
    "apart",
    "listed",
    "newest",
    "packed",
    "pick",
    "pick_backups",
    "pick_begun",
    "pick_named",
    "plain",
    "together",
]
