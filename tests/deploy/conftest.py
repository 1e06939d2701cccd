"""The zip, built and unpacked once for all tests of it, whichever worker runs them."""

import hashlib
import sys
import zipfile
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from deploy.build_zip import files, unpack, write
from deploy.pythons import find
from deploy.wheels import WHEELS, testable


@dataclass(frozen=True)
class Built:
    """A zip that this machine can run: for which Python, where it is, what it holds, and where it was unpacked to."""

    version: str
    python: str
    path: Path
    contents: dict[str, bytes]
    sha256: str
    folder: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Built:
    own = tmp_path_factory.getbasetemp()
    root = own if worker_id == "master" else own.parent
    version = testable()
    python = find(version) or sys.executable
    path, folder = root / "cbr-audit.zip", root / "code"
    with (root / "cbr-audit.lock").open("w") as lock:
        flock(lock, LOCK_EX)  # whichever worker comes first builds it
        if not folder.exists():
            write(files(WHEELS / version, compiler=python), path)
            unpack(path, folder)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    return Built(version, python, path, contents, hashlib.sha256(path.read_bytes()).hexdigest(), folder)
