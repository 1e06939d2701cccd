"""That schedules of events are tried as what they are; how many are right is for ``python -m bench.watching``."""

import pytest

from audit.notify.channels import Channels
from bench.watching import latencies, schedules


def test_events_that_come_twice_early_or_die_leave_one_verdict_each() -> None:
    found = schedules(3)

    assert (found["schedules"], found["verdicts"], found["wrong"], found["untold"]) == (3, 9, 0, 0)
    assert min(found["killed"], found["unconfirmed"]) > 0


def test_a_message_that_is_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Channels, "publish", lambda *_: None)

    assert schedules(1)["untold"] == 3


def test_a_message_takes_several_responses() -> None:
    assert all(ratio > 3 for ratio in latencies((20,)).values())
