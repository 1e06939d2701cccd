"""Questions to Organizations and IAM: each answer is read strictly, and kept as it was received."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from audit.cloud.http.dialect import JSON
from audit.cloud.http.transport import Credentials, Transport, is_json_object
from audit.errors import SourceAnswerError
from audit.fleet.found import RawAnswer

Params = tuple[tuple[str, str], ...]
T = TypeVar("T")

_FORBIDDEN: Final = {
    "organizations": "only the management account and accounts that are delegated administrators of a service may ask; "
    "give the auditing user or agency the action {action} there",
    "iam": "give the agency the action {action}",
}
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "sign in with valid credentials, and check that this machine's clock is right",
    HTTPStatus.NOT_FOUND: "this cloud or region may not have it; check the endpoint",
}


def _remedy(status: int, _code: str, action: str) -> str:
    if status == HTTPStatus.FORBIDDEN and action:
        return _FORBIDDEN[action.partition(":")[0]].format(action=action)
    return _REMEDIES.get(status, "see the error codes of the API")


DIALECT: Final = msgspec.structs.replace(JSON, remedy=_remedy)


class Inquiry:
    """Asks one service on behalf of one account.

    Attributes:
        answers: every good response so far.
    """

    def __init__(self, transport: Transport, credentials: Credentials, endpoint: str, account: str = "") -> None:
        """Store whom to ask, and as whom.

        Args:
            transport: one with ``DIALECT``.
            credentials: authenticates requests.
            endpoint: the service's endpoint.
            account: the account that is asked for; empty for the own one.
        """
        self.answers: list[RawAnswer] = []
        self._transport = transport
        self._credentials = credentials
        self._endpoint = endpoint
        self._account = account

    def get(self, path: str, form: type[T], params: Params = (), *, action: str = "") -> T:
        """Ask once.

        Args:
            path: the path below the endpoint.
            form: what the response must be.
            params: the query.
            action: the IAM action, for the remedy in a refusal.

        Raises:
            SourceError: there was no response, a refusal, or a response of another form.
        """
        url = f"{self._endpoint}{path}"
        answer = self._transport.get(url, params, self._credentials, action, is_whole=is_json_object)
        asked = f"{url}?{urlencode(params)}" if params else url
        self.answers.append(RawAnswer(asked, answer.body, answer.received_at, self._account))
        try:
            return msgspec.json.decode(answer.body, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SourceAnswerError(f"{url} did not answer as documented: {error}") from error
