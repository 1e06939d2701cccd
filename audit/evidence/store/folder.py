"""A local folder as a store.

Whoever can write to it may have put anything there. Therefore only regular files are opened, and nothing is read or
written through a link below the root.
"""

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from audit.cloud.permissions import StoreActions
from audit.errors import ChainError, StoreError
from audit.evidence.store.buffered_object import Data, in_parts
from audit.evidence.store.keys import TOO_LARGE, UNFINISHED, Oddity, checked, is_key, largest

_TEMPORARY: Final = re.compile(rf"{re.escape(UNFINISHED)}/[0-9a-f]{{16}}|(.+/)?\.[0-9a-f]{{16}}")  # the latter of 0.1
_SURELY_LEFT: Final = 24 * 3600  # seconds after which no run is still writing
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # opening a pipe would wait for a writer
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NOT_FILES: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO})  # a link, below a link, a socket
_NO_OBJECT: Final = "{path} is a link, lies below one, or is no file: put the file that was published there"
_T = TypeVar("_T")


class Folder:
    """Keeps objects as files; a file gets its name only when it is complete and on disk."""

    def __init__(self, root: Path, *, is_private: bool = True) -> None:
        """Store the path of the folder; it is created with the first object.

        Args:
            root: its path.
            is_private: whether what is created is for the owner only; otherwise, the umask decides.
        """
        self._root = root
        self._withheld = 0o077 if is_private else 0  # the umask withholds more
        self._made: list[Path] = []
        self._is_tidy = False

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
        is_same = self._with_file(key, lambda file: _compare(file, data))
        if is_same is None:
            self._write(key, data, _put_new)
            is_same = self._with_file(key, lambda file: _compare(file, data))  # another run may have been faster
        if not is_same:
            raise StoreError(f"{self._root / key} exists already with other contents; nothing published is overwritten")

    def replace(self, key: str, data: Data) -> None:
        """Write an object, or replace it.

        Raises:
            StoreError: the folder is not writable.
        """
        self._write(key, data, _put)

    def read(self, key: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            ChainError: it is no regular file, lies below a link, or is larger than it may be.
            StoreError: the file exists but cannot be read.
        """
        return self._with_file(key, lambda file: self._read(file, key))

    def _read(self, file: BinaryIO, key: str) -> bytes:
        size, most = os.fstat(file.fileno()).st_size, largest(key)
        if size > most:
            raise ChainError(TOO_LARGE.format(place=self._root / key, size=size, most=most))
        return file.read(size)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List every object whose key starts with a prefix, in order.

        Raises:
            StoreError: the folder cannot be read.
        """
        return tuple(sorted(name for name, entry in self._entries(prefix) if _oddity(name, entry) is None))

    def oddities(self, prefix: str) -> tuple[Oddity, ...]:
        """List what is below a prefix and is no object, in order.

        Raises:
            StoreError: the folder cannot be read.
        """
        return tuple(sorted(odd for name, entry in self._entries(prefix) if (odd := _oddity(name, entry))))

    def beside(self) -> tuple[Oddity, ...]:
        """List what is at the top and belongs to no project, in order.

        Raises:
            StoreError: the folder cannot be read.
        """
        known = {*self.projects(), UNFINISHED}
        try:
            with os.scandir(self._root) as found:
                return tuple(sorted(_beside(entry) for entry in found if entry.name not in known))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreError(f"cannot read {self._root}: {error.strerror}") from error

    def projects(self) -> tuple[str, ...]:
        """List the projects that have a run here, as their pointer or their digests say."""
        pointers, digests = self._root.glob("*/latest.json"), self._root.glob("*/digest/*.json")
        folders = {path.parent for path in pointers} | {path.parents[1] for path in digests}
        return tuple(sorted(each.name for each in folders if is_key(each.name) and not each.is_symlink()))

    def remove(self, key: str) -> None:
        """Remove an object, and the folders that are empty then.

        Raises:
            StoreError: it cannot be removed.
        """
        path = self._root / checked(key)
        *folders, name = key.split("/")
        try:
            with suppress(FileNotFoundError), self._within(folders) as folder:
                os.unlink(name, dir_fd=folder)
        except OSError as error:
            raise StoreError(f"cannot remove {path}: {error.strerror}") from error
        with suppress(OSError):  # something else is in it
            for folder_path in path.parents[: len(folders)]:
                folder_path.rmdir()
        while self._made:
            with suppress(OSError):
                self._made.pop().rmdir()

    def _entries(self, prefix: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        """Yield everything but folders below a prefix, with its name; nothing is looked for behind a link."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self._root / folder) as found:
                    for entry in found:
                        name = f"{folder}{entry.name}"
                        if not entry.is_dir(follow_symlinks=False):
                            yield from ((name, entry),) if name.startswith(prefix) else ()
                        elif f"{name}/".startswith(prefix) or prefix.startswith(f"{name}/"):
                            waiting.append(f"{name}/")
            except FileNotFoundError:  # nothing is in it
                continue
            except OSError as error:
                raise StoreError(f"cannot read {error.filename}: {error.strerror}") from error

    def _with_file(self, key: str, use: Callable[[BinaryIO], _T]) -> _T | None:
        """Return what a function makes of a file, None if there is no such file."""
        path = self._root / checked(key)
        *folders, name = key.split("/")
        try:
            with self._within(folders) as folder:
                descriptor = os.open(name, _FILE, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise ChainError(_NO_OBJECT.format(path=path))
            with os.fdopen(descriptor, "rb") as file:
                return use(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in _NOT_FILES:
                raise ChainError(_NO_OBJECT.format(path=path)) from error
            raise StoreError(f"cannot read {path}: {error.strerror}") from error

    def _write(self, key: str, data: Data, put: Callable[[str, int, str, int], None]) -> None:
        path = self._root / checked(key)
        *folders, name = key.split("/")
        try:
            self._make_root(self._root)
            with self._within([UNFINISHED], is_made=True) as desk, self._within(folders, is_made=True) as folder:
                self._tidy(desk)
                temporary = secrets.token_hex(8)
                try:
                    descriptor = os.open(temporary, _NEW, 0o666 & ~self._withheld, dir_fd=desk)
                    with os.fdopen(descriptor, "wb") as file:
                        file.writelines(in_parts(data))
                        file.flush()
                        os.fsync(file.fileno())
                    put(temporary, desk, name, folder)
                finally:
                    with suppress(FileNotFoundError):
                        os.unlink(temporary, dir_fd=desk)
                os.fsync(folder)  # so that the name survives a power cut
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; check that the folder exists and may be written"
            ) from error

    @contextmanager
    def _within(self, folders: list[str], *, is_made: bool = False) -> Iterator[int]:
        """Open a folder below the root, step by step, so that no link is followed."""
        place = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for depth, folder in enumerate(folders, 1):
                if is_made:
                    self._make(self._root.joinpath(*folders[:depth]), place)
                inner = os.open(folder, _FOLDER, dir_fd=place)
                os.close(place)
                place = inner
            yield place
        finally:
            os.close(place)

    def _make_root(self, folder: Path) -> None:
        """Create the root and the folders above it."""
        if not folder.is_dir():
            self._make_root(folder.parent)
            parent = os.open(folder.parent, os.O_RDONLY)
            try:
                self._make(folder, parent)
            finally:
                os.close(parent)

    def _make(self, folder: Path, parent: int) -> None:
        """Create a folder, unless it is there, so that it survives a power cut."""
        with suppress(FileExistsError):
            os.mkdir(folder.name, 0o777 & ~self._withheld, dir_fd=parent)
            self._made.append(folder)
            os.fsync(parent)

    def _tidy(self, desk: int) -> None:
        """Remove, once, what killed runs left unfinished."""
        if self._is_tidy:
            return
        self._is_tidy = True
        for name in os.listdir(desk):
            with suppress(OSError):  # another run was faster, or it is no file
                written = os.stat(name, dir_fd=desk, follow_symlinks=False).st_mtime
                if _TEMPORARY.fullmatch(f"{UNFINISHED}/{name}") and time.time() - written > _SURELY_LEFT:
                    os.unlink(name, dir_fd=desk)


def _compare(file: BinaryIO, data: Data) -> bool:
    """Whether a file has these bytes; both may be large."""
    return all(file.read(len(part)) == part for part in in_parts(data)) and not file.read(1)


def _put(temporary: str, desk: int, name: str, folder: int) -> None:
    """Give a file its name, in place of what had it."""
    os.replace(temporary, name, src_dir_fd=desk, dst_dir_fd=folder)


def _put_new(temporary: str, desk: int, name: str, folder: int) -> None:
    """Give a file its name unless that exists; a plain rename would overwrite it."""
    try:
        os.link(temporary, name, src_dir_fd=desk, dst_dir_fd=folder)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links, such as a mounted bucket
        os.rename(temporary, name, src_dir_fd=desk, dst_dir_fd=folder)


def _beside(entry: "os.DirEntry[str]") -> Oddity:
    is_folder = entry.is_dir(follow_symlinks=False)
    what = "a folder" if is_folder else "a link" if entry.is_symlink() else "a file"
    return Oddity(os.fsencode(entry.name).decode(errors="backslashreplace"), f"{what} that belongs to no project")


def _oddity(name: str, entry: "os.DirEntry[str]") -> Oddity | None:
    """Say what is odd about a file, or None."""
    if not entry.is_file(follow_symlinks=False):
        what = "a link" if entry.is_symlink() else "neither a file nor a folder"
    elif _TEMPORARY.fullmatch(name):
        with suppress(FileNotFoundError):  # a run has just finished it
            days = (time.time() - entry.stat(follow_symlinks=False).st_mtime) / _SURELY_LEFT
            return Oddity(name, f"the rest of an interrupted write, {days:.1f} days old", is_leftover=True)
        return None
    elif not is_key(name):
        what = "a file with a name that no object has"
    else:
        return None
    return Oddity(os.fsencode(name).decode(errors="backslashreplace"), what)
