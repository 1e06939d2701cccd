"""The channels in the settings, and how each is used. No channel can fail or delay a run."""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import requests
import structlog
from msgspec import Struct
from msgspec.structs import replace

from audit.cloud.http.dialect import JSON
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.errors import SourceError
from audit.notify import smn, webhook
from audit.notify.ping import Signal, ping
from audit.settings import Settings

Authenticate = Callable[[Transport, str], Credentials]
"""Returns the credentials that sign requests for a project."""
LONGEST_AT_START: Final = timedelta(seconds=3)
_LONGEST: Final = timedelta(seconds=10)
_SHORTEST: Final = timedelta(seconds=1)
_REMEDIES: Final = {
    "smn": f"give the agency the action {smn.ACTION} for this topic (deploy/iam/), and check the topic's URN",
    "webhook": "check the URL and the requirements of its receiver",
    "ping": "check the ping URL",
}
_LOG = structlog.get_logger()


class Channels(Struct, frozen=True):
    """The channels in the settings, if there are any. Every failure is logged, not raised.

    Attributes:
        settings: name the channels.
        authenticate: signs what is sent to SMN.
        time_left: returns how long the function may still run.
    """

    settings: Settings
    authenticate: Authenticate
    time_left: Callable[[], timedelta]

    @property
    def tell_changes(self) -> bool:
        """Whether a channel needs to know what changed."""
        return bool(self.settings.smn_topic or self.settings.webhook_url)

    def publish(self, subject: Callable[[], str], text: Callable[[], str]) -> bool:
        """Send a message to people; return False if that failed."""
        if urn := self.settings.smn_topic:
            topic = smn.Topic.of(urn)
            endpoint = self.settings.smn_endpoint or self.settings.usual_endpoint("smn", topic.region)
            return self._send(
                "smn", lambda: smn.publish(topic, endpoint, subject(), text()), project_id=topic.project_id
            )
        return True

    def call(self, content: Callable[[], Mapping[str, Any]]) -> bool:
        """Send JSON to a program; return False if that failed."""
        if url := self.settings.webhook_url:
            secret = self.settings.webhook_secret
            key = secret.get_secret_value() if secret else ""
            return self._send(
                "webhook", lambda: webhook.call(url.get_secret_value(), key, content(), datetime.now(UTC))
            )
        return True

    def ping(self, signal: Signal, text: Callable[[], str], longest: timedelta = _LONGEST) -> None:
        """Ping the dead-man switch."""
        if url := self.settings.ping_url:
            self._send("ping", lambda: ping(url.get_secret_value(), signal, text()), longest=longest)

    def _send(
        self,
        channel: str,
        make: Callable[[], requests.Request],
        *,
        project_id: str = "",
        longest: timedelta = _LONGEST,
    ) -> bool:
        try:
            self._exchange(channel, make(), project_id, min(longest, self.time_left() / 4))
        except Exception as error:  # noqa: BLE001  # a stored run must not fail because of a notification
            _LOG.warning("notification.failed", channel=channel, cause=f"{type(error).__name__}: {error}")
            return False
        _LOG.info("notification.sent", channel=channel)
        return True

    def _exchange(self, channel: str, request: requests.Request, project_id: str, budget: timedelta) -> None:
        """Send one request and require a successful response.

        Raises:
            SourceError: the request failed.
        """
        if budget < _SHORTEST:
            raise SourceError("not sent: too little of the function's time is left")
        limits = RequestLimits(connect=LONGEST_AT_START, request=budget, budget=budget, tries=1)
        dialect = replace(JSON, remedy=lambda *_: _REMEDIES[channel])
        with closing(Transport(limits=limits, dialect=dialect, route=self.settings.route)) as transport:
            if project_id:
                transport.ask(request, self.authenticate(transport, project_id))
                return
            answer = transport.once(request)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise SourceError(f"answered with {answer.status}; {_REMEDIES[channel]}")
