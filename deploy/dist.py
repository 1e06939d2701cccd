"""``make dist``: write the sdist and the wheel to dist/, with the same bytes each time.

The sdist is built from a copy of the files that belong to it, so that nothing else in the repository gets in. The wheel
is built from the sdist, as pip would build it.
"""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from audit import __version__
from deploy.wheels import ROOT

DIST: Final = ROOT / "dist"
_PATTERNS: Final = ("audit/**/*", "schemas/**/*", "docs/package.md", "LICENSE", "pyproject.toml", "setup.py")
_DATE: Final = 315_532_800  # 1980-01-01, the earliest date that a zip can hold
_BACKEND: Final = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"


class DistError(Exception):
    """What was built cannot be published; the text says why."""


def build(root: Path, dist: Path) -> tuple[Path, Path]:
    """Build the sdist and the wheel of a repository."""
    with TemporaryDirectory() as temporary:
        tree, unpacked = Path(temporary, "tree"), Path(temporary, "unpacked")
        _lay(dict(_sources(root)), tree)
        made = _made("build_sdist", tree)
        contents = _contents(made)
        dist.mkdir(parents=True, exist_ok=True)
        sdist = dist / made.name
        sdist.write_bytes(_packed(contents))
        _lay(contents, unpacked)
        wheel = _made("build_wheel", next(unpacked.iterdir()))
        return sdist, Path(shutil.copy(wheel, dist))


def install(wheel: Path, folder: Path) -> None:
    """Install a wheel into a folder, without its dependencies."""
    command = (
        *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"),
        *("--no-index", "--no-deps", "--no-compile", "--target", str(folder), str(wheel)),
    )
    subprocess.run(command, check=True)  # noqa: S603  # pip, with arguments of our own


def check(sdist: Path, wheel: Path, root: Path) -> None:
    """Build both again, then install and start the wheel.

    Raises:
        DistError: the bytes differ, or the wheel does not start as this version.
    """
    with TemporaryDirectory() as temporary:
        again = build(root, Path(temporary, "again"))
        if [path.read_bytes() for path in again] != [sdist.read_bytes(), wheel.read_bytes()]:
            raise DistError("a second build made other bytes: a file changed meanwhile, or the build is not repeatable")
        install(wheel, Path(temporary, "installed"))
        command, place = (sys.executable, "-m", "audit", "--version"), str(Path(temporary, "installed"))
        said = subprocess.run(  # noqa: S603  # what was just installed
            command, cwd=temporary, env={**os.environ, "PYTHONPATH": place}, capture_output=True, text=True, check=False
        )
        if not said.stdout.endswith(f" {__version__}\n"):
            raise DistError(f"{wheel.name} does not start as version {__version__}: {said.stdout}{said.stderr}")


def described(path: Path) -> str:
    """Return the name of a file, its size and its hash."""
    data = path.read_bytes()
    return f"{path.relative_to(ROOT)}  {len(data) / 1_000_000:.1f} MB, sha256 {hashlib.sha256(data).hexdigest()}"


def _sources(root: Path) -> Iterator[tuple[str, bytes]]:
    for pattern in _PATTERNS:
        for path in root.glob(pattern):
            if path.is_file() and path.suffix != ".pyc":
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _lay(contents: Mapping[str, bytes], folder: Path) -> None:
    """Write files with the same permissions on every machine."""
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)


def _made(hook: str, tree: Path) -> Path:
    """Have the build backend make one file."""
    folder = tree.parent / hook
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(_DATE)}
    command = (sys.executable, "-c", _BACKEND, hook, str(folder))
    done = subprocess.run(  # noqa: S603  # setuptools, with arguments of our own
        command, cwd=tree, env=environment, umask=0o022, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DistError(f"{hook}: {done.stderr.strip()}")
    return next(folder.iterdir())


def _contents(sdist: Path) -> dict[str, bytes]:
    with tarfile.open(sdist) as archive:
        return {entry.name: file.read() for entry in archive if (file := archive.extractfile(entry))}


def _packed(contents: Mapping[str, bytes]) -> bytes:
    """Pack an sdist without owners, permissions and times of this machine."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in sorted(contents):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(contents[name]), _DATE
            archive.addfile(entry, io.BytesIO(contents[name]))
    return gzip.compress(plain.getvalue(), mtime=_DATE)


def main() -> None:
    """Build, check, and print what was built."""
    shutil.rmtree(DIST, ignore_errors=True)
    try:
        sdist, wheel = build(ROOT, DIST)
        check(sdist, wheel, ROOT)
    except DistError as error:
        sys.exit(f"make dist: {error}")
    print(described(sdist), described(wheel), sep="\n")  # noqa: T201  # what make shows


if __name__ == "__main__":
    main()
