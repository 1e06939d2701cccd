"""A whole pretend project: policies, vaults and tasks, grown from a seed, and the truth about them."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import background, company, drift, identifiers, upkeep
from audit.simulator.blueprint import Draft
from audit.simulator.inventory import policy_rows, vault_rows
from audit.simulator.messages import Row
from audit.simulator.scenarios import SCENARIOS as _PLANTERS
from audit.simulator.scenarios import plant
from audit.simulator.tasks import clerk_of

SCENARIOS: Final[tuple[str, ...]] = tuple(_PLANTERS)
FEWEST_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Estate:
    """What one project looks like at ``as_of``. Rows are ready for JSON, tasks come newest first.

    Attributes:
        hidden: ids of tasks that the service counts but never delivers.
    """

    scenario: str
    project_id: str
    as_of: datetime
    policies: list[Row]
    vaults: list[Row]
    tasks: list[Row]
    hidden: frozenset[str]
    _truth: Row = field(repr=False)

    def truth(self) -> Row:
        """Say what an auditor must conclude: the conclusion, and every failure that it must find.

        A pair of control and subject that is not listed must not fail. The controls meant here are those on
        runs (CBR-101, 103 to 107), destructive operations (111), disabled policies (201), vaults without a
        policy (301) and restore tests (601). An estate without resources proves nothing: it is incomplete.
        """
        return deepcopy(self._truth)


def build_estate(
    scenario: str = "mixed", *, seed: int = 1, resources: int = 40, days: int = 30, as_of: datetime
) -> Estate:
    """Grow an estate; the same arguments give the same estate.

    Args:
        scenario: one of ``SCENARIOS``.
        seed: any number; another one gives other names, plans and victims.
        resources: how many resources the vaults hold.
        days: how far the tasks reach back from ``as_of``; at least 2.
        as_of: the last moment of the estate, with a time zone.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(scenario, resources, days, as_of)
    rng = Random(f"{scenario} {seed} {resources} {days}")  # whatever the time, the same company
    end = as_of.astimezone(UTC)
    project_id = identifiers.project(Random(f"project {seed}"))  # the same in every scenario and at every time
    draft = Draft(rng, project_id, end - timedelta(days=days), end)
    company.found(draft, resources)
    background.run_policies(draft)
    plant(draft, scenario)
    _live_on(draft, scenario)
    tasks = _task_rows(draft, scenario)
    policies, vaults = policy_rows(draft), vault_rows(draft)
    if scenario == "drifting":
        drift.respell_inventory(policies)
        drift.respell_inventory(vaults)
    hidden = _hide(draft, tasks) if scenario == "gapped" else frozenset()
    truth = draft.truth.statement(readable=bool(vaults) and not hidden)
    return Estate(scenario, draft.project_id, as_of, policies, vaults, tasks, hidden, truth)


def _check(scenario: str, resources: int, days: int, as_of: datetime) -> None:
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}; choose one of {', '.join(SCENARIOS)}")
    if resources < 0:
        raise ValueError("resources must not be negative")
    if days < FEWEST_DAYS:
        raise ValueError(f"days must be at least {FEWEST_DAYS}")
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")


def _live_on(draft: Draft, scenario: str) -> None:
    """Let everything happen that is not a scheduled backup."""
    upkeep.back_up_by_hand(draft)
    upkeep.restore_each_vault(draft)
    upkeep.replicate(draft)
    upkeep.delete_expired(draft)
    upkeep.synchronise(draft)
    if scenario == "drifting":
        drift.add_new_operations(draft)


def _task_rows(draft: Draft, scenario: str) -> list[Row]:
    """Write all tasks, newest first; equal times are ordered by id."""
    clerk = clerk_of(draft)
    rows = draft.rows + [clerk.backup(run) for runs in draft.runs.values() for run in runs]
    rows.sort(key=lambda row: row["id"])
    rows.sort(key=lambda row: datetime.fromisoformat(row["created_at"]), reverse=True)
    if scenario == "drifting":
        for row in rows:
            drift.respell_task(draft.rng, row)
    return rows


def _hide(draft: Draft, tasks: list[Row]) -> frozenset[str]:
    """Hide the newest success of some resources, and one task in a hundred, but at least three."""
    resources = draft.resources()
    victims = draft.rng.sample(resources, min(len(resources), 2 + len(resources) // 20))
    newest = {draft.successes(resource)[0].id for resource in victims}
    others = draft.rng.sample(tasks, min(len(tasks), 3 + len(tasks) // 100))
    return frozenset(newest | {row["id"] for row in others})
