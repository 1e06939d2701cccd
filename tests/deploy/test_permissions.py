import json
import re
from typing import Any

import pytest

from audit.cloud.permissions import (
    ASSUME,
    ENCRYPT,
    EXTRA,
    INVOKE,
    LIST_PROJECTS_V5,
    LOCK,
    NOTIFY,
    ORGANIZATION,
    POLICIES,
    READ,
    SIGN,
    START_ITSELF,
    STORE,
    TRACE,
)
from audit.collection import Kind
from audit.evidence.chain import folder_of
from audit.evidence.store import obs, obs_dialect
from audit.fleet import organization
from audit.notify import smn
from audit.simulator import ACTIONS as KNOWN
from deploy.wheels import ROOT

IAM = ROOT / "deploy" / "iam"
GLOBAL = {"obs", "sts", "iam", "organizations"}
OF_IAM_5 = {"sts-assume", "projects-list", "organizations-read"}
LIMITED = {"obs", "sts", "functiongraph"}  # those whose documents say how a resource is written


def policy(name: str) -> Any:
    return json.loads((IAM / f"{name}.json").read_text())


def actions(name: str) -> list[str]:
    """What a policy allows."""
    allowed = [statement for statement in policy(name)["Statement"] if statement["Effect"] == "Allow"]
    return [action for statement in allowed for action in statement["Action"]]


def test_the_table_names_what_the_code_asks_for_and_no_more() -> None:
    assert not {*READ} & {*EXTRA}
    assert {*READ, *EXTRA, *TRACE} == {kind.permission for kind in Kind if kind is not Kind.PROTECTABLES} - {""}
    assert {*STORE} == {obs.PUT, obs.GET, obs.LIST}
    assert {*LOCK} == {obs.LOCK}
    assert {*NOTIFY} == {smn.ACTION}
    assert {*SIGN} == {action for action in KNOWN if action.startswith("kms:")}
    advice = (
        obs_dialect.OBS.remedy(403, "KMS.0103", obs.PUT) + (ROOT / "audit/evidence/store/obs_dialect.py").read_text()
    )
    assert set(re.findall(r"kms:\w+:\w+", advice)) <= {*ENCRYPT}
    assert len(INVOKE) == 2
    assert len(ASSUME) == len(LIST_PROJECTS_V5) == 1
    assert {*START_ITSELF} < {*INVOKE}
    assert {*ORGANIZATION} == {*organization.ACTIONS}


def test_every_policy_is_there_and_no_other() -> None:
    assert {path.stem for path in IAM.glob("*.json")} == {*POLICIES}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_allows_exactly_the_actions_of_the_table(name: str) -> None:
    assert actions(name) == [*POLICIES[name]]
    assert policy(name)["Version"] == ("5.0" if name in OF_IAM_5 else "1.1")


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_no_wildcard_and_does_not_mix_global_and_project_actions(name: str) -> None:
    services = {action.partition(":")[0] for action in actions(name)}

    assert not any("*" in action for action in actions(name))
    assert services <= GLOBAL or not services & GLOBAL
    allowed = [statement for statement in policy(name)["Statement"] if statement["Effect"] == "Allow"]
    resources = [resource for statement in allowed for resource in statement.get("Resource", ())]
    assert bool(resources) == (services <= LIMITED and name != "function-invoke")
    assert set(resources) <= {
        *("obs:*:*:object:BUCKET/PREFIX/*", "obs:*:*:bucket:BUCKET"),
        *("iam::*:agency:cbr-audit", "FunctionGraph:*:*:function:default/NAME"),
    }


def test_no_policy_can_change_a_backup_and_only_that_of_prune_can_delete() -> None:
    granted = {action for name in POLICIES if name != "obs-prune" for action in actions(name)}

    assert not [action for action in granted if action.startswith("cbr:") and not action.endswith(":list")]
    assert not [action for action in granted if "delete" in action.lower()]


def test_only_the_policy_of_prune_denies_and_only_to_delete_digests() -> None:
    denied = {
        (name, action, resource)
        for name in POLICIES
        for statement in policy(name)["Statement"]
        for action in statement["Action"]
        for resource in statement.get("Resource", ())
        if statement["Effect"] == "Deny"
    }

    assert denied == {("obs-prune", obs.DELETE, f"obs:*:*:object:BUCKET/PREFIX/{folder_of('PROJECT')}*")}


def test_the_readme_beside_them_gives_the_reason_of_each_action() -> None:
    rows = re.findall(
        r"^\| (?:`([a-z-]+)\.json`)? ?\| `([A-Za-z:]+)` \| (.+) \|$", (IAM / "README.md").read_text(), re.MULTILINE
    )
    named: dict[str, dict[str, str]] = {}
    for name, action, reason in rows:
        named.setdefault(name or [*named][-1], {})[action] = reason

    assert named == {name: dict(table) for name, table in POLICIES.items()}
