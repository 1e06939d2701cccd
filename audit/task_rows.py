"""The rows of a page of the task log, of which most were made tasks while they were parsed."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, overload

from audit.answers import ANSWERS, parse
from audit.records import Task
from audit.strict_json import FaultError, refuse_long_texts


class TaskRows(Sequence[Any]):
    """Rows as any others, parsed for who looks at them; most know better.

    Attributes:
        items: for each row its task, or the parsed row where that is not as documented.
    """

    def __init__(self, items: Sequence[Any], body: bytes) -> None:
        self.items = items
        self._body = body

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...

    def __getitem__(self, place: int | slice) -> Any:
        return self._rows[place]

    @cached_property
    def _rows(self) -> Sequence[Any]:
        answer, is_known = parse(self._body)
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
