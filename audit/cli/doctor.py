"""Trying out what an audit with given settings will need."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from msgspec.structs import replace

from audit.app.connections import opened
from audit.app.doctor import Check, Result, examine_cloud, examine_key, examine_store, is_let_in
from audit.app.order import order
from audit.cloud.cbr.client import actions
from audit.errors import SettingsError
from audit.evidence.signers import ready_signer
from audit.evidence.store.obs import LOCK
from audit.report.wording import scope_words

_FOR_TRYING: Final = timedelta(minutes=1)


def examined(variables: Mapping[str, str]) -> Iterator[Check]:
    """Try out everything that an audit with these settings needs; nothing is raised, and nothing stays behind."""
    try:
        made = replace(order(variables), budget=_FOR_TRYING, storing=_FOR_TRYING)
        with opened(made) as connections:
            settings, client = made.settings, connections.client()
            scope = scope_words(settings.enterprise_project_id)
            yield Check("settings", Result.OK, f"project {settings.project_id}, {scope}, at {settings.cbr_endpoint}")
            checks = [*examine_cloud(client, actions(made.profile.lists), connections.who.way)]
            yield from checks
            if settings.signing_key or connections.kms:
                yield from examine_key(
                    partial(ready_signer, settings, connections.kms), connections.kms, is_let_in=is_let_in(checks)
                )
            yield from examine_store(connections.store)
            if settings.obs_lock_days:
                yield Check("store lock", Result.UNTRIED, "a locked object could not be removed again", LOCK)
    except SettingsError as error:
        yield Check("settings", Result.MISSING, str(error))
