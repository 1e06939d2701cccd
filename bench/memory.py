"""How much memory this process takes, and took at most."""

from pathlib import Path


def peak_mb() -> float:
    """Peak of resident memory in MB; getrusage would count what the parent held when it forked."""
    return _megabytes("VmHWM:")


def now_mb() -> float:
    """Resident memory in MB."""
    return _megabytes("VmRSS:")


def _megabytes(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this machine does not tell its memory")
