"""What happens in each scenario: which faults are planted, and in how many places."""

from collections.abc import Callable, Iterable
from itertools import cycle
from math import ceil
from typing import Final

from audit.simulator import faults, mishaps, upkeep
from audit.simulator.blueprint import Draft, Resource, Vault

_MIXED: Final = (
    faults.fails_for_days,
    faults.never_runs,
    faults.is_skipped,
    faults.is_stuck,
    faults.times_out_once,
    faults.fails_once,
    faults.waits,
    faults.was_skipped,
    faults.waits_for_ever,
)
_FAILING: Final = (
    faults.fails_for_days,
    faults.never_runs,
    faults.is_skipped,
    faults.fails_now_and_then,
    faults.is_stuck,
    faults.waits_for_ever,
    faults.times_out_once,
)
_MOST_BROKEN_VAULTS: Final = 4


def plant(draft: Draft, scenario: str) -> None:
    """Plant the faults of a scenario; estates without resources have nothing that could go wrong."""
    if draft.vaults:
        SCENARIOS[scenario](draft)


def _healthy(draft: Draft) -> None:
    """Nothing goes wrong."""


def _mixed(draft: Draft) -> None:
    """A few real problems of every kind, among others that only look like problems."""
    vaults = _break_vaults(draft, 1)
    pool = _pool(vaults)
    room = max(1, len(pool) - 1)
    for fault in _MIXED[:room]:
        _plant_once(draft, fault, pool)
    mishaps.leave_untested(draft, vaults[-1])
    _break_more(draft, vaults)
    mishaps.add_replication_vault(draft)
    mishaps.add_unused_policy(draft)


def _failing(draft: Draft) -> None:
    """Almost half of the resources are in trouble, and so are several vaults."""
    wanted = ceil(0.45 * len(draft.resources()))
    vaults = _break_vaults(draft, min(_MOST_BROKEN_VAULTS, max(1, len(draft.vaults) // 6)))
    pool = _pool(vaults)
    in_turn = cycle(_FAILING)
    while pool and len(draft.truth.troubled()) < wanted:
        _plant_once(draft, next(in_turn), pool)
    for vault in vaults[::3]:
        mishaps.leave_untested(draft, vault)
    _break_more(draft, vaults)


def _break_vaults(draft: Draft, number: int) -> list[Vault]:
    """Disable the policies of the last vaults, take those before them away; return the vaults left in order."""
    vaults = draft.vaults
    disabled = vaults[-number:] if len(vaults) > number else []
    rest = vaults[: len(vaults) - len(disabled)]
    bare = rest[-number:] if len(rest) > number else []
    for policy in [vault.policy for vault in disabled if vault.policy is not None]:
        mishaps.disable_policy(draft, policy)
    for vault in bare:
        mishaps.take_policy_away(draft, vault)
    return rest[: len(rest) - len(bare)]


def _break_more(draft: Draft, vaults: list[Vault]) -> None:
    """Delete, remove and restore what does not touch the resources that are there now."""
    mishaps.delete_vault(draft)
    mishaps.remove_resource(draft, vaults[0])
    mishaps.delete_early(draft, vaults[-1])
    mishaps.restore_badly(draft, vaults[0].resources[0])
    upkeep.copy_once(draft)


def _pool(vaults: Iterable[Vault]) -> list[Resource]:
    return [resource for vault in vaults for resource in vault.resources]


def _plant_once(draft: Draft, fault: faults.Fault, pool: list[Resource]) -> None:
    """Plant a fault at the first of the shuffled resources where it fits, and take that one out of the pool."""
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
}
