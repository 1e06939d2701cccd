"""The policies of an organisation, and how far each is deployed in its accounts."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class OrganizationPolicy(Struct, frozen=True, kw_only=True):
    """A policy that an organisation gives to its accounts. Source: ListOrganizationPolicies.

    Attributes:
        status: available, updating, syncing or deleting.
    """

    id: str
    name: str
    status: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "OrganizationPolicy":
        """Build an organisation policy from a row of policies."""
        return cls(id=row["id"], name=row["name"], status=row["status"])


class Deployment(Struct, frozen=True, kw_only=True, order=True):
    """How far an organisation policy is deployed in a project of an account. Source: ListOrganizationPolicyDetail.

    Attributes:
        status: available, syncing, updating, deleting or error.
    """

    domain_id: str
    project_id: str
    status: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Deployment":
        """Build a deployment from a row of policies."""
        return cls(domain_id=row["domain_id"], project_id=row["project_id"], status=row["status"])
