"""Cloud Trace Service: who did what, for seven days, newest first.

Source: "Querying Traces" (ListTraces v3) of the CTS API. Undocumented, and decided here: rows of one millisecond are in
order of their ids, and a page that ends with the last trace names no marker.
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import dropwhile, islice
from typing import Final

from audit.simulator import parameters
from audit.simulator.answers import good
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.messages import Request, Response, Row
from audit.simulator.trace_rows import milliseconds

MOST_TRACES: Final = 200
_USUAL: Final = 10
_KEPT: Final = timedelta(days=7)
_FILTERS: Final = ("service_type", "resource_id", "resource_name", "resource_type", "trace_name", "trace_rating")
_TRACES: Final[Mapping[str, parameters.Reader]] = {
    "trace_type": parameters.one_of("system", "data"),
    "limit": parameters.whole(1, MOST_TRACES),
    "from": parameters.whole(0),
    "to": parameters.whole(0),
    "next": parameters.text,
    "trace_id": parameters.text,
    "user": parameters.text,
    **dict.fromkeys(_FILTERS, parameters.text),
}


def list_traces(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List traces after ``from`` and before ``to``; with ``trace_id``, nothing else counts."""
    asked = parameters.read(request.split().query, _TRACES)
    kept = [row for row in cloud.estate.traces if row["time"] > milliseconds(cloud.estate.as_of - _KEPT)]
    if "trace_id" in asked:
        return _page([row for row in kept if row["trace_id"] == asked["trace_id"]], is_last=True)
    rows = sorted((row for row in kept if _fits(row, asked)), key=lambda row: (row["time"], row["trace_id"]))[::-1]
    if "next" in asked:
        rows = list(islice(dropwhile(lambda row: row["trace_id"] != asked["next"], rows), 1, None))
    limit = int(str(asked.get("limit", _USUAL)))
    return _page(rows[:limit], is_last=len(rows) <= limit)


def _fits(row: Row, asked: Mapping[str, object]) -> bool:
    """Whether a trace is asked for; without times, that is the last hour, which nobody here asks for."""
    since, until = (int(str(asked[name])) if name in asked else None for name in ("from", "to"))
    return (
        (since is None or row["time"] > since)
        and (until is None or row["time"] < until)
        and asked.get("trace_type", "system") == "system"
        and all(asked.get(name, row.get(name)) == row.get(name) for name in _FILTERS)
        and ("user" not in asked or (row.get("user") or {}).get("name") == asked["user"])
    )


def _page(rows: list[Row], *, is_last: bool) -> Response:
    marker = None if is_last else rows[-1]["trace_id"]
    return good({"traces": rows, "meta_data": {"count": len(rows), "marker": marker}})
