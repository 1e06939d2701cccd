"""Checks a fleet's chain without trusting it: every digest, every object, and that the roll-up follows from both.

The chains of the targets are checked as always, each by itself; here, the digest that a receipt names must be there.
"""

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from audit import __version__
from audit.errors import ChainError
from audit.evidence.chain import Digest, PublicKey, folder_of
from audit.evidence.publish import MANIFEST, REPORT
from audit.evidence.store import LATEST, InspectedStore
from audit.evidence.stored_runs import open_digest, read_hashed, read_listed, read_manifest
from audit.evidence.verify import Verification
from audit.evidence.verify.digests import check_chain, read_digests
from audit.evidence.verify.pointer import check_pointer, read_pointer
from audit.evidence.verify.result import Found
from audit.evidence.verify.runs import RUN_FOLDER
from audit.fleet.forms import SCOPE, Audited, Evidence, FleetManifest, FleetPlan, ReceiptSeal, Target
from audit.fleet.publication import (
    DISCOVERY,
    FLEET,
    PLAN,
    PROFILES,
    RECEIPTS,
    SEAL,
    FleetRun,
    former,
    manifest_of,
)
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from audit.report import INDEX
from audit.report.agreement import read_told
from audit.report.wording import count
from audit.unpacking import unpacked

_LARGEST_ANSWER: Final = 64 * 1024 * 1024
_MOVING: Final = frozenset({LATEST, INDEX})


def verify_fleet(
    store: InspectedStore,
    fleet: str,
    *,
    since: datetime | None = None,
    key: PublicKey | None = None,
    expected_head: str | None = None,
) -> Verification:
    """Check the chain of a fleet.

    Args:
        store: the store of the fleet.
        fleet: its name.
        since: the objects of runs that judged an earlier time may be gone; their digests are read.
        key: every digest must be signed with it.
        expected_head: the hash of a newest digest that was noted elsewhere.

    Raises:
        StoreError: the store cannot be read.
    """
    result = Verification(f"{SCOPE}{fleet}", has_key=key is not None)
    pointer = read_pointer(store, result)
    found = read_digests(store, result)
    check_chain(found, key, result)
    gone = {each.prefix for each in found if since and each.digest.until < since and _is_removed(store, each)}
    listed = {key for each in found if each.prefix not in gone for key in _check_run(store, each, gone, result)}
    if gone:
        result.unread += len(gone)
        result.notes.append(f"{count(len(gone), 'run')} before the given time removed; digests are all there")
    _check_unlisted(store, listed, found, result)
    if pointer:
        check_pointer(store, pointer, found, result)
    result.digests = len(found)
    if found:
        result.first, result.head, result.head_sha256 = found[0].digest, found[-1].digest, found[-1].sha256
    if expected_head is not None and expected_head not in {each.sha256 for each in found}:
        result.fault(
            folder_of(result.scope), f"the digest {expected_head} is not there: the end was cut off or changed"
        )
    return result


def targets_of(store: InspectedStore, digest: Digest) -> tuple[str, ...]:
    """Name the projects that a fleet run audited.

    Raises:
        ChainError: its roll-up cannot be read.
    """
    prefix = digest.manifest.object.removesuffix(f"/{MANIFEST}")
    data = read_hashed(store, f"{prefix}/{FLEET}", manifest_of(store, digest).hash_of(FLEET) or "")
    if data is None:
        raise ChainError(f"{prefix}/{FLEET} is missing or was changed")
    report = FleetReport.load(data, f"{prefix}/{FLEET}")
    return tuple(sorted({line.target.project_id for line in report.targets if line.audited}))


def _is_removed(store: InspectedStore, each: Found) -> bool:
    """Whether nothing is left of a run but its digest."""
    return not store.keys(each.prefix)


def _check_run(store: InspectedStore, each: Found, gone: Container[str], result: Verification) -> Iterator[str]:
    """Check one run, where others may be gone; yield the keys of its objects."""
    link, faults = each.digest.manifest, len(result.faults)
    yield link.object
    try:
        manifest = manifest_of(store, each.digest)
    except ChainError as error:
        result.fault(link.object, str(error).removeprefix(f"{link.object} "))
        yield from store.keys(each.prefix)
        return
    result.objects += 1
    said = (manifest.run, f"{SCOPE}{manifest.fleet}", manifest.as_of, manifest.conclusion, manifest.complete)
    digest = each.digest
    if said != (digest.run, digest.scope, digest.until, digest.conclusion, digest.complete):
        result.fault(link.object, "the manifest says something else of the run than its digest")
    objects = {}
    for listed in manifest.objects:
        key = f"{each.prefix}{listed.name}"
        yield key
        data = read_hashed(store, key, listed.sha256)
        if data is None or len(data) != listed.size:
            result.fault(key, "the object is missing or was changed")
            continue
        result.objects += 1
        result.size += len(data)
        objects[listed.name] = data
    if len(result.faults) == faults:
        try:
            _check_roll_up(store, each, gone, manifest, objects, result)
        except ChainError as error:
            result.fault(each.prefix, str(error))
    if len(result.faults) == faults:
        result.runs.append(digest)


def _check_roll_up(  # what was read so far
    store: InspectedStore,
    each: Found,
    gone: Container[str],
    manifest: FleetManifest,
    objects: dict[str, bytes],
    result: Verification,
) -> None:
    """Judge the fleet again from plan and receipts, and look for what they name.

    Raises:
        ChainError: an object that is needed is not there, or has no known form.
    """
    if missing := {PLAN, SEAL, FLEET} - objects.keys():
        raise ChainError(f"its manifest does not list {', '.join(sorted(missing))}")
    plan = FleetPlan.load(objects[PLAN], f"{each.prefix}{PLAN}")
    seal = ReceiptSeal.load(objects[SEAL], f"{each.prefix}{SEAL}")
    run = FleetRun(store, plan, hashlib.sha256(objects[PLAN]).hexdigest())
    if f"{plan.prefix}/" != each.prefix or seal.plan_sha256 != run.plan_sha256:
        raise ChainError("its plan is that of another run")
    if unlisted := [target for target in seal.receipts if f"{RECEIPTS}{target}.json" not in objects]:
        raise ChainError(f"its manifest does not list the receipts of {', '.join(unlisted)}")
    stored = FleetReport.load(objects[FLEET], f"{each.prefix}{FLEET}")
    is_alone = plan.previous is not None and f"{plan.previous.prefix}/" in gone
    before = FleetBefore() if is_alone else former(store, plan.previous)
    report = roll_up(plan, run.plan_sha256, run.counted(seal), before)
    if is_alone:
        result.notes.append(f"{each.prefix}{FLEET}: the run that it is compared with was removed; the rest was checked")
        report = _with_what_was_compared(report, stored)
    if (manifest.conclusion, manifest.complete) != (stored.conclusion, stored.complete) or not _follows(stored, report):
        result.fault(f"{each.prefix}{FLEET}", "the roll-up does not follow from plan and receipts")
    elif stored != report:
        words = f"version {plan.tool_version} of cbr-audit said the same in other words"
        result.notes.append(f"{each.prefix}{FLEET}: {words}")
    for profile in {target.profile_sha256 for target in plan.targets}:
        data = objects.get(f"{PROFILES}{profile}.json", b"")
        if hashlib.sha256(data).hexdigest() != profile:
            result.fault(f"{each.prefix}{PROFILES}{profile}.json", "it is not the profile that the plan names")
    _check_evidence(each, plan.discovery.evidence, objects, result)
    _check_targets(store, report, result)


def _with_what_was_compared(report: FleetReport, stored: FleetReport) -> FleetReport:
    """Take over from a stored roll-up what only the run before could tell."""
    news = {line.target.key: line.is_new for line in stored.targets}
    lines = (line.model_copy(update={"is_new": news.get(line.target.key, False)}) for line in report.targets)
    days = (*stored.days[:-1], *report.days)
    return report.model_copy(update={"gone": stored.gone, "days": days, "targets": tuple(lines)})


def _follows(stored: FleetReport, report: FleetReport) -> bool:
    """Whether a roll-up is the one that follows; another version may word reasons and doubts differently."""
    if stored.dump() == report.dump():
        return True
    return stored.tool_version != __version__ and _wordless(stored) == _wordless(report)


def _wordless(report: FleetReport) -> FleetReport:
    lines = tuple(line.model_copy(update={"reason": ""}) for line in report.targets)
    return report.model_copy(update={"doubts": ("",) * len(report.doubts), "targets": lines})


def _check_evidence(each: Found, evidence: Iterable[Evidence], objects: dict[str, bytes], result: Verification) -> None:
    for response in evidence:
        try:
            body = unpacked(objects.get(response.name, b""), _LARGEST_ANSWER)
        except ValueError:
            body = b""
        if hashlib.sha256(body).hexdigest() != response.sha256:
            result.fault(f"{each.prefix}{response.name}", "the response inside is not the one that the plan names")


def _check_targets(store: InspectedStore, report: FleetReport, result: Verification) -> None:
    """Check that the audits that the roll-up names are there and say what it says of them."""
    for line in report.targets:
        audited = line.audited
        if audited is None:
            continue
        digest = open_digest(store, audited.digest)
        if digest is None:
            result.fault(
                audited.digest.object, f"{line.target.called}: the digest of its audit is missing or was changed"
            )
        elif (digest.scope, digest.run, digest.conclusion, digest.complete, f"{audited.prefix}/{MANIFEST}") != (
            line.target.project_id,
            audited.run,
            audited.conclusion,
            audited.complete,
            digest.manifest.object,
        ):
            result.fault(audited.digest.object, f"{line.target.called}: its receipt says something else than its audit")
        elif digest.until != report.as_of:
            result.fault(
                audited.digest.object, f"{line.target.called}: its audit judged another time than the plan says"
            )
        else:
            for problem in _in_audit(store, digest, line.target, audited):
                result.fault(audited.digest.object, f"{line.target.called}: {problem}")


def _in_audit(store: InspectedStore, digest: Digest, target: Target, audited: Audited) -> Iterator[str]:
    """Say where an audit is not the planned one; what is missing or was changed, checking its own chain tells."""
    manifest = read_manifest(store, digest)
    if manifest is None:
        return
    if (manifest.run.region, manifest.run.profile_sha256) != (target.region, target.profile_sha256):
        yield "its audit was in another region, or by another profile, than the plan says"
    report = read_listed(store, manifest, audited.prefix, REPORT)
    if report is None:
        return
    with suppress(ValueError):
        told = read_told(report).summary
        if (Counter(told.outcomes), told.resources, told.resources_failing, told.problems) != (
            Counter(audited.findings),
            audited.resources,
            audited.failing,
            audited.problems,
        ):
            yield "its receipt has other counts than its report"


def _check_unlisted(store: InspectedStore, listed: set[str], found: Iterable[Found], result: Verification) -> None:
    """Check that every object of the fleet is listed, or belongs to a run without a digest."""
    committed = {each.prefix for each in found}
    begun: set[str] = set()
    digests = folder_of(result.scope)
    for key in store.keys(f"{result.scope}/"):
        name = key.removeprefix(f"{result.scope}/")
        if key in listed or key.startswith(digests) or name in _MOVING:
            continue
        folder = RUN_FOLDER.match(name)
        if folder and f"{result.scope}/{folder[0]}" not in committed:
            begun.add(folder[0].rstrip("/"))
        elif folder and name.removeprefix(folder[0]).startswith((RECEIPTS, DISCOVERY, PROFILES)):
            result.notes.append(f"{key}: it came after the receipts were sealed, and does not count")
        else:
            result.fault(key, "no manifest lists this object")
    result.notes += [f"{folder}: a fleet run that was begun and is not rolled up" for folder in sorted(begun)]
    for odd in store.oddities(f"{result.scope}/"):
        if odd.is_leftover:
            result.notes.append(f"{odd.place}: {odd.what}")
        else:
            result.fault(odd.place, f"{odd.what}: cbr-audit does not write such")
