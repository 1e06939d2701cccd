from typing import Any

import pytest

from audit.simulator import Simulator
from tests.simulator.asking import a_simulator, ask, found

Row = dict[str, Any]


def policies(simulator: Simulator) -> list[Row]:
    paths = [f"organization-policies?operation_type={each}" for each in ("backup", "replication")]
    return [row for path in paths for row in found(simulator, path)["policies"]]


def states(simulator: Simulator) -> list[str]:
    paths = [f"organization-policies/{policy['id']}/policy-detail" for policy in policies(simulator)]
    return [row["status"] for path in paths for row in found(simulator, path)["policies"]]


def test_a_healthy_organisation_has_its_policies_in_every_account() -> None:
    assert set(states(a_simulator("healthy"))) == {"available"}


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_one_account_was_left_out(scenario: str) -> None:
    assert sorted(states(a_simulator(scenario, resources=40)))[-2:] == ["available", "error"]
    assert states(a_simulator(scenario, resources=40)).count("error") == 1


def test_policies_come_in_pages_of_one_operation() -> None:
    simulator = a_simulator()
    page = found(simulator, "organization-policies?operation_type=backup&limit=1&offset=1")

    assert (page["policies"], page["count"], page["limit"], page["offset"]) == ([], 1, 1, 1)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("organization-policies", 400),
        ("organization-policies?operation_type=archive", 400),
        ("organization-policies/none/policy-detail", 404),
        ("organization-policies/none/policy-detail?limit=1", 400),
    ],
)
def test_what_the_documents_do_not_allow_is_refused(path: str, status: int) -> None:
    assert ask(a_simulator(), path).status == status
