"""The rows of a page of the task log, of which most were packed while they were parsed."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from audit.answers.kinds import ANSWERS, parse
from audit.answers.quick.decoder import reader
from audit.answers.quick.page import TaskPage
from audit.answers.strict_json import FaultError, refuse_long_texts
from audit.collection import LateRows


class TaskRows(LateRows):
    """Rows as any others, parsed for who looks at them; most know better.

    Attributes:
        page: the same rows, sorted.
    """

    def __init__(self, page: TaskPage, body: bytes) -> None:
        super().__init__(len(page.ids), partial(_parsed, body))
        self.page = page


def _parsed(body: bytes) -> Sequence[Any]:
    answer, is_known = parse(body)
    return ANSWERS["operation_logs"].rows(answer, is_known=is_known)[0]


def read_tasks(body: bytes) -> tuple[TaskRows, dict[str, Any]] | None:
    """Read a page of the task log into its rows and the rest of the answer; None where it has to be read with care."""
    try:
        refuse_long_texts(body)
    except FaultError:
        return None
    found = reader().read(body)
    return (TaskRows(found[0], body), found[1]) if found and found[0].is_plain else None
