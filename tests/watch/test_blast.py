from typing import Any

import pytest

from audit.watch.blast import unprotected
from audit.watch.change_forms import Unprotected
from tests.builders import a_policy, a_protected, a_vault


def a_line(**changes: Any) -> dict[str, Any]:
    line = {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server", "presence": "protected"}
    return line | {"vaults": ["blue"], "follows": ["policy-1"]} | changes


def lost(lines: list[dict[str, Any]], vaults: Any = (), policies: Any = ()) -> list[Unprotected]:
    return [*unprotected({"resources": lines}, vaults, policies)]


HELD = a_vault(resources=(a_protected(),))
RUNNING = a_policy(vault_ids=frozenset({"vault-1"}))


def test_what_is_still_held_and_planned_is_not_named() -> None:
    assert not lost([a_line()], [HELD], [RUNNING])


def test_a_resource_whose_vault_is_gone_lacks_a_vault() -> None:
    expected = Unprotected(id="server-1", name="web-1", type="OS::Nova::Server", vaults=("blue",), lacks="vault")

    assert lost([a_line()], [], [RUNNING]) == [expected]


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(vault_ids=frozenset()),
        a_policy(vault_ids=frozenset({"vault-1"}), enabled=False),
        a_policy(vault_ids=frozenset({"vault-1"}), operation="replication"),
    ],
)
def test_a_resource_whose_vault_has_no_policy_that_runs_lacks_a_policy(policy: Any) -> None:
    assert [each.lacks for each in lost([a_line()], [HELD], [policy])] == ["policy"]


def test_a_resource_that_does_not_follow_its_vault_lacks_a_policy() -> None:
    alone = a_vault(resources=(a_protected(auto_protect=False),))

    assert [each.lacks for each in lost([a_line()], [alone], [RUNNING])] == ["policy"]


def test_copies_in_another_region_protect_nothing_here() -> None:
    copies = a_vault(protect_type="replication", resources=(a_protected(),))

    assert [each.lacks for each in lost([a_line()], [copies], [RUNNING])] == ["vault"]


@pytest.mark.parametrize("changes", [{"follows": []}, {"follows": None}, {"presence": "left"}])
def test_what_had_no_protection_before_has_lost_none(changes: dict[str, Any]) -> None:
    assert not lost([a_line(**changes)])
