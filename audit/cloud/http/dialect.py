"""How a service reports errors: where the code and message are, and what to do about them."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from msgspec import Struct

from audit.errors import (
    AuditError,
    RefusedError,
    SourceAnswerError,
    SourceError,
    SourceRefusedError,
    SourceUnreachableError,
)


class Dialect(Struct, frozen=True):
    """How the errors of one kind of service are read and raised.

    Attributes:
        read: returns the code and message in the body of an error; empty strings if there are none.
        remedy: returns what to do about a status and code of an action (IAM's word).
        failed: raised if a request cannot be sent.
        unreachable: raised if no response came.
        unknown_host: raised if none came because there is no such host; None for the same as otherwise.
        unusable: raised if the response is invalid.
        oversized: raised if the response is larger than it may be.
        refused: raised if the service refused.
        passing: codes for which a retry may help, in addition to the statuses for which it always may.
    """

    read: Callable[[bytes], tuple[str, str]]
    remedy: Callable[[int, str, str], str]
    failed: type[AuditError]
    unreachable: type[AuditError]
    unusable: type[AuditError]
    oversized: type[AuditError]
    refused: type[RefusedError]
    passing: frozenset[str] = frozenset()
    unknown_host: type[AuditError] | None = None


_REMEDIES: Final = {
    400: "the API did not accept the request; check project id and times",
    401: "sign in with valid credentials for this project, and check that this machine's clock is right",
    404: "check the project id, the region and the endpoint",
}
_FORMS: Final = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))


def _read(body: bytes) -> tuple[str, str]:
    """Return the code and message from any of the error formats that Huawei's services use."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    inner: Any = answer.get("error", answer) if isinstance(answer, dict) else None
    if not isinstance(inner, dict):
        return "", ""
    for code, message in _FORMS:
        if code in inner or message in inner:
            return str(inner.get(code, "")), str(inner.get(message, ""))
    return "", ""


def _remedy(status: int, _code: str, action: str) -> str:
    if status == 403:  # noqa: PLR2004  # as in the table above
        named = f"the action {action}, or CBR ReadOnlyAccess" if action else "CBR ReadOnlyAccess"
        return f"give the user or agency read permission for CBR ({named}), and check the project id"
    return _REMEDIES.get(status, "see the error codes of the API")


JSON: Final = Dialect(
    read=_read,
    remedy=_remedy,
    failed=SourceError,
    unreachable=SourceUnreachableError,
    unusable=SourceAnswerError,
    oversized=SourceAnswerError,
    refused=SourceRefusedError,
)
