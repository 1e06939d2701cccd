"""Traces as Cloud Trace Service may write them, too, where its documents contradict each other or say nothing.

Sources: the CTS API, both forms of trigger events, and the FAQ, by which a trace may come more than once and a user may
be missing.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

from audit.simulator.messages import Row

_LATE: Final = timedelta(minutes=40) // timedelta(milliseconds=1)


def respell_traces(rng: Random, rows: list[Row]) -> None:
    """Write each trace in some of the odd ways, and list some a second time, recorded later."""
    for row in rows:
        for respell in rng.sample(_WAYS, 3):
            respell(row)
    rows += [{**row, "record_time": row["record_time"] + _LATE} for row in rows if rng.randrange(4) == 0]


def _with_a_user_as_text(row: Row) -> None:
    row["user"] = json.dumps(row["user"]) if row["user"] else None


def _with_a_number_as_code(row: Row) -> None:
    row["code"] = int(row["code"])


def _in_contradiction(row: Row) -> None:
    """The rating says that it went well, and the code that it did not; what surely failed stays so."""
    if row["trace_rating"] == "normal":
        row["code"] = "500"


def _without_a_resource(row: Row) -> None:
    """Only the request names what it was done to."""
    row["request"] = {"asked": row["request"], "id": row.pop("resource_id", None)}


def _in_another_case(row: Row) -> None:
    row["trace_name"] = row["trace_name"][:1].upper() + row["trace_name"][1:]


def _recorded_late(row: Row) -> None:
    row["record_time"] += _LATE


_WAYS: Final[tuple[Callable[[Row], None], ...]] = (
    _with_a_user_as_text,
    _with_a_number_as_code,
    _in_contradiction,
    _without_a_resource,
    _in_another_case,
    _recorded_late,
)
