from datetime import timedelta
from typing import Any

import pytest

from audit.simulator import Simulator, build_estate, trace_row
from audit.simulator.trace_rows import milliseconds
from tests.simulator.asking import AS_OF, ask, found

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
ROWS = [
    trace_row("t-1", AS_OF - HOUR, "deleteVault"),
    trace_row("t-2", AS_OF - 2 * HOUR, "deleteBackup", user=None, trace_type="SystemAction", source_ip=None),
    trace_row("t-3", AS_OF - 2 * HOUR, "createVault", user={"name": "eve"}),
    trace_row("t-4", AS_OF - 3 * HOUR, "deleteTracker", service_type="CTS"),
    trace_row("t-5", AS_OF - WEEK, "deletePolicy"),
]


@pytest.fixture
def simulator() -> Simulator:
    estate = build_estate("healthy", resources=1, days=2, as_of=AS_OF)
    estate.traces.extend(ROWS)
    return Simulator(estate)


def page(simulator: Simulator, **asked: object) -> tuple[list[str], Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = found(simulator, f"traces?{query}")
    assert answer["meta_data"]["count"] == len(answer["traces"])
    return [row["trace_id"] for row in answer["traces"]], answer["meta_data"]["marker"]


def test_traces_of_seven_days_come_newest_first(simulator: Simulator) -> None:
    assert page(simulator, trace_type="system") == (["t-1", "t-3", "t-2", "t-4"], None)


def test_a_marker_leads_from_page_to_page(simulator: Simulator) -> None:
    assert page(simulator, limit=2) == (["t-1", "t-3"], "t-3")
    assert page(simulator, limit=2, next="t-3") == (["t-2", "t-4"], None)
    assert page(simulator, next="unknown") == ([], None)


def test_both_ends_of_a_time_are_exclusive(simulator: Simulator) -> None:
    since, until = milliseconds(AS_OF - 3 * HOUR), milliseconds(AS_OF - HOUR)

    assert page(simulator, **{"from": since, "to": until})[0] == ["t-3", "t-2"]
    assert page(simulator, **{"from": since - 1, "to": until + 1})[0] == ["t-1", "t-3", "t-2", "t-4"]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"service_type": "CTS"}, ["t-4"]),
        ({"user": "eve"}, ["t-3"]),
        ({"trace_name": "deleteBackup"}, ["t-2"]),
        ({"trace_type": "data"}, []),
        ({"trace_id": "t-4", "service_type": "CBR", "to": 7}, ["t-4"]),
        ({"trace_id": "t-5"}, []),
    ],
)
def test_what_is_asked_for_comes(asked: dict[str, object], ids: list[str], simulator: Simulator) -> None:
    assert page(simulator, **asked) == (ids, None)


def test_a_page_of_more_than_two_hundred_is_refused(simulator: Simulator) -> None:
    assert ask(simulator, "traces?limit=201").status == 400
