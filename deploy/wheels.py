"""``python -m deploy.wheels``: download the wheels of the function, for its Python on x86-64, to build/wheels/.

Where no such Python is on this machine, the wheels of the running one are downloaded too, so that the tests have a zip
that they can run.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.pythons import FUNCTION_PYTHON, find

ROOT: Final = Path(__file__).parent.parent
LOCK: Final = ROOT / "requirements-function.lock"
WHEELS: Final = ROOT / "build" / "wheels"
_RUNNING: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def testable() -> str:
    """The version of Python that a zip can be run with on this machine."""
    return FUNCTION_PYTHON if find(FUNCTION_PYTHON) else _RUNNING


def download(version: str) -> None:
    """Download the locked wheels for one version of Python; older ones are removed first."""
    folder = WHEELS / version
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--implementation", "cp", "--python-version", version),
        *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64"),
        *("--dest", str(folder), "--requirement", str(LOCK)),
    ]
    subprocess.run(command, check=True)  # noqa: S603  # pip, with arguments of our own


if __name__ == "__main__":
    for needed in sorted({FUNCTION_PYTHON, testable()}):
        download(needed)
