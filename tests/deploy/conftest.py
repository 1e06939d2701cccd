"""The zip, built and unpacked once for all tests of it."""

import sys
from dataclasses import dataclass
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
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("function")
    version = testable()
    python = find(version) or sys.executable
    contents = files(WHEELS / version, compiler=python)
    path, folder = root / "cbr-audit.zip", root / "code"
    sha256 = write(contents, path)
    unpack(path, folder)
    return Built(version, python, path, contents, sha256, folder)
