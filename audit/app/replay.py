"""Recomputing a report from the evidence of its run, offline: the same bytes, or an account of what differs."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from msgspec.structs import replace

from audit import __version__
from audit.answers.intake import Intake
from audit.answers.quick.packed_backups import pack
from audit.app.collect import things_of
from audit.app.read_again import is_as_read
from audit.app.run import assess
from audit.collection import ABOUT_ONE, Kind, Page
from audit.errors import ChainError
from audit.evidence.agreement import in_manifest, in_report
from audit.evidence.chain import Digest
from audit.evidence.layout import key_of
from audit.evidence.publish import PROFILE, REPORT, WATCHED, as_stored, sha256_of
from audit.evidence.read_forms import LARGEST_ANSWER, Manifest, Watched, read_form
from audit.evidence.retention import is_pruned
from audit.evidence.run_before import RunBefore, read_left
from audit.evidence.store import Store
from audit.evidence.stored_runs import (
    digest_of,
    history_names,
    lost_answers,
    needed_manifest,
    packed_backups,
    prefix_of,
    read_hashed,
    read_history,
    read_listed,
    repeated_pages,
    stored_page,
    stored_pages,
)
from audit.profile import Profile, build_profile, profile_changes
from audit.profile.applied import compares
from audit.report.baseline import Baseline
from audit.report.contents import Report
from audit.report.facts import RunFacts
from audit.report.formats import FORMATS, findings_report, json_report
from audit.report.former_report import former_lines, has_every_finding, in_present_form
from audit.unpacking import unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came out.

    Attributes:
        report: the report as it is recomputed.
        is_what_if: another profile was used, so that nothing can be compared byte by byte.
        identical: names of the objects whose bytes are the same.
        differing: names of the objects whose bytes differ.
        reasons: what can explain a difference, in words.
        tool_version: the version of cbr-audit that made the stored report.
    """

    report: Report
    is_what_if: bool
    identical: tuple[str, ...]
    differing: tuple[str, ...]
    reasons: tuple[str, ...]
    tool_version: str


def replay(
    store: Store, project_id: str, run_id: str, profile: Profile | None = None, *, reads_again: bool = True
) -> Replay:
    """Recompute the report of a run.

    Args:
        store: where the run lies.
        project_id: its project.
        run_id: the run.
        profile: another one than the run was judged by, as a what-if.
        reads_again: whether the requests, and how completely lists were read, must follow from the responses, too.

    Raises:
        StoreError: the run is not there, or its evidence is missing or was changed.
    """
    digest = digest_of(store, project_id, run_id)
    try:
        return _replay(store, digest, profile, reads_again=reads_again)
    except ChainError as error:
        if is_pruned(store, digest, datetime.now(UTC)):
            raise ChainError(
                f"{error}. The run is older than the retention that a profile sets or had set: it was pruned"
            ) from error
        raise


def _replay(store: Store, digest: Digest, profile: Profile | None, *, reads_again: bool) -> Replay:
    manifest = needed_manifest(store, digest)
    own = _profile(store, manifest, digest)
    used = profile or own
    before = _before(store, digest.scope, manifest, own)
    intake, packed = _taken(store, manifest, digest, before)
    if reads_again and manifest.tool_version == __version__:
        _check_requests(store, manifest, digest, before, intake, own.limits.max_backups_looked_at)
    intake.watched = _watched(store, manifest, digest)
    is_what_if = used.sha256 != own.sha256
    facts = _facts(manifest, used, before, is_what_if=is_what_if)
    history = {} if is_what_if else _history(store, manifest, digest, intake.tasks.pieces(since=facts.window.since))
    former = before.former(manifest.readings, intake) if before and compares(used) else None
    noted = [note for note in former.notes if note not in manifest.run.previous.notes] if former else []
    if noted:
        raise ChainError(noted[0])
    report = assess(facts, used, intake, manifest.readings, before, former)
    if is_what_if:
        return Replay(
            report=report, is_what_if=True, identical=(), differing=(), reasons=(), tool_version=manifest.tool_version
        )
    made: dict[str, str | None] = {
        **history,
        **packed,
        **dict(_rendered(report, {listed.name for listed in manifest.objects})),
    }
    stored = read_listed(store, manifest, prefix_of(digest), REPORT) or b""
    if _says_the_same(stored, report):
        made[REPORT] = manifest.sha256_of(REPORT)
    changed = tuple(name for name in made if _is_changed(store, manifest, digest, name))
    contradictions = in_report(manifest, stored)
    doubts = [*in_manifest(digest, manifest), *contradictions]
    return _compared(report, made, manifest, changed, doubts)


def _history(store: Store, manifest: Manifest, digest: Digest, pieces: Iterable[bytes]) -> Mapping[str, str | None]:
    """Name the objects of the history and their hashes; if together they say another thing, none has its hash."""
    stored = read_history(store, manifest, prefix_of(digest))
    made = sha256_of(pieces)
    is_same = stored is not None and sha256_of(stored.pieces()) == made
    return {name: manifest.sha256_of(name) if is_same else made for name in history_names(manifest)}


def _holds_backups(data: bytes, page: Page) -> bool:
    with suppress(ValueError):
        return unpacked(data, LARGEST_ANSWER) == pack(page)
    return False


def _is_changed(store: Store, manifest: Manifest, digest: Digest, name: str) -> bool:
    """Whether an object is missing or not the one that was published; one that never was published is not."""
    return manifest.sha256_of(name) is not None and read_listed(store, manifest, prefix_of(digest), name) is None


def _rendered(report: Report, stored: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and hash of each report that the run stored; versions before 0.3 gzipped none."""
    for name, pieces in FORMATS.items():
        key, data = as_stored(name, pieces(report))
        if key in stored:
            yield key, sha256_of(data)
        elif name in stored:
            yield name, sha256_of(pieces(report))


def _says_the_same(data: bytes, report: Report) -> bool:
    """Whether a report.json of an earlier form says what this report does, in other bytes."""
    try:
        stored = orjson.loads(data)
        return (
            has_every_finding(stored)
            and in_present_form(stored) == orjson.loads(json_report.render(report))
            and [*former_lines(stored)] == [*map(orjson.loads, findings_report.render(report).splitlines())]
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return False


def _compared(
    report: Report,
    made: Mapping[str, str | None],
    manifest: Manifest,
    changed: tuple[str, ...],
    doubts: Sequence[str],
) -> Replay:
    stored = {listed.name: listed.sha256 for listed in manifest.objects}
    compared = sorted(made.keys() & stored.keys())
    unlike = tuple(name for name in compared if made[name] != stored[name])
    differing = tuple(name for name in compared if name in unlike or name in changed)
    reasons = [f"{name} is missing or was changed after it was published" for name in changed]
    if unlike:
        reasons += _explained(manifest.tool_version, doubts)
    return Replay(
        report=report,
        is_what_if=False,
        identical=tuple(name for name in compared if name not in differing),
        differing=differing,
        reasons=tuple(reasons),
        tool_version=manifest.tool_version,
    )


def _explained(version: str, doubts: Sequence[str]) -> Iterator[str]:
    """Say what can explain other bytes, forgery first: whoever can write to an unsigned store can hash it anew."""
    if doubts:
        yield f"the run contradicts itself, so it was forged or damaged: {doubts[0]}"
        return
    yield (
        "the report may have been forged and the chain hashed anew: compare the head with one that was noted elsewhere "
        "(`cbr-audit verify --expect-head`), and check the signatures (--public-key)"
    )
    if version != __version__:
        yield f"or cbr-audit {version} judges otherwise: it made the report, and this is {__version__}"
    else:
        yield "if head and signatures are right, the same version gave other bytes: please report this"


def _facts(manifest: Manifest, profile: Profile, before: RunBefore | None, *, is_what_if: bool) -> RunFacts:
    run = manifest.run
    return RunFacts(
        id=run.id,
        as_of=run.as_of,
        window=run.window,
        read=run.read,
        project_id=run.project_id,
        cloud=run.cloud,
        account=run.account,
        region=run.region,
        enterprise_project_id=run.enterprise_project_id,
        tool_version=manifest.tool_version,
        profile_sha256=profile.sha256,
        timezone=profile.timezone,
        language=profile.language,
        previous=replace(
            before.recalled if before else Baseline(),
            trouble=run.previous.trouble,
            is_lost=run.previous.is_lost,
            notes=run.previous.notes,
        ),
        origin=manifest.origin,
        is_what_if=is_what_if or run.what_if,
        profile_changes=profile_changes(before.profile, profile) if before else (),
    )


def _profile(store: Store, manifest: Manifest, digest: Digest) -> Profile:
    data = read_listed(store, manifest, prefix_of(digest), PROFILE)
    if data is None:
        raise ChainError(f"{prefix_of(digest)}/{PROFILE} is missing or was changed")
    key = f"{prefix_of(digest)}/{PROFILE}"
    return build_profile(read_form(data, key, dict[str, Any]), key)


def _watched(store: Store, manifest: Manifest, digest: Digest) -> frozenset[str] | None:
    """Read what the run saw of the watch, if it looked."""
    key = f"{prefix_of(digest)}/{WATCHED}"
    if manifest.sha256_of(WATCHED) is None:
        return None
    data = read_listed(store, manifest, prefix_of(digest), WATCHED)
    if data is None:
        raise ChainError(f"{key} is missing or was changed")
    return read_form(data, key, Watched).traces


def _before(store: Store, project_id: str, manifest: Manifest, profile: Profile) -> RunBefore | None:
    """Read what the run took over, as it was then."""
    origin = manifest.origin
    if origin is None:
        return None
    digest = digest_of(store, project_id, origin.run)
    before = read_left(store, digest, manifest.run.as_of - profile.remembered)
    if before is None or before.manifest_sha256 != origin.manifest_sha256:
        raise ChainError(f"the run before ({origin.run}) is missing or was changed")
    if before.covered is None and not manifest.run.previous.notes and needed_manifest(store, digest).covered:
        raise ChainError("; ".join(before.recalled.notes))
    if before.recalled.trouble and not manifest.run.previous.trouble:
        raise ChainError(f"{before.recalled.trouble}; the run took over what it said")
    return before


def _check_requests(
    store: Store, manifest: Manifest, digest: Digest, before: RunBefore | None, intake: Intake, most: int
) -> None:
    """Check that the requests of a run are those to which its responses came."""
    read = partial(stored_page, store, prefix_of(digest))
    if not is_as_read(manifest, read, before, partial(things_of, intake=intake, most=most)):
        raise ChainError(
            f"{digest.manifest.object} names other requests, or says that lists were read more or less completely, "
            "than its responses show; it was changed or forged"
        )


def _taken(
    store: Store, manifest: Manifest, digest: Digest, before: RunBefore | None
) -> tuple[Intake, Mapping[str, str | None]]:
    """Read every response anew; also name the objects with packed backups, and their hashes where they are right."""
    intake = Intake(before.history if before else None, digest.run, manifest.run.read)
    packed, names = dict[str, str | None](), packed_backups(manifest)
    for page in stored_pages(store, digest, *Kind):
        intake.accept(page)
        if listed := names.get(page.sha256):
            data = read_hashed(store, key_of(prefix_of(digest), listed.name), listed.sha256)
            packed[listed.name] = listed.sha256 if data and _holds_backups(data, page) else None
    expected = len({page.sha256 for page in manifest.pages})
    if intake.pages != expected:
        objects = ", ".join(lost_answers(store, manifest, prefix_of(digest), *Kind))
        raise ChainError(
            f"{expected - intake.pages} of {expected} stored answers are missing or were changed: {objects}; "
            "`cbr-audit verify` names every run that needs them"
        )
    for page in repeated_pages(store, digest, *ABOUT_ONE):
        intake.accept(page, is_new=False)
    return intake, packed
