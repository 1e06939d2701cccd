"""On what was measured."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from audit import __version__
from bench.processes import PEERS

_PACKAGES: Final = (
    *("orjson", "jsonschema-rs", "jsonschema", "pydantic", "requests", "urllib3", "structlog"),
    *("isal", "jinja2", "huaweicloudsdkcbr", "huaweicloudsdkcore"),
)


def describe() -> Mapping[str, str | int]:
    """Name the processor, the cores, the memory and the system."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(int(_field("/proc/meminfo", "MemTotal").partition(" ")[0] or 0) / 1e6),
        "system": f"{platform.system()} {platform.release()}",
        "load_at_the_end": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> Mapping[str, str]:
    """Name the versions of everything that was measured."""
    found = {"cbr-audit": __version__, "python": platform.python_version()}
    found |= {name: version(name) for name in _PACKAGES}
    if (PEERS / "bin" / "python").exists():
        found["duckdb"] = _said([str(PEERS / "bin" / "python"), "-c", "import duckdb; print(duckdb.__version__)"])
    if jq := shutil.which("jq"):
        found["jq"] = _said([jq, "--version"])
    return found


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _field(path: str, name: str) -> str:
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
