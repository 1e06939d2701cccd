"""A whole audit: prepare, collect, validate, remember, arrange, evaluate, render, publish."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from audit.answers.intake import Intake
from audit.app.arrange import arrange
from audit.app.collect import CloudLists, Source, Watch, client_for, collect, traces_of
from audit.app.connections import Connections
from audit.app.prepare import prepare
from audit.app.request import RunRequest
from audit.cloud.identity import Identity
from audit.collection import Reading
from audit.evidence.publish import PROFILE, Publication
from audit.evidence.run_before import RunBefore
from audit.judging.evaluate import evaluate
from audit.profile import Profile
from audit.profile.applied import compares, controls_of, lists_of, looks_at_watch, requirements_at
from audit.report import PAGE, index
from audit.report.contents import Report, ResourceLine, compose, line_of
from audit.report.facts import RunFacts
from audit.report.formats import FORMATS
from audit.subjects import Former, Limits, Resource, Subject


class Done(Struct, frozen=True):
    """A run that was published.

    Attributes:
        digest_sha256: of the digest that commits it; noted elsewhere, it shows later whether the end was cut off.
        caller: as whom CBR was read; None where nothing was.
    """

    report: Report
    prefix: str
    url: str
    keys: tuple[str, ...]
    digest_sha256: str
    caller: Identity | None = None


def run(
    request: RunRequest,
    connections: Connections,
    pointer: bytes | None,
    watch: Watch,
    begin: Callable[[RunFacts], None],
) -> tuple[Done, Mapping[str, Any] | None]:
    """Carry out a whole audit; also return what the run before reported.

    Args:
        request: what is to be carried out.
        connections: what it needs of the world.
        pointer: what the store has of the latest run, None where there is none.
        watch: is told how far collecting has come.
        begin: is told which run it is, before anything is read from the cloud.

    Raises:
        AuditError: the run could not be carried out.
    """
    facts, before, publication = prepare(request, connections, pointer)
    begin(facts)
    source = CloudLists(client_for(connections, before, publication.recall), traces_of(connections))
    done = audit(facts, request.profile, source, publication, watch, before)
    return replace(done, caller=connections.reader.caller()), before.report if before else None


def audit(
    facts: RunFacts,
    profile: Profile,
    source: Source,
    publication: Publication,
    watch: Watch,
    before: RunBefore | None = None,
) -> Done:
    """Collect, assess and publish; go on from an earlier run where there is one.

    Raises:
        SourceError: nothing at all could be read.
        StoreError: evidence or reports could not be written.
    """
    intake = Intake(before.history if before else None, facts.id, facts.read)  # validates and remembers
    most = profile.limits.max_backups_looked_at
    is_log_last = before is not None and before.unfinished.lacks_backups_alone
    lists = lists_of(profile, facts.cloud)
    readings = collect(source, lists, facts.read, publication, watch, intake, most, is_log_last=is_log_last)
    segments = before.segments if before else ()
    publication.remember(intake.tasks, facts.window.since, segments)  # assessing uses the tasks up
    if looks_at_watch(profile):
        intake.watched = publication.look_at_watch(intake.traces)
    former = before.former(readings, intake) if before and compares(profile) else None
    if former and former.notes:
        facts = publication.note(former.notes)
    report = assess(facts, profile, intake, readings, before, former)
    return publish(publication, profile, report)


def assess(
    facts: RunFacts,
    profile: Profile,
    intake: Intake,
    readings: tuple[Reading, ...],
    before: RunBefore | None = None,
    former: Former | None = None,
) -> Report:
    """Arrange, evaluate and compose; this uses up the history, so whoever keeps it writes it first.

    The same evidence, profile, time and earlier run give the same report.

    Args:
        facts: which run it is.
        profile: what is demanded.
        intake: what was read.
        readings: how completely.
        before: what the run before left.
        former: what that run saw of the inventory; None where no control looks at it, or that run saw more.
    """
    requirements = requirements_at(profile, facts.as_of)
    subjects = arrange(facts, profile, requirements, intake, readings, before, former)
    lines: list[ResourceLine] = []

    def note(subject: Subject, limits: Limits) -> None:
        if isinstance(subject, Resource):
            lines.append(line_of(subject, limits))

    findings = evaluate(subjects, controls_of(profile), requirements, note)
    return compose(facts, subjects, controls_of(profile), findings, requirements, lines or None)


def publish(publication: Publication, profile: Profile, report: Report) -> Done:
    """Write profile and reports, and commit everything with the manifest."""
    publication.put(PROFILE, profile.canonical)
    for name in profile.written:
        publication.put_report(name, FORMATS[name](report))
    publication.finish(report, partial(index, report) if PAGE in profile.formats else None)
    return Done(
        report=report,
        prefix=publication.prefix,
        url=publication.url,
        keys=publication.keys,
        digest_sha256=publication.digest_sha256,
    )
