"""Cold start: from nothing to the first request, against ``import requests``, with the code that the zip holds."""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench.imports import Imported, quietest, read_import_times
from bench.pages import AS_OF
from bench.processes import ROOT
from deploy.build_zip import BuildError, compiled, files, locked, unpack, write
from deploy.pythons import find
from deploy.wheels import WHEELS, testable

_PLATFORM: Final = ROOT / "tests" / "deploy" / "platform.py"
_OF_REQUESTS: Final = frozenset({"requests", "urllib3", "certifi", "idna", "charset_normalizer"})
_SECONDS: Final = 60
_IMPORTS: Final = 3


@dataclass(frozen=True, slots=True)
class Code:
    """What is started: a Python with its options, the folders of the code and of its packages, and words for it."""

    python: tuple[str, ...]
    folder: Path
    packages: Path
    words: str


@dataclass(frozen=True, slots=True)
class Starts:
    """Seconds of wall time in each round, by what was started, and what the function imported before its request."""

    rounds: Sequence[Mapping[str, float]]
    imported: Sequence[Imported]
    words: str

    def over_requests(self, name: str) -> float:
        """Compare with ``import requests``, after the bare interpreter was taken off both."""
        return statistics.median(
            (each[name] - each["nothing"]) / (each["requests"] - each["nothing"]) for each in self.rounds
        )

    def milliseconds(self, name: str) -> float:
        """What it takes beyond the bare interpreter."""
        return statistics.median(1000 * (each[name] - each["nothing"]) for each in self.rounds)


def start(rounds: int) -> Starts:
    """Start each in turn, as often as told; a first turn that only warms the disk's cache is left out."""
    with tempfile.TemporaryDirectory() as place, socket.create_server(("127.0.0.1", 0)) as cloud:
        code = prepare(Path(place))
        seconds = [_round(code, cloud) for _ in range(rounds + 1)][1:]
        imported = quietest(_import_times(code, cloud, Path(place) / "times") for _ in range(_IMPORTS))
        return Starts(seconds, imported, code.words)


def _import_times(code: Code, cloud: socket.socket, times: Path) -> Sequence[Imported]:
    with times.open("w") as file:
        _until_first_request(replace(code, python=(*code.python, "-X", "importtime")), cloud, file.fileno())
    return read_import_times(times.read_text())


def prepare(place: Path) -> Code:
    """Unpack the zip for the function's Python where its wheels were downloaded, and take the working tree else."""
    try:
        version = testable()
        compiler = find(version)
        contents = files(WHEELS / version, compiler=compiler)
    except BuildError:
        words = f"the working tree and its environment, Python {sys.version.split()[0]}"
        return Code((sys.executable, "-P"), ROOT, ROOT, words)
    words = f"the unpacked zip {'with' if compiler else 'without'} bytecode, Python {version}"
    return Code(
        (compiler or sys.executable, "-I", "-S", "-B"),
        _unpacked(contents, place / "code"),
        installed(WHEELS / version, compiler, place / "packages"),
        words,
    )


def installed(wheels: Path, compiler: str | None, folder: Path) -> Path:
    """Unpack whole packages, as pip installs them: the zip leaves out what requests itself would import."""
    found: dict[str, bytes] = {}
    for wheel in (each for each in locked(wheels) if each.name.partition("-")[0] in _OF_REQUESTS):
        with zipfile.ZipFile(wheel) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    return _unpacked(found | (compiled(found, compiler) if compiler else {}), folder)


def _unpacked(contents: Mapping[str, bytes], folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    write(contents, archive)
    unpack(archive, folder)
    return folder


def _round(code: Code, cloud: socket.socket) -> dict[str, float]:
    return {
        "nothing": _importing(code, code.folder, "sys"),
        "requests": _importing(code, code.packages, "requests"),
        "handler": _importing(code, code.folder, "handler"),
        "first request": _until_first_request(code, cloud),
    }


def _importing(code: Code, folder: Path, module: str) -> float:
    statement = f"import sys; sys.path.insert(0, {str(folder)!r}); import {module}"
    started = time.perf_counter()
    subprocess.run([*code.python, "-c", statement], check=True)
    return time.perf_counter() - started


def _until_first_request(code: Code, cloud: socket.socket, errors: int = subprocess.DEVNULL) -> float:
    """Start the function as the platform does, and stop it as soon as its first request is here."""
    url = f"http://127.0.0.1:{cloud.getsockname()[1]}"
    values = {
        "CBR_AUDIT_ENDPOINT": url,
        "CBR_AUDIT_OBS_ENDPOINT": url,
        "CBR_AUDIT_STORE": "obs://bench/reports",
        "HUAWEICLOUD_SDK_PROJECT_ID": "bench",
        "HUAWEICLOUD_SDK_REGION": "sim-1",
        "AK": "bench",
        "SK": "bench",
        "SECONDS": _SECONDS,
    }
    event = {"as_of": AS_OF.isoformat()}
    command = [*code.python, str(_PLATFORM), str(code.folder), json.dumps(event), json.dumps(values)]
    cloud.settimeout(_SECONDS)
    started = time.perf_counter()
    with _ended(subprocess.Popen(command, cwd=code.folder, stdout=subprocess.DEVNULL, stderr=errors)):
        connection, _ = cloud.accept()
        with connection:
            connection.settimeout(_SECONDS)
            connection.recv(1)
            return time.perf_counter() - started


@contextmanager
def _ended(process: subprocess.Popen[Any]) -> Iterator[None]:
    with process:
        try:
            yield
        finally:
            process.kill()
