"""Whether the objects of one run agree: digest, manifest, readings, pages and report.

Whoever can write to an unsigned store can hash a changed chain anew. What was changed in one place then still
contradicts the others, and no hash that was noted elsewhere is needed to see it.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
import orjson

from audit.clouds import HUAWEI
from audit.collection import EXPLAINING, Kind
from audit.errors import ChainError
from audit.evidence.chain import Digest, DigestKind
from audit.evidence.layout import SHARED
from audit.evidence.publish import MANIFEST, MANIFEST_VERSION, PROFILE, STORED_FINDINGS
from audit.evidence.read_forms import Manifest
from audit.evidence.requested import in_requests
from audit.report.agreement import contradictions, read_told, unequal
from audit.report.every_finding import every_finding

_NOT_REPORTED: Final = "read"


def in_manifest(digest: Digest, manifest: Manifest) -> Iterator[str]:
    """Yield, in words, where a manifest contradicts its digest or itself."""
    run, window = manifest.run, manifest.run.window
    seconds = (digest.digest_start_time, digest.digest_end_time)
    pairs: Mapping[str, tuple[object, object]] = {
        "run": (digest.run, run.id),
        "project": (digest.scope, run.project_id),
        "conclusion": (digest.conclusion, manifest.conclusion),
        "complete": (digest.complete, manifest.complete),
        "what-if": (digest.kind == DigestKind.WHAT_IF, run.what_if),
        "window": (seconds, tuple(int(end.timestamp()) for end in (window.since, window.until))),
        "place": (digest.manifest.object, f"{digest.scope}/{digest.until:%Y/%m/%d}/{run.id}/{MANIFEST}"),
        "date of the id": (f"{digest.until:%Y%m%dT%H%M%SZ}", run.id.partition("-")[0]),
    }
    for what, (told, known) in pairs.items():
        yield from unequal(what, {"digest": told, "manifest": known})
    yield from unequal("time of judgement", {"run": run.as_of, "window": window.until})
    stored = manifest.sha256_of(PROFILE)
    yield from unequal("profile", {"run": run.profile_sha256, "objects": stored or run.profile_sha256})
    if digest.kind in {DigestKind.NORMAL, DigestKind.EMPTY}:
        log = next((reading.distinct for reading in manifest.readings if reading.kind == Kind.TASKS), 0)
        yield from unequal("kind", {"digest": digest.kind, "manifest": DigestKind.NORMAL if log else DigestKind.EMPTY})
    yield from _in_objects(manifest)
    yield from _in_readings(manifest)


def _in_objects(manifest: Manifest) -> Iterator[str]:
    packed = {page.backups for page in manifest.pages if page.backups}
    needed = {*manifest.history, *packed, *(page.name for page in manifest.pages)}
    listed = Counter(each.name for each in manifest.objects)
    for name in sorted(needed - listed.keys()):
        yield f"the run needs {name}, which is not among its objects"
    for name in sorted(listed.keys() - needed):
        if name.startswith(SHARED):
            yield f"the run needs {name} for nothing, which is among its objects"
    for name, number in (listed + Counter(manifest.history)).items():
        if number > 1 + (name in manifest.history):
            yield f"{name} is named twice"


def _in_readings(manifest: Manifest) -> Iterator[str]:
    if manifest.schema_version >= MANIFEST_VERSION:
        yield from in_requests(manifest)
        if manifest.rejected is None:
            yield "it does not say how many rows were rejected"
    elif any(listed.name.startswith(SHARED) for listed in manifest.objects):
        yield "form: it says that it is of an earlier version, which shared no objects"
    stored = Counter(page.kind for page in manifest.pages)
    told: Counter[Kind] = Counter()
    for reading in manifest.readings:
        told[reading.kind] += reading.pages
        if manifest.complete and not reading.complete and reading.kind not in EXPLAINING:
            yield f"complete: the manifest says that it is, and that the {reading.words} has gaps"
    for kind in sorted(stored.keys() | told.keys()):
        yield from unequal(f"answers with {kind}", {"readings": told[kind], "pages": stored[kind]})


def in_report(manifest: Manifest, data: bytes) -> Iterator[str]:
    """Yield, in words, where a report.json contradicts the manifest of its run, or itself."""
    try:
        report = read_told(data)
    except ValueError as error:
        yield str(error)
        return
    told = {"what_if": False, "cloud": HUAWEI, **report.run}
    for name, value in msgspec.json.decode(msgspec.json.encode(manifest.run)).items():
        if name != _NOT_REPORTED:
            yield from unequal(name, {"manifest": value, "report": told.get(name)})
    if not report.has_every_finding and manifest.sha256_of(STORED_FINDINGS) is None:
        yield f"it leaves out what passed, and the manifest names no {STORED_FINDINGS}"
    collection = report.collection
    yield from unequal("conclusion", {"manifest": manifest.conclusion, "report": report.conclusion})
    yield from unequal("complete", {"manifest": manifest.complete, "report": collection.complete})
    if manifest.rejected is not None:
        yield from unequal("rejected rows", {"manifest": manifest.rejected, "report": collection.rejected})
    if manifest.readings != collection.readings:
        yield "its readings are not those of the manifest"
    yield from contradictions(report)


def in_findings(report: bytes, packed: bytes) -> Iterator[str]:
    """Yield, in words, where findings.ndjson.gz does not agree with a report.json that agrees with itself."""
    try:
        deque(every_finding(orjson.loads(report), packed), maxlen=0)
    except ValueError as error:
        yield str(error)


def demand(place: str, problems: Iterable[str]) -> None:
    """Refuse a report about which there are such problems.

    Raises:
        ChainError: there is one.
    """
    for problem in problems:
        raise ChainError(f"{place} contradicts its run or itself: {problem}; it was changed or forged")
