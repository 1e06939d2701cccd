"""Tells people and programs of a fleet, once for all its targets, which tell nobody."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from audit.fleet import fleet_call, fleet_message
from audit.fleet.fleet_change import compare
from audit.fleet.roll_up import FleetReport
from audit.notify.channels import Authenticate, Channels
from audit.notify.ping import Signal
from audit.settings import Settings

_LOG = structlog.get_logger()


def tell_fleet(
    report: FleetReport,
    before: FleetReport | None,
    url: str,
    settings: Settings,
    authenticate: Authenticate,
    time_left: Callable[[], timedelta],
) -> None:
    """Send changes to people and programs, and ping the dead-man switch; an incomplete fleet is a failure there.

    Every failure is logged, not raised. The start of a fleet run, and one that has no roll-up, are told by ``Notifier``
    as those of a single run.

    Args:
        report: the roll-up.
        before: the one before, or None if there is none.
        url: the URL of the fleet's page.
        settings: name the channels.
        authenticate: returns the credentials that sign requests for a project.
        time_left: returns how long there is time.
    """
    channels, change = Channels(settings, authenticate, time_left), compare(report, before)
    if change.is_news:
        channels.publish(lambda: fleet_message.subject(report), lambda: fleet_message.text(change, url))
        channels.call(lambda: fleet_call.content(change, url))
    elif channels.tell_changes:
        _LOG.info("notification.not_needed", cause="no change")
    channels.ping(Signal.SUCCESS if report.complete else Signal.FAIL, lambda: fleet_message.subject(report))
