"""Reading traces by marker, newest first, one span of time after the other.

A list has ended when an answer names no marker; a page with few rows says nothing. CTS keeps traces for seven days.
They are read by UTC days, because a day that is over gives the same bytes in each run, which are stored once.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from audit.cloud.cbr.enterprise_projects import Params
from audit.cloud.cbr.paging import identities
from audit.collection import Kind, Page, Reading
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError
from audit.records.deeds import CBR, CTS, FUNCTIONGRAPH

PAGE_SIZE: Final = 200  # the largest that ListTraces documents
_DAYS: Final = 7
_BESIDE: Final = (CTS, FUNCTIONGRAPH)  # whoever touches these may hide what happens to backups
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN_OFF: Final = "reading was broken off"


class TraceList:
    """Reads the traces of several spans of time, and tells how completely.

    Iterate over the pages first, then call ``reading``.
    """

    passes: Final = 1

    def __init__(self, receive: Callable[[Params], Page], spans: Sequence[Params]) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            receive: receives and parses the answer to a request.
            spans: what to request, apart from the page.
        """
        self._receive = receive
        self._spans = spans
        self._seen = set[str]()
        self._rows = 0
        self._pages = 0
        self._gaps = [_BROKEN_OFF]
        self._refused = False

    def __iter__(self) -> Iterator[Page]:
        """Yield every answer, in the order received.

        Raises:
            SourceError: not a single page could be read. Later errors become gaps of the reading.
        """
        for span in self._spans:
            try:
                yield from self._within(span)
            except SourceError as error:
                self._gaps.append(str(error))
                status = error.status if isinstance(error, SourceRefusedError) else None
                self._refused = status == HTTPStatus.FORBIDDEN
                is_last = status != HTTPStatus.BAD_REQUEST or span == self._spans[-1]
                if is_last and not self._pages:
                    raise
                if is_last:
                    break
        self._gaps.remove(_BROKEN_OFF)

    @property
    def expected(self) -> int:
        """The total to show while the list is read: CTS states none."""
        return len(self._seen)

    def reading(self) -> Reading:
        """Return how completely the list was read."""
        return Reading(
            kind=Kind.TRACES,
            pages=self._pages,
            passes=self.passes,
            count_first=None,
            count_last=None,
            distinct=len(self._seen),
            duplicates=self._rows - len(self._seen),
            gaps=tuple(f"{Kind.TRACES.words}: {gap}" for gap in self._gaps),
            refused=self._refused,
        )

    def _within(self, span: Params) -> Iterator[Page]:
        """Walk over the traces of one span, until no marker leads further."""
        here, markers = set[str](), [""]
        while True:
            place = (("limit", str(PAGE_SIZE)), *((("next", markers[-1]),) if markers[-1] else ()))
            page = self._receive((*span, *place))
            known, ids = len(here), identities(page.rows, "trace_id")
            here.update(ids)
            self._seen.update(ids)
            self._rows += len(ids)
            self._pages += 1
            yield page
            marker = _marker(page)
            if not marker:
                return
            if marker in markers or len(here) == known:
                self._gaps.append("the cloud gave a page without anything new, and says that there are more")
                return
            markers.append(marker)


def first_day(until: datetime) -> datetime:
    """Return the begin of the first UTC day to read: until now, CTS keeps it whole."""
    return until.replace(hour=0, minute=0, second=0, microsecond=0) - (_DAYS - 1) * timedelta(days=1)


def spans_of_a_run(until: datetime) -> Sequence[Params]:
    """Return what a run requests: the traces of CBR by days, oldest first, and those of who watches over them."""
    first = first_day(until)
    days = [first + number * timedelta(days=1) for number in range(_DAYS)]
    of_days = [span_of(CBR, since, end) for since, end in zip(days, [*days[1:], until], strict=True)]
    return [*of_days, *(span_of(service, first, until) for service in _BESIDE)]


def span_of(service: str, since: datetime, until: datetime) -> Params:
    """Return what requests the traces of a service from a time on, and before another one.

    The documents call both ends exclusive.
    """
    times = (("from", _milliseconds(since - _MILLISECOND)), ("to", _milliseconds(until)))
    return (("trace_type", "system"), ("service_type", service), *times)


def _milliseconds(moment: datetime) -> str:
    return str((moment - _EPOCH) // _MILLISECOND)


def _marker(page: Page) -> str:
    """Return what leads to the next page; empty after the last one.

    Raises:
        SourceAnswerError: the answer does not tell whether there is more.
    """
    told = page.envelope.get("meta_data")
    marker = (told.get("marker") or "") if isinstance(told, dict) else ""
    if not isinstance(marker, str) or (not isinstance(told, dict) and len(page.rows) >= PAGE_SIZE):
        raise SourceAnswerError(f"{page.path} does not tell whether there are more")
    return marker
