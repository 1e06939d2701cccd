from typing import Any

import pytest

from audit.controls.cbr_502_excluded_disk import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Vault
from tests.builders import a_protected, a_resource, a_vault, facts_of, limits

ALLOWED = limits(allowed_excluded_disks=frozenset({"swap", "scratch"}))


def holding(*excluded: str, included: tuple[str, ...] = (), **changes: Any) -> Vault:
    held = a_protected(excluded=excluded, included=included)
    return a_vault(**{"vault_id": "vault-1", "resources": (held,), **changes})


def judged(*vaults: Vault, **changes: Any) -> Verdict:
    return judge(a_resource(vaults=vaults, **changes), ALLOWED)


@pytest.mark.parametrize(
    ("vault", "outcome"),
    [
        (holding(), Outcome.PASS),
        (holding("data"), Outcome.FAIL),
        (holding("swap"), Outcome.PASS),
        (holding("swap", "scratch"), Outcome.PASS),
        (holding("swap", "data"), Outcome.FAIL),
        (holding(included=("system",)), Outcome.FAIL),
        (holding("swap", included=("system",)), Outcome.FAIL),
    ],
)
def test_no_disk_may_be_left_out_but_those_that_are_allowed(vault: Vault, outcome: Outcome) -> None:
    assert judged(vault).outcome is outcome


@pytest.mark.parametrize(
    ("excluded", "outcome"), [((), Outcome.UNKNOWN), (("swap",), Outcome.UNKNOWN), (("data",), Outcome.FAIL)]
)
def test_disks_that_cannot_be_read_are_not_taken_for_none(excluded: tuple[str, ...], outcome: Outcome) -> None:
    odd = a_vault("vault-1", resources=(a_protected(excluded=excluded, disks_known=False),))

    assert judged(odd).outcome is outcome
    assert judged(odd, holding(vault_id="vault-2")).outcome is Outcome.PASS


def test_it_names_the_disks() -> None:
    vault = holding("swap", "data-2", "data-1", included=("system",))

    assert facts_of(judged(vault)) == {
        "vaults": 1,
        "left_out": "data-1, data-2",
        "left_out_as_allowed": "swap",
        "only_backed_up": "system",
    }
    assert facts_of(judged(holding())) == {"vaults": 1}


def test_a_vault_that_backs_up_all_disks_is_enough() -> None:
    verdict = judged(holding("data"), holding(vault_id="vault-2"))

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.PASS, {"vaults": 2, "left_out": "data"})
    assert judged(holding("data"), holding(vault_id="vault-2", included=("data",))).outcome is Outcome.FAIL


def test_a_vault_for_copies_only_backs_up_nothing() -> None:
    copies = holding(vault_id="vault-2", protect_type="replication")

    assert judged(holding("data"), copies).outcome is Outcome.FAIL
    assert judged(copies).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("kind", ["OS::Cinder::Volume", "OS::Sfs::Turbo"])
def test_it_does_not_apply_to_what_has_no_disks(kind: str) -> None:
    assert judged(holding("data"), type=kind).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("kind", ["OS::Ironic::BareMetalServer", "OS::Workspace::DesktopV2", "unknown"])
def test_it_applies_to_everything_that_may_have_disks(kind: str) -> None:
    assert judged(holding("data"), type=kind).outcome is Outcome.FAIL


def test_a_vault_that_was_not_read_may_back_up_all_disks() -> None:
    assert judged(holding(), vaults_complete=False).outcome is Outcome.PASS
    assert judged(holding("data"), vaults_complete=False).outcome is Outcome.UNKNOWN
    assert judged(vaults_complete=False).outcome is Outcome.UNKNOWN
