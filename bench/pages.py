"""Pages of realistic tasks, about 1 KB each, made from a seed by the simulator."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

AS_OF: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAYS: Final = 30
PAGE_SIZE: Final = 1000


def make(tasks: int, scenario: str = "mixed") -> tuple[list[bytes], bytes, bytes]:
    """Make pages of the task log, and the answers for policies and vaults.

    Args:
        tasks: how many tasks; the estate is made large enough, and the oldest ones beyond that are left out.
        scenario: of the simulator.
    """
    from audit.simulator import build_estate  # noqa: PLC0415  # the measured process must not load the simulator

    resources = tasks // 50
    estate = build_estate(scenario, resources=resources, days=DAYS, as_of=AS_OF)
    while len(estate.tasks) < tasks:
        resources = int(resources * 1.2)
        estate = build_estate(scenario, resources=resources, days=DAYS, as_of=AS_OF)
    rows = estate.tasks[:tasks]
    pages = [_answer("operation_logs", rows[at : at + PAGE_SIZE], len(rows)) for at in range(0, len(rows), PAGE_SIZE)]
    return pages, _answer("policies", estate.policies), _answer("vaults", estate.vaults)


def _answer(name: str, rows: list[dict[str, Any]], count: int | None = None) -> bytes:
    return orjson.dumps({name: rows, "count": len(rows) if count is None else count, "limit": PAGE_SIZE, "offset": 0})
