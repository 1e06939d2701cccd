from typing import Any

import pytest

from audit.records import Agent
from audit.timestamps import instant
from tests.builders import an_agent_row
from tests.records.odd import ODD


def test_a_row_gives_every_field() -> None:
    assert Agent.from_row(an_agent_row()) == Agent(
        id="server-1", host_name="web-1", status="normal", last_active=instant("2026-01-05T22:00:03.120000Z")
    )


@pytest.mark.parametrize("empty", [None, ""])
def test_one_that_never_reported_says_so(empty: Any) -> None:
    assert Agent.from_row(an_agent_row(last_active_time=empty)).last_active is None


def test_a_row_with_nothing_but_an_id_says_nothing_else() -> None:
    assert Agent.from_row({"agent_id": "a"}) == Agent(id="a", host_name=None, status=None, last_active=None)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_word_says_nothing(odd: object) -> None:
    agent = Agent.from_row(an_agent_row(status=odd, host_name=odd))

    assert (agent.status, agent.host_name) == (None, None)


def test_a_time_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="not a timestamp"):
        Agent.from_row(an_agent_row(last_active_time=5))
