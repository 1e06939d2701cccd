from typing import Any

import pytest

from audit.controls.cbr_503_resource_protected import CONTROL, judge
from audit.judging.findings import Outcome, Verdict
from audit.subjects import Presence
from tests.builders import a_departure, a_protectable, a_resource, a_vault, facts_of, limits

COPIES = a_vault("copies", protect_type="replication")
ABSENT = [Presence.UNPROTECTED, Presence.LEFT, Presence.UNACCOUNTED]


def judged(presence: Presence = Presence.UNPROTECTED, **changes: Any) -> Verdict:
    values: dict[str, Any] = {"vaults": (), "protectable": a_protectable(), "protectables_complete": True}
    return judge(a_resource(presence=presence, **{**values, **changes}), limits())


@pytest.mark.parametrize("complete", [True, False, None])
@pytest.mark.parametrize("protectable", [a_protectable(), None])
def test_a_backup_vault_protects_whatever_the_list_says(complete: bool | None, protectable: object) -> None:  # noqa: FBT001  # the field in question
    verdict = judged(
        Presence.PROTECTED, vaults=(COPIES, a_vault()), protectable=protectable, protectables_complete=complete
    )

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.PASS, {"vault": "vault-1"})


@pytest.mark.parametrize("presence", ABSENT)
def test_one_that_is_listed_and_in_no_vault_fails(presence: Presence) -> None:
    verdict = judged(presence, departure=a_departure() if presence is Presence.LEFT else None)

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.FAIL, {"type": "server"})


@pytest.mark.parametrize("vault_id", [None, "copies"])
def test_a_vault_for_copies_protects_nothing(vault_id: str | None) -> None:
    verdict = judged(Presence.REPLICA, vaults=(COPIES,), protectable=a_protectable(vault_id=vault_id))

    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "changes",
    [
        {"protectables_complete": False},
        {"protectables_complete": False, "protectable": None},
        {"protectables_complete": None, "protectable": None},
        {"vaults_complete": False},
        {"vaults_complete": False, "protectable": None},
    ],
)
def test_it_is_unknown_where_a_list_was_not_read_completely(changes: dict[str, Any]) -> None:
    assert judged(**changes).outcome is Outcome.UNKNOWN


def test_a_vault_that_only_one_of_the_lists_knows_is_unknown() -> None:
    verdict = judged(protectable=a_protectable(vault_id="vault-7"))

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"vault": "vault-7"})


@pytest.mark.parametrize("presence", ABSENT)
def test_one_that_is_not_listed_any_more_is_gone(presence: Presence) -> None:
    assert judged(presence, protectable=None).outcome is Outcome.NOT_APPLICABLE


def test_one_that_cbr_cannot_protect_is_not_judged() -> None:
    assert judged(protectable=a_protectable(can_be_protected=False)).outcome is Outcome.NOT_APPLICABLE


def test_a_disk_is_protected_with_its_server() -> None:
    verdict = judged(server_id="server-7", type="OS::Cinder::Volume")

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.NOT_APPLICABLE, {"server": "server-7"})


def test_it_judges_resources_that_no_vault_holds() -> None:
    assert CONTROL.judges_departed
