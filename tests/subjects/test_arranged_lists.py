"""What the lists of backups and of protectable resources add to the subjects."""

from typing import Any

import pytest

from audit.collection import ALWAYS_READ, Kind
from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.judging.findings import Outcome
from audit.records import Protectable, Usage
from audit.subjects import Collection, Presence, Resource, Subjects
from tests.builders import (
    DAILY,
    DAY,
    HOUR,
    a_backup,
    a_collection,
    a_member,
    a_point,
    a_policy,
    a_policy_subject,
    a_protectable,
    a_reading,
    a_rejected,
    a_resource,
    a_task,
    a_vault,
    an_agent,
    arranged,
    requirements,
)

EVERYTHING = frozenset(Kind)
WEEKLY = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0"


def the_resource(subjects: Subjects, resource_id: str = "server-1") -> Resource:
    return next(resource for resource in subjects.resources if resource.id == resource_id)


def ids(points: Any) -> list[str] | None:
    return None if points is None else [point.id for point in points]


class TestRecoveryPoints:
    def test_they_are_under_their_resource_and_their_vault_oldest_first(self) -> None:
        backups = [
            a_point(HOUR, id="new"),
            a_point(DAY, id="old-b"),
            a_point(DAY, id="old-a"),
            a_point(HOUR, id="of another resource", resource_id="server-2"),
            a_point(HOUR, id="in another vault", vault_id="vault-2"),
        ]
        vaults = [a_vault(), a_vault("vault-2", "server-2")]
        subjects = arranged(vaults=vaults, backups=backups)

        assert ids(the_resource(subjects).recovery_points) == ["old-a", "old-b", "in another vault", "new"]
        assert ids(the_resource(subjects, "server-2").recovery_points) == ["of another resource"]
        assert [ids(vault.recovery_points) for vault in subjects.vaults] == [
            ["old-a", "old-b", "new", "of another resource"],
            ["in another vault"],
        ]

    def test_where_none_was_read_there_is_none(self) -> None:
        subjects = arranged(vaults=[a_vault()])

        assert (the_resource(subjects).recovery_points, subjects.vaults[0].recovery_points) == ((), ())

    @pytest.mark.parametrize(
        "collection",
        [
            a_collection(Kind.BACKUPS),
            a_collection(rejected=(a_rejected(Kind.BACKUPS),)),
            a_collection(readings=tuple(a_reading(kind) for kind in ALWAYS_READ)),
        ],
    )
    def test_they_are_not_known_unless_all_were_read(self, collection: Collection) -> None:
        subjects = arranged(vaults=[a_vault()], collection=collection, backups=[a_point()])

        assert (the_resource(subjects).recovery_points, subjects.vaults[0].recovery_points) == (None, None)
        assert the_resource(subjects).own_points is None

    def test_a_backup_alone_makes_no_resource(self) -> None:
        subjects = arranged(backups=[a_point(resource_id="gone")])

        assert (subjects.resources, subjects.vaults) == ((), ())

    def test_those_of_its_own_are_whole_made_here_and_lasting(self) -> None:
        backups = [
            a_point(9 * HOUR, id="error", status="error"),
            a_point(8 * HOUR, id="odd", status="odd"),
            a_point(7 * HOUR, id="restoring", status="restoring"),
            a_point(6 * HOUR, id="part", parent_id="whole"),
            a_point(5 * HOUR, id="copy", image_type="replication"),
            a_point(4 * HOUR, id="going", status="deleting"),
            a_point(3 * HOUR, id="good"),
            a_point(2 * HOUR, id="making", status="protecting"),
        ]
        resource = the_resource(arranged(vaults=[a_vault()], backups=backups))

        assert ids(resource.own_points) == ["error", "odd", "restoring", "good"]


class TestWhatVaultsShouldKeep:
    def test_it_is_what_succeeded_in_a_vault_that_holds_the_resource(self) -> None:
        tasks = [
            a_backup(9 * HOUR, "failed", task_id="failed"),
            a_backup(8 * HOUR, task_id="here"),
            a_backup(7 * HOUR, task_id="elsewhere", vault_id="vault-9", vault_name="blue"),
            a_backup(6 * HOUR, task_id="named here", vault_id=None),
            a_backup(5 * HOUR, task_id="named elsewhere", vault_id=None, vault_name="red"),
            a_backup(4 * HOUR, task_id="nameless", vault_id=None, vault_name=None),
            a_backup(3 * HOUR, task_id="restore", operation="restore"),
        ]

        assert [task.id for task in a_resource(*tasks).kept_successes] == ["here", "named here", "nameless"]

    @pytest.mark.parametrize(("status", "kept"), [("success", ["newer"]), ("failed", ["older", "newer"])])
    def test_what_was_made_before_it_was_taken_out_was_deleted(self, status: str, kept: list[str]) -> None:
        tasks = [
            a_backup(9 * HOUR, task_id="older"),
            a_backup(8 * HOUR, status, task_id="removal", operation="remove_resource"),
            a_backup(7 * HOUR, task_id="newer"),
        ]

        assert [task.id for task in a_resource(*tasks).kept_successes] == kept


class TestVaultsComplete:
    def test_a_gap_in_the_vaults_shows_in_every_resource(self) -> None:
        assert the_resource(arranged(vaults=[a_vault()])).vaults_complete
        assert not the_resource(arranged(vaults=[a_vault()], collection=a_collection(Kind.VAULTS))).vaults_complete

    def test_only_vaults_into_which_backups_are_made_are_places_of_backup(self) -> None:
        vaults = (a_vault("a", protect_type="replication"), a_vault("b"), a_vault("c", protect_type="hybrid"))
        resource = a_resource(vaults=vaults)

        assert [vault.id for vault, _held in resource.places] == ["a", "b", "c"]
        assert [vault.id for vault, _held in resource.backup_places] == ["b", "c"]


class TestProtectables:
    def test_one_that_nobody_put_into_a_vault_is_unprotected(self) -> None:
        listed = a_protectable("server-9", name="forgotten", type="OS::Nova::Server")
        resource = the_resource(arranged(protectables=[listed]), "server-9")

        assert (resource.presence, resource.protectable) == (Presence.UNPROTECTED, listed)
        assert (resource.name, resource.type) == ("forgotten", "OS::Nova::Server")

    def test_one_that_cannot_be_protected_is_no_subject(self) -> None:
        assert arranged(protectables=[a_protectable(can_be_protected=False)]).resources == ()

    def test_one_that_a_vault_holds_is_called_as_in_the_vault(self) -> None:
        resource = the_resource(arranged(vaults=[a_vault()], protectables=[a_protectable(name="in the list")]))

        assert (resource.presence, resource.name) == (Presence.PROTECTED, "name of server-1")
        assert resource.protectable is not None

    @pytest.mark.parametrize(
        ("tasks", "presence"),
        [
            ([a_task()], Presence.UNACCOUNTED),
            ([a_backup(DAY), a_backup(HOUR, operation="remove_resource")], Presence.LEFT),
        ],
    )
    def test_one_that_was_in_a_vault_before_says_so_and_is_called_as_in_the_list(
        self, tasks: Any, presence: Presence
    ) -> None:
        resource = the_resource(arranged(tasks, protectables=[a_protectable(name="now")], backups=()))

        assert (resource.presence, resource.name) == (presence, "now")

    def test_vaults_that_were_not_read_completely_leave_it_unknown(self) -> None:
        subjects = arranged(collection=a_collection(Kind.VAULTS), protectables=[a_protectable()])

        assert the_resource(subjects).presence is Presence.UNKNOWN

    @pytest.mark.parametrize(
        ("collection", "complete"),
        [
            (a_collection(), None),
            (a_collection(asked=EVERYTHING), True),
            (a_collection(Kind.PROTECTABLES, asked=EVERYTHING), False),
            (a_collection(asked=EVERYTHING, rejected=(a_rejected(Kind.PROTECTABLES),)), False),
        ],
    )
    def test_it_is_said_whether_the_list_was_asked_for_and_read(
        self,
        collection: Collection,
        complete: bool | None,  # noqa: FBT001  # the expectation
    ) -> None:
        assert the_resource(arranged([a_task()], collection=collection)).protectables_complete is complete

    def test_no_control_but_those_of_departed_resources_judges_an_unprotected_one(self) -> None:
        subjects = arranged(collection=a_collection(asked=EVERYTHING), protectables=[a_protectable()])
        outcomes = {
            finding.control: finding.outcome
            for finding in evaluate(subjects, CONTROLS, requirements())
            if finding.id == "server-1"
        }

        assert {control for control, outcome in outcomes.items() if outcome is not Outcome.NOT_APPLICABLE} == {
            "CBR-503"
        }


class TestAgents:
    def test_an_agent_belongs_to_the_resource_that_has_its_id(self) -> None:
        agents = [an_agent(id="server-1"), an_agent(id="server-9", host_name="name of server-2")]
        subjects = arranged(vaults=[a_vault("vault-1", "server-1", "server-2")], agents=agents)

        assert [resource.agent for resource in subjects.resources] == [agents[0], None]

    @pytest.mark.parametrize(
        ("collection", "complete"),
        [
            (a_collection(), True),
            (a_collection(Kind.AGENTS), False),
            (a_collection(rejected=(a_rejected(Kind.AGENTS),)), False),
            (a_collection(readings=tuple(a_reading(kind) for kind in ALWAYS_READ)), False),
        ],
    )
    def test_it_is_said_whether_all_were_read(self, collection: Collection, complete: bool) -> None:  # noqa: FBT001  # the expectation
        assert the_resource(arranged([a_task()], collection=collection)).agents_complete is complete

    @pytest.mark.parametrize(
        ("changes", "needs"),
        [
            ({"object_type": "file"}, True),
            ({"object_type": "server"}, False),
            ({}, False),
            ({"object_type": "file", "protect_type": "replication"}, False),
        ],
    )
    def test_what_a_vault_for_files_holds_needs_one(self, changes: dict[str, Any], needs: bool) -> None:  # noqa: FBT001  # the expectation
        assert a_resource(vaults=(a_vault(**changes),)).needs_agent is needs


class TestMembers:
    def test_a_resource_has_those_of_its_backups_that_were_asked_for_them(self) -> None:
        backups = [a_point(HOUR, id="a"), a_point(DAY, id="b"), a_point(DAY, id="c", resource_id="server-2")]
        members = {"a": (a_member(),), "c": ()}
        subjects = arranged(vaults=[a_vault("v", "server-1", "server-2")], backups=backups, members=members)

        assert [resource.members for resource in subjects.resources] == [{"a": (a_member(),)}, {"c": ()}]

    @pytest.mark.parametrize(
        "collection", [a_collection(Kind.MEMBERS), a_collection(rejected=(a_rejected(Kind.MEMBERS),))]
    )
    def test_they_are_not_known_unless_all_were_read(self, collection: Collection) -> None:
        subjects = arranged(vaults=[a_vault()], collection=collection, backups=[a_point(id="a")], members={"a": ()})

        assert the_resource(subjects).members is None


class TestUsages:
    def test_a_resource_has_what_was_said_of_it(self) -> None:
        usages = {"server-1": (Usage(backup_count=3),), "server-9": (Usage(backup_count=1),)}
        subjects = arranged(vaults=[a_vault("vault-1", "server-1", "server-2")], usages=usages)

        assert the_resource(subjects).usages == (Usage(backup_count=3),)
        assert the_resource(subjects, "server-2").usages == ()

    @pytest.mark.parametrize(
        "collection",
        [
            a_collection(Kind.STORAGE_USAGE, asked=EVERYTHING),
            a_collection(rejected=(a_rejected(kind=Kind.STORAGE_USAGE),)),
        ],
    )
    def test_it_is_not_known_unless_all_was_read(self, collection: Collection) -> None:
        subjects = arranged(vaults=[a_vault()], collection=collection, usages={"server-1": (Usage(backup_count=3),)})

        assert the_resource(subjects).usages is None


class TestDisksOfServers:
    def test_they_are_protected_with_the_server_and_no_subjects(self) -> None:
        server = a_protectable("server-1", parts=("disk-1",))
        subjects = arranged(protectables=[server, a_protectable("disk-1"), a_protectable("disk-2")])

        assert [resource.id for resource in subjects.resources] == ["disk-2", "server-1"]

    def test_one_that_is_known_otherwise_names_its_server(self) -> None:
        server = a_protectable("server-1", parts=("disk-1",))
        subjects = arranged([a_task(resource_id="disk-1")], protectables=[server, a_protectable("disk-1")])

        assert the_resource(subjects, "disk-1").server_id == "server-1"
        assert the_resource(subjects).server_id is None

    @pytest.mark.parametrize(("vault_id", "server_id"), [(None, None), ("vault-1", "server-1")])
    def test_a_server_that_can_be_in_no_vault_protects_no_disk(
        self, vault_id: str | None, server_id: str | None
    ) -> None:
        server = a_protectable("server-1", parts=("disk-1",), can_be_protected=False, vault_id=vault_id)
        subjects = arranged([a_task(resource_id="disk-1")], protectables=[server, a_protectable("disk-1")])

        assert the_resource(subjects, "disk-1").server_id == server_id

    def test_of_two_servers_that_share_a_disk_the_order_of_the_list_does_not_choose(self) -> None:
        servers: list[Protectable] = [a_protectable(server, parts=("disk-1",)) for server in ("server-1", "server-2")]
        for listed in (servers, servers[::-1]):
            subjects = arranged([a_task(resource_id="disk-1")], protectables=listed)
            assert the_resource(subjects, "disk-1").server_id == "server-2"


class TestSourcesOfCopies:
    COPYING = a_policy("copies", operation="replication", vault_ids=frozenset({"vault-1", "vault-2"}))

    def test_they_are_the_schedules_of_the_policies_that_back_up_into_the_same_vaults(self) -> None:
        policies = [
            self.COPYING,
            a_policy("a", patterns=(DAILY,)),
            a_policy("b", patterns=(WEEKLY,), vault_ids=frozenset({"vault-2", "vault-3"})),
            a_policy("disabled", enabled=False),
            a_policy("elsewhere", vault_ids=frozenset({"vault-3"})),
            a_policy("unreadable", patterns=()),
        ]
        subjects = arranged(policies=policies)
        copies = next(policy for policy in subjects.policies if policy.id == "copies")

        assert copies.sources is not None
        gaps = [schedule and schedule.longest_gap for schedule in copies.sources]
        assert gaps == [DAY, 7 * DAY, None]

    def test_a_backup_policy_copies_nothing(self) -> None:
        (subject,) = arranged(policies=[a_policy()]).policies

        assert subject.sources is None

    def test_they_are_not_known_unless_all_policies_were_read(self) -> None:
        (subject,) = arranged(policies=[self.COPYING], collection=a_collection(Kind.POLICIES)).policies

        assert subject.sources is None


def test_a_policy_names_the_vaults_of_the_inventory_that_it_is_applied_to() -> None:
    policy = a_policy(vault_ids=frozenset({"vault-1", "vault-2", "gone"}))
    (subject,) = arranged(policies=[policy], vaults=[a_vault("vault-2"), a_vault("vault-1"), a_vault("x")]).policies

    assert [vault.id for vault in subject.vaults] == ["vault-1", "vault-2"]


@pytest.mark.parametrize(
    ("changes", "relied_on"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"vault_ids": frozenset()}, False),
        ({"operation": "replication"}, True),
    ],
)
def test_a_policy_is_relied_on_where_it_is_enabled_and_applied(changes: dict[str, Any], relied_on: bool) -> None:  # noqa: FBT001  # the expectation
    assert a_policy_subject(a_policy(**changes)).is_relied_on is relied_on


def test_a_policy_copies_where_it_is_enabled_and_replicates() -> None:
    changes: list[dict[str, Any]] = [{}, {"operation": "replication"}, {"operation": "replication", "enabled": False}]

    assert [a_policy_subject(a_policy(**each)).makes_copies for each in changes] == [False, True, False]
