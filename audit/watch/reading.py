"""What is read for one change: its trace, those of the hour before, vaults and policies, and the last report."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import orjson
import structlog

from audit.app.collect import Pages, client_for, traces_of
from audit.app.connections import Connections
from audit.collection import Kind, Page, Window
from audit.errors import SourceError
from audit.evidence.chain import find_head
from audit.evidence.publish import REPORT, sha256_of
from audit.evidence.store import Store
from audit.evidence.stored_runs import MOST_LOOKED_BACK, going_back, latest_links, read_object
from audit.judging.destruction import AT_ONCE
from audit.records import Trace
from audit.report.former_report import in_present_form
from audit.timestamps import shown
from audit.watch.change_forms import FormerReport
from audit.watch.judge import trace_in

_LISTS: Final = (Kind.VAULTS, Kind.POLICIES)
_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds after each of which CTS is asked again for a trace that it does not show yet."""

_LOG = structlog.get_logger()
_KEPT_BACK: Final = timedelta(seconds=20)  # for judging, storing and telling


class Read(NamedTuple):
    """What was read, and the lists that were not, or not completely."""

    pages: tuple[Page, ...]
    unread: frozenset[Kind]


class ReportBefore(NamedTuple):
    """The last report before a change; None if there is none that can be read."""

    report: Mapping[str, Any] | None = None
    link: FormerReport | None = None


def wait_for_trace(
    connections: Connections, trace_id: str, wait: Callable[[float], None], time_left: Callable[[], timedelta]
) -> Page | None:
    """Ask for a trace until it is there: an event may come before CTS lists what it tells of.

    Returns:
        The answer that has it; None if it does not come within a minute, or within the time that is left.

    Raises:
        SourceError: CTS could not be asked.
    """
    client, pauses = traces_of(connections), iter(_WAITS)
    while trace_in((page := client.fetch_trace(trace_id),), trace_id) is None:
        pause = next(pauses, None)
        if pause is None or time_left() < timedelta(seconds=pause) + _KEPT_BACK:
            return None
        wait(pause)
    return page


def read_around(connections: Connections, trace: Trace) -> Read:
    """Read what a change is judged with, all at once, because somebody waits to be told."""
    window = Window(trace.at - AT_ONCE, trace.at)
    cbr, cts = client_for(connections), traces_of(connections)
    lists: list[Pages] = [cts.recent(window.since, window.until), *(cbr.read(kind, window) for kind in _LISTS)]
    with ThreadPoolExecutor(len(lists)) as threads:
        read = [*threads.map(_read, (Kind.TRACES, *_LISTS), lists)]
    return Read(
        tuple(chain.from_iterable(each.pages for each in read)), frozenset().union(*(each.unread for each in read))
    )


def report_before(store: Store, project_id: str, moment: datetime) -> ReportBefore:
    """Read the last report that judged a time before a change; one that is damaged is passed over."""
    head = find_head(store, project_id, None)
    for _, digest in islice(going_back(store, latest_links(head) if head else ()), MOST_LOOKED_BACK):
        if digest is None or digest.kind.is_beside or digest.until > moment:
            continue
        data = read_object(store, digest, REPORT)
        with suppress(AttributeError, LookupError, TypeError, ValueError):
            report = in_present_form(orjson.loads(data or b""))
            link = FormerReport(run=digest.run, as_of=shown(digest.until), sha256=sha256_of((data or b"",)))
            return ReportBefore(report, link)
    return ReportBefore()


def _read(kind: Kind, pages: Pages) -> Read:
    received: list[Page] = []
    try:
        received.extend(pages)
        gaps = pages.reading().gaps
    except SourceError as error:
        gaps = (str(error),)
    for gap in gaps:
        _LOG.warning("change.not_read", list=kind, cause=gap)
    return Read(tuple(received), frozenset({kind} if gaps else ()))
