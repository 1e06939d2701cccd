"""The scenarios: which faults are planted, and how many."""

from collections.abc import Callable, Iterable
from itertools import cycle
from math import ceil
from typing import Final, TypeVar

from audit.simulator import (
    agents,
    catalogue,
    copying,
    faults_of_inventory,
    faults_of_kinds,
    faults_of_vaults,
    organisation,
)
from audit.simulator.blueprint import Draft, PlannedPolicy, PlannedResource, PlannedVault
from audit.simulator.faults import Fault
from audit.simulator.truth import DEFAULT

T = TypeVar("T")

_MOST_BROKEN_VAULTS: Final = 4
_VAULTS_LEFT_ALONE: Final = 1


def plant(draft: Draft, scenario: str) -> None:
    """Plant the faults of a scenario; estates without resources have none."""
    if draft.vaults:
        SCENARIOS[scenario](draft)


def _healthy(draft: Draft) -> None:
    """Nothing goes wrong."""


def _mixed(draft: Draft) -> None:
    """A few real problems of every kind, among others that only look like problems."""
    vaults = _break_vaults(draft, 1)
    _break_rules(draft, vaults)
    pool = _pool(vaults)
    room = max(1, len(pool) - 1)
    for fault in catalogue.RUNS[:room]:
        _plant_once(draft, fault, pool)
    faults_of_inventory.leave_untested(draft, vaults[-1])
    _break_more(draft, vaults)
    faults_of_inventory.add_replication_vault(draft)
    faults_of_inventory.add_unused_policy(draft)


def _failing(draft: Draft) -> None:
    """Almost half of the resources are in trouble, and so are several vaults."""
    wanted = ceil(0.45 * len(draft.resources()))
    vaults = _break_vaults(draft, min(_MOST_BROKEN_VAULTS, max(1, len(draft.vaults) // 6)))
    _break_rules(draft, vaults)
    pool = _pool(vaults)
    in_turn = cycle(catalogue.MANY_RUNS)
    while pool and len(draft.truth.troubled(DEFAULT)) < wanted:
        _plant_once(draft, next(in_turn), pool)
    for vault in vaults[::3]:
        faults_of_inventory.leave_untested(draft, vault)
    _break_more(draft, vaults)


def _break_vaults(draft: Draft, number: int) -> list[PlannedVault]:
    """Disable the policies of the last vaults, remove those of the vaults before them; return the others in order."""
    vaults = draft.vaults
    disabled = vaults[-number:] if len(vaults) > number else []
    rest = vaults[: len(vaults) - len(disabled)]
    bare = rest[-number:] if len(rest) > number else []
    for policy in [vault.policy for vault in disabled if vault.policy is not None]:
        faults_of_inventory.disable_policy(draft, policy)
    for vault in bare:
        faults_of_inventory.take_policy_away(draft, vault)
    return rest[: len(rest) - len(bare)]


def _break_rules(draft: Draft, vaults: list[PlannedVault]) -> None:
    """Change policies and the destinations of copies; the first vault, which runs most often, keeps its policies."""
    left_alone = [vault.policy for vault in vaults[:_VAULTS_LEFT_ALONE]]
    policies: list[PlannedPolicy] = []
    for vault in reversed(vaults):
        if vault.policy is not None and vault.policy not in (*left_alone, *policies):
            policies.append(vault.policy)
    for policy in _plant_each(draft, catalogue.POLICIES, policies):
        held = [vault for vault in draft.vaults if vault.policy is policy]
        draft.policy_changed(policy, draft.moment_ago, *(("CBR-303", "vault", vault.id) for vault in held))
    _plant_each(draft, catalogue.REPLICATION, list(reversed(vaults[1:])))


def _break_more(draft: Draft, vaults: list[PlannedVault]) -> None:
    """Break backups, restores and vault settings; delete and remove what must not be missing."""
    pool = [resource for resource in _pool(vaults) if draft.keeps_its_word(resource)]
    for fault in catalogue.BACKUPS[: max(1, len(pool) - 1)]:
        _plant_once(draft, fault, pool)
    faults_of_inventory.delete_vault(draft)
    faults_of_inventory.remove_resource(draft, vaults[0])
    faults_of_inventory.delete_early(draft, [vault for vault in vaults if not _was_thinned(vault)][-1])
    for number, break_vault in enumerate(catalogue.VAULTS):
        in_turn = vaults[number % len(vaults) :] + vaults[: number % len(vaults)]
        _plant_each(draft, [break_vault], in_turn)
    faults_of_vaults.add_empty_vault(draft, vaults[0])
    faults_of_inventory.leave_unprotected(draft, 1 + len(draft.resources()) // 15)
    faults_of_inventory.leave_policy_behind(draft)
    faults_of_kinds.leave_desktop_unprotected(draft)
    faults_of_kinds.delete_a_moment_ago(draft)
    faults_of_kinds.add_hybrid_vault(draft)
    copying.copy_once(draft)
    agents.lose_agents(draft, vaults)
    organisation.leave_an_account_out(draft)
    draft.shares_with_strangers = True
    draft.forgets_usage = True
    draft.has_a_stranger = True


def _was_thinned(vault: PlannedVault) -> bool:
    return vault.policy is not None and vault.policy.changed is not None


def _pool(vaults: Iterable[PlannedVault]) -> list[PlannedResource]:
    return [resource for vault in vaults for resource in vault.resources]


def _plant_each(draft: Draft, faults: Iterable[Callable[[Draft, T], bool]], subjects: list[T]) -> list[T]:
    """Plant the faults one by one, each at the first subject where it fits; return those that got one each."""
    left = subjects
    for fault in faults:
        chosen = next((subject for subject in left if fault(draft, subject)), None)
        left = [subject for subject in left if subject is not chosen]
    return [subject for subject in subjects if subject not in left]


def _plant_once(draft: Draft, fault: Fault, pool: list[PlannedResource]) -> None:
    """Plant a fault at the first of the shuffled resources where it fits, and remove that one from the pool."""
    draft.rng.shuffle(pool)
    for resource in pool:
        if fault(draft, resource):
            pool.remove(resource)
            return


SCENARIOS: Final[dict[str, Callable[[Draft], None]]] = {
    "healthy": _healthy,
    "mixed": _mixed,
    "failing": _failing,
    "drifting": _healthy,
    "gapped": _healthy,
    "partial": _healthy,
    "unusable": _healthy,
}
