"""The rows of the simulator are what the documents and recorded answers promise, unless a scenario drifts."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from audit.simulator import SCENARIOS, Simulator
from audit.simulator.protectables import KINDS
from deploy.wheels import ROOT
from tests.simulator.asking import a_simulator, ask, body_of, found

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test

OPERATIONS = ("backup", "replication")
LISTS = {
    "operation_logs": ("operation-logs",),
    "policies": ("policies",),
    "vaults": ("vaults",),
    "backups": ("backups?show_replication=true", "backups"),
    "protectables": tuple(f"protectables/{kind}/instances" for kind in KINDS),
    "agents": ("agents",),
    "storage_usage": ("storage_usage",),
    "organization_policies": tuple(f"organization-policies?operation_type={each}" for each in OPERATIONS),
}
EVERY = (*LISTS, "deployments", "members")
STEADY = [scenario for scenario in SCENARIOS if scenario not in {"drifting", "unusable"}]


@cache
def schema(name: str, part: str = "") -> Any:
    text = (ROOT / "schemas" / "cbr" / f"{name}{part}.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text))


def answers(simulator: Simulator, name: str) -> Iterator[Any]:
    if name == "deployments":
        given = [row for answer in answers(simulator, "organization_policies") for row in answer["policies"]]
        yield from (found(simulator, f"organization-policies/{row['id']}/policy-detail") for row in given)
        return
    if name == "members":
        backups = found(simulator, "backups")["backups"]
        yield from (found(simulator, f"backups/{row['id']}/members") for row in backups)
        return
    yield from (found(simulator, path) for path in LISTS[name])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scenario", STEADY)
def test_every_row_is_as_documented_unless_it_drifts(name: str, scenario: str) -> None:
    for answer in answers(a_simulator(scenario, resources=9, days=16), name):
        assert [error.message for error in schema(name).iter_errors(answer)] == []


@pytest.mark.parametrize("name", EVERY)
def test_what_drifts_can_still_be_used(name: str) -> None:
    drifting = list(answers(a_simulator("drifting", resources=20, days=16), name))

    assert all(schema(name, ".required").is_valid(answer) for answer in drifting)
    assert not all(schema(name).is_valid(answer) for answer in drifting)


def test_a_refusal_is_as_documented() -> None:
    refusal = ask(a_simulator(resources=1, denied=["cbr:vaults:list"]), "vaults")

    assert schema("error").is_valid(body_of(refusal))
