"""What a run takes over from the one before: the history, what it covers, and what the report said.

The history is a cache of the evidence. It is taken only if its hash is the one in the manifest, and the manifest's the
one in the digest; otherwise it is made anew from the stored answers. Where some of those are missing, too, nothing is
covered any more: the log is read again as far back as CBR shows it.

Version 0.1 did not remember the rows that it could not use. They are looked for again in the answers that it stored.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from audit.answers.intake import Intake
from audit.collection import ALL_GRANTED, Kind, Reading, Window
from audit.evidence.chain import Digest, Head
from audit.evidence.former_lists import read_former
from audit.evidence.publish import HISTORY, PROFILE, REMEMBERED, REPORT, sha256_of
from audit.evidence.store import Readable
from audit.evidence.stored_runs import (
    MOST_LOOKED_BACK,
    MOST_PASSED_OVER,
    going_back,
    is_elsewhere,
    latest_links,
    links_before,
    prefix_of,
    read_listed,
    read_manifest,
    read_object,
    runs_before,
    scope_of,
    stored_pages,
)
from audit.history import History
from audit.report.baseline import Baseline, recall
from audit.report.facts import Origin
from audit.report.memory import memory_of
from audit.subjects import Former, Memory
from audit.timestamps import instant

_OVERLAP: Final = timedelta(days=1)  # a task may become visible late
_SURELY_SHOWN: Final = timedelta(days=31)  # CBR shows the tasks of the past 30 days
_MADE_ANEW: Final = "is missing, was changed or is of another version; it was made anew from the answers"
_LOOKED_FOR: Final = "does not remember which rows could not be used; they were looked for again in the answers"
_GONE: Final = "is missing or was changed"
_TOO_MANY: Final = f"none of the newest {MOST_PASSED_OVER:,} runs can be gone on from; older ones were not looked at"
_LACK: Final = ", some of which are missing: nothing before this run's own reading is covered"


class Newest(Struct, frozen=True):
    """The newest run, whatever it was about, where nothing is taken over from it.

    Attributes:
        profile: what it was judged by, in the canonical form; None where that is missing or was changed.
    """

    run: str
    scope: str
    profile: Mapping[str, Any] | None
    tool_version: str


class RunBefore(Struct, frozen=True, kw_only=True):
    """The run before.

    Attributes:
        until: the end of its window.
        asked_for: the enterprise project that it was to read; None where it was not told.
        seen: the one that its task log was asked for in the end.
        covered: the time over which the history has everything that CBR showed; None where nothing is covered.
        report: its report.json, None where that is missing, was changed, or is of another version; then the newest one
            before it that can be used takes its place in what follows.
        recalled: what this run compares itself with, out of the report.
        memory: what the report says of the inventory.
        profile: what it was judged by, in the canonical form; None where that is missing or was changed.
        tool_version: of cbr-audit, which made it.
        read_former: reads what it saw of the inventory, which takes as long as reading that again; it is told how the
            lists were read that this is compared with.
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
    read_former: Callable[[tuple[Reading, ...]], Former]

    @property
    def origin(self) -> Origin:
        """What the next run notes of it."""
        return Origin(run=self.run, prefix=self.prefix, manifest_sha256=self.manifest_sha256)

    @property
    def scope(self) -> str:
        """What of the project it was about; runs of version 0.1 left that open."""
        return self.asked_for or ALL_GRANTED

    def proven(self, since: datetime, seen: str | None) -> Window | None:
        """The time that its history covers for a reading that goes on from there.

        Args:
            since: from when on that reading asked for tasks.
            seen: the enterprise project that it asked for; where that is another, what this run did not see may have
                been hidden from it, and only what was read again counts.
        """
        if self.covered is None or not self.covers(since):
            return None
        return self.covered if seen == self.seen else Window(max(self.covered.since, since), self.covered.until)

    def reading_from(self, until: datetime) -> datetime:
        """From when on the log has to be read: since the last complete reading, and since the oldest open task.

        CBR does not show what is older than 31 days; an open task that is older is judged as it was last seen. What a
        run did not ask for by enterprise project is read again.
        """
        if self.asked_for is None:
            return until - _SURELY_SHOWN
        read_until = self.covered.until if self.covered else until - _SURELY_SHOWN
        open_since = min((task.created_at for task in self.history if not task.finished), default=read_until)
        return max(min(read_until - _OVERLAP, open_since), until - _SURELY_SHOWN)

    def former(self, readings: tuple[Reading, ...]) -> Former | None:
        """What it saw of the inventory; None where the lists may show less than it was shown."""
        return None if self.may_have_seen_more(readings) else self.read_former(readings)

    def may_have_seen_more(self, readings: tuple[Reading, ...]) -> bool:
        """Whether it asked for the log by enterprise project, and a run did not: what is missing need not be gone."""
        log = next(reading for reading in readings if reading.kind == Kind.TASKS)
        return self.seen is not None and log.enterprise_project_id is None

    def covers(self, since: datetime) -> bool:
        """Whether the history reaches up to a time, so that reading on from there leaves no gap."""
        return self.covered is not None and self.covered.until >= since


def read_run_before(
    store: Readable, head: Head | None, *, until: datetime, look_back: timedelta, scope: str | None = None
) -> RunBefore | None:
    """Read what the newest run left that judged no later time than this one; None where there is none.

    Passed over are runs of a time that another one had judged before, which know less, and what-ifs.

    Args:
        store: where the runs are.
        head: the newest digest.
        until: the time of judgement of this run.
        look_back: how far back a history that has to be made anew must reach.
        scope: the enterprise project that it was about; None for whatever that was.

    Raises:
        StoreError: the store cannot be read.
    """
    digest, trouble = _judged_before(store, head, until, scope) if head else (None, "")
    before = read_left(store, digest, until - look_back) if digest else None
    if before is None or not trouble:
        return before
    return replace(before, recalled=replace(before.recalled, trouble=trouble, is_lost=True))


def _judged_before(store: Readable, head: Head, until: datetime, scope: str | None) -> tuple[Digest | None, str]:
    """Go back to the newest run of no later time that can be gone on from; also say what is wrong with newer ones."""
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
    """Say which run of no later time is the newest, of whatever scope; None where there is none."""
    digest, _ = _judged_before(store, head, until, None) if head else (None, "")
    manifest = read_manifest(store, digest) if digest else None
    if digest is None or manifest is None:
        return None
    return Newest(digest.run, scope_of(manifest), _profile(store, digest), str(manifest.get("tool_version")))


def is_judged_already(store: Readable, head: Head | None, until: datetime, scope: str) -> bool:
    """Whether the newest run of a scope that counts judged a time, or a later one."""
    links = latest_links(head) if head else ()
    looked_at = islice(going_back(store, links), MOST_PASSED_OVER)
    ordered = (digest for _, digest in looked_at if digest and not digest.kind.is_beside)
    newest = next((digest for digest in ordered if not is_elsewhere(store, digest, scope)), None)
    return newest is not None and newest.until >= until


def read_left(store: Readable, digest: Digest, since: datetime) -> RunBefore | None:
    """Read what the run of a digest left, None where its manifest is missing or was changed."""
    manifest = read_manifest(store, digest)
    if manifest is None:
        return None
    prefix = prefix_of(digest)
    history, is_whole, notes = _history(store, manifest, digest, since)
    report, compared, memory, source = _report(store, digest)
    return RunBefore(
        run=digest.run,
        prefix=prefix,
        manifest_sha256=digest.manifest.sha256,
        until=digest.until,
        asked_for=manifest["run"].get("enterprise_project_id"),
        seen=next((part.get("enterprise_project_id") for part in manifest["readings"]), None),
        covered=_window(manifest.get("covered")) if is_whole else None,
        history=history,
        report=report if source == digest else None,
        recalled=replace(compared, notes=notes),
        memory=memory,
        profile=_profile(store, source),
        tool_version=str(manifest.get("tool_version")),
        read_former=partial(read_former, store, source, report),
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
    """Say what a run compares itself with, or why there is nothing although there was a run before."""
    if before is not None or head is None:
        return before.recalled if before else Baseline()
    _, trouble = _judged_before(store, head, until, scope)
    if not trouble:
        return Baseline(trouble="no run before this one judges its time or an earlier one")
    return Baseline(trouble=trouble, is_lost=True)


def _report(store: Readable, digest: Digest) -> tuple[Mapping[str, Any] | None, Baseline, Memory | None, Digest]:
    """Read a report, what of it is compared and remembered, and whose it is; trouble never ends the present run.

    Where it cannot be used, that is told, and the newest one before it that can be used takes its place: what became
    weaker in between is found by comparing with that.
    """
    trouble = ""
    for run in islice(chain((digest,), runs_before(store, digest)), MOST_LOOKED_BACK):
        data = read_object(store, run, REPORT)
        try:
            report = orjson.loads(data or b"")
            compared, memory = recall(report), _remembered(store, run, memory_of(report))
        except (LookupError, TypeError, ValueError):
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
        with suppress(LookupError, TypeError, ValueError):  # it is damaged, or of another version
            earlier = memory_of(orjson.loads(read_object(store, run, REPORT) or b""))
            return memory.with_earlier(_remembered(store, run, earlier, runs))
    return memory


def _history(
    store: Readable, manifest: Mapping[str, Any], digest: Digest, since: datetime
) -> tuple[History, bool, tuple[str, ...]]:
    """Read a history, say whether it has all that it had, and what was wrong with it."""
    data = read_listed(store, manifest, prefix_of(digest), HISTORY)
    if data is not None:
        with suppress(ValueError):  # another version wrote it
            history = History.load(data)
            if REMEMBERED in manifest:
                return history, True, ()
            is_whole = _look_for_rejected(store, digest, since, history)
            return history, is_whole, () if is_whole else (_note(digest, _LOOKED_FOR, _LACK),)
    history, is_whole = rebuild(store, digest, since)
    return history, is_whole, (_note(digest, _MADE_ANEW, "" if is_whole else _LACK),)


def _note(digest: Digest, *words: str) -> str:
    return f"the history of the run before ({digest.run}) {''.join(words)}"


def _look_for_rejected(store: Readable, digest: Digest, since: datetime, history: History) -> bool:
    """Let a history of version 0.1 remember what could not be used; say whether every answer that may hold it is there.

    A run that could not use a row called itself incomplete.
    """
    intake, is_whole = Intake(), True
    for run in _reaching_back(store, digest, since):
        if run is None or not run.complete:
            is_whole &= _take_over(store, run, intake)
    history.set_aside(intake.tasks.rejected)
    return is_whole


def rebuild(store: Readable, digest: Digest, since: datetime) -> tuple[History, bool]:
    """Make a history anew from the stored answers of every run of the same scope that reaches back to a time.

    Returns:
        The history, and whether no answer and no digest was missing.
    """
    intake, is_whole = Intake(), True
    for run in _reaching_back(store, digest, since):
        is_whole &= _take_over(store, run, intake)
    return intake.tasks, is_whole


def _reaching_back(store: Readable, digest: Digest, since: datetime) -> Iterator[Digest | None]:
    """Hand out a run and those of its scope before it, back to a time; None for one that is missing or was changed.

    One that stands beside may have judged any time, and one of another scope, too: neither is where the way ends.
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
    """Take in the stored task pages of a run; say whether they are all there."""
    manifest = read_manifest(store, digest) if digest else None
    if digest is None or manifest is None:
        return False
    named = {item["sha256"] for item in manifest["pages"] if item["kind"] == Kind.TASKS}
    intake.turn_to(digest.run)
    for page in stored_pages(store, digest, Kind.TASKS):
        intake.accept(page)
        named.discard(sha256_of((page.body,)))
    return not named


def _window(values: Mapping[str, str] | None) -> Window | None:
    return Window(instant(values["since"]), instant(values["until"])) if values else None
