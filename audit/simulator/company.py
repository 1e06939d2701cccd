"""A company with its systems: the vaults and their contents."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, count
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, LooseResource, PlannedResource, PlannedVault
from audit.simulator.error_codes import SERVER_STATUS
from audit.simulator.policies import choose_plan, long_before, new_policy, replication_policy

SYSTEMS: Final = (
    ("production-web", "server"),
    ("production-db", "disk"),
    ("finance-erp", "server"),
    ("staging", "server"),
    ("hr-portal", "server"),
    ("file-shares", "turbo"),
    ("office-desktops", "workspace"),
    ("customer-portal", "server"),
    ("billing-db", "disk"),
    ("data-lake", "turbo"),
    ("intranet", "server"),
    ("call-centre", "workspace"),
    ("build-farm", "server"),
    ("warehouse-db", "disk"),
)
RESOURCE_TYPES: Final = {
    "server": "OS::Nova::Server",
    "disk": "OS::Cinder::Volume",
    "turbo": "OS::Sfs::Turbo",
    "workspace": "OS::Workspace::DesktopV2",
}
BARE_METAL: Final = "OS::Ironic::BareMetalServer"
_ROLES: Final = {
    "server": ("web", "app", "api", "batch", "cache", "queue"),
    "disk": ("data", "wal", "index", "archive"),
    "turbo": ("home", "projects", "scans"),
    "workspace": ("desk",),
}
_PREFIXES: Final = {"server": "ecs", "disk": "evs", "turbo": "sfs", "workspace": "wks"}
_SIZES: Final = {
    "server": (40, 80, 100, 200),
    "disk": (100, 500, 1000),
    "turbo": (500, 1200),
    "workspace": (80,),
}
_OWN_POLICY: Final = 8
_SHARED_POLICIES: Final = 24


def found(draft: Draft, resources: int) -> None:
    """Fill an empty draft with vaults, resources and their policies; at most 32 backup policies."""
    sizes = _vault_sizes(draft.rng, resources)
    shared = max(1, min(_SHARED_POLICIES, len(sizes) - _OWN_POLICY))
    names = _system_names()
    own_from = max(shared, len(sizes) - _OWN_POLICY)
    for number, size in enumerate(sizes):
        name, object_type = next(names)
        vault = new_vault(draft, name, object_type)
        vault.is_app_consistent = object_type == "server" and (number == 0 or draft.one_in(3))
        if shared <= number < own_from:
            vault.policy = draft.policies[number % shared]
        else:
            vault.policy = new_policy(draft, name, choose_plan(draft, number))
            draft.policies.append(vault.policy)
        for place in range(size):
            vault.resources.append(new_resource(draft, vault, place))
        draft.vaults.append(vault)
    if draft.vaults:
        _copy_everything(draft)
        _leave_one_that_cannot_be_protected(draft)


def new_vault(draft: Draft, name: str, object_type: str) -> PlannedVault:
    """Create a vault that is older than any window."""
    rng = draft.rng
    private = name.startswith(("finance", "hr"))
    return PlannedVault(
        id=identifiers.uuid(rng),
        name=f"vault-{name}",
        object_type=object_type,
        created=long_before(draft, 200),
        enterprise_project_id=identifiers.uuid(rng) if private else "0",
        twin=identifiers.uuid(rng),
        tags=[{"key": "owner", "value": "platform-team"}, {"key": "system", "value": name}],
    )


def new_resource(draft: Draft, vault: PlannedVault, place: int) -> PlannedResource:
    """Create a resource that fits into the vault, with a typical duration of 4 to 90 minutes."""
    rng, kind = draft.rng, vault.object_type
    system = vault.name.removeprefix("vault-")
    bare = kind == "server" and draft.one_in(12)
    return PlannedResource(
        id=identifiers.uuid(rng),
        name=f"{'bms' if bare else _PREFIXES[kind]}-{system}-{rng.choice(_ROLES[kind])}-{place + 1:02}",
        type=BARE_METAL if bare else RESOURCE_TYPES[kind],
        size=rng.choice(_SIZES[kind]),
        typical=timedelta(minutes=min(90.0, max(4.0, rng.lognormvariate(2.7, 0.8)))),
        vault=vault,
        encrypted_since=vault.created,
        disks=tuple(identifiers.uuid(rng) for _ in range(rng.choice((1, 1, 2)))) if kind == "server" else (),
    )


def _copy_everything(draft: Draft) -> None:
    """Apply one replication policy to every vault."""
    policy = replication_policy(draft, "second-region")
    draft.policies.append(policy)
    for vault in draft.vaults:
        vault.replication = policy


def _leave_one_that_cannot_be_protected(draft: Draft) -> None:
    """Add a server that no vault would accept because it is broken."""
    server_id = identifiers.uuid(draft.rng)
    draft.loose.append(LooseResource("server", server_id, "ecs-scrapped", RESOURCE_TYPES["server"], 40, SERVER_STATUS))


def _vault_sizes(rng: Random, resources: int) -> list[int]:
    """Split the resources into vaults of about six; the last two vaults are small."""
    small_estate = 18
    vaults = min(resources, 3) if resources < small_estate else resources // 6
    sizes = [1] * vaults
    growing = max(1, vaults - 2)
    for _ in range(resources - vaults):
        sizes[rng.randrange(growing)] += 1
    return sizes


def _system_names() -> Iterator[tuple[str, str]]:
    more = ((f"{name}-{number:02}", kind) for number in count(2) for name, kind in SYSTEMS)
    return chain(SYSTEMS, more)
