"""Runs the checks of ``cbr-audit doctor`` that the settings call for."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from audit.app.collect import client_for, traces_of
from audit.app.connections import Connections, opened
from audit.app.doctor import (
    Check,
    Result,
    examine_agency,
    examine_cloud,
    examine_key,
    examine_own,
    examine_store,
    examine_traces,
    is_signed_in,
    untried,
)
from audit.app.request import request_from_settings
from audit.cloud.cbr.client import actions
from audit.clouds import CLOUDS
from audit.errors import SettingsError
from audit.evidence.signers import ready_signer
from audit.evidence.store.obs import LOCK
from audit.profile.applied import lists_of
from audit.report.wording import scope_words
from audit.settings import Route

_TIME_LIMIT: Final = timedelta(minutes=1)


def run_checks(variables: Mapping[str, str]) -> Iterator[Check]:
    """Check everything that an audit with these settings needs; wrong settings are a failed check, not an error."""
    try:
        request = replace(request_from_settings(variables), budget=_TIME_LIMIT, storing=_TIME_LIMIT)
        with opened(request) as connections:
            settings = request.settings
            scope = scope_words(settings.enterprise_project_id)
            where = f"{CLOUDS[settings.cloud].title}, at {settings.cbr_endpoint}{_route_words(settings.route)}"
            told = f"project {settings.project_id}, {scope}, in {where}"
            yield Check("settings", Result.OK, told)
            own = [examine_own(connections.own_identity)] if settings.assumed else []
            checks = [*own, *examine_reading(connections, actions(lists_of(request.profile, settings.cloud)))]
            yield from checks
            yield from examine_keeping(connections, is_signed_in=is_signed_in(checks))
    except SettingsError as error:
        yield Check("settings", Result.MISSING, str(error))


def examine_reading(connections: Connections, lists: Mapping[str, str]) -> Iterator[Check]:
    """Check as whom one reads in another account, and what may be read."""
    if connections.settings.assumed:
        agency = examine_agency(connections.reader.caller)
        yield agency
        if agency.result != Result.OK:
            yield from untried(lists, "the agency was not assumed")
            return
    checks = [*examine_cloud(client_for(connections), lists, connections.signed_in_with)]
    yield from checks
    yield examine_traces(traces_of(connections).try_list, is_signed_in=is_signed_in(checks))


def examine_keeping(connections: Connections, *, is_signed_in: bool) -> Iterator[Check]:
    """Check the key that signs, if there is one, and the store."""
    settings = connections.settings
    if settings.signing_key or connections.kms:
        ready = partial(ready_signer, settings, connections.kms)
        yield from examine_key(ready, connections.kms, is_signed_in=is_signed_in)
    yield from examine_store(connections.store)
    if settings.obs_lock_days:
        yield Check("store lock", Result.UNTRIED, "a locked test object could not be removed", LOCK)


def _route_words(route: Route) -> str:
    """Say how requests leave this machine, without the password of the proxy."""
    proxy = urlsplit(route.proxy or "")
    through = f", through the proxy {proxy.hostname}{f':{proxy.port}' if proxy.port else ''}" if route.proxy else ""
    return f"{through}{f', trusting the certificates of {route.ca_bundle}' if route.ca_bundle else ''}"
