"""Lists and single rows as every route returns them."""

import json
from datetime import datetime
from http import HTTPStatus
from itertools import dropwhile, islice

from audit.simulator import parameters
from audit.simulator.answers import RequestRefusedError, good, listing
from audit.simulator.messages import Response, Row

Asked = dict[str, object]


def paging(asked: Asked, most: int = parameters.MOST_ROWS) -> tuple[int, int]:
    """Read limit and offset from a query; a page has no more rows than ``most``, which is the limit by default."""
    limit, offset = asked.get("limit", most), asked.get("offset", 0)
    return min(int(str(limit)), most), int(str(offset))


def times(asked: Asked) -> tuple[datetime | None, datetime | None]:
    """Read start and end from a query."""
    start, end = asked.get("start_time"), asked.get("end_time")
    return start if isinstance(start, datetime) else None, end if isinstance(end, datetime) else None


def list_page(name: str, rows: list[Row], limit: int, offset: int) -> Response:
    """Return one page of the rows."""
    return answer_page(name, rows[offset : offset + limit], count=len(rows), limit=limit, offset=offset)


def answer_page(name: str, page: list[Row], *, count: int, limit: int, offset: int) -> Response:
    """Return a page of rows with the total number."""
    return listing(name, [json.dumps(row).encode() for row in page], count=count, limit=limit, offset=offset)


def after(rows: list[Row], marker: object) -> list[Row]:
    """Return the rows after the one that a marker names; none without a marker."""
    if marker is None:
        return rows
    return list(islice(dropwhile(lambda row: row["id"] != marker, rows), 1, None))


def find(rows: list[Row], wanted: str) -> Row | None:
    """Find a row by its id."""
    return next((row for row in rows if row["id"] == wanted), None)


def show(name: str, row: Row | None, number: str, message: str) -> Response:
    """Return one row, or an error if it does not exist."""
    if row is None:
        raise RequestRefusedError(HTTPStatus.NOT_FOUND, f"BackupService.{number}", message)
    return good({name: row})
