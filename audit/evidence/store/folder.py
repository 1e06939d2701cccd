"""A local folder as a store."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from audit.cloud.permissions import StoreActions
from audit.errors import StoreError
from audit.evidence.store.buffered_object import Data, in_parts

_TEMPORARY: Final = re.compile(r"\.[0-9a-f]{16}")


class Folder:
    """Keeps objects as files; a file gets its name only when it is complete and on disk."""

    def __init__(self, root: Path) -> None:
        """Store the path of the folder; it is created with the first object."""
        self._root = root
        self._made: list[Path] = []

    @property
    def url(self) -> str:
        """The address of the store."""
        return self._root.absolute().as_uri()

    @property
    def actions(self) -> StoreActions:
        """IAM has no say here."""
        return StoreActions()

    def create(self, key: str, data: Data) -> None:
        """Write an object that must not exist yet; writing the same bytes again is not an error.

        Raises:
            StoreError: another object has the key, or the folder is not writable.
        """
        path = self._root / key
        is_same = _holds(path, data)
        if is_same is None:
            self._write(path, data, _put_new)
            is_same = _holds(path, data)  # another run may have been faster
        if not is_same:
            raise StoreError(f"{path} exists already with other contents; nothing published is overwritten")

    def replace(self, key: str, data: Data) -> None:
        """Write an object, or replace it.

        Raises:
            StoreError: the folder is not writable.
        """
        self._write(self._root / key, data, Path.replace)

    def read(self, key: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            StoreError: the file exists but cannot be read.
        """
        path = self._root / key
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List every object whose key starts with a prefix, in order; leftovers of interrupted writes are not objects.

        Raises:
            StoreError: the folder cannot be read.
        """
        walk = os.walk(self._root / prefix.rpartition("/")[0], onerror=_unless_gone)
        paths = (Path(parent, name) for parent, _, names in walk for name in names if not _TEMPORARY.fullmatch(name))
        keys = [path.relative_to(self._root).as_posix() for path in paths if path.is_file()]
        return tuple(sorted(key for key in keys if key.startswith(prefix)))

    def projects(self) -> tuple[str, ...]:
        """List the projects that have a report here."""
        return tuple(sorted(path.parent.name for path in self._root.glob("*/latest.json")))

    def remove(self, key: str) -> None:
        """Remove a test object, and the folders that were created for it.

        Raises:
            StoreError: it cannot be removed.
        """
        path = self._root / key
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot remove {path}: {error.strerror}") from error
        while self._made:
            with suppress(OSError):  # something else is in it
                self._made.pop().rmdir()

    def _write(self, path: Path, data: Data, put: Callable[[Path, Path], object]) -> None:
        try:
            self._make(path.parent)
            temporary = path.with_name(f".{secrets.token_hex(8)}")
            try:
                with temporary.open("xb") as file:
                    file.writelines(in_parts(data))
                    file.flush()
                    os.fsync(file.fileno())
                put(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
            _sync(path.parent)
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; check that the folder exists and may be written"
            ) from error

    def _make(self, folder: Path) -> None:
        """Create a folder and its parents so that they survive a power cut."""
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            self._made.append(folder)
            _sync(folder.parent)


def _holds(path: Path, data: Data) -> bool | None:
    """Whether a file has these bytes, or None if there is none; both may be large."""
    try:
        with path.open("rb") as file:
            return all(file.read(len(part)) == part for part in in_parts(data)) and not file.read(1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


def _put_new(temporary: Path, path: Path) -> None:
    """Give a file its name unless that exists; a plain rename would overwrite it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links, such as a mounted bucket
        temporary.rename(path)


def _sync(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unless_gone(error: OSError) -> None:
    """A folder that is not there holds nothing; one that cannot be read may hold anything."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise StoreError(f"cannot read {error.filename}: {error.strerror}") from error
