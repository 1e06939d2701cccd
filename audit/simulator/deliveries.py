"""Events of Cloud Trace Service and EventGrid, as the platform delivers them: at least once, late and in any order.

Sources: the sample events of the Python runtime of FunctionGraph, which have two forms; for EventGrid, "CloudEvents" of
its user guide. That its data is the trace is inferred from other services.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Final, NamedTuple

from audit.simulator.messages import Row

_BEIJING: Final = timezone(timedelta(hours=8))
_MOST: Final = 3


class Delivery(NamedTuple):
    """An event, and whether the trace that it tells of is listed by then."""

    event: Row
    trace_id: str
    is_listed: bool


def deliveries(rng: Random, traces: Sequence[Row]) -> list[Delivery]:
    """Return the events of traces in any order, each two or three times, not always in the same form.

    Where an event comes before its trace is listed, a later one may come after it.
    """
    told = [row for row in traces for _ in range(rng.randint(2, _MOST))]
    rng.shuffle(told)
    listed: set[str] = set()
    found = []
    for row in told:
        listed |= {row["trace_id"]} if rng.randrange(_MOST) else set()
        found.append(Delivery(rng.choice(FORMS)(row), row["trace_id"], row["trace_id"] in listed))
    return found


def of_trigger(row: Row) -> Row:
    """Return the event of a trigger: the trace in an envelope, its code as a number, what was asked as objects."""
    said: Row = {"code": int(row["code"]), "request": {}, "response": {}, "trace_status": row["trace_rating"]}
    return {"cts": row | said}


def of_older_trigger(row: Row) -> Row:
    """Return the older form: no envelope, times as text, no code, no id of the resource."""
    kept = {key: value for key, value in row.items() if key not in {"code", "resource_id"}}
    return {**kept, **_times(row)}


def of_eventgrid(row: Row) -> Row:
    """Return a CloudEvent whose data is the trace."""
    return {
        "id": f"event-of-{row['trace_id']}",
        "specversion": "1.0",
        "source": "HC.CBR",
        "type": f"CBR:CloudTrace:{row['trace_type']}",
        "datacontenttype": "application/json",
        "subject": "CBR:sim-1:account-1:vault",
        "time": _moment(row["time"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": row,
    }


FORMS: Final[Sequence[Callable[[Row], Row]]] = (of_trigger, of_older_trigger, of_eventgrid)


def _times(row: Row) -> Mapping[str, str]:
    moments = {name: _moment(row[name]).astimezone(_BEIJING) for name in ("time", "record_time")}
    return {name: moment.strftime("%Y/%m/%d %H:%M:%S GMT+08:00") for name, moment in moments.items()}


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
