"""That schedules of events are tried as what they are; how many are right is for ``python -m bench.fleet``."""

import pytest

from audit.fleet.forms import Receipt
from audit.fleet.publication import FleetRun
from bench.fleet_events import try_schedules


def test_what_is_rolled_up_is_what_the_schedule_let_happen() -> None:
    found = try_schedules(2)

    assert (found.tried, found.wrong) == (2, [])
    assert found.events["run"] > 0


def test_a_receipt_that_is_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    leave = FleetRun.leave

    def lose(run: FleetRun, receipt: Receipt) -> bool:
        return receipt.target != run.plan.targets[0].key and leave(run, receipt)

    monkeypatch.setattr(FleetRun, "leave", lose)

    assert try_schedules(1).wrong == [0]
