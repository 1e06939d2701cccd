"""`python -m bench.storage [RESOURCES] [RUNS]`: bytes that a first run and each following hourly run store, by object.

A simulated project is audited into a folder, first over the thirty days that CBR shows, then every hour. The inventory
stays as it is at the end; tasks come hour by hour. Figures are those of the default profile.
"""

import logging
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final

import orjson
import structlog

from audit.app.execute import execute
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.evidence.layout import key_of
from audit.evidence.publish import MANIFEST
from audit.evidence.store import LATEST
from audit.report import INDEX
from audit.simulator import Simulator, build_estate, serve
from audit.timestamps import shown
from bench.pages import AS_OF

RUNS_A_DAY: Final = 24
KEPT_DAYS: Final = 90
SHOWN: Final = (
    *("raw tasks", "raw backups", "raw vaults", "raw policies"),
    *("history", "report.html", "report.json", "findings.csv", "profile.json", "manifest.json", "digest"),
)
FOR_EVER: Final = frozenset({"manifest.json", "digest"})
MOVING: Final = frozenset({LATEST, INDEX})
_RAW: Final = {"operation_logs": "tasks"}


def main(resources: int = 500, runs: int = 12) -> None:
    """Audit, count and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    simulator = Simulator(build_estate("mixed", resources=resources, days=32, as_of=AS_OF))
    with tempfile.TemporaryDirectory() as folder, serve(simulator) as served:
        variables = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_TOKEN": simulator.token,
            "CBR_AUDIT_STORE": folder,
        }
        sizes = []
        for number in range(runs + 1):
            as_of = AS_OF - timedelta(hours=runs - number)
            done = execute(request_from_settings(variables, as_of=shown(as_of)), lambda _progress: None)
            sizes.append(_sizes(Path(folder), done))
    _print(sizes[0], _mean(sizes[1:]))


def _sizes(folder: Path, done: Done) -> Counter[str]:
    """Bytes of what one run wrote and no later one replaces, by the sort of object."""
    pages = orjson.loads((folder / done.prefix / MANIFEST).read_bytes())["pages"]
    raw = {key_of(done.prefix, page["name"]): f"raw {_RAW.get(page['kind'], page['kind'])}" for page in pages}
    sizes = Counter[str]()
    for key in done.keys:
        name = key.rpartition("/")[2]
        if name not in MOVING:
            sort = "history" if name.endswith(".history") else "digest" if "/digest/" in key else name
            sizes[raw.get(key, sort)] += (folder / key).stat().st_size
    return sizes


def _mean(sizes: list[Counter[str]]) -> Counter[str]:
    total = sum(sizes, Counter[str]())
    return Counter({name: size // len(sizes) for name, size in total.items()})


def _print(first: Counter[str], hourly: Counter[str]) -> None:
    columns = ("first run", "each hour", "a day", "a year", f"kept {KEPT_DAYS} days")
    print(f"{'bytes':<20}{''.join(f'{column:>16}' for column in columns)}")
    rows = [(name, first[name], hourly[name]) for name in (*SHOWN, *sorted({*hourly} - {*SHOWN}))]
    kept = 0
    for name, once, each in rows:
        day = each * RUNS_A_DAY
        left = day * (365 if name in FOR_EVER else KEPT_DAYS)
        kept += left
        _row(name, once, each, day, day * 365, left)
    day = hourly.total() * RUNS_A_DAY
    _row("all", first.total(), hourly.total(), day, day * 365, kept)


def _row(name: str, *figures: int) -> None:
    print(f"{name:<20}{''.join(f'{figure:>16,}' for figure in figures)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
