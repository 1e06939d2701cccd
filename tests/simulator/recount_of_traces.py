"""What must fail for what people did, by the traces of an estate alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tests.simulator.rows import HOUR, Pair, Row, Rows

TAKING = ("delete", "remove", "dissociate", "disable")


def failures(rows: Rows) -> Iterator[Pair]:
    done = [row for row in rows.estate.traces if _takes(row)]
    if done:
        yield "CBR-115", "collection", rows.estate.project_id
    if any(row["service_type"] == "CBR" and rows.estate.as_of - _moment(row) > HOUR for row in done):
        yield "CBR-117", "collection", rows.estate.project_id


def _takes(row: Row) -> bool:
    return row["trace_name"].startswith(TAKING) and row["trace_rating"] == "normal" and row["user"] is not None


def _moment(row: Row) -> datetime:
    return datetime.fromtimestamp(row["time"] / 1000, UTC)
