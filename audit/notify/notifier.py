"""Which channel is notified of what. No channel can fail or delay a run."""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
import requests
import structlog
from msgspec.structs import replace

from audit.cloud.http.dialect import JSON
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.errors import SourceError
from audit.log import REDACTOR
from audit.notify import message, smn, webhook
from audit.notify.change import ChangedReport, compare
from audit.notify.ping import Signal, ping
from audit.report.facts import Conclusion
from audit.report.formats import FORMATS
from audit.settings import Settings

if TYPE_CHECKING:
    from audit.report.contents import Report

Authenticate = Callable[[Transport, str], Credentials]
_LONGEST: Final = timedelta(seconds=10)
_LONGEST_AT_START: Final = timedelta(seconds=3)
_SHORTEST: Final = timedelta(seconds=1)
_REMEDIES: Final = {
    "smn": f"give the agency the action {smn.ACTION} for this topic (deploy/iam/), and check the topic's URN",
    "webhook": "check the URL and the requirements of its receiver",
    "ping": "check the ping URL",
}
_LOG = structlog.get_logger()


class Notifier:
    """Sends notifications about one run through the channels in the settings, if there are any.

    Messages are sent only if the conclusion or the set of problems changed. The dead-man switch is pinged on every run.
    Every failure is logged, not raised.
    """

    def __init__(self, settings: Settings, authenticate: Authenticate, time_left: Callable[[], timedelta]) -> None:
        """Store the settings; nothing is sent yet.

        Args:
            settings: name the channels.
            authenticate: returns the credentials that sign requests for a project.
            time_left: returns how long the function may still run.
        """
        self._settings = settings
        self._authenticate = authenticate
        self._time_left = time_left

    @property
    def compares(self) -> bool:
        """Whether a channel needs to know what changed since the previous report."""
        return bool(self._settings.smn_topic or self._settings.webhook_url)

    def started(self, run_id: str) -> None:
        """Tell the dead-man switch that a run has started."""
        self._ping(Signal.START, lambda: run_id, _LONGEST_AT_START)

    def failed(self, error: Exception) -> None:
        """Tell the dead-man switch that the run failed; people are notified by the platform's failure destination."""
        self._ping(Signal.FAIL, lambda: REDACTOR.text(f"{type(error).__name__}: {error}"))

    def finished(self, report: "Report", before: Mapping[str, Any] | None, report_url: str, *, is_latest: bool) -> None:
        """Send changes to people and programs, and ping the dead-man switch; an incomplete run is a failure there.

        Args:
            report: the report of the run.
            before: report.json of the previous run, or None if there is none or it cannot be read.
            report_url: the URL of report.html.
            is_latest: whether no later run is stored; an audit of the past is not news.
        """
        change = cache(lambda: compare(orjson.loads(b"".join(FORMATS["report.json"](report))), before))
        if self.compares and is_latest and change().is_news:
            self._publish(change(), report_url)
            self._call(change(), report_url)
        elif self.compares:
            _LOG.info("notification.not_needed", cause="no change" if is_latest else "a later run is stored")
        signal = Signal.FAIL if report.conclusion == Conclusion.INCOMPLETE else Signal.SUCCESS
        self._ping(signal, lambda: message.subject(change()))

    def _publish(self, change: ChangedReport, report_url: str) -> None:
        if urn := self._settings.smn_topic:
            topic = smn.Topic.of(urn)
            endpoint = self._settings.smn_endpoint or self._settings.usual_endpoint("smn", topic.region)

            def request() -> requests.Request:
                return smn.publish(topic, endpoint, message.subject(change), message.text(change, report_url))

            self._send("smn", request, project_id=topic.project_id)

    def _call(self, change: ChangedReport, report_url: str) -> None:
        if url := self._settings.webhook_url:
            secret = self._settings.webhook_secret
            key = secret.get_secret_value() if secret else ""
            self._send(
                "webhook", lambda: webhook.call(url.get_secret_value(), key, change, report_url, datetime.now(UTC))
            )

    def _ping(self, signal: Signal, text: Callable[[], str], longest: timedelta = _LONGEST) -> None:
        if url := self._settings.ping_url:
            self._send("ping", lambda: ping(url.get_secret_value(), signal, text()), longest=longest)

    def _send(
        self,
        channel: str,
        make: Callable[[], requests.Request],
        *,
        project_id: str = "",
        longest: timedelta = _LONGEST,
    ) -> None:
        try:
            self._exchange(channel, make(), project_id, min(longest, self._time_left() / 4))
        except Exception as error:  # noqa: BLE001  # a stored run must not fail because of a notification
            _LOG.warning("notification.failed", channel=channel, cause=f"{type(error).__name__}: {error}")
        else:
            _LOG.info("notification.sent", channel=channel)

    def _exchange(self, channel: str, request: requests.Request, project_id: str, budget: timedelta) -> None:
        """Send one request and require a successful response.

        Raises:
            SourceError: the request failed.
        """
        if budget < _SHORTEST:
            raise SourceError("not sent: too little of the function's time is left")
        limits = RequestLimits(connect=_LONGEST_AT_START, request=budget, budget=budget, tries=1)
        dialect = replace(JSON, remedy=lambda *_: _REMEDIES[channel])
        with closing(Transport(limits=limits, dialect=dialect, route=self._settings.route)) as transport:
            if project_id:
                transport.ask(request, self._authenticate(transport, project_id))
                return
            answer = transport.once(request)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise SourceError(f"answered with {answer.status}; {_REMEDIES[channel]}")
