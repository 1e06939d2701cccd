"""Which enterprise projects are requested, and the fallback if the API does not accept that parameter.

Not every cloud with this API knows enterprise projects. No document says whether a request without the parameter hides
what belongs to other enterprise projects than the default one. Therefore all are requested explicitly, unless the API
refuses that.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from audit.collection import ALL_GRANTED
from audit.errors import SourceRefusedError

Params = tuple[tuple[str, str], ...]
T = TypeVar("T")

LEFT_OUT: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "asked for without an enterprise project: the API does not accept that parameter",
    HTTPStatus.FORBIDDEN: "asked for without an enterprise project: asking for all of them is refused",
}


class Asked:
    """What is requested of one list, apart from times and the page.

    Attributes:
        status: the status of the tasks; None for every status.
        enterprise_project_id: None if the list is requested without one.
        notes: what people should know about the request, in words.
    """

    def __init__(self, enterprise_project_id: str | None = None, *, status: str | None = None) -> None:
        """Store the parameters; ``enterprise_project_id`` is for lists that accept it."""
        self.status = status
        self.enterprise_project_id = enterprise_project_id
        self.notes: tuple[str, ...] = ()
        self._is_taken = False

    def once(self, ask: Callable[[Params], T]) -> T:
        """Send the request; if the enterprise project parameter is refused, retry once without it.

        An enterprise project that was chosen by its id is never dropped: the response would be about something else.

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
            note = LEFT_OUT.get(error.status)
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
