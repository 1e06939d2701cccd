"""OBS, or any other S3 store, as a store: objects under a prefix of one bucket.

OBS does not promise a write that fails if the object exists. Therefore the store looks for an object before it creates
it, and again before it retries the write. Keys of runs contain a random part, so two runs never write the same key.
"""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import requests
from msgspec import Struct

from audit.cloud.http.answer import Answer
from audit.cloud.http.transport import Credentials, Transport
from audit.cloud.permissions import StoreActions
from audit.errors import StoreError, StoreRefusedError, StoreUnreachableError
from audit.evidence.layout import NEEDED_LONGER, hash_in
from audit.evidence.store.buffered_object import Data, in_parts
from audit.evidence.store.keys import Oddity, checked, is_key, largest
from audit.evidence.store.obs_dialect import NO_SUCH_KEY
from audit.evidence.store.obs_place import BucketPlace
from audit.evidence.store.plain_xml import XmlError, root_of, texts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

GET: Final = "obs:object:GetObject"
PUT: Final = "obs:object:PutObject"
DELETE: Final = "obs:object:DeleteObject"
LIST: Final = "obs:bucket:ListBucket"
LOOK: Final = f"{GET} (and {LIST}, without which OBS does not tell what is not there)"
LOCK: Final = "obs:object:PutObjectRetention"
_OBJECTS: Final = "Contents/Key"
_FOLDERS: Final = "CommonPrefixes/Prefix"
_TYPES: Final = {
    ".json": "application/json",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}


class Seal(Struct, frozen=True):
    """How objects are protected: the KMS key that encrypts them, and the days for which those of a run are locked."""

    kms_key: str | None = None
    lock_days: int | None = None

    def headers(self, key: str, *, lock: bool) -> dict[str, str]:
        """The headers of a write; an object that runs share is locked until the last of them is free."""
        found = {}
        if self.kms_key:
            found["x-amz-server-side-encryption"] = "aws:kms"
            found["x-amz-server-side-encryption-aws-kms-key-id"] = self.kms_key
        if lock and self.lock_days:
            longer = NEEDED_LONGER if hash_in(key) else timedelta()
            until = datetime.now(UTC) + timedelta(days=self.lock_days) + longer
            found["x-amz-object-lock-mode"] = "COMPLIANCE"
            found["x-amz-object-lock-retain-until-date"] = f"{until:%Y-%m-%dT%H:%M:%SZ}"
        return found


class Obs:
    """Keeps objects in a bucket."""

    def __init__(
        self, place: BucketPlace, transport: Transport, credentials: Credentials, seal: Seal | None = None
    ) -> None:
        """Store the place and the transport; nothing is sent yet."""
        self._place = place
        self._transport = transport
        self._credentials = credentials
        self._seal = seal or Seal()
        self._creating = threading.Lock()

    @property
    def url(self) -> str:
        """The address of the store."""
        return self._place.url

    @property
    def actions(self) -> StoreActions:
        """What IAM must allow."""
        return StoreActions(PUT, GET, LIST, DELETE)

    def create(self, key: str, data: Data) -> None:
        """Write an object that must not exist yet; writing the same bytes again is not an error.

        Raises:
            StoreError: another object has the key, or writing failed.
        """
        with self._creating:  # in this process; a bucket has no lock
            if not (self._is_there(key) and self._same(key, data)):
                action = f"{PUT} and {LOCK}" if self._seal.lock_days else PUT
                self._write(key, data, self._seal.headers(key, lock=True), action, lambda: self._same(key, data))

    def replace(self, key: str, data: Data) -> None:
        """Write an object, or replace it; it is not locked.

        Raises:
            StoreError: writing failed.
        """
        self._write(key, data, self._seal.headers(key, lock=False), PUT, lambda: self.read(key) == data)

    def read(self, key: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            ChainError: it is larger than it may be.
            StoreError: it is not known whether the object exists, or it cannot be read.
        """
        try:
            return self._ask("GET", key, LOOK).body
        except StoreRefusedError as refusal:
            if refusal.code == NO_SUCH_KEY:
                return None
            raise

    def projects(self) -> tuple[str, ...]:
        """List the projects that have a run here, as their pointer or their digests say.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return tuple(name for name in sorted(self._top(_FOLDERS)) if self._has_runs(name))

    def _has_runs(self, project: str) -> bool:
        if self._is_there(f"{project}/latest.json"):
            return True
        return bool(texts(next(self._pages(f"{project}/digest/")), _OBJECTS))

    def remove(self, key: str) -> None:
        """Remove an object: that of a test, or one that `cbr-audit prune` removes.

        Raises:
            StoreError: it cannot be removed.
        """
        self._ask("DELETE", key, DELETE)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List every object whose key starts with a prefix, in order.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return tuple(name for name in self._names(prefix) if is_key(name))

    def oddities(self, prefix: str) -> tuple[Oddity, ...]:
        """List what is below a prefix and is no object, in order.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return tuple(Oddity(name, "a name that no object has") for name in self._names(prefix) if not is_key(name))

    def beside(self) -> tuple[Oddity, ...]:
        """List what is at the top and belongs to no project, in order.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        files = [Oddity(name, "an object that belongs to no project") for name in self._top(_OBJECTS)]
        others = self._top(_FOLDERS) - {*self.projects()}
        return tuple(sorted((*files, *(Oddity(name, "a folder that belongs to no project") for name in others))))

    def _names(self, prefix: str) -> list[str]:
        found = (name for page in self._pages(prefix) for name in texts(page, _OBJECTS))
        return sorted(name.removeprefix(self._place.prefix) for name in found)

    def _top(self, kind: str) -> set[str]:
        """Return the names at the top: of objects, or the first parts of all other keys."""
        names = {name for page in self._pages("", delimiter="/") for name in texts(page, kind)}
        return {name.removeprefix(self._place.prefix).rstrip("/") for name in names} - {""}

    def _pages(self, prefix: str, **more: str) -> Iterator["Element"]:
        """List the bucket page by page; each page starts after the last name of the previous one."""
        marker = ""
        while True:
            params = {"prefix": f"{self._place.prefix}{prefix}", "marker": marker, "max-keys": "1000", **more}
            request = requests.Request("GET", f"{self._place.base}/", params=params)
            try:
                page = root_of(self._transport.ask(request, self._credentials, action=LIST).body, "ListBucketResult")
            except XmlError as error:
                raise StoreError(f"{self.url} was listed in a form that cannot be read: {error}") from error
            yield page
            goes_on = texts(page, "IsTruncated")
            if goes_on == ["false"]:
                return
            if goes_on != ["true"]:
                raise StoreError(f"{self.url} was listed without saying whether that is all (IsTruncated)")
            named = [*texts(page, _OBJECTS), *texts(page, _FOLDERS)]
            last, marker = marker, "".join(texts(page, "NextMarker")) or max(named, default="")
            if marker <= last:
                raise StoreError(f"{self.url} was listed in part: the list goes on, and begins again where it was")

    def _is_there(self, key: str) -> bool:
        """Whether an object exists, without reading it."""
        try:
            self._ask("HEAD", key, LOOK)
        except StoreUnreachableError:
            raise
        except StoreError as error:
            if isinstance(error, StoreRefusedError) and error.status == HTTPStatus.NOT_FOUND:
                return False  # or there is no bucket; the write will report that
            return self.read(key) is not None  # the response to HEAD has no body with the reason
        return True

    def _same(self, key: str, data: Data) -> bool:
        """Whether these bytes are already there; other bytes are an error."""
        known = self.read(key)
        if known is not None and known != data:
            raise StoreError(f"{self.url}/{key} exists already with other contents; nothing published is overwritten")
        return known is not None

    def _write(self, key: str, data: Data, headers: dict[str, str], action: str, arrived: Callable[[], bool]) -> None:
        digest = hashlib.md5(usedforsecurity=False)
        for part in in_parts(data):
            digest.update(part)
        kind = next((kind for end, kind in _TYPES.items() if key.endswith(end)), "application/octet-stream")
        headers = {"Content-MD5": base64.b64encode(digest.digest()).decode(), "Content-Type": kind, **headers}
        there = Answer(b"", {})
        self._transport.ask(
            self._request("PUT", key, data=data, headers=headers),
            self._credentials,
            action=action,
            arrived=lambda: there if arrived() else None,
            is_whole=lambda answer: self._has(key, len(data), digest.hexdigest(), answer),
        )

    def _has(self, key: str, size: int, md5: str, answer: Answer) -> bool:
        """Whether the store has what was written, whoever answered; an encrypted object has an ETag of its own."""
        if answer.headers.get("ETag", "").strip('"') == md5:
            return True
        try:
            found = self._ask("HEAD", key, LOOK).headers
        except StoreRefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return "ETag" in found and found.get("Content-Length") == str(size)

    def _ask(self, method: str, key: str, action: str) -> Answer:
        return self._transport.ask(self._request(method, key), self._credentials, action=action, most=largest(key))

    def _request(
        self, method: str, key: str, *, data: Data | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Request:
        url = f"{self._place.base}/{self._place.prefix}{checked(key)}"
        plain = {"Accept-Encoding": "identity", **(headers or {})}
        return requests.Request(method, url, data=data, headers=plain)
