"""Removes what must never be stored: what was sent to other services than CBR and CTS, which may be secrets."""

from typing import Any, Final

import orjson

from audit.errors import SourceAnswerError
from audit.records.deeds import CBR, CTS

_KEPT_WHOLE: Final = frozenset({CBR, CTS})
_REMOVED: Final = ("request", "response", "message", "location_info")


def without_foreign_requests(body: bytes) -> bytes:
    """Return an answer of ListTraces, a JSON object, as it is, unless it says what was sent to another service.

    Raises:
        SourceAnswerError: the body is not JSON.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SourceAnswerError("the answer for traces is not JSON") from error
    rows = answer.get("traces")
    if not isinstance(rows, list) or not any(map(_tells_too_much, rows)):
        return body
    reduced = [_without(row) if _tells_too_much(row) else row for row in rows]
    return orjson.dumps({**answer, "traces": reduced}, option=orjson.OPT_APPEND_NEWLINE)


def _tells_too_much(row: Any) -> bool:
    return isinstance(row, dict) and row.get("service_type") not in _KEPT_WHOLE and any(map(row.get, _REMOVED))


def _without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _REMOVED}
