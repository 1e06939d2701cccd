"""Whether the requests that a manifest lists agree with its readings, as far as that shows without any response.

`cbr-audit verify --replay` also reads the lists again from the responses.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from audit.cloud.cbr.client import is_path_of
from audit.cloud.cbr.intervals import LOOKED_BESIDE, Interval
from audit.cloud.cts.trace_list import spans_of_a_run
from audit.collection import ABOUT_ONE, Kind, Reading
from audit.evidence.read_forms import ListedPage, Manifest
from audit.timestamps import instant

_SEVERAL_LISTS: Final = ABOUT_ONE | {Kind.PROTECTABLES, Kind.ORGANIZATION_POLICIES, Kind.TRACES}
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_LISTED: Final = timedelta(days=31)  # how far back CBR lists tasks
_LONGEST: Final = 10  # digits
_WITHIN: Final = frozenset({"limit", "next"})  # what says where in a span of traces a page is
_Pages = Sequence[ListedPage]
_LEAVES_OUT: Final = "the reading says that it is complete, and the requests leave something out"
_ELSEWHEN: Final = "a request is about a time that the run did not read"


def in_requests(manifest: Manifest) -> Iterator[str]:
    """Yield, in words, where requests contradict the readings or each other."""
    numbers: dict[tuple[str, str], int] = {}
    pages: defaultdict[tuple[Kind, str | None], list[ListedPage]] = defaultdict(list)
    for page in manifest.pages:
        pages[page.kind, page.params.get("status")].append(page)
        number = numbers.setdefault((page.sha256, page.name), len(numbers) + 1)
        if page.number != number:
            yield f"the answer in {page.name} has the number {page.number}, and should have {number}"
        if not is_path_of(page.kind, manifest.run.project_id, page.path):
            yield f"a request for {page.kind.words} has the path {page.path}"
    for reading in manifest.readings:
        whole = most = Interval()
        if reading.kind == Kind.TASKS and not reading.status:
            read = manifest.run.read
            whole = Interval(read.since, read.until)
            most = Interval(read.since - _LISTED, read.until + LOOKED_BESIDE)  # a received slice may begin earlier
        yield from _in_reading(reading, pages[reading.kind, reading.status], whole, most)
        if reading.kind == Kind.TRACES:
            yield from _in_spans(reading, pages[reading.kind, None], manifest.run.read.until)


def _in_reading(reading: Reading, pages: _Pages, whole: Interval, most: Interval) -> Iterator[str]:
    what, rows = f"{reading.words}: ", sum(page.rows for page in pages)
    if len(pages) != reading.pages:
        yield f"{what}the reading says {reading.pages} responses, and {len(pages)} are listed"
    if rows < reading.distinct:
        yield f"{what}the reading says {reading.distinct} different rows, and {rows} came"
    if {page.params.get("enterprise_project_id") for page in pages} - {reading.enterprise_project_id}:
        yield f"{what}a request is about another enterprise project than the reading"
    if not all(_is_within(_interval(page), most) for page in pages):
        yield f"{what}{_ELSEWHEN}"
    if reading.complete and reading.kind not in _SEVERAL_LISTS and not _is_covered(whole, pages, reading):
        yield f"{what}{_LEAVES_OUT}"


def _in_spans(reading: Reading, pages: _Pages, until: datetime) -> Iterator[str]:
    """Compare the spans of time and the services that were asked for with those that a run asks for."""
    spans = {*spans_of_a_run(until)}
    asked = {tuple(each for each in page.params.items() if each[0] not in _WITHIN) for page in pages}
    if not asked <= spans:
        yield f"{reading.words}: {_ELSEWHEN}"
    elif reading.complete and asked < spans:
        yield f"{reading.words}: {_LEAVES_OUT}"


def _interval(page: ListedPage) -> Interval:
    since, until = (page.params.get(name) for name in ("start_time", "end_time"))
    return Interval(instant(since) if since else None, instant(until) if until else None)


def _ends(interval: Interval) -> tuple[datetime, datetime]:
    return interval.since or _FIRST, interval.until or _LAST


def _is_within(interval: Interval, whole: Interval) -> bool:
    (since, until), (first, last) = _ends(interval), _ends(whole)
    return first <= since <= until <= last


def _is_covered(whole: Interval, pages: _Pages, reading: Reading) -> bool:
    """Whether intervals that were read to their end leave nothing out of the whole."""
    by_interval: defaultdict[Interval, list[ListedPage]] = defaultdict(list)
    for page in pages:
        by_interval[_interval(page)].append(page)
    reached, end = _ends(whole)
    for since, until in sorted(map(_ends, _read_to_the_end(by_interval, reading))):
        if since <= reached:
            reached = max(reached, until)
    return reached >= end


def _read_to_the_end(by_interval: Mapping[Interval, _Pages], reading: Reading) -> Iterator[Interval]:
    """Yield the intervals of which the last rows came, and all before them."""
    for interval, pages in by_interval.items():
        if _is_read(pages, reading.count_last or 0):
            yield interval


def _is_read(pages: _Pages, count: int) -> bool:
    reached = 0
    for page in pages:
        offset, limit = _number(page, "offset", 0), _number(page, "limit", page.rows + 1)
        if offset is not None and limit is not None and offset <= reached:
            reached = max(reached, offset + page.rows)
            if page.rows < limit:
                return True
    return reached >= count


def _number(page: ListedPage, name: str, usual: int) -> int | None:
    text = page.params.get(name)
    if text is None:
        return usual
    return int(text) if text.isdecimal() and len(text) < _LONGEST else None
