"""Exchanges a user's password for a token.

Source: "Obtaining a User Token Through Password Authentication" in the IAM API reference.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from audit.cloud.http.transport import Transport
from audit.errors import SourceAnswerError, SourceRefusedError

T = TypeVar("T")


class Person(Struct, frozen=True):
    """A user with a password; the account is ``{"name": …}`` or ``{"id": …}``."""

    user: str
    password: str
    domain: dict[str, str]

    def __repr__(self) -> str:
        """Hide the secrets."""
        return f"Person(user={self.user!r}, domain={self.domain!r})"


def sign_in(transport: Transport, endpoint: str, project_id: str, person: Person) -> str:
    """Exchange a password for a token of one project.

    Args:
        transport: sends the request.
        endpoint: the IAM endpoint, without a path.
        project_id: the project that the token is valid for.
        person: the user who signs in.

    Raises:
        SourceError: IAM refused, did not respond, or sent no token.
    """
    user = {"name": person.user, "password": person.password, "domain": person.domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}
    answer = transport.post(f"{endpoint}/v3/auth/tokens?nocatalog=true", body)
    token = answer.headers.get("X-Subject-Token")
    if not token:
        raise SourceAnswerError("IAM answered without a token (X-Subject-Token); check the IAM endpoint")
    return token


def unless_refused(obtain: Callable[[], T]) -> Callable[[], T]:
    """Obtain credentials, but never again after IAM has refused: several threads could lock the account."""
    refusals: list[SourceRefusedError] = []

    def obtain_unless_refused() -> T:
        if refusals:
            raise refusals[0]
        try:
            return obtain()
        except SourceRefusedError as refusal:
            refusals.append(refusal)
            raise

    return obtain_unless_refused
