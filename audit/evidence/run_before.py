"""What a run continues from the previous one: the history, the time it covers, and the report.

The history is a cache of the evidence. It is used only if its hash is the one in the manifest, and the manifest's hash
is the one in the digest; otherwise it is rebuilt from the stored responses. If some of those are missing, too, nothing
counts as covered: the log is read again as far back as CBR lists it.

Version 0.1 did not record the rows that it could not use. They are searched for in the responses that it stored.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from audit.answers.intake import Intake
from audit.collection import ALL_GRANTED, Kind, Reading, Requested, Window
from audit.evidence.chain import Digest, Head
from audit.evidence.former_lists import read_former, told_of_lists
from audit.evidence.publish import PROFILE, REPORT
from audit.evidence.read_forms import ListedObject, Manifest
from audit.evidence.store import Readable
from audit.evidence.stored_runs import (
    MOST_LOOKED_BACK,
    MOST_PASSED_OVER,
    going_back,
    is_elsewhere,
    latest_links,
    links_before,
    lost_history,
    packed_backups,
    prefix_of,
    read_history,
    read_manifest,
    read_object,
    runs_before,
    scope_of,
    shared_answers,
    stored_pages,
)
from audit.evidence.unfinished_lists import Unfinished, received_in_part
from audit.history import History
from audit.report.baseline import Baseline, recall
from audit.report.facts import Origin
from audit.report.passed_on import memory_of
from audit.subjects import Former, Memory

_NOTIFIED: Final = ("conclusion", "problems", "run")  # a whole report takes six times as much memory as its file
_OVERLAP: Final = timedelta(days=1)  # a task may become visible late
_SURELY_SHOWN: Final = timedelta(days=31)  # CBR lists the tasks of the past 30 days
_MADE_ANEW: Final = "is missing, was changed or is of another version; it was made anew from the answers"
_LOOKED_FOR: Final = "does not remember which rows could not be used; they were looked for again in the answers"
_GONE: Final = "is missing or was changed"
_TOO_MANY: Final = f"none of the newest {MOST_PASSED_OVER:,} runs can be gone on from; older ones were not looked at"
_LACK: Final = ", some of which are missing: nothing before this run's own reading is covered"


class Newest(Struct, frozen=True):
    """The newest run of any scope, if no run can be continued.

    Attributes:
        profile: the profile it was judged by, in canonical form; None if that is missing or was changed.
    """

    run: str
    scope: str
    profile: Mapping[str, Any] | None
    tool_version: str


class RunBefore(Struct, frozen=True, kw_only=True):
    """The previous run.

    Attributes:
        until: the end of its window.
        asked_for: the enterprise project that it was set to read; None if there was none.
        seen: the enterprise project that its task log was finally requested for.
        covered: the time for which the history has everything that CBR listed; None if nothing is covered.
        report: what notifications compare of its report.json, or None if that is missing, was changed, or is of another
            version; in that case, the newest usable one before it is used in the attributes below.
        recalled: the part of the report that this run compares with.
        memory: what the report says about the inventory.
        profile: the profile it was judged by, in canonical form; None if that is missing or was changed.
        tool_version: the version of cbr-audit that made it.
        requests: what it requested of the cloud.
        unfinished: what can be gone on from of lists that it could not read completely.
        answers: the shared objects that hold the responses it received, by the hash of the response.
        packed: those that hold the backups of responses, packed, in the same way.
        segments: where its history was read from; empty if that had to be made anew, or is of an earlier version.
        read_former: reads the inventory that it saw; the arguments tell how the lists to compare with were read, and
            what came.
    """

    run: str
    prefix: str
    manifest_sha256: str
    until: datetime
    asked_for: str | None
    seen: str | None
    covered: Window | None
    history: History
    report: Mapping[str, Any] | None
    recalled: Baseline
    memory: Memory | None
    profile: Mapping[str, Any] | None
    tool_version: str
    requests: tuple[Requested, ...]
    unfinished: Unfinished = Unfinished()
    answers: Mapping[str, ListedObject]
    packed: Mapping[str, ListedObject]
    segments: tuple[ListedObject, ...]
    read_former: Callable[[tuple[Reading, ...], Intake], Former]

    @property
    def origin(self) -> Origin:
        """What the next run records about this one."""
        return Origin(run=self.run, prefix=self.prefix, manifest_sha256=self.manifest_sha256)

    @property
    def scope(self) -> str:
        """The enterprise project that it was about; runs of version 0.1 did not record that."""
        return self.asked_for or ALL_GRANTED

    def proven(self, since: datetime, seen: str | None) -> Window | None:
        """Return the time that the history covers for a reading that continues it.

        Args:
            since: the start of the tasks that the reading requested.
            seen: the enterprise project that it requested; if it differs, the previous run may not have been shown
                everything, and only what was read again counts.
        """
        if self.covered is None or not self.covers(since):
            return None
        return self.covered if seen == self.seen else Window(max(self.covered.since, since), self.covered.until)

    def reading_from(self, until: datetime) -> datetime:
        """Return the start of the next reading: the last complete reading, or the oldest open task if that is earlier.

        CBR does not list tasks older than 31 days; an older open task is judged as last seen. What a run did not
        request by enterprise project is read again.
        """
        if self.asked_for is None:
            return until - _SURELY_SHOWN
        read_until = self.covered.until if self.covered else until - _SURELY_SHOWN
        open_since = min(
            (task.created_at for task in self.history.unfinished() if not task.finished), default=read_until
        )
        return max(min(read_until - _OVERLAP, open_since), until - _SURELY_SHOWN)

    def former(self, readings: tuple[Reading, ...], now: Intake) -> Former | None:
        """What it saw of the inventory; None where the lists may show less than it was shown."""
        return None if self.may_have_seen_more(readings) else self.read_former(readings, now)

    def may_have_seen_more(self, readings: tuple[Reading, ...]) -> bool:
        """Whether it requested the log by enterprise project, unlike this run, which may then see less."""
        log = next(reading for reading in readings if reading.kind == Kind.TASKS)
        return self.seen is not None and log.enterprise_project_id is None

    def covers(self, since: datetime) -> bool:
        """Whether the history reaches up to a time, so that a reading from there leaves no gap."""
        return self.covered is not None and self.covered.until >= since


def read_run_before(
    store: Readable, head: Head | None, *, until: datetime, look_back: timedelta, scope: str | None = None
) -> RunBefore | None:
    """Read the newest earlier run that can be continued, or None if there is none.

    Skipped are what-ifs, and runs of a time that another run had already judged, because they know less.

    Args:
        store: the store of the runs.
        head: the newest digest.
        until: the time of judgement of this run.
        look_back: how far back a rebuilt history must reach.
        scope: the enterprise project that the run was about; None for any.

    Raises:
        StoreError: the store cannot be read.
    """
    digest, trouble = _judged_before(store, head, until, scope) if head else (None, "")
    before = read_left(store, digest, until - look_back) if digest else None
    if before is None or not trouble:
        return before
    return replace(before, recalled=replace(before.recalled, trouble=trouble, is_lost=True))


def _judged_before(store: Readable, head: Head, until: datetime, scope: str | None) -> tuple[Digest | None, str]:
    """Find the newest run of no later time that can be continued; also return what is wrong with newer ones."""
    trouble = ""
    for passed, (link, digest) in enumerate(going_back(store, latest_links(head))):
        if passed == MOST_PASSED_OVER:
            return None, trouble or _TOO_MANY
        if digest is None:
            is_newest = link == head.link
            name = f"the newest digest, {link.object}, is damaged" if is_newest else f"the digest {link.object} {_GONE}"
            trouble = trouble or name
        elif digest.until <= until and not digest.kind.is_beside:
            manifest = read_manifest(store, digest)
            if manifest is None:
                trouble = trouble or f"{digest.manifest.object} {_GONE}"
            elif scope in {None, scope_of(manifest)}:
                return digest, trouble
    return None, trouble


def newest_run(store: Readable, head: Head | None, until: datetime) -> Newest | None:
    """Return the newest run of no later time, of any scope, or None."""
    digest, _ = _judged_before(store, head, until, None) if head else (None, "")
    manifest = read_manifest(store, digest) if digest else None
    if digest is None or manifest is None:
        return None
    return Newest(digest.run, scope_of(manifest), _profile(store, digest), manifest.tool_version)


def is_judged_already(store: Readable, head: Head | None, until: datetime, scope: str) -> bool:
    """Whether the newest run of a scope that counts judged this time or a later one."""
    links = latest_links(head) if head else ()
    looked_at = islice(going_back(store, links), MOST_PASSED_OVER)
    ordered = (digest for _, digest in looked_at if digest and not digest.kind.is_beside)
    newest = next((digest for digest in ordered if not is_elsewhere(store, digest, scope)), None)
    return newest is not None and newest.until >= until


def read_left(store: Readable, digest: Digest, since: datetime) -> RunBefore | None:
    """Read what the run of a digest left, or None if its manifest is missing or was changed."""
    manifest = read_manifest(store, digest)
    if manifest is None:
        return None
    prefix = prefix_of(digest)
    history, is_whole, notes = _history(store, manifest, digest, since)
    report, compared, memory, source = _report(store, digest)
    told = told_of_lists(report)
    return RunBefore(
        run=digest.run,
        prefix=prefix,
        manifest_sha256=digest.manifest.sha256,
        until=digest.until,
        asked_for=manifest.run.enterprise_project_id,
        seen=next((reading.enterprise_project_id for reading in manifest.readings), None),
        covered=manifest.covered if is_whole else None,
        history=history,
        report={name: report.get(name) for name in _NOTIFIED} if report and source == digest else None,
        recalled=replace(compared, notes=notes),
        memory=memory,
        profile=_profile(store, source),
        tool_version=manifest.tool_version,
        requests=tuple(Requested(listed.kind, listed.params, listed.rows) for listed in manifest.pages),
        answers=shared_answers(manifest),
        packed=packed_backups(manifest),
        unfinished=received_in_part(store, digest, history),
        segments=() if notes else manifest.segments,
        read_former=partial(read_former, store, source, told),
    )


def _profile(store: Readable, digest: Digest) -> Mapping[str, Any] | None:
    data = read_object(store, digest, PROFILE)
    try:
        profile = orjson.loads(data) if data is not None else None
    except orjson.JSONDecodeError:
        return None
    return profile if isinstance(profile, dict) else None


def recalled(
    store: Readable, head: Head | None, before: RunBefore | None, until: datetime, scope: str | None = None
) -> Baseline:
    """Return what a run compares with, or why there is nothing although there was a previous run."""
    if before is not None or head is None:
        return before.recalled if before else Baseline()
    _, trouble = _judged_before(store, head, until, scope)
    if not trouble:
        return Baseline(trouble="no run before this one judges its time or an earlier one")
    return Baseline(trouble=trouble, is_lost=True)


def _report(store: Readable, digest: Digest) -> tuple[Mapping[str, Any] | None, Baseline, Memory | None, Digest]:
    """Read a report, what of it is compared and remembered, and whose it is; trouble never ends the present run.

    If the report is unusable, that is recorded, and the newest usable one before it is used: comparing with that one
    shows what became weaker in between.
    """
    trouble = ""
    for run in islice(chain((digest,), runs_before(store, digest)), MOST_LOOKED_BACK):
        data = read_object(store, run, REPORT)
        try:
            report = orjson.loads(data or b"")
            compared, memory = recall(report), _remembered(store, run, memory_of(report))
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
            why = "is of another version" if data else _GONE
            trouble = trouble or f"{prefix_of(run)}/{REPORT} {why}"
        else:
            told = replace(compared, trouble=trouble, is_lost=True) if trouble else compared
            return report, told, memory, run
    return None, Baseline(trouble=trouble, is_lost=True), None, digest


def _remembered(store: Readable, digest: Digest, memory: Memory, runs: int = MOST_LOOKED_BACK) -> Memory:
    """Add what the runs before remember of that which a run could not see."""
    if not memory.unseen:
        return memory
    for run in islice(runs_before(store, digest), runs):
        runs -= 1
        with suppress(LookupError, TypeError, ValueError):  # damaged, or of another version
            earlier = memory_of(orjson.loads(read_object(store, run, REPORT) or b""))
            return memory.with_earlier(_remembered(store, run, earlier, runs))
    return memory


def _history(
    store: Readable, manifest: Manifest, digest: Digest, since: datetime
) -> tuple[History, bool, tuple[str, ...]]:
    """Read a history, whether it is complete, and what was wrong with it."""
    history = read_history(store, manifest, prefix_of(digest))
    if history is None:
        history, is_whole = rebuild(store, digest, since)
        objects = lost_history(store, manifest, prefix_of(digest))
        return history, is_whole, (_note(digest, _MADE_ANEW, "" if is_whole else _LACK, objects=objects),)
    if manifest.rejected is not None:
        return history, True, ()
    is_whole = _look_for_rejected(store, digest, since, history)
    return history, is_whole, () if is_whole else (_note(digest, _LOOKED_FOR, _LACK),)


def _note(digest: Digest, *words: str, objects: Sequence[str] = ()) -> str:
    named = f", {', '.join(objects)}," if objects else ""
    return f"the history of the run before ({digest.run}){named} {''.join(words)}"


def _look_for_rejected(store: Readable, digest: Digest, since: datetime, history: History) -> bool:
    """Add unusable rows to a history of version 0.1; return whether every response that may contain one is there.

    A run with unusable rows called itself incomplete.
    """
    intake, is_whole = Intake(), True
    for run in _reaching_back(store, digest, since):
        if run is None or not run.complete:
            is_whole &= _take_over(store, run, intake)
    history.set_aside(intake.tasks.rejected)
    return is_whole


def rebuild(store: Readable, digest: Digest, since: datetime) -> tuple[History, bool]:
    """Rebuild a history from the stored responses of every run of the same scope back to a time.

    Returns:
        The history, and whether every response and digest was there.
    """
    intake, is_whole = Intake(), True
    for run in _reaching_back(store, digest, since):
        is_whole &= _take_over(store, run, intake)
    return intake.tasks, is_whole


def _reaching_back(store: Readable, digest: Digest, since: datetime) -> Iterator[Digest | None]:
    """Yield a run and the runs of its scope before it, back to a time; None for a missing or changed one.

    What-ifs, repeated runs and runs of other scopes may have judged any time, so they do not end the search.
    """
    manifest = read_manifest(store, digest)
    scope = scope_of(manifest) if manifest else None
    before = (run for _, run in going_back(store, links_before(digest)))
    for run in chain((digest,), before):
        if run is None:
            yield None
        elif run.until >= since:
            if not is_elsewhere(store, run, scope):
                yield run
        elif not run.kind.is_beside and not is_elsewhere(store, run, scope):
            return


def _take_over(store: Readable, digest: Digest | None, intake: Intake) -> bool:
    """Add the stored task pages of a run; return whether all are there."""
    manifest = read_manifest(store, digest) if digest else None
    if digest is None or manifest is None:
        return False
    distinct = dict.fromkeys(listed.sha256 for listed in manifest.pages)
    numbers = {sha256: number for number, sha256 in enumerate(distinct, 1)}
    missing = {listed.sha256 for listed in manifest.pages if listed.kind == Kind.TASKS}
    intake.turn_to(digest.run, manifest.run.read)
    for page in stored_pages(store, digest, Kind.TASKS):
        intake.accept(page, number=numbers[page.sha256])
        missing.discard(page.sha256)
    return not missing
