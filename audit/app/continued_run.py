"""A run from the pointer to the one before: it goes on where that one ended."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from msgspec import structs

from audit import __version__
from audit.app.connections import Connections
from audit.app.order import Order
from audit.app.run import Done, Watch, run
from audit.collection import Window
from audit.evidence.publish import Publication, newest
from audit.evidence.run_before import (
    Newest,
    RunBefore,
    is_judged_already,
    newest_run,
    read_run_before,
    recalled,
)
from audit.evidence.signers import ready_signer
from audit.evidence.stored_runs import ReadOnce
from audit.profile import profile_changes
from audit.report.baseline import Baseline
from audit.report.facts import RunFacts
from audit.report.wording import scope_words
from audit.timestamps import shown

FIRST_READING: Final = timedelta(days=30)  # what CBR still shows
_LOG = structlog.get_logger()


def continue_run(
    order: Order, connections: Connections, pointer: bytes | None, watch: Watch, begin: Callable[[RunFacts], None]
) -> tuple[Done, Mapping[str, Any] | None]:
    """Carry out a run; also return what the one before reported.

    Args:
        order: what is to be carried out.
        connections: what it needs of the world.
        pointer: what the store has of the latest run, None where there is none.
        watch: is told how far it has come.
        begin: is told which run it is, before anything is read from the cloud.

    Raises:
        AuditError: the run could not be carried out.
    """
    signer = ready_signer(order.settings, connections.kms)
    head = newest(connections.store, order.settings.project_id, pointer)
    scope, look_back = order.settings.enterprise_project_id, order.profile.remembered
    stored = ReadOnce(connections.store)
    before = read_run_before(stored, head, until=order.until, look_back=look_back, scope=scope)
    previous = recalled(stored, head, before, order.until, scope)
    newest_of_all = before or newest_run(stored, head, order.until)
    if newest_of_all and newest_of_all.scope != scope and not previous.is_lost:
        previous = _of_another_scope(newest_of_all)
    facts = structs.replace(
        _facts(order, before, previous),
        is_what_if=_is_what_if(order, newest_of_all),
        is_backfill=is_judged_already(stored, head, order.until, scope),
    )
    _tell(facts, connections)
    begin(facts)
    publication = Publication(connections.store, facts, head=head, signer=signer)
    done = run(facts, order.profile, connections.client(), publication, watch, before)
    return done, before.report if before else None


def _of_another_scope(before: RunBefore | Newest) -> Baseline:
    """Take over nothing of a run that read another part of the project: its silence and its subjects are others."""
    what = scope_words(before.scope)
    return Baseline(trouble=f"the run before, {before.run}, audited {what}, and this one begins anew")


def _facts(order: Order, before: RunBefore | None, previous: Baseline) -> RunFacts:
    """Decide what is read, and what is judged: as far back as the history of earlier runs goes on without a gap."""
    until, look_back = order.until, order.profile.remembered
    since = order.since or (before.reading_from(until) if before else until - min(look_back, FIRST_READING))
    judged = since
    if before and before.covered and before.covers(since):
        judged = max(min(before.covered.since, since), min(until - look_back, since))
    return RunFacts(
        id=order.run_id,
        as_of=until,
        window=Window(judged, until),
        read=Window(since, until),
        project_id=order.settings.project_id,
        region=order.settings.region or "",
        enterprise_project_id=order.settings.enterprise_project_id,
        tool_version=__version__,
        profile_sha256=order.profile.sha256,
        timezone=order.profile.timezone,
        language=order.profile.language,
        previous=previous,
        origin=before.origin if before else None,
        profile_changes=profile_changes(before.profile, order.profile) if before else (),
    )


def _is_what_if(order: Order, before: RunBefore | Newest | None) -> bool:
    """Whether the profile is another one than the configured one, and nobody says that it counts all the same.

    Where none is configured, the profile of the run before stands for it. What a new version of cbr-audit added to the
    usual controls since is no change.
    """
    if not order.may_be_what_if:
        return False
    if order.configured_sha256 is not None:
        return True
    if before is None:
        return False
    is_of_this_version = before.tool_version == __version__
    return bool(profile_changes(before.profile, order.profile, is_of_this_version=is_of_this_version))


def _tell(facts: RunFacts, connections: Connections) -> None:
    """Log what is about to be read, and what of the run before cannot be used."""
    read = {"since": shown(facts.read.since), "until": shown(facts.as_of)}
    _LOG.info(
        "run.started", sign_in=connections.who.way, store=connections.store.url, previous=facts.previous.run, **read
    )
    for trouble in (facts.previous.trouble, *facts.previous.notes):
        if trouble:
            _LOG.warning("previous.not_used", reason=trouble)
