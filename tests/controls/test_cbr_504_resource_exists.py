"""Resources that were deleted, and are still in their vault."""

from collections.abc import Sequence
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.controls.cbr_503_resource_protected import judge as judge_protected
from audit.controls.cbr_504_resource_exists import judge
from audit.judging.evaluate import evaluate
from audit.judging.findings import Control, Outcome
from audit.records import Protectable, Vault
from audit.subjects import Existence, Presence, Resource
from tests.builders import (
    DAY,
    NOW,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_protectable,
    a_protected,
    a_reading,
    a_resource,
    a_vault,
    arranged,
    facts_of,
    limits,
    requirements,
)

EVERYTHING = frozenset(Kind)


def held(*states: str | None, kind: str = "backup") -> tuple[Vault, ...]:
    """Vaults that hold the resource, each in a state."""
    return tuple(
        a_vault(f"vault-{number}", protect_type=kind, resources=(a_protected(protect_status=state),))
        for number, state in enumerate(states, 1)
    )


def a_server(*states: str | None, **changes: Any) -> Resource:
    return a_resource(vaults=held(*states), **changes)


LISTED = {"protectable": a_protectable(status="ACTIVE")}
GONE = {"is_type_listed": True}


@pytest.mark.parametrize(
    ("states", "by_list", "existence", "outcome"),
    [
        (["deleted"], {}, Existence.DELETED, Outcome.FAIL),
        (["deleted", "deleted"], {}, Existence.DELETED, Outcome.FAIL),
        (["deleted"], GONE, Existence.DELETED, Outcome.FAIL),
        (["deleted"], LISTED, Existence.CONTRADICTED, Outcome.UNKNOWN),
        (["deleted", "available"], {}, Existence.CONTRADICTED, Outcome.UNKNOWN),
        (["deleted", None], {}, Existence.CONTRADICTED, Outcome.UNKNOWN),
        (["available"], {}, Existence.NOT_SAID, Outcome.PASS),
        (["protecting"], LISTED, Existence.THERE, Outcome.PASS),
        (["available"], GONE, Existence.CONTRADICTED, Outcome.UNKNOWN),
        ([None], GONE, Existence.DELETED, Outcome.FAIL),
        ([None], LISTED, Existence.THERE, Outcome.PASS),
        ([None], {}, Existence.NOT_SAID, Outcome.NOT_APPLICABLE),
        ([None], {"protectable": a_protectable(status="DELETED")}, Existence.DELETED, Outcome.FAIL),
        (["available"], {"protectable": a_protectable(status="soft_deleted")}, Existence.DELETED, Outcome.FAIL),
        (["available"], {"server_id": "server-9", **GONE}, Existence.THERE, Outcome.PASS),
        (["error"], LISTED, Existence.THERE, Outcome.UNKNOWN),
        (["error"], {}, Existence.NOT_SAID, Outcome.UNKNOWN),
        (["error"], GONE, Existence.DELETED, Outcome.FAIL),
        (["a new state"], LISTED, Existence.THERE, Outcome.UNKNOWN),
    ],
)
def test_vaults_and_list_say_whether_it_is_still_there(
    states: list[str | None], by_list: dict[str, Any], existence: Existence, outcome: Outcome
) -> None:
    resource = a_server(*states, **by_list)

    assert (resource.existence, judge(resource, limits()).outcome) == (existence, outcome)


def test_it_names_the_vaults_and_what_they_and_the_list_say() -> None:
    assert facts_of(judge(a_server("error", "available", **LISTED), limits())) == {
        "vaults": "vault-1, vault-2",
        "protect_status": "available, error",
        "listed_as": "ACTIVE",
    }
    assert facts_of(judge(a_server(None), limits())) == {"vaults": "vault-1", "protect_status": None}


def judged(
    vault: Vault, *protectables: Protectable, controls: Sequence[Control[Any]] = CONTROLS, **collection: Any
) -> dict[str, Outcome]:
    """The outcomes of all controls on a server that its daily policy backed up until five days ago."""
    subjects = arranged(
        [a_backup(day * DAY, backup_id=f"point-{day * 24}h") for day in range(28, 4, -1)],
        [a_policy(retention_days=30)],
        [vault],
        a_collection(**collection),
        backups=[a_point(day * DAY, expired_at=NOW + (60 - day) * DAY) for day in range(5, 29)],
        protectables=protectables,
    )
    return {
        finding.control: finding.outcome
        for finding in evaluate(subjects, controls, requirements(limits(max_backup_age=None)))
        if finding.kind == "resource" and finding.id == "server-1"
    }


NEW_BACKUPS = {f"CBR-{number}" for number in (101, 102, 103, 104, 105, 107, 108, 110, 112, 113, 501, 502, 503)}
KEPT_BACKUPS = {"CBR-401", "CBR-402", "CBR-403", "CBR-404"}


def test_a_server_that_its_vault_calls_deleted_is_one_finding() -> None:
    (vault,) = held("deleted")
    outcomes = judged(vault)

    assert {control for control, outcome in outcomes.items() if outcome is Outcome.FAIL} == {"CBR-504"}
    assert {outcomes[control] for control in NEW_BACKUPS & outcomes.keys()} == {Outcome.NOT_APPLICABLE}
    assert {outcomes[control] for control in KEPT_BACKUPS} == {Outcome.PASS}


def test_a_server_that_was_deleted_is_excused_by_nothing_where_nobody_judges_that_it_was() -> None:
    (vault,) = held("deleted")
    outcomes = judged(vault, controls=[control for control in CONTROLS if control.id != "CBR-504"])

    assert {outcomes["CBR-101"], outcomes["CBR-102"]} == {Outcome.FAIL}


def test_a_server_that_is_there_and_is_not_backed_up_fails_as_ever() -> None:
    (vault,) = held("available")
    listed = judged(vault, a_protectable(status="ACTIVE"), asked=EVERYTHING)
    failed = {control for control, outcome in listed.items() if outcome is Outcome.FAIL}

    assert {"CBR-101", "CBR-102"} <= failed
    assert "CBR-504" not in failed


@pytest.mark.parametrize(("state", "outcome"), [("available", Outcome.UNKNOWN), (None, Outcome.FAIL)])
def test_a_server_that_only_the_list_does_not_show_is_judged_as_ever(state: str | None, outcome: Outcome) -> None:
    (vault,) = held(state)
    outcomes = judged(vault, a_protectable("server-2"), asked=EVERYTHING)

    assert outcomes["CBR-504"] is outcome
    assert {outcomes["CBR-101"], outcomes["CBR-102"]} == {Outcome.FAIL}


NOT_OFFERED = [a_reading(kind) for kind in Kind if kind is not Kind.PROTECTABLES]


@pytest.mark.parametrize(
    ("kind", "not_offered", "existence"),
    [
        ("OS::Nova::Server", (), Existence.DELETED),
        ("OS::Cinder::Volume", ("turbo", "workspace"), Existence.DELETED),
        ("OS::Sfs::Turbo", (), Existence.DELETED),
        ("OS::Sfs::Turbo", ("turbo",), Existence.NOT_SAID),
        ("OS::Workspace::DesktopV2", ("workspace",), Existence.DELETED),
        ("OS::Workspace::DesktopV2", ("workspace_v2",), Existence.NOT_SAID),
        ("OS::Ironic::BareMetalServer", (), Existence.NOT_SAID),
        ("OS::Native::Server", (), Existence.NOT_SAID),
        ("A::New::Type", (), Existence.NOT_SAID),
    ],
)
def test_a_list_says_nothing_of_a_type_that_it_may_not_show(
    kind: str, not_offered: tuple[str, ...], existence: Existence
) -> None:
    reading = a_reading(Kind.PROTECTABLES, not_offered=not_offered)
    vault = a_vault(resources=(a_protected(type=kind, protect_status=None),))
    collection = a_collection(asked=EVERYTHING, readings=(*NOT_OFFERED, reading))

    (resource,) = arranged((), (), [vault], collection).resources
    assert resource.existence is existence


def test_a_list_that_nobody_asked_for_says_nothing() -> None:
    (resource,) = arranged((), (), held("available"), a_collection()).resources

    assert resource.existence is Existence.NOT_SAID


@pytest.mark.parametrize("state", ["available", "deleted", None])
@pytest.mark.parametrize("missing", [Kind.VAULTS, Kind.PROTECTABLES])
def test_nothing_is_known_where_one_of_the_two_was_not_read_completely(missing: Kind, state: str | None) -> None:
    (resource,) = arranged((), (), held(state), a_collection(missing, asked=EVERYTHING)).resources

    assert resource.existence is Existence.NOT_READ
    assert judge(resource, limits()).outcome is Outcome.UNKNOWN


def test_what_a_gapped_list_shows_is_there() -> None:
    collection = a_collection(Kind.PROTECTABLES, asked=EVERYTHING)
    (resource,) = arranged((), (), held("available"), collection, protectables=[a_protectable()]).resources

    assert judge(resource, limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("status", ["deleted", "DELETED", "SOFT_DELETED"])
def test_nobody_has_to_protect_what_is_listed_as_deleted(status: str) -> None:
    resource = a_resource(
        vaults=(),
        presence=Presence.UNPROTECTED,
        protectable=a_protectable(status=status),
        protectables_complete=True,
    )
    verdict = judge_protected(resource, limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.NOT_APPLICABLE, {"status": status})
