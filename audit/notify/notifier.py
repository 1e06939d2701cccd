"""Which channel is notified of what about a run. No channel can fail or delay it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from audit.log import REDACTOR
from audit.notify import message, webhook
from audit.notify.change import compare
from audit.notify.channels import LONGEST_AT_START, Authenticate, Channels
from audit.notify.ping import Signal
from audit.report.facts import Conclusion
from audit.report.formats import FORMATS
from audit.settings import Settings

if TYPE_CHECKING:
    from audit.report.contents import Report

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
        self._channels = Channels(settings, authenticate, time_left)

    @property
    def compares(self) -> bool:
        """Whether a channel needs to know what changed since the previous report."""
        return self._channels.tell_changes

    def started(self, run_id: str) -> None:
        """Tell the dead-man switch that a run has started."""
        self._channels.ping(Signal.START, lambda: run_id, LONGEST_AT_START)

    def failed(self, error: Exception) -> None:
        """Tell the dead-man switch that the run failed; people are notified by the platform's failure destination."""
        self._channels.ping(Signal.FAIL, lambda: REDACTOR.text(f"{type(error).__name__}: {error}"))

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
            self._channels.publish(lambda: message.subject(change()), lambda: message.text(change(), report_url))
            self._channels.call(lambda: webhook.content(change(), report_url))
        elif self.compares:
            _LOG.info("notification.not_needed", cause="no change" if is_latest else "a later run is stored")
        signal = Signal.FAIL if report.conclusion == Conclusion.INCOMPLETE else Signal.SUCCESS
        self._channels.ping(signal, lambda: message.subject(change()))
