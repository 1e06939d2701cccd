"""Arranging: what was read, remembered and demanded becomes subjects."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import orjson

from audit import subjects
from audit.answers.intake import Intake
from audit.cloud.cts.trace_list import first_day
from audit.clouds import CLOUDS, Feature
from audit.collection import EXPLAINING, Kind, Reading
from audit.evidence.run_before import RunBefore
from audit.judging.requirements import Requirements
from audit.profile import Profile, earlier_profile
from audit.profile.applied import lists_of
from audit.profile.loosening import ORDERS, strength_of
from audit.records import COPIES, OPEN_STATUSES, REPLICATION
from audit.report.facts import RunFacts
from audit.report.wording import count

_SECOND: Final = timedelta(seconds=1)  # the end of the window is asked for in whole seconds


def arrange(  # noqa: PLR0913, PLR0917  # all that judging rests on
    facts: RunFacts,
    profile: Profile,
    requirements: Requirements,
    intake: Intake,
    readings: tuple[Reading, ...],
    before: RunBefore | None,
    former: subjects.Former | None,
) -> subjects.Subjects:
    """Arrange what was read; this uses up the tasks of the intake.

    Args:
        facts: which run it is.
        profile: what is demanded.
        requirements: the same, judged at the time of the run.
        intake: what was read.
        readings: how completely.
        before: what the run before left.
        former: what that run saw of the inventory; None where no control looks at it, or that run saw more.
    """
    collection = _collection(facts, profile, requirements, intake, readings, before)
    collection = replace(collection, lacks=dict(_lacking(collection, intake)))
    demanded = _demanded(facts, profile, before)
    stuck_after = requirements.of(collection).stuck_after
    arranged = subjects.arrange(intake.tasks, _inventory(intake), collection, former, demanded, stuck_after=stuck_after)
    left_out = frozenset(each.id.lower() for each in requirements.out_of_scope(arranged))
    return replace(arranged, collection=replace(arranged.collection, out_of_scope=left_out))


def _collection(
    facts: RunFacts,
    profile: Profile,
    requirements: Requirements,
    intake: Intake,
    readings: tuple[Reading, ...],
    before: RunBefore | None,
) -> subjects.Collection:
    """Say what was read, how completely, and what the run before knew."""
    log = next(reading for reading in readings if reading.kind == Kind.TASKS)
    memory = before.memory if before else None
    if before and before.may_have_seen_more(readings):
        memory = memory and memory.without_listed_vaults()
    rejected = tuple(row for row in intake.rejected if row.kind not in EXPLAINING and row.is_since(facts.window.since))
    return subjects.Collection(
        id=facts.project_id,
        name=facts.project_id,
        window=facts.window,
        readings=readings,
        rejected=rejected,
        accepted=requirements.accepted(rejected),
        drift=intake.drift,
        asked=frozenset(lists_of(profile, facts.cloud)),
        cloud=facts.cloud,
        doubts=tuple(_doubts(facts, intake, log)),
        ended_unseen=_ended_unseen(intake, readings),
        organization_policies=tuple(intake.organization_policies.values()),
        deployments={about: tuple(rows) for about, rows in intake.deployments.items()},
        memory=memory,
        lost=facts.previous.trouble if facts.previous.is_lost else None,
        watched=intake.watched,
        proven=before.proven(facts.read.since, log.enterprise_project_id) if before else None,
        trail=_trail(facts, intake, readings),
    )


def _trail(facts: RunFacts, intake: Intake, readings: tuple[Reading, ...]) -> subjects.Trail:
    """Return who did what, and why that is not all; runs of earlier versions did not ask."""
    reading = next((each for each in readings if each.kind == Kind.TRACES), None)
    if reading is None:
        return subjects.NO_TRAIL
    since = max(first_day(facts.as_of), (intake.traces_received_at or facts.as_of) - subjects.KEPT)
    why_not = _why_not(intake, reading) or (subjects.TOO_LATE if since >= facts.as_of else "")
    return subjects.Trail.of(intake.traces.values(), None if why_not else since, why_not)


def _why_not(intake: Intake, reading: Reading) -> str:
    """Say why traces are missing; empty if none is."""
    if reading.refused:
        return f"{reading.kind.permission} is not granted"
    if reading.gaps:
        return f"Cloud Trace Service could not be read completely: {reading.gaps[0].partition(': ')[2]}"
    unusable = sum(row.kind == Kind.TRACES for row in intake.rejected)
    return f"{count(unusable, 'trace')} could not be used" if unusable else ""


def _lacking(collection: subjects.Collection, intake: Intake) -> Iterator[tuple[Feature, str]]:
    """Yield what the cloud is said to lack and what shows that, unless the evidence shows or may show it there."""
    if not (collection.has_all(Kind.POLICIES) and collection.has_all(Kind.VAULTS)):
        return
    for feature, why in CLOUDS[collection.cloud].lacks.items():
        shows = _SHOWS.get(feature)
        if not (shows and shows(intake)):
            yield feature, why


def _replicates(intake: Intake) -> bool:
    return (
        any(policy.operation == REPLICATION for policy in intake.policies.values())
        or any(vault.receives_copies_only for vault in intake.vaults.values())
        or any(backup.is_copy or backup.replicas for backup in intake.backups.values())
        or any(task.operation in COPIES for task in intake.tasks)
    )


def _is_in_an_organisation(intake: Intake) -> bool:
    return any(policy.organisation_type for policy in intake.policies.values())


_SHOWS: Final[Mapping[Feature, Callable[[Intake], bool]]] = {
    Feature.REPLICATION: _replicates,
    Feature.ORGANIZATIONS: _is_in_an_organisation,
}
"""What shows that a cloud has something."""


def _inventory(intake: Intake) -> subjects.Inventory:
    return subjects.Inventory(
        policies=intake.policies.values(),
        vaults=intake.vaults.values(),
        backups=intake.backups.values(),
        protectables=intake.protectables.values(),
        agents=intake.agents.values(),
        members={about: tuple(rows) for about, rows in intake.members.items()},
        usages={about: tuple(rows) for about, rows in intake.usages.items()},
    )


def _demanded(facts: RunFacts, profile: Profile, before: RunBefore | None) -> subjects.Demanded | None:
    """Say how much this run demands, and the one before; nothing of that one where its profile cannot be read.

    What a what-if demands less was loosened by nobody.
    """
    if before is None:
        return None
    now = orjson.loads(profile.canonical)
    then = now if facts.is_what_if else (earlier_profile(before.profile) and before.profile) or {}
    try:
        return subjects.Demanded(strength_of(then, now), strength_of(now, then), ORDERS)
    except (AttributeError, LookupError, TypeError, ValueError):
        return subjects.Demanded(None, strength_of(now, now), ORDERS)


def _ended_unseen(intake: Intake, readings: tuple[Reading, ...]) -> frozenset[str]:
    """Name the tasks that were open and are no more; none unless every list of open tasks was read to its end."""
    complete = {reading.status for reading in readings if reading.kind == Kind.TASKS and reading.complete}
    return frozenset(intake.not_seen_again) if complete >= OPEN_STATUSES else frozenset()


def _doubts(facts: RunFacts, intake: Intake, log: Reading) -> Iterator[str]:
    """Say what makes a task log doubtful although it was read to its end.

    Tasks that are open come without a window, and may be of any time: they do not show that the log answers.
    """
    tasks, since, until = intake.tasks, facts.window.since, facts.window.until
    if log.complete and not (tasks.number_created(since, until) if log.distinct else tasks.has_finished(since, until)):
        yield "the task log of the window is empty"
    latest = until + _SECOND
    if len(tasks) > tasks.number_created(until=latest):
        late = sum(task.finished and task.created_at > latest for task in tasks)
        if late:
            yield f"{late} tasks were created after the window's end: the cloud ignored it, or its clock differs"
    if log.complete and not log.distinct:
        read = facts.read
        vanished = sum(task.finished and read.since <= task.created_at <= read.until for task in tasks)
        if vanished:
            yield f"the task log is empty, and earlier runs read {vanished} tasks of the same time"
