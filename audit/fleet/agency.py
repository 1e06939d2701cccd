"""What each account has to set up so that the fleet may read it: policies as JSON, and Terraform.

A trust agency (STS v5) has a trust policy and an identity policy. The older kind of agency trusts a whole account, and
knows no external id. Not proven: the names of the actions in identity policies (version 5.0), which the documents at
hand list for the older policies (version 1.1) only. Resources: docs/resources/ of the vendor's Terraform provider.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from audit.cloud.permissions import (
    ASSUME,
    EXTRA,
    LIST_PROJECTS,
    LIST_PROJECTS_V5,
    ORGANIZATION,
    PROTECTABLES,
    READ,
    TRACE,
)
from audit.errors import SettingsError
from audit.fleet.configuration import FleetConfiguration
from audit.settings import ANY_ACCOUNT, agency_named

_ACCOUNT_NAME: Final = re.compile(r"[\w .-]{1,64}")  # nothing that Terraform would read as its own
_V5: Final = "5.0"
_OLDER: Final = "1.1"
_READING: Final = (*READ, *EXTRA, *PROTECTABLES, *TRACE)
_PROVIDER: Final = """
terraform {
  required_providers {
    huaweicloud = {
      source = "huaweicloud/huaweicloud"
    }
  }
}
"""
_TRUST_AGENCY: Final = """\
# The trust agency {name} of one account, with the two policies beside this file. Apply it in each account.

resource "huaweicloud_identity_policy" "read" {{
  name            = "{name}-read"
  description     = "What cbr-audit may read"
  policy_document = file("${{path.module}}/identity-policy.json")
}}

resource "huaweicloud_identity_trust_agency" "audit" {{
  name         = "{name}"
  description  = "Lets {home_name} audit backups"
  policy_names = [huaweicloud_identity_policy.read.name]
  trust_policy = file("${{path.module}}/trust-policy.json")
}}
"""
_OLDER_AGENCY: Final = """\
# The agency {name} of one account, for clouds without STS v5; it trusts the account {home_name} as a whole, and cannot
# demand an external id. Apply it in each account.

resource "huaweicloud_identity_role" "read" {{
  name        = "{name}-read"
  description = "What cbr-audit may read in projects"
  type        = "XA"
  policy      = <<-JSON
    {reading}
  JSON
}}

resource "huaweicloud_identity_role" "projects" {{
  name        = "{name}-projects"
  description = "Which projects there are"
  type        = "AX"
  policy      = <<-JSON
    {listing}
  JSON
}}

resource "huaweicloud_identity_agency" "audit" {{
  name                  = "{name}"
  description           = "Lets {home_name} audit backups"
  delegated_domain_name = "{home_name}"
  duration              = "FOREVER"
  all_resources_roles   = [huaweicloud_identity_role.read.name]
  domain_roles          = [huaweicloud_identity_role.projects.name]
}}
"""


def agency_files(configuration: FleetConfiguration, home_name: str, external_id: str) -> dict[str, bytes]:
    """Return what to set up, as files by name.

    Args:
        configuration: of the fleet; it must name its home and its agency.
        home_name: the name of the home account, which the older kind of agency trusts.
        external_id: what the trust policy demands; empty for nothing.

    Raises:
        SettingsError: the configuration lacks the home or the agency.
    """
    home = configuration.home
    agency = agency_named((configuration.agency or "").replace(ANY_ACCOUNT, home or ""))
    if home is None or agency is None:
        lacking = "home, the id of the account of the audit" if home is None else f"agency: {ANY_ACCOUNT}/cbr-audit"
        raise SettingsError(f"the fleet file lacks {lacking}; who is to be trusted, and as what?")
    if not _ACCOUNT_NAME.fullmatch(home_name):
        raise SettingsError(f"{home_name!r} is not the name of an account")
    name = agency.name
    files = {
        "account/trust-policy.json": trust_policy(home, external_id),
        "account/identity-policy.json": _policy(_V5, [*_READING, *LIST_PROJECTS_V5]),
        "home/identity-policy.json": own_policy(configuration, name),
    }
    return {
        **{place: orjson.dumps(policy, option=orjson.OPT_INDENT_2) + b"\n" for place, policy in files.items()},
        "account/agency.tf": f"{_TRUST_AGENCY.format(name=name, home_name=home_name)}{_PROVIDER}".encode(),
        "older/agency.tf": f"{older_agency(name, home_name)}{_PROVIDER}".encode(),
    }


def trust_policy(home: str, external_id: str = "") -> dict[str, Any]:
    """Let the home account assume an agency, and nobody else; with the external id, if there is one."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": [*ASSUME], "Principal": {"IAM": [home]}}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": [external_id]}}
    return {"Version": _V5, "Statement": [statement]}


def own_policy(configuration: FleetConfiguration, name: str) -> dict[str, Any]:
    """Let the audit itself assume the agencies of the fleet, list its own projects and, if it is to, accounts."""
    urns = {account.agency for account in configuration.listed if account.agency.startswith("iam::")}
    statements = [
        {"Effect": "Allow", "Action": [*ASSUME], "Resource": sorted({f"iam::*:agency:{name}", *urns})},
        {"Effect": "Allow", "Action": [*LIST_PROJECTS_V5]},
    ]
    if configuration.discovery.organization:
        statements.append({"Effect": "Allow", "Action": [*ORGANIZATION]})
    return {"Version": _V5, "Statement": statements}


def older_agency(name: str, home_name: str) -> str:
    """Write the older kind of agency, with what it may read."""
    reading, listing = _policy(_OLDER, _READING), _policy(_OLDER, LIST_PROJECTS)
    texts = {"reading": _inside(reading), "listing": _inside(listing)}
    return _OLDER_AGENCY.format(name=name, home_name=home_name, **texts)


def _policy(version: str, actions: Iterable[str]) -> dict[str, Any]:
    return {"Version": version, "Statement": [{"Effect": "Allow", "Action": [*actions]}]}


def _inside(policy: Mapping[str, Any]) -> str:
    """Write a policy as it stands inside of a resource."""
    return orjson.dumps(policy, option=orjson.OPT_INDENT_2).decode().replace("\n", "\n    ")
