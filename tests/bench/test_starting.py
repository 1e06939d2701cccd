"""What cold starts are compared with."""

import subprocess
import sys
from pathlib import Path

from bench.starting import installed
from deploy import wheels
from deploy.pythons import find


def test_requests_is_imported_with_all_that_it_asks_for(tmp_path: Path) -> None:
    version = wheels.testable()
    python = find(version) or sys.executable
    packages = installed(wheels.WHEELS / version, python, tmp_path / "packages")

    statement = f"import sys; sys.path.insert(0, {str(packages)!r}); import requests; print(*sys.modules)"
    command = [python, "-I", "-S", "-B", "-c", statement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert not done.stderr, "requests says so where a package is missing"
    assert {"requests", "urllib3", "certifi", "idna", "charset_normalizer"} <= set(done.stdout.split())
