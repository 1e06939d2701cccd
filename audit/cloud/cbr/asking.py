"""Which enterprise projects a list is asked for, and what becomes of that where the API does not take the parameter.

Enterprise projects are not known to every cloud that speaks this API. Whether it hides what belongs to others than the
default one where none is named, no document says; so all are asked for by name, as long as that is not refused.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from audit.collection import ALL_GRANTED
from audit.errors import SourceRefusedError

Params = tuple[tuple[str, str], ...]
T = TypeVar("T")

_LEFT_OUT: Final[Mapping[int | None, str]] = {
    HTTPStatus.BAD_REQUEST: "asked for without an enterprise project: the API does not accept that parameter",
    HTTPStatus.FORBIDDEN: "asked for without an enterprise project: asking for all of them is refused",
}


class Asked:
    """What one list is asked for, besides times and the place of a page.

    Attributes:
        status: of tasks; None for those of every status.
        enterprise_project_id: None where the list is asked without one.
        notes: what people should know of it, in words.
    """

    def __init__(self, enterprise_project_id: str | None = None, *, status: str | None = None) -> None:
        """Take what is wanted; ``enterprise_project_id`` is for lists that know the parameter."""
        self.status = status
        self.enterprise_project_id = enterprise_project_id
        self.notes: tuple[str, ...] = ()
        self._is_taken = False

    def once(self, ask: Callable[[Params], T]) -> T:
        """Ask with the parameters, at first also without an enterprise project where that is refused.

        One that was chosen by its id is never left out: the answer would be about something else.

        Raises:
            SourceError: the list could not be read either way.
        """
        try:
            answer = ask(self._params())
        except SourceRefusedError as error:
            if self._is_taken or self.enterprise_project_id is None:
                raise
            if self.enterprise_project_id != ALL_GRANTED:
                error.args = (f"{error}; check CBR_AUDIT_ENTERPRISE_PROJECT_ID, too",)
                raise
            note = _LEFT_OUT.get(error.status)
            if note is None:
                raise
            answer = ask(self._params(without_project=True))
            self.enterprise_project_id, self.notes = None, (note,)
        self._is_taken = True
        return answer

    def _params(self, *, without_project: bool = False) -> Params:
        project = None if without_project else self.enterprise_project_id
        asked = (("status", self.status), ("enterprise_project_id", project))
        return tuple((name, value) for name, value in asked if value is not None)
