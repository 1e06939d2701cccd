"""Responses of the gateway, of the backup service and of IAM, successful and not."""

import json
from http import HTTPStatus
from typing import Any

from audit.simulator.messages import Response

_JSON = {"Content-Type": "application/json"}


class RequestRefusedError(Exception):
    """A request that is refused with an error; ``allow`` lists the methods that would be allowed."""

    def __init__(self, status: HTTPStatus, code: str, message: str, *, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.allow = allow

    def answer(self) -> Response:
        """Return the error in the format of the backup service."""
        refusal = good({"error_code": self.code, "error_msg": self.message}, self.status)
        if not self.allow:
            return refusal
        return Response(refusal.status, {**refusal.headers, "Allow": self.allow}, refusal.body)


class DeniedError(RequestRefusedError):
    """A request without permission; IAM adds a message that only it can decode.

    The text was observed from CBR; its code is not published.
    """

    def __init__(self, action: str) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, "Forbidden", f"Policy doesn't allow {action} to be performed.")

    def answer(self) -> Response:
        """Return the error with its encoded part."""
        error = {
            "error_code": self.code,
            "error_msg": self.message,
            "encoded_authorization_message": "Egpjbi1ub3J0aA==",
        }
        return good(error, self.status)


class IdentityRefusedError(RequestRefusedError):
    """A refused request for a token; IAM has its own error format."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(status, str(status.value), message)

    def answer(self) -> Response:
        """Return the error in the format of IAM."""
        error = {"code": self.status.value, "message": self.message, "title": self.status.phrase}
        return good({"error": error}, self.status)


def good(content: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a JSON response."""
    return Response(status.value, _JSON, json.dumps(content).encode())


def listing(name: str, rows: list[bytes], *, count: int, limit: int, offset: int) -> Response:
    """Return a list whose rows are already JSON text."""
    tail = f'], "count": {count}, "limit": {limit}, "offset": {offset}}}'
    return Response(HTTPStatus.OK.value, _JSON, f'{{"{name}": ['.encode() + b", ".join(rows) + tail.encode())


def bad_parameter(message: str) -> RequestRefusedError:
    """Refuse a query as the service does."""
    text = f"Parameter verification failed. {message}"
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, "BackupService.9900", text)


def not_signed_in(detail: str) -> RequestRefusedError:
    """Refuse a request without valid credentials as the gateway does."""
    text = f"Incorrect IAM authentication information: {detail}"
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, "APIGW.0301", text)
