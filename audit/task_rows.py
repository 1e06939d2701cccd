"""The rows of a page of the task log, of which most were made tasks while they were parsed."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from audit.answers import ANSWERS, parse
from audit.collection import LateRows
from audit.records import Task
from audit.strict_json import FaultError, refuse_long_texts


class TaskRows(LateRows):
    """Rows as any others, parsed for who looks at them; most know better.

    Attributes:
        items: for each row its task, or the parsed row where that is not as documented.
    """

    def __init__(self, items: Sequence[Any], body: bytes) -> None:
        super().__init__(len(items), partial(_parsed, body))
        self.items = items


def _parsed(body: bytes) -> Sequence[Any]:
    answer, is_known = parse(body)
    return ANSWERS["operation_logs"].rows(answer, is_known=is_known)[0]


def read_tasks(body: bytes) -> tuple[TaskRows, dict[str, Any]] | None:
    """Read a page of the task log into its rows and the rest of the answer; None where it has to be read with care."""
    from audit.typed_tasks import reader  # noqa: PLC0415  # the first page is the first that needs it

    try:
        refuse_long_texts(body)
    except FaultError:
        return None
    found = reader().read(body)
    if found is None or not any(isinstance(item, Task) for item in found[0]):
        return None
    return TaskRows(found[0], body), found[1]
