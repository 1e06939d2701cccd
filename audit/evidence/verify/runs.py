"""Checks the runs that digests commit: each manifest, the run that it continues, and every object that it lists."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Final, NamedTuple

from audit.errors import ChainError
from audit.evidence.agreement import in_findings, in_manifest, in_report
from audit.evidence.chain import Digest
from audit.evidence.layout import SHARED, hash_in, key_of
from audit.evidence.publish import MANIFEST, REPORT, STORED_FINDINGS
from audit.evidence.read_forms import LARGEST_ANSWER, Manifest, read_form
from audit.evidence.retention import Kept, ever_kept, kept_since
from audit.evidence.store import Store
from audit.evidence.stored_runs import prefix_of
from audit.evidence.verify.result import Found, Verification
from audit.report.facts import Origin
from audit.unpacking import unpacked

_MISSING: Final = "the object is missing"
RUN_FOLDER: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/")


class _Claim(NamedTuple):
    """What a manifest says of an object: its size, its hash, and the sizes and hashes of the response that it holds."""

    size: int
    sha256: str
    responses: frozenset[tuple[int, str]]


class RunChecks:
    """Checks run after run, and remembers what their manifests list."""

    def __init__(self, store: Store, found: Sequence[Found], result: Verification) -> None:
        """Store the arguments, and read what the profile lets go."""
        self._store = store
        self._result = result
        self._found = found
        self._published = {(each.digest.run, each.digest.manifest.object): each for each in found}
        self._shared: defaultdict[str, defaultdict[_Claim, list[Digest]]] = defaultdict(partial(defaultdict, list))
        self._now = datetime.now(UTC)
        self._kept = kept_since(store, [each.digest for each in found], self._now)
        self._gone = 0

    def check(self, since: datetime | None, until: datetime | None) -> set[str]:
        """Check every run, and return the keys of all objects that belong to one."""
        listed: set[str] = set()
        sound: list[Digest] = []
        for each in self._found:
            if each.prefix in self._result.passed_over:
                continue
            is_early = since is not None and each.digest.until < since
            is_asked = not is_early and (until is None or each.digest.until <= until)
            faults = len(self._result.faults)
            listed |= self._check_run(each, is_asked=is_asked, is_early=is_early)
            if is_asked and len(self._result.faults) == faults:
                sound.append(each.digest)
        unsound = self._check_shared() | self._result.pruned
        self._result.runs += [digest for digest in sound if digest.run not in unsound]
        self._note_removed()
        return listed

    @cached_property
    def _ever_kept(self) -> Kept:
        return ever_kept(self._store, [each.digest for each in self._found], self._now)

    def _may_be_gone(self, digest: Digest, name: str) -> bool:
        """Whether the profile of the newest run lets an object go, or that of an earlier one did."""
        return self._kept.lets_go(digest, name) or self._ever_kept.lets_go(digest, name)

    def _note_removed(self) -> None:
        result = self._result
        if self._gone:
            result.notes.append(
                f"{self._gone:,} runs before the given time were removed; their digests are still there"
            )
        if result.pruned:
            result.notes.append(
                f"{len(result.pruned):,} runs were pruned: they are older than the retention that a profile sets or "
                "had set; their digests are still there"
            )

    def _check_run(self, each: Found, *, is_asked: bool, is_early: bool) -> set[str]:
        """Check the manifest of a run and every object that it lists; return their keys."""
        link = each.digest.manifest
        try:
            data = self._store.read(link.object)
        except ChainError as error:
            self._result.fault(link.object, str(error))
            return {link.object} | set(self._store.keys(each.prefix))
        is_in_place = RUN_FOLDER.fullmatch(each.prefix.removeprefix(f"{self._result.scope}/"))
        if data is None and is_in_place and (is_early or self._may_be_gone(each.digest, MANIFEST)):
            return self._left(each, is_early=is_early)
        if data is None or hashlib.sha256(data).hexdigest() != link.sha256:
            state = "is missing" if data is None else "was changed"
            self._result.fault(link.object, f"the manifest {state}; {each.key} names it")
            return {link.object} | set(self._store.keys(each.prefix))
        self._result.objects += 1
        self._result.size += len(data)
        self._result.unread += not is_asked
        try:
            manifest = read_form(data, link.object, Manifest)
        except ChainError as error:
            self._result.fault(link.object, f"the manifest {str(error).removeprefix(f'{link.object} ')}")
            return {link.object}
        self._fault_all(link.object, in_manifest(each.digest, manifest))
        self._check_origin(each, manifest.origin)
        self._result.notes += [f"{link.object}: {note}" for note in manifest.run.previous.notes]
        return {link.object} | self._check_objects(each, manifest, is_asked=is_asked)

    def _left(self, each: Found, *, is_early: bool) -> set[str]:
        """Return the keys of what is left of a run whose manifest was removed."""
        self._gone += is_early
        self._result.unread += is_early
        if not is_early:
            self._result.pruned.add(each.digest.run)
        left = set(self._store.keys(each.prefix))
        if left:
            trouble = (
                f"its manifest was removed, and {len(left):,} objects are left that nothing can be checked against"
            )
            self._result.notes.append(f"{each.prefix}: {trouble}")
        return left

    def _check_origin(self, each: Found, origin: Origin | None) -> None:
        """Check that the run that a manifest continues is an earlier one of the chain."""
        if origin is None or f"{origin.prefix}/" in self._result.passed_over:
            return
        named = self._published.get((origin.run, f"{origin.prefix}/{MANIFEST}"))
        if (
            named is None
            or named.digest.seq >= each.digest.seq
            or named.digest.manifest.sha256 != origin.manifest_sha256
        ):
            self._result.fault(
                each.digest.manifest.object, f"it continues a run that is not in the chain: {origin.run}"
            )

    def _check_objects(self, each: Found, manifest: Manifest, *, is_asked: bool) -> set[str]:
        """Check the objects that only this run has, and note those that others may share; return the keys of all."""
        responses: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        for page in manifest.pages:
            responses[page.name].add((page.size, page.sha256))
        keys = {listed.name: key_of(prefix_of(each.digest), listed.name) for listed in manifest.objects}
        sound: dict[str, bytes] = {}
        for listed in manifest.objects if is_asked else ():
            key, claim = keys[listed.name], _Claim(listed.size, listed.sha256, frozenset(responses[listed.name]))
            if listed.name.startswith(SHARED):
                self._shared[key][claim].append(each.digest)
                continue
            found = self._read(key)
            if found == _MISSING and self._may_be_gone(each.digest, listed.name):
                self._result.pruned.add(each.digest.run)
                continue
            data = self._checked(key, found, claim)
            if data is not None and listed.name in {REPORT, STORED_FINDINGS}:
                sound[listed.name] = data
        self._check_findings(each, manifest, sound)
        return {*keys.values()}

    def _check_findings(self, each: Found, manifest: Manifest, sound: Mapping[str, bytes]) -> None:
        """Check what a run says by the manifest, and every finding by the report."""
        if (report := sound.get(REPORT)) is None:
            return
        problems = [*in_report(manifest, report)]
        self._fault_all(f"{each.prefix}{REPORT}", problems)
        if not problems and STORED_FINDINGS in sound:
            self._fault_all(f"{each.prefix}{STORED_FINDINGS}", in_findings(report, sound[STORED_FINDINGS]))

    def _check_shared(self) -> set[str]:
        """Check each object that runs share once; name and return all runs that need one that is not as published."""
        unsound: set[str] = set()
        for key, claims in self._shared.items():
            data = self._read(key)
            for claim, digests in claims.items():
                kept = [digest.run for digest in digests if self._kept.has_evidence(digest)]
                runs = kept or [digest.run for digest in digests]
                if data == _MISSING and all(self._may_be_gone(digest, SHARED) for digest in digests):
                    self._result.pruned.update(runs)
                    continue
                needed = f"; needed by {', '.join(runs)}"
                if claim.sha256 != hash_in(key):
                    self._result.fault(key, f"its name is not its hash{needed}")
                    unsound |= {*runs}
                elif self._checked(key, data, claim, needed) is None:
                    unsound |= {*runs}
        return unsound

    def _read(self, key: str) -> bytes | str:
        """Read and count an object, or say why that is not possible."""
        try:
            data = self._store.read(key)
        except ChainError as error:
            return str(error)
        if data is None:
            return _MISSING
        self._result.objects += 1
        self._result.size += len(data)
        return data

    def _checked(self, key: str, data: bytes | str, claim: _Claim, needed: str = "") -> bytes | None:
        """Return the bytes of an object if they are those that were published."""
        if isinstance(data, str):
            problem = data
        elif (len(data), hashlib.sha256(data).hexdigest()) != (claim.size, claim.sha256):
            problem = "the object was changed"
        elif claim.responses - {_response_in(data)}:
            problem = "the response inside is not the one that the manifest names"
        else:
            return data
        self._result.fault(key, f"{problem}{needed}")
        return None

    def _fault_all(self, key: str, problems: Iterable[str]) -> None:
        for problem in problems:
            self._result.fault(key, problem)


def _response_in(data: bytes) -> tuple[int, str]:
    try:
        body = unpacked(data, LARGEST_ANSWER)
    except ValueError:
        return 0, ""
    return len(body), hashlib.sha256(body).hexdigest()
