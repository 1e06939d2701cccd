"""Which subjects a row spoils that could not be used: those that it may be about, and no others."""

from datetime import timedelta

import pytest

from audit.collection import About, Kind, Rejected
from audit.controls import CONTROLS
from audit.history import History
from audit.judging.findings import Outcome
from audit.records import Task
from audit.subjects import (
    Collection,
    Former,
    Inventory,
    Presence,
    Resource,
    Subjects,
    VaultSubject,
    arrange,
    named,
)
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_protectable,
    a_rejected,
    a_task,
    a_vault,
    a_waiver,
    arranged,
    limits,
)

EVERYTHING = frozenset(Kind)
VAULTS = [
    a_vault("vault-1", "server-1", "server-2"),
    a_vault("vault-2", "server-3", name="green"),
]
POLICIES = [a_policy(vault_ids=frozenset({"vault-1", "vault-2"}))]


def a_row(kind: Kind = Kind.TASKS, *, row_id: str = "", is_contested: bool = False, **known: object) -> Rejected:
    return a_rejected(kind, id=row_id, about=About(**known), is_contested=is_contested)  # type: ignore[arg-type]


def with_rows(*rows: Rejected, tasks: tuple[Task, ...] = (), **changes: object) -> Subjects:
    collection = a_collection(asked=EVERYTHING, rejected=rows)
    others = {"backups": [a_point()], "protectables": [a_protectable(f"server-{number}") for number in (1, 2, 3, 4)]}
    inventory = {"policies": POLICIES, "vaults": VAULTS, **others, **changes}
    return arranged(tasks, collection=collection, **inventory)  # type: ignore[arg-type]


def both(subjects: Subjects) -> list[Resource | VaultSubject]:
    return [*subjects.resources, *subjects.vaults]


def in_doubt(subjects: Subjects) -> set[str]:
    """The resources and vaults whose part of the log is not complete."""
    return {each.id for each in both(subjects) if not each.log_complete}


RESOURCES = {"server-1", "server-2", "server-3", "server-4"}
ALL = {*RESOURCES, "vault-1", "vault-2"}


@pytest.mark.parametrize(
    ("row", "spoilt"),
    [
        (a_row(resources=("server-1",)), {"server-1", "vault-1"}),
        (a_row(resources=("server-1",), vaults=("vault-1",)), {"server-1", "vault-1"}),
        (a_row(resources=("server-1",), vaults=("vault-2",)), {"server-1", "vault-2"}),
        (a_row(resources=("server-1", "server-3")), {"server-1", "server-3", "vault-1", "vault-2"}),
        (a_row(vaults=("vault-1",)), {"server-1", "server-2", "vault-1"}),
        (a_row(vaults=("green",)), {"server-3", "vault-2"}),
        (a_row(vaults=("nobody knows it",)), ALL),
        (a_row(resources=("nobody knows it",)), {"vault-1", "vault-2"}),
        (a_row(), ALL),
    ],
)
def test_a_task_spoils_what_it_names_or_else_everything(row: Rejected, spoilt: set[str]) -> None:
    assert in_doubt(with_rows(row)) == spoilt
    assert in_doubt(with_rows()) == set()


def test_a_vault_that_is_known_from_tasks_alone_is_known() -> None:
    tasks = (a_backup(DAY, resource_id="gone", vault_id="former", vault_name=None),)

    assert in_doubt(with_rows(a_row(vaults=("former",)), tasks=tasks)) == {"gone"}
    assert in_doubt(with_rows(a_row(resources=("gone",)), tasks=tasks)) == {"gone"}


def test_where_the_log_has_gaps_a_row_adds_nothing() -> None:
    collection = a_collection(Kind.TASKS, rejected=(a_row(resources=("server-1",)),))
    (resource,) = arranged(policies=POLICIES, vaults=[a_vault()], collection=collection).resources

    assert (resource.log_complete, resource.log_read, resource.unusable) == (False, False, ())


@pytest.mark.parametrize(
    ("row", "spoilt"),
    [
        (a_row(Kind.POLICIES, vaults=("vault-1",)), {"server-1", "server-2", "vault-1"}),
        (a_row(Kind.POLICIES, vaults=("another",)), set()),
        (a_row(Kind.POLICIES, vaults=()), set()),
        (a_row(Kind.POLICIES), ALL),
    ],
)
def test_a_policy_spoils_those_of_the_vaults_that_it_names(row: Rejected, spoilt: set[str]) -> None:
    subjects = with_rows(row)

    assert {each.id for each in both(subjects) if each.policies is None} == spoilt
    assert in_doubt(subjects) == set()


def test_what_a_replication_policy_copies_is_not_known_where_a_policy_cannot_be_used() -> None:
    copying = a_policy("copying", operation="replication", vault_ids=frozenset({"vault-1"}))

    def sources(*rows: Rejected) -> object:
        return next(each for each in with_rows(*rows, policies=[*POLICIES, copying]).policies if each.sources).sources

    assert sources()
    with pytest.raises(StopIteration):
        sources(a_row(Kind.POLICIES, vaults=("vault-1",)))


@pytest.mark.parametrize(
    ("row", "resources", "vaults"),
    [
        (a_row(Kind.VAULTS, row_id="hidden", resources=("server-1", "server-4")), {"server-1", "server-4"}, {"hidden"}),
        (a_row(Kind.VAULTS, row_id="hidden"), RESOURCES, {"hidden"}),
        (a_row(Kind.VAULTS, resources=()), set(), {"vault-1", "vault-2"}),
    ],
)
def test_a_vault_spoils_what_it_may_hold_and_is_judged_as_unread(
    row: Rejected, resources: set[str], vaults: set[str]
) -> None:
    subjects = with_rows(row)

    assert {each.id for each in subjects.resources if not each.vaults_complete} == resources
    assert {each.id for each in subjects.vaults if not each.vaults_complete} == vaults
    assert row.id in {"", *(each.id for each in subjects.vaults)}


def test_what_an_unread_vault_may_hold_has_no_known_presence() -> None:
    subjects = with_rows(a_row(Kind.VAULTS, row_id="hidden", resources=("server-4",)))
    presences = {each.id: each.presence for each in subjects.resources}

    assert (presences["server-4"], presences["server-1"]) == (Presence.UNKNOWN, Presence.PROTECTED)


@pytest.mark.parametrize(
    ("row", "spoilt"),
    [
        (a_row(Kind.BACKUPS, resources=("server-3",), vaults=("vault-2",)), {"server-3", "vault-2"}),
        (a_row(Kind.BACKUPS, vaults=("vault-1",)), {"server-1", "server-2", "vault-1"}),
        (a_row(Kind.BACKUPS), ALL),
    ],
)
def test_a_backup_spoils_the_recovery_points_of_its_resource_and_vault(row: Rejected, spoilt: set[str]) -> None:
    subjects = with_rows(row)

    assert {each.id for each in both(subjects) if each.recovery_points is None} == spoilt


@pytest.mark.parametrize(
    ("row", "spoilt"),
    [
        (a_row(Kind.PROTECTABLES, resources=("server-4", "disk-1")), {"server-4"}),
        (a_row(Kind.PROTECTABLES), RESOURCES),
    ],
)
def test_what_could_be_protected_spoils_itself_and_its_parts(row: Rejected, spoilt: set[str]) -> None:
    subjects = with_rows(row)

    assert {each.id for each in subjects.resources if not each.protectables_complete} == spoilt
    assert all(each.log_complete and each.vaults_complete for each in subjects.vaults)


class TestContested:
    def test_neither_of_two_vaults_with_one_id_is_taken(self) -> None:
        row = a_row(Kind.VAULTS, row_id="vault-1", is_contested=True, resources=("server-1", "server-2"))
        subjects = with_rows(row)
        vaults = {each.id: each for each in subjects.vaults}

        assert (vaults["vault-1"].vault, vaults["vault-1"].vaults_complete) == (None, False)
        assert vaults["vault-2"].vault is not None
        unread = {each.id for each in subjects.resources if each.presence is Presence.UNKNOWN}
        assert unread == {"server-1", "server-2"}

    def test_neither_of_two_policies_with_one_id_is_taken(self) -> None:
        row = a_row(Kind.POLICIES, row_id="policy-1", is_contested=True, vaults=("vault-1", "vault-2"))

        assert with_rows(row).policies == ()

    def test_neither_of_two_protectables_with_one_id_is_taken(self) -> None:
        row = a_row(Kind.PROTECTABLES, row_id="server-4", is_contested=True, resources=("server-4",))
        subjects = with_rows(row)

        assert "server-4" not in {each.id for each in subjects.resources if each.protectable}

    def test_a_task_that_another_one_contradicts_is_no_evidence(self) -> None:
        row = a_row(row_id="backup-2h", is_contested=True, resources=("server-1", "server-2"), at=NOW - HOUR)
        tasks = (
            a_backup(2 * HOUR, backup_id="point-2h"),
            a_backup(3 * HOUR, resource_id="server-3", vault_id="vault-2", backup_id="point-3h"),
        )
        points = [a_point(2 * HOUR), a_point(3 * HOUR, resource_id="server-3", vault_id="vault-2")]
        by_id = {each.id: each for each in with_rows(row, tasks=tasks, backups=points).resources}
        recent = next(control for control in CONTROLS if control.id == "CBR-101")

        outcomes = {each: recent.judge(by_id[each], limits()).outcome for each in ("server-1", "server-2", "server-3")}
        assert outcomes == {"server-1": Outcome.UNKNOWN, "server-2": Outcome.UNKNOWN, "server-3": Outcome.PASS}

    @pytest.mark.parametrize("gaps", [(), (Kind.TASKS,)])
    def test_a_contested_restore_proves_nothing_whether_or_not_the_log_has_gaps(self, gaps: tuple[Kind, ...]) -> None:
        row = a_row(row_id="backup-48h", is_contested=True, resources=("server-1",), at=NOW - 2 * DAY)
        collection = a_collection(*gaps, rejected=(row,))
        restore = a_backup(2 * DAY, operation="restore")
        (vault,) = arranged([restore], POLICIES, [a_vault()], collection).vaults
        tested = next(control for control in CONTROLS if control.id == "CBR-601")

        assert tested.judge(vault, limits()).outcome is Outcome.UNKNOWN

    def test_a_contested_task_that_is_not_in_the_history_changes_nothing(self) -> None:
        row = a_row(row_id="elsewhere", is_contested=True, resources=("server-1",))

        assert {task.id for each in with_rows(row, tasks=(a_task(),)).resources for task in each.tasks} == {"task-1"}


class TestAccepted:
    def collection(self, until: timedelta = DAY) -> Collection:
        waiver = a_waiver(control="CBR-902", subject="odd", until=NOW + until)
        return a_collection(rejected=(a_row(row_id="odd"),), accepted={"0123456789abcdef": waiver})

    def test_a_row_that_somebody_accepts_spoils_nothing(self) -> None:
        subjects = arranged([a_task()], POLICIES, VAULTS, self.collection())

        assert in_doubt(subjects) == set()
        assert (subjects.collection.complete, subjects.collection.log_complete) == (True, True)
        assert (len(subjects.collection.rejected), subjects.collection.unusable) == (1, ())

    @pytest.mark.parametrize("kind", [Kind.BACKUPS, Kind.VAULTS])
    def test_what_is_shown_and_cannot_be_used_is_not_gone(self, kind: Kind) -> None:
        point = a_point(5 * DAY)
        hidden = {Kind.BACKUPS: point.id, Kind.VAULTS: "vault-2"}[kind]
        vaults = {vault.id: vault for vault in VAULTS}
        former = Former(
            run="before", until=NOW - DAY, vaults=vaults, backups={point.id: point}, complete=frozenset(Kind)
        )
        waiver = a_waiver(control="CBR-902", subject=hidden)

        def seen(*rows: Rejected) -> tuple[set[str], int]:
            collection = a_collection(rejected=rows, accepted={row.mark: waiver for row in rows})
            listed = [vault for vault in VAULTS if (kind, vault.id) != (Kind.VAULTS, hidden)]
            naming = [policy for policy in POLICIES if hidden not in policy.vault_ids]  # else it would only be hidden
            inventory = Inventory(policies=naming, vaults=listed)
            subjects = arrange(History([a_task()]), inventory, collection, former, stuck_after=DAY)
            return {each.id for each in subjects.vaults}, sum(len(each.taken) for each in subjects.vaults)

        assert seen() == ({"vault-1", "vault-2"}, 1)
        assert seen(a_row(kind, row_id=hidden, resources=())) == (
            ({"vault-1", "vault-2"}, 0) if kind == Kind.BACKUPS else ({"vault-1"}, 1)
        )


def test_rejected_rows_leave_the_reading_as_it_was_and_the_collection_in_doubt() -> None:
    collection = arranged([a_task()], collection=a_collection(rejected=(a_row(),))).collection

    assert (collection.log_read, collection.log_complete, collection.complete) == (True, False, False)
    assert collection.covered is not None
    assert arranged(collection=a_collection(Kind.TASKS)).collection.covered is None


def test_many_rows_are_named_by_the_first_few() -> None:
    rows = [a_rejected(id=f"row-{number}") for number in range(5)]

    assert named(rows[:2]) == "row-0, row-1"
    assert named(rows) == "row-0, row-1, row-2, and 2 more"
    assert named([a_rejected()]) == "0123456789abcdef"
