import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.simulator import Simulator, build_estate
from tests.simulator.asking import AS_OF, a_simulator, ask, body_of, found

Row = dict[str, Any]


@pytest.fixture(scope="module")
def mixed() -> Simulator:
    return a_simulator(resources=60, days=3)


def agents(simulator: Simulator, query: str = "") -> list[Row]:
    rows: list[Row] = found(simulator, f"agents{query}")["agents"]
    return rows


def silent_for(agent: Row) -> timedelta:
    return AS_OF - datetime.fromisoformat(agent["last_active_time"]).replace(tzinfo=UTC)


def test_some_servers_have_an_agent_with_their_id(mixed: Simulator) -> None:
    held = {resource["id"] for vault in found(mixed, "vaults")["vaults"] for resource in vault["resources"]}

    assert {agent["agent_id"] for agent in agents(mixed)} < held
    assert found(mixed, "agents")["count"] == len(agents(mixed)) > 2


def test_one_is_silent_for_days_and_one_is_abnormal(mixed: Simulator) -> None:
    silent = [agent for agent in agents(mixed) if silent_for(agent) > timedelta(hours=1)]
    abnormal = agents(mixed, "?status=abnormal")
    expected = build_estate("mixed", resources=60, days=3, as_of=AS_OF).truth("strict")["expected"]

    assert (len(silent), len(abnormal)) == (1, 1)
    assert silent_for(silent[0]) > timedelta(days=3)
    assert {agent["agent_id"] for agent in (*silent, *abnormal)} == {
        entry["subject"]["id"] for entry in expected if entry["control"] == "CBR-505"
    }


def test_the_agents_of_a_healthy_project_are_alive() -> None:
    healthy = a_simulator("healthy", resources=20, days=3)

    assert {agent["status"] for agent in agents(healthy)} == {"normal"}
    assert all(silent_for(agent) < timedelta(minutes=5) for agent in agents(healthy))


def test_agents_can_be_chosen_and_come_in_pages(mixed: Simulator) -> None:
    first, second, *others = agents(mixed)

    assert agents(mixed, f"?agent_id={first['agent_id']},{second['agent_id']}") == [first, second]
    assert agents(mixed, "?limit=1&offset=1") == [second]
    assert agents(mixed, "?offset=2") == others


def test_whoever_may_not_list_them_is_told_the_permission(mixed: Simulator) -> None:
    refusal = ask(a_simulator(resources=1, denied=["cbr:agents:list"]), "agents")

    assert (refusal.status, "cbr:agents:list" in json.dumps(body_of(refusal))) == (403, True)
    assert ask(mixed, "agents?colour=blue").status == 400
