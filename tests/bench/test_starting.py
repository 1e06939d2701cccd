"""What cold starts are compared with."""

import subprocess
from pathlib import Path

from bench.starting import prepare


def test_requests_is_imported_with_all_that_it_asks_for(tmp_path: Path) -> None:
    code = prepare(tmp_path)

    statement = f"import sys; sys.path.insert(0, {str(code.packages)!r}); import requests; print(*sys.modules)"
    done = subprocess.run([*code.python, "-c", statement], capture_output=True, text=True, timeout=60, check=True)

    assert not done.stderr, "requests says so where a package is missing"
    assert {"requests", "urllib3", "certifi", "idna", "charset_normalizer"} <= set(done.stdout.split())
