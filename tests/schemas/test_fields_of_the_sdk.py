"""The newest SDK of the vendor knows no field of an answer that the schemas lack."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from huaweicloudsdkcbr import v1

from tests.schemas.amended import load

ANSWERS = {
    "operation_logs": v1.ListOpLogsResponse,
    "operation_log": v1.ShowOpLogResponse,
    "policies": v1.ListPoliciesResponse,
    "vaults": v1.ListVaultResponse,
    "backups": v1.ListBackupsResponse,
    "protectables": v1.ListProtectableResponse,
    "agents": v1.ListAgentResponse,
    "organization_policies": v1.ListOrganizationPoliciesResponse,
    "deployments": v1.ListOrganizationPolicyDetailResponse,
    "storage_usage": v1.ShowStorageUsageResponse,
    "members": v1.ShowMembersDetailResponse,
}


def inside(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """What an object or the items of a list look like."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return inside(schema["items"], root) if "items" in schema else schema


def lacking(model: Any, schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Name the fields of a model of the SDK, and of the models in it, that a schema does not have."""
    found = inside(schema, root)
    for name, kind in model.openapi_types.items():
        path = (*above, model.attribute_map[name])
        known = found.get("properties", {}).get(path[-1])
        inner = getattr(v1, re.sub(r"^list\[(.*)\]$", r"\1", kind), None)
        if known is None:
            yield ".".join(path)
        elif hasattr(inner, "openapi_types") and path[-1] not in above:  # parts of a backup are backups
            yield from lacking(inner, known, root, path)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_schemas_have_every_field_that_the_sdk_has(name: str) -> None:
    schema = load(name)

    assert [*lacking(ANSWERS[name], schema, schema)] == []


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("policies", "policies.operation_definition.advanced_retention_rules.yearly_retention_rules.retention_months"),
        ("policies", "policies.trigger.properties.start_window_minutes"),
        ("policies", "policies.policy_type"),
        ("vaults", "vaults.resources.protect_status"),
        ("vaults", "vaults.resources.extra_info.include_volumes.os_version"),
        ("backups", "backups.extend_info.encrypted"),
        ("operation_logs", "operation_logs.extra_info.update_expiration_time.expiration_day"),
    ],
)
def test_a_field_that_a_schema_lacks_is_named(name: str, field: str) -> None:
    schema = load(name)
    *above, last = field.split(".")
    place = schema
    for key in above:
        place = inside(inside(place, schema)["properties"][key], schema)
    del place["properties"][last]

    assert field in lacking(ANSWERS[name], schema, schema)
