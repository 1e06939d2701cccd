"""The clients that back up files: the first server of each vault for servers has one, with the server's id."""

from datetime import timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, PlannedResource, PlannedVault
from audit.simulator.messages import Row
from audit.simulator.tasks import written

_SILENT_FOR: Final = timedelta(days=3)
_MINUTE: Final = timedelta(minutes=1)


def agent_rows(draft: Draft) -> list[Row]:
    """Return every agent; they use their own random numbers, so that they change nothing else in an estate."""
    rng = Random(f"agents {draft.project_id}")
    return [_agent(draft, rng, resource) for resource in _with_agents(draft.vaults)]


def lose_agents(draft: Draft, vaults: list[PlannedVault]) -> None:
    """Make one server's agent silent for three days, and another one abnormal."""
    servers = [each for each in _with_agents(vaults) if not (each.is_deleted or each.is_unlisted)]
    for resource, agents in zip(servers, (draft.silent_agents, draft.broken_agents), strict=False):
        agents.add(resource.id)
        draft.truth.resource(resource.id, "CBR-505")


def _with_agents(vaults: list[PlannedVault]) -> list[PlannedResource]:
    return [vault.resources[0] for vault in vaults if vault.object_type == "server" and vault.resources]


def _agent(draft: Draft, rng: Random, resource: PlannedResource) -> Row:
    silent_for = _SILENT_FOR if resource.id in draft.silent_agents else _MINUTE
    active = draft.as_of - silent_for - rng.random() * _MINUTE
    path = {"id": identifiers.uuid(rng), "agent_id": resource.id, "dir_path": "/srv/data", "status": "available"}
    return {
        "agent_id": resource.id,
        "agent_type": "cloud",
        "agent_version": "24.6.0",
        "created_at": written(draft.before),
        "updated_at": written(active),
        "host_name": resource.name,
        "host_nickname": "",
        "host_ip": f"192.0.2.{rng.randrange(20, 255)}",
        "host_os": "linux",
        "status": "abnormal" if resource.id in draft.broken_agents else "normal",
        "last_active_time": written(active),
        "paths": [path],
    }
