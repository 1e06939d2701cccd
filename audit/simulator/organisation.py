"""The policies that the organisation gives to its accounts: two, and how far each is deployed in which project."""

from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft
from audit.simulator.messages import Row

_ACCOUNTS: Final = 4
_OPERATIONS: Final = ("backup", "replication")


def organisation_rows(draft: Draft) -> tuple[list[Row], dict[str, list[Row]]]:
    """Return the organisation policies, and the deployments of each by its id; they use their own random numbers."""
    rng = Random(f"organisation {draft.project_id}")
    owner = identifiers.project(rng)
    policies = [_policy(rng, owner, operation) for operation in _OPERATIONS]
    elsewhere = [(identifiers.project(rng), identifiers.project(rng)) for _ in range(_ACCOUNTS - 1)]
    places = [(owner, draft.project_id), *elsewhere]
    deployments = {policy["id"]: [_deployment(rng, *place) for place in places] for policy in policies}
    if draft.is_half_deployed:
        deployments[policies[0]["id"]][-1]["status"] = "error"
    return policies, deployments


def leave_an_account_out(draft: Draft) -> None:
    """Deploy the backup policy of the organisation everywhere except in one account."""
    draft.is_half_deployed = True
    draft.truth.collection(draft.project_id, "CBR-207")


def _policy(rng: Random, owner: str, operation: str) -> Row:
    target: Row = {"destination_project_id": identifiers.project(rng), "destination_region": "sim-2"}
    kept: Row = {"retention_duration_days": 90, "max_backups": -1}
    return {
        "id": identifiers.uuid(rng),
        "name": f"organisation-{operation}",
        "description": "",
        "operation_type": operation,
        "domain_id": owner,
        "domain_name": "example-company",
        "effective_scope": "",
        "policy_name": f"{operation}-of-the-organisation",
        "policy_enabled": True,
        "policy_operation_definition": {**kept, **(target if operation == "replication" else {})},
        "policy_trigger": {"properties": {"pattern": ["FREQ=DAILY;INTERVAL=1;BYHOUR=20;BYMINUTE=00"]}},
        "status": "available",
    }


def _deployment(rng: Random, domain_id: str, project_id: str) -> Row:
    return {
        "policy_id": identifiers.uuid(rng),
        "domain_id": domain_id,
        "project_id": project_id,
        "status": "available",
    }
