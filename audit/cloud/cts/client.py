"""The client that asks Cloud Trace Service who did what. It only reads."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from audit.answers.intake import read_envelope
from audit.cloud.cbr.enterprise_projects import Params
from audit.cloud.cts.privacy import without_foreign_requests
from audit.cloud.cts.trace_list import TraceList, span_of, spans_of_a_run
from audit.cloud.http.transport import Credentials, Transport, is_json_object
from audit.collection import Kind, Page, Window
from audit.errors import SourceAnswerError
from audit.records.deeds import CBR


class CtsClient:
    """Reads the traces of one project.

    Source: ListTraces (v3) of the CTS API.
    """

    def __init__(self, transport: Transport, credentials: Credentials, *, endpoint: str, project_id: str) -> None:
        """Store the arguments; nothing is sent yet.

        Args:
            transport: sends the requests; in the dialect TRACING.
            credentials: authenticates them.
            endpoint: the CTS endpoint, without a path.
            project_id: the project to read.
        """
        self._transport = transport
        self._credentials = credentials
        self._endpoint = endpoint
        self._path = path_of_traces(project_id)

    def lists(self, _kind: Kind, window: Window, _about: Sequence[str] = ()) -> Iterator[TraceList]:
        """Return what a run reads: all that CTS keeps, until the end of the window."""
        yield TraceList(self._receive, spans_of_a_run(window.until))

    def recent(self, since: datetime, until: datetime) -> TraceList:
        """Return the traces of CBR from a time on, and before another one."""
        return TraceList(self._receive, [span_of(CBR, since, until)])

    def fetch_trace(self, trace_id: str) -> Page:
        """Receive the trace with an id; without rows if CTS does not have it, or not yet.

        CTS ignores all other criteria for it, so the trace may be of any time that CTS keeps, and of any service.

        Raises:
            SourceError: CTS could not be asked.
        """
        return self._receive((("trace_type", "system"), ("trace_id", trace_id)))

    def try_list(self) -> None:
        """Read as little as possible, to check the permission.

        Raises:
            SourceError: the list was refused, or the response is not a list.
        """
        self._receive((("trace_type", "system"), ("service_type", CBR), ("limit", "1")))

    def _receive(self, params: Params) -> Page:
        url = f"{self._endpoint}{self._path}"
        answer = self._transport.get(url, params, self._credentials, Kind.TRACES.permission, is_whole=is_json_object)
        try:
            body = without_foreign_requests(answer.body)
            rows, envelope = read_envelope(Kind.TRACES, body)
        except SourceAnswerError as error:
            raise SourceAnswerError(f"{url}: {error}; check the endpoint") from error
        return Page(
            kind=Kind.TRACES,
            path=self._path,
            params=params,
            body=body,
            request_id=answer.request_id,
            received_at=answer.received_at,
            rows=rows,
            envelope=envelope,
        )


def path_of_traces(project_id: str) -> str:
    """Return the path of the traces of a project."""
    return f"/v3/{project_id}/traces"
