"""Checks the runs that digests commit: each manifest, the run that it continues, and every object that it lists."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from audit.errors import ChainError
from audit.evidence.agreement import in_manifest, in_report
from audit.evidence.publish import MANIFEST, REPORT
from audit.evidence.read_forms import LARGEST_ANSWER, ListedObject, Manifest, read_form
from audit.evidence.store import Store
from audit.evidence.verify.result import Found, Verification
from audit.report.facts import Origin
from audit.unpacking import unpacked

RUN_FOLDER: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/")


class RunChecks:
    """Checks run after run, and remembers what their manifests list."""

    def __init__(self, store: Store, found: Sequence[Found], result: Verification) -> None:
        """Store the arguments; nothing is read yet."""
        self._store = store
        self._result = result
        self._found = found
        self._published = {(each.digest.run, each.digest.manifest.object): each for each in found}
        self._gone = 0

    def check(self, since: datetime | None, until: datetime | None) -> set[str]:
        """Check every run, and return the keys of all objects that belong to one."""
        listed: set[str] = set()
        for each in self._found:
            is_early = since is not None and each.digest.until < since
            is_asked = not is_early and (until is None or each.digest.until <= until)
            faults = len(self._result.faults)
            listed |= self._check_run(each, is_asked=is_asked, may_be_gone=is_early)
            if is_asked and len(self._result.faults) == faults:
                self._result.runs.append(each.digest)
        if self._gone:
            self._result.notes.append(
                f"{self._gone:,} runs before the given time were removed; their digests are still there"
            )
        return listed

    def _check_run(self, each: Found, *, is_asked: bool, may_be_gone: bool) -> set[str]:
        """Check the manifest of a run and every object that it lists; return their keys."""
        link = each.digest.manifest
        try:
            data = self._store.read(link.object)
        except ChainError as error:
            self._result.fault(link.object, str(error))
            return {link.object} | set(self._store.keys(each.prefix))
        if data is None and may_be_gone and RUN_FOLDER.fullmatch(each.prefix.removeprefix(f"{self._result.scope}/")):
            return self._left(each)
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
        return {link.object} | self._check_objects(manifest, each.prefix, is_asked=is_asked)

    def _left(self, each: Found) -> set[str]:
        """Return the keys of what is left of a run whose manifest was removed."""
        self._gone += 1
        self._result.unread += 1
        left = set(self._store.keys(each.prefix))
        if left:
            trouble = (
                f"its manifest was removed, and {len(left):,} objects are left that nothing can be checked against"
            )
            self._result.notes.append(f"{each.prefix}: {trouble}")
        return left

    def _check_origin(self, each: Found, origin: Origin | None) -> None:
        """Check that the run that a manifest continues is an earlier one of the chain."""
        if origin is None:
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

    def _check_objects(self, manifest: Manifest, prefix: str, *, is_asked: bool) -> set[str]:
        """Check the objects that a manifest lists; return their keys."""
        pages = defaultdict(list)
        for page in manifest.pages:
            pages[page.name].append(page.sha256)
        for listed in manifest.objects if is_asked else ():
            data = self._check_object(f"{prefix}{listed.name}", listed, pages.get(listed.name, ()))
            if data is not None and listed.name == REPORT:
                self._fault_all(f"{prefix}{REPORT}", in_report(manifest, data))
        return {f"{prefix}{listed.name}" for listed in manifest.objects}

    def _check_object(self, key: str, listed: ListedObject, bodies: Iterable[str]) -> bytes | None:
        """Check one object; return its bytes if they are those that were published."""
        try:
            data = self._store.read(key)
        except ChainError as error:
            self._result.fault(key, str(error))
            return None
        if data is None:
            self._result.fault(key, "the object is missing")
            return None
        self._result.objects += 1
        self._result.size += len(data)
        if (len(data), hashlib.sha256(data).hexdigest()) != (listed.size, listed.sha256):
            self._result.fault(key, "the object was changed")
            return None
        if any(body != _body_hash(data) for body in bodies):
            self._result.fault(key, "the response inside is not the one that the manifest names")
        return data

    def _fault_all(self, key: str, problems: Iterable[str]) -> None:
        for problem in problems:
            self._result.fault(key, problem)


def _body_hash(data: bytes) -> str:
    try:
        return hashlib.sha256(unpacked(data, LARGEST_ANSWER)).hexdigest()
    except ValueError:
        return ""
