"""Preparing a run: what it goes on from, what it reads, and where that is published."""

from datetime import timedelta
from typing import Final, NamedTuple

import structlog
from msgspec import structs

from audit import __version__
from audit.app.connections import Connections
from audit.app.request import RunRequest
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
from audit.report.facts import AuditedAccount, RunFacts
from audit.report.wording import scope_words
from audit.settings import Settings
from audit.timestamps import shown

FIRST_READING: Final = timedelta(days=30)  # what CBR still shows
_LOG = structlog.get_logger()


class Prepared(NamedTuple):
    """A run that can begin.

    Attributes:
        facts: which run it is.
        before: what the run before left, None where there is none.
        publication: where everything goes.
    """

    facts: RunFacts
    before: RunBefore | None
    publication: Publication


def prepare(request: RunRequest, connections: Connections, pointer: bytes | None) -> Prepared:
    """Decide which run it is, by the one before, and say so in the log; nothing is read from the cloud yet.

    Raises:
        SettingsError, SigningError: digests cannot be signed.
        StoreError: the store cannot be read.
    """
    signer = ready_signer(request.settings, connections.kms)
    head = newest(connections.store, request.settings.project_id, pointer)
    scope, look_back = request.settings.enterprise_project_id, request.profile.remembered
    stored = ReadOnce(connections.store)
    before = read_run_before(stored, head, until=request.until, look_back=look_back, scope=scope)
    previous = recalled(stored, head, before, request.until, scope)
    newest_of_all = before or newest_run(stored, head, request.until)
    if newest_of_all and newest_of_all.scope != scope and not previous.is_lost:
        previous = _of_another_scope(newest_of_all)
    facts = structs.replace(
        _facts(request, before, previous),
        is_what_if=_is_what_if(request, newest_of_all),
        is_backfill=is_judged_already(stored, head, request.until, scope),
    )
    _tell(facts, connections)
    answers, packed = (before.answers, before.packed) if before else (None, None)
    publication = Publication(connections.store, facts, head=head, signer=signer, answers=answers, packed=packed)
    return Prepared(facts, before, publication)


def _of_another_scope(before: RunBefore | Newest) -> Baseline:
    """Take over nothing of a run that read another part of the project: its silence and its subjects are others."""
    what = scope_words(before.scope)
    return Baseline(trouble=f"the run before, {before.run}, audited {what}, and this one begins anew")


def _facts(request: RunRequest, before: RunBefore | None, previous: Baseline) -> RunFacts:
    """Decide what is read, and what is judged: as far back as the history of earlier runs goes on without a gap."""
    until, look_back = request.until, request.profile.remembered
    since = request.since or (before.reading_from(until) if before else until - min(look_back, FIRST_READING))
    judged = since
    if before and before.covered and before.covers(since):
        judged = max(min(before.covered.since, since), min(until - look_back, since))
    return RunFacts(
        id=request.run_id,
        as_of=until,
        window=Window(judged, until),
        read=Window(since, until),
        project_id=request.settings.project_id,
        cloud=request.settings.cloud,
        account=_account(request.settings),
        region=request.settings.region or "",
        enterprise_project_id=request.settings.enterprise_project_id,
        tool_version=__version__,
        profile_sha256=request.profile.sha256,
        timezone=request.profile.timezone,
        language=request.profile.language,
        previous=previous,
        origin=before.origin if before else None,
        profile_changes=profile_changes(before.profile, request.profile) if before else (),
    )


def _account(settings: Settings) -> AuditedAccount | None:
    """Return the account of the project, as far as the settings say."""
    account = settings.audited_account
    return AuditedAccount(id=account, name=settings.account_name, unit=settings.account_unit) if account else None


def _is_what_if(request: RunRequest, before: RunBefore | Newest | None) -> bool:
    """Whether the profile is another one than the configured one, and nobody says that it counts all the same.

    Where none is configured, the profile of the run before stands for it. What a new version of cbr-audit added to the
    usual controls since is no change.
    """
    if not request.may_be_what_if:
        return False
    if request.configured_sha256 is not None:
        return True
    if before is None:
        return False
    is_of_this_version = before.tool_version == __version__
    return bool(profile_changes(before.profile, request.profile, is_of_this_version=is_of_this_version))


def _tell(facts: RunFacts, connections: Connections) -> None:
    """Log what is about to be read, and what of the run before cannot be used."""
    read = {"since": shown(facts.read.since), "until": shown(facts.as_of)}
    _LOG.info(
        "run.started",
        sign_in=connections.signed_in_with,
        store=connections.store.url,
        previous=facts.previous.run,
        **read,
    )
    for trouble in (facts.previous.trouble, *facts.previous.notes):
        if trouble:
            _LOG.warning("previous.not_used", reason=trouble)
