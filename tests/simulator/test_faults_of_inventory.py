from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import chain
from random import Random
from typing import Any

import pytest

from audit.simulator import catalogue, company, copying, faults_of_inventory, faults_of_vaults
from audit.simulator.blueprint import Draft
from audit.simulator.faults import Fault
from audit.simulator.faults_of_policies import PolicyFault
from audit.simulator.faults_of_vaults import VaultFault
from audit.simulator.retention import Retention
from tests.simulator.asking import AS_OF

ALWAYS_FIT = (
    "never_runs",
    "waits",
    "waits_for_ever",
    "does_not_follow",
    "is_deleted",
    "leaves_a_disk_out",
    "backs_up_one_disk_only",
)


def a_draft_without_any_run(resources: int = 2) -> Draft:
    rng = Random(1)  # noqa: S311 - a repeatable draft
    draft = Draft(rng, "0" * 32, AS_OF - timedelta(days=3), AS_OF)
    company.found(draft, resources)
    draft.runs = {resource.id: [] for resource in draft.resources()}
    return draft


def test_where_there_is_no_backup_none_is_deleted_early() -> None:
    draft = a_draft_without_any_run()

    faults_of_inventory.delete_early(draft, draft.vaults[0])

    assert (draft.rows, draft.truth.troubled()) == ([], set())
    assert draft.vaults[0].is_locked


def test_where_there_is_no_backup_none_is_copied() -> None:
    draft = a_draft_without_any_run()

    copying.copy_once(draft)

    assert draft.rows == []


def each_of(*kinds: Iterable[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """Every fault once, in the same order in every process that runs tests."""
    return list(dict.fromkeys(chain(*kinds)))


@pytest.mark.parametrize(
    "fault", each_of(catalogue.RUNS, catalogue.MANY_RUNS, catalogue.BACKUPS), ids=lambda f: f.__name__
)
def test_a_fault_of_runs_plants_nothing_where_nothing_ran(fault: Fault) -> None:
    draft = a_draft_without_any_run()
    resource = draft.resources()[0]

    planted = fault(draft, resource)

    assert planted == (fault.__name__ in ALWAYS_FIT)
    assert planted or not any(draft.truth.failures.values())


@pytest.mark.parametrize("fault", each_of(catalogue.RUNS, catalogue.BACKUPS), ids=lambda f: f.__name__)
def test_no_fault_of_resources_needs_a_policy(fault: Fault) -> None:
    draft = a_draft_without_any_run()
    draft.vaults[0].policy = draft.vaults[0].replication = None

    fault(draft, draft.vaults[0].resources[0])

    assert not draft.rows


@pytest.mark.parametrize("fault", catalogue.POLICIES, ids=lambda f: f.__name__)
def test_a_policy_that_keeps_by_age_has_no_number_to_change(fault: PolicyFault) -> None:
    draft = a_draft_without_any_run()
    policy = draft.policies[0]
    policy.retention = Retention(days=30)

    planted = fault(draft, policy)

    assert planted == (policy.retention != Retention(days=30) or policy.changed is not None)
    assert planted == (fault.__name__ in ("runs_rarely", "keeps_briefly", "keeps_for_ever", "keeps_too_few"))


@pytest.mark.parametrize("fault", catalogue.VAULTS, ids=lambda f: f.__name__)
def test_a_vault_fault_leaves_alone_a_vault_that_is_empty_and_being_enlarged(fault: VaultFault) -> None:
    draft = a_draft_without_any_run()
    vault = company.new_vault(draft, "empty", "server")
    vault.status = "lock"

    planted = fault(draft, vault)

    assert planted == (fault.__name__ in ("is_unlocked", "is_in_one_zone", "has_no_owner"))


def test_an_empty_vault_like_one_without_a_policy_is_no_problem_of_its_own() -> None:
    draft = a_draft_without_any_run()
    draft.vaults[0].policy = None

    faults_of_vaults.add_empty_vault(draft, draft.vaults[0])

    assert not any(draft.truth.failures.values())
