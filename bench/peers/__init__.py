"""What people would use instead, on the same pages."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.processes import PEERS, measured

_HERE: Final = Path(__file__).parent
_DUCKDB: Final = "duckdb==2.0.0"


def questions(folder: Path) -> dict[str, Any]:
    """Ask DuckDB and jq for the last success of each resource, where they are to be had."""
    pages = sorted(str(page) for page in folder.glob("operation_logs-*.json"))
    commands = {
        "duckdb": [str(PEERS / "bin" / "python"), str(_HERE / "with_duckdb.py"), str(folder)]
        if _has_duckdb()
        else None,
        "jq": ["jq", "-n", "-f", str(_HERE / "last_success.jq"), *pages] if _has_jq() else None,
    }
    return {name: measured(command) for name, command in commands.items() if command}


@cache
def _has_duckdb() -> bool:
    """Make DuckDB's environment where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
    install = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", _DUCKDB]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        print("… DuckDB is left out: it cannot be installed here", file=sys.stderr)
        return False
    return True


@cache
def _has_jq() -> bool:
    if shutil.which("jq"):
        return True
    print("… jq is left out: it is not installed here", file=sys.stderr)
    return False
