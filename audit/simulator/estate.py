"""A whole simulated project: policies, vaults and tasks, generated from a seed, and the truth about them."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import background, company, consequences, copying, drift, expiry, identifiers, routine, unusable
from audit.simulator.agents import agent_rows
from audit.simulator.blueprint import Draft
from audit.simulator.inventory import policy_rows, vault_rows
from audit.simulator.messages import Row
from audit.simulator.odd_traces import respell_traces
from audit.simulator.organisation import organisation_rows
from audit.simulator.people import Culprit
from audit.simulator.points import point_rows, present
from audit.simulator.protectables import protectable_rows
from audit.simulator.scenarios import SCENARIOS as _PLANTERS
from audit.simulator.scenarios import plant
from audit.simulator.sharing import member_rows
from audit.simulator.tasks import clerk_of
from audit.simulator.truth import DEFAULT, PRESETS, STRICT
from audit.simulator.usage import usage_rows
from audit.simulator.withheld import withheld_vaults, withhold
from audit.simulator.witnessed import trace_rows

SCENARIOS: Final[tuple[str, ...]] = tuple(_PLANTERS)
FEWEST_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Estate:
    """One project at ``as_of``. Rows are ready for JSON; tasks and backups are sorted newest first.

    Attributes:
        protectables: every resource of the project by its kind, in a vault or not.
        agents: the clients that back up files.
        organisation_policies: the policies that the organisation gives to its accounts.
        deployments: how far each of them is deployed, by its id.
        members: the projects that backups are shared with, by the id of the backup.
        storage_usage: what the service counts for each resource.
        hidden: the ids of tasks and backups that the service counts but never delivers.
        traces: who did what, in any order.
        culprits: whom an auditor must name for what fails by the strict preset, or that it cannot know.
        spoilt: the ids of rows that the service delivers without what an auditor needs.
    """

    scenario: str
    project_id: str
    as_of: datetime
    policies: list[Row]
    vaults: list[Row]
    tasks: list[Row]
    backups: list[Row]
    protectables: dict[str, list[Row]]
    agents: list[Row]
    organisation_policies: list[Row]
    deployments: dict[str, list[Row]]
    members: dict[str, list[Row]]
    storage_usage: list[Row]
    hidden: frozenset[str]
    spoilt: frozenset[str]
    _truth: dict[str, Row] = field(repr=False)
    traces: list[Row] = field(default_factory=list)
    culprits: tuple[Culprit, ...] = ()

    @property
    def delivered(self) -> "Estate":
        """The estate as the service delivers it."""
        if not self.spoilt:
            return self
        return replace(
            self,
            tasks=unusable.spoil(self.tasks, "status", self.spoilt),
            policies=unusable.spoil(self.policies, "enabled", self.spoilt),
            backups=unusable.spoil(self.backups, "image_type", self.spoilt),
        )

    def truth(self, preset: str = DEFAULT) -> Row:
        """Return what a first audit must conclude: the conclusion, every failure, and what is unknown.

        A pair of control and subject that is not listed must not fail, nor be unknown if everything can be read. This
        covers all controls of the preset except those on the audit itself (9xx). An estate without resources proves
        nothing: it is incomplete. What must be unknown is listed separately.

        Args:
            preset: ``default``, or ``strict`` for every control with max_interval_hours 24, min_retention_days 35,
                max_retention_days 3660, min_weekly_copies 4, min_monthly_copies 12 and required_tags owner.

        Raises:
            ValueError: there is no such preset.
        """
        if preset not in self._truth:
            raise ValueError(f"unknown preset {preset!r}; choose one of {', '.join(self._truth)}")
        return deepcopy(self._truth[preset])


def build_estate(
    scenario: str = "mixed", *, seed: int = 1, resources: int = 40, days: int = 30, as_of: datetime
) -> Estate:
    """Generate an estate; the same arguments give the same estate.

    Args:
        scenario: one of ``SCENARIOS``.
        seed: any number; each gives other names, plans and faults.
        resources: the number of resources in vaults.
        days: how far the tasks reach back from ``as_of``; at least 2.
        as_of: the last moment of the estate, with a time zone.

    Raises:
        ValueError: an argument is out of range.
    """
    _check(scenario, resources, days, as_of)
    rng = Random(f"{scenario} {seed} {resources} {days}")  # whatever the time, the same company
    end = as_of.astimezone(UTC)
    project_id = identifiers.project(Random(f"project {seed}"))  # the same in every scenario and at every time
    draft = Draft(rng, project_id, end - timedelta(days=days), end)
    company.found(draft, resources)
    background.run_policies(draft)
    background.keep_from_before(draft)
    plant(draft, scenario)
    _live_on(draft, scenario)
    return _written(draft, scenario, as_of)


def _written(draft: Draft, scenario: str, as_of: datetime) -> Estate:
    """Write everything as the service would return it, and what an auditor must find in it."""
    background.number_incrementals(draft)
    runs = present(draft)
    tasks = _task_rows(draft, scenario)
    policies, vaults, backups = policy_rows(draft), vault_rows(draft, runs), point_rows(draft, runs)
    protectables, agents = protectable_rows(draft, vaults), agent_rows(draft)
    given, deployments = organisation_rows(draft)
    members = member_rows(draft, backups)
    traces = trace_rows(draft)
    usage = usage_rows(draft, vaults, backups)
    if scenario == "drifting":
        drift.respell(draft.rng, policies, vaults, backups, protectables)
        drift.respell_agents(agents)
        drift.respell_organisation(given, deployments)
        drift.respell_members(members)
        drift.respell_usage(usage)
        respell_traces(Random(f"odd traces {draft.project_id}"), traces)
    hidden = _hide(draft, tasks, backups) if scenario == "gapped" else frozenset()
    consequences.judge_policies(draft)
    consequences.judge_points(draft, runs)
    consequences.judge_locks(draft, runs, readable=not hidden)
    consequences.judge_silence(draft, runs)
    consequences.judge_states(draft, vaults)
    spoilt = unusable.choose(draft, tasks, backups) if scenario == "unusable" else frozenset[str]()
    readable = bool(vaults) and not hidden
    withheld = withheld_vaults(draft) if scenario == "partial" else []
    withhold(draft, withheld, tasks, vaults, backups, agents, usage, *protectables.values())
    truth = {preset: draft.truth.statement(preset, readable=readable, whole=not withheld) for preset in PRESETS}
    return Estate(
        scenario=scenario,
        project_id=draft.project_id,
        as_of=as_of,
        policies=policies,
        vaults=vaults,
        tasks=tasks,
        backups=backups,
        protectables=protectables,
        agents=agents,
        organisation_policies=given,
        deployments=deployments,
        members=members,
        storage_usage=usage,
        traces=traces,
        culprits=tuple(each for each in draft.culprits if each[:3] in draft.truth.failures[STRICT]),
        hidden=hidden,
        spoilt=spoilt,
        _truth=truth,
    )


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
    """Add everything that is not a scheduled backup."""
    routine.back_up_by_hand(draft)
    routine.restore_each_vault(draft)
    copying.replicate(draft)
    expiry.delete_expired(draft)
    routine.synchronise(draft)
    if scenario == "drifting":
        drift.add_new_operations(draft)
        drift.add_harmless_acts(draft)
    if scenario == "unusable" and draft.vaults:
        unusable.skip_without_resource(draft)


def _task_rows(draft: Draft, scenario: str) -> list[Row]:
    """Return all tasks, newest first; equal times are sorted by id."""
    clerk = clerk_of(draft)
    rows = draft.rows + [clerk.backup(run) for runs in draft.runs.values() for run in runs]
    rows.sort(key=lambda row: row["id"])
    rows.sort(key=lambda row: datetime.fromisoformat(row["created_at"]), reverse=True)
    if scenario == "drifting":
        for row in rows:
            drift.respell_task(draft.rng, row)
    return rows


def _hide(draft: Draft, tasks: list[Row], backups: list[Row]) -> frozenset[str]:
    """Hide the newest success of some resources, and one task and backup in a hundred, but at least three."""
    resources = draft.resources()
    victims = draft.rng.sample(resources, min(len(resources), 2 + len(resources) // 20))
    newest = {draft.successes(resource)[0].id for resource in victims}
    others = [draft.rng.sample(rows, min(len(rows), 3 + len(rows) // 100)) for rows in (tasks, backups)]
    return frozenset(newest | {row["id"] for rows in others for row in rows})
