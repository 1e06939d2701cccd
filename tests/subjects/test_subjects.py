import random
from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.records import Policy, Task
from audit.schedule.rules import Schedule
from audit.subjects import (
    Collection,
    Presence,
    Resource,
    SubjectKind,
    Subjects,
    VaultSubject,
    reaches_back,
    silent_since,
)
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_former,
    a_policy,
    a_policy_subject,
    a_protected,
    a_reading,
    a_rejected,
    a_resource,
    a_task,
    a_vault,
    a_vault_subject,
    a_window,
    arranged,
    limits,
)


def the_resource(subjects: Subjects, resource_id: str = "server-1") -> Resource:
    return next(resource for resource in subjects.resources if resource.id == resource_id)


def the_vault(subjects: Subjects, vault_id: str = "vault-1") -> VaultSubject:
    return next(vault for vault in subjects.vaults if vault.id == vault_id)


def a_removal(age: timedelta = 5 * DAY, **changes: Any) -> Task:
    return a_backup(age, **{"task_id": "removal", "operation": "remove_resource", **changes})


def a_vault_deletion(age: timedelta = 5 * DAY, **changes: Any) -> Task:
    named: dict[str, Any] = {
        "task_id": "deletion",
        "operation": "vault_delete",
        "resource_id": None,
        "resource_name": None,
    }
    return a_backup(age, **{**named, **changes})


class TestWhichResourcesThereAre:
    def test_they_are_those_of_vaults_and_those_of_tasks(self) -> None:
        subjects = arranged([a_task(resource_id="seen")], vaults=[a_vault("vault-1", "held")])

        assert [resource.id for resource in subjects.resources] == ["held", "seen"]

    def test_one_that_never_ran_is_there(self) -> None:
        resource = the_resource(arranged(vaults=[a_vault()]))

        assert (resource.presence, resource.tasks, resource.last_success) == (Presence.PROTECTED, (), None)

    def test_one_that_a_removal_names_is_there(self) -> None:
        subjects = arranged([a_removal(resource_id=None, removed=("server-1", "server-2"))])

        assert [resource.id for resource in subjects.resources] == ["server-1", "server-2"]

    def test_a_task_that_names_none_gives_none(self) -> None:
        assert arranged([a_task(resource_id=None)]).resources == ()

    def test_each_kind_can_be_asked_for(self) -> None:
        subjects = arranged([a_task()], [a_policy()], [a_vault()])

        assert subjects.of(SubjectKind.RESOURCE) == subjects.resources
        assert subjects.of(SubjectKind.POLICY) == subjects.policies
        assert subjects.of(SubjectKind.VAULT) == subjects.vaults
        assert subjects.of(SubjectKind.COLLECTION) == (subjects.collection,)


class TestPresence:
    def test_a_backup_vault_protects(self) -> None:
        vaults = [a_vault("a", protect_type="replication"), a_vault("b", protect_type="hybrid")]

        assert the_resource(arranged(vaults=vaults)).presence is Presence.PROTECTED

    def test_replication_vaults_alone_hold_a_replica(self) -> None:
        vaults = [a_vault("a", protect_type="replication")]

        assert the_resource(arranged(vaults=vaults)).presence is Presence.REPLICA

    @pytest.mark.parametrize("removal", [a_removal(), a_removal(resource_id=None, removed=("other", "server-1"))])
    def test_a_removal_shows_that_it_left(self, removal: Task) -> None:
        resource = the_resource(arranged([a_backup(6 * DAY), removal], vaults=[a_vault("vault-1", "other")]))

        assert resource.presence is Presence.LEFT
        assert resource.departure is not None
        assert (resource.departure.task_id, resource.departure.at) == ("removal", NOW - 5 * DAY)

    def test_the_removal_counts_from_its_end(self) -> None:
        ended = NOW - 5 * DAY + HOUR
        tasks = [a_removal(ended_at=ended), a_backup(5 * DAY - HOUR + TICK)]

        departure = the_resource(arranged(tasks, backups=())).departure
        assert departure is not None
        assert departure.at == ended

    def test_the_deletion_of_its_vault_shows_that_it_left(self) -> None:
        resource = the_resource(arranged([a_backup(6 * DAY), a_vault_deletion()]))

        assert resource.presence is Presence.LEFT
        assert resource.departure is not None
        assert resource.departure.operation == "vault_delete"

    @pytest.mark.parametrize(
        "odd", [{"failures": 1}, {"error_code": "BackupService.6203"}, {"error_message": "one is left"}]
    )
    def test_what_did_not_take_everything_away_does_not_show_what_left(self, odd: dict[str, Any]) -> None:
        several = a_removal(resource_id=None, removed=("server-1", "server-2"), **odd)
        for taken in (several, a_removal(**odd), a_vault_deletion(**odd)):
            resource = the_resource(arranged([a_backup(6 * DAY), taken], backups=()))

            assert (resource.presence, resource.departure) == (Presence.UNACCOUNTED, None)

    @pytest.mark.parametrize(("late", "presence"), [(HOUR, Presence.LEFT), (HOUR + TICK, Presence.UNACCOUNTED)])
    def test_what_a_run_saw_in_a_vault_afterwards_came_back(self, late: timedelta, presence: Presence) -> None:
        former = a_former([], [a_vault()], until=NOW - 5 * DAY + late)

        resource = the_resource(arranged([a_removal()], vaults=[a_vault(resources=())], former=former))
        assert resource.presence is presence

    def test_a_deletion_that_may_be_of_several_vaults_shows_that_none_left(self) -> None:
        tasks = [a_backup(9 * DAY, vault_id="vault-2"), a_backup(8 * DAY)]
        deletion = a_vault_deletion(vault_id=None, vault_name=None, resource_id="server-1")

        resource = the_resource(arranged([*tasks, deletion], backups=()))
        assert (resource.presence, resource.departure) == (Presence.UNACCOUNTED, None)

    def test_the_deletion_of_a_former_vault_shows_nothing(self) -> None:
        tasks = [a_backup(9 * DAY), a_backup(6 * DAY, vault_id="vault-2"), a_vault_deletion()]

        resource = the_resource(arranged(tasks, backups=()))
        assert (resource.presence, resource.departure) == (Presence.UNACCOUNTED, None)

    def test_the_newest_task_that_names_a_vault_says_which_one_it_was_in(self) -> None:
        tasks = [
            a_backup(9 * DAY, vault_id="vault-2"),
            a_backup(8 * DAY),
            a_backup(7 * DAY, vault_id=None, vault_name=None),
            a_vault_deletion(),
        ]

        departure = the_resource(arranged(tasks, backups=())).departure
        assert departure is not None
        assert departure.task_id == "deletion"

    def test_the_latest_departure_counts(self) -> None:
        tasks = [a_backup(9 * DAY), a_removal(5 * DAY), a_vault_deletion(3 * DAY)]

        departure = the_resource(arranged(tasks)).departure
        assert departure is not None
        assert departure.task_id == "deletion"

    def test_one_that_was_added_again_is_protected(self) -> None:
        resource = the_resource(arranged([a_backup(6 * DAY), a_removal()], vaults=[a_vault()]))

        assert (resource.presence, resource.departure) == (Presence.PROTECTED, None)

    @pytest.mark.parametrize("status", ["success", "failed"])
    def test_a_backup_after_the_removal_leaves_it_unaccounted(self, status: str) -> None:
        tasks = [a_removal(), a_backup(5 * DAY - TICK, status)]

        resource = the_resource(arranged(tasks, backups=()))
        assert (resource.presence, resource.departure) == (Presence.UNACCOUNTED, None)

    def test_one_that_no_vault_holds_and_no_task_removed_is_unaccounted(self) -> None:
        assert the_resource(arranged([a_task()], backups=())).presence is Presence.UNACCOUNTED

    @pytest.mark.parametrize("status", ["failed", "timeout", "running", "skipped"])
    def test_a_removal_that_did_not_succeed_shows_nothing(self, status: str) -> None:
        tasks = [a_removal(status=status), a_vault_deletion(status=status)]

        assert the_resource(arranged(tasks)).presence is Presence.UNACCOUNTED

    @pytest.mark.parametrize(
        "collection", [a_collection(Kind.VAULTS), a_collection(rejected=(a_rejected(Kind.VAULTS),))]
    )
    def test_vaults_that_were_not_read_completely_leave_it_unknown(self, collection: Collection) -> None:
        tasks = [a_backup(6 * DAY), a_removal()]
        vaults = [a_vault("vault-2", "replica", protect_type="replication")]

        subjects = arranged(tasks, vaults=vaults, collection=collection)

        assert [resource.presence for resource in subjects.resources] == [Presence.UNKNOWN] * 2
        assert the_resource(subjects).departure is None

    def test_a_vault_that_was_read_protects_even_if_others_were_not(self) -> None:
        subjects = arranged(vaults=[a_vault()], collection=a_collection(Kind.VAULTS))

        assert the_resource(subjects).presence is Presence.PROTECTED


class TestNames:
    def test_the_vault_names_a_resource(self) -> None:
        vault = a_vault(resources=(a_protected("other"), a_protected(name="of the vault", type="T")))

        resource = the_resource(arranged([a_task()], vaults=[vault]))

        assert (resource.name, resource.type) == ("of the vault", "T")

    def test_otherwise_its_newest_task_with_a_name_does(self) -> None:
        tasks = [
            a_backup(3 * DAY, resource_name="old", resource_type="Old"),
            a_backup(2 * DAY, resource_name="new", resource_type="New"),
            a_backup(1 * DAY, resource_name=None, resource_type=None),
        ]

        assert (the_resource(arranged(tasks)).name, the_resource(arranged(tasks)).type) == ("new", "New")

    def test_one_that_nothing_names_is_called_by_its_id(self) -> None:
        resource = the_resource(arranged([a_removal(resource_id="tool", removed=("server-1",))]))

        assert (resource.name, resource.type) == ("server-1", "unknown")

    def test_a_deleted_vault_is_named_by_its_newest_task(self) -> None:
        tasks = [a_vault_deletion(vault_name="new"), a_backup(9 * DAY, vault_name="old")]

        assert the_vault(arranged(tasks)).name == "new"

    def test_a_deleted_vault_that_nothing_names_is_called_by_its_id(self) -> None:
        assert the_vault(arranged([a_vault_deletion(vault_name=None)])).name == "vault-1"


class TestPolicies:
    def test_those_that_name_its_vaults_apply(self) -> None:
        policies = [a_policy("b"), a_policy("a", vault_ids=frozenset({"x", "vault-1"})), a_policy("c", vault_ids=set())]

        subjects = arranged(policies=policies, vaults=[a_vault()])

        for subject in (the_resource(subjects), the_vault(subjects)):
            assert subject.policies is not None
            assert [policy.id for policy in subject.policies] == ["a", "b"]

    @pytest.mark.parametrize(
        "collection",
        [
            a_collection(Kind.POLICIES),
            a_collection(rejected=(a_rejected(Kind.POLICIES),)),
            a_collection(readings=(a_reading(Kind.TASKS), a_reading(Kind.VAULTS))),
        ],
    )
    def test_they_are_not_known_unless_all_were_read(self, collection: Collection) -> None:
        subjects = arranged(policies=[a_policy()], vaults=[a_vault()], collection=collection)

        assert the_resource(subjects).policies is None
        assert the_resource(subjects).schedules is None
        assert the_vault(subjects).policies is None

    def test_gaps_elsewhere_leave_them_known(self) -> None:
        collection = a_collection(Kind.TASKS, Kind.VAULTS, rejected=(a_rejected(Kind.TASKS),))

        assert the_resource(arranged(vaults=[a_vault()], collection=collection)).policies == ()

    def test_those_of_a_vault_that_is_gone_are_not_known(self) -> None:
        assert the_vault(arranged([a_vault_deletion()], [a_policy()])).policies is None

    def test_a_trigger_that_cannot_be_read_says_why(self) -> None:
        (subject,) = arranged(policies=[a_policy(patterns=("FREQ=YEARLY",))]).policies

        assert subject.schedule is None
        assert "FREQ=YEARLY" in subject.unreadable
        assert (subject.id, subject.name) == ("policy-1", "daily")

    @pytest.mark.parametrize(
        ("policy", "makes"),
        [
            (a_policy(), True),
            (a_policy(enabled=False), False),
            (a_policy(operation="replication"), False),
        ],
    )
    def test_only_an_enabled_backup_policy_makes_backups(self, policy: Policy, makes: bool) -> None:  # noqa: FBT001  # the expectation
        (subject,) = arranged(policies=[policy]).policies

        assert subject.makes_backups is makes


class TestWhatAResourceKnows:
    def test_its_newest_success_is_a_backup(self) -> None:
        success = a_backup(4 * DAY)
        others = [a_backup(2 * DAY, "skipped"), a_backup(DAY, "running"), a_backup(HOUR, operation="restore")]
        resource = a_resource(a_backup(5 * DAY), success, a_backup(3 * DAY, "timeout"), *others)

        assert resource.last_success == success
        assert a_resource().last_success is None

    @pytest.mark.parametrize(("late", "is_known"), [(timedelta(0), True), (TICK, False)])
    def test_a_success_that_began_after_the_window_is_not_its_newest_one(
        self,
        late: timedelta,
        is_known: bool,  # noqa: FBT001  # the expectation
    ) -> None:
        older, newer = a_backup(DAY), a_backup(HOUR, started_at=NOW + late)

        assert a_resource(older, newer).last_success == (newer if is_known else older)

    def test_its_backups_with_a_status_that_is_not_documented_are_puzzling(self) -> None:
        odd = [a_backup(4 * DAY, "paused"), a_backup(3 * DAY, "paused", ended_at=NOW)]
        known = ("success", "failed", "timeout", "skipped", "running", "waiting")
        others = [a_backup(DAY, status, task_id=status) for status in known]

        assert a_resource(*odd, *others, a_backup(HOUR, "paused", operation="restore")).puzzling == tuple(odd)

    def test_a_schedule_that_cannot_be_read_hides_the_plan(self) -> None:
        unreadable = a_policy_subject(schedule=None)

        assert a_resource(policies=(a_policy_subject(), unreadable)).schedules is None

    def test_a_disabled_policy_with_an_unreadable_schedule_hides_nothing(self) -> None:
        unreadable = a_policy_subject(a_policy(enabled=False), schedule=None)
        resource = a_resource(policies=(a_policy_subject(), unreadable))

        assert resource.schedules is not None
        assert len(resource.schedules) == 1

    def test_the_policy_that_runs_most_often_sets_the_planned_interval(self) -> None:
        weekly = a_policy_subject(schedule=Schedule(["FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0"], None))
        twice = a_policy_subject(schedule=Schedule(["FREQ=DAILY;BYHOUR=1,13;BYMINUTE=0"], None))

        assert a_resource(policies=(weekly, twice)).planned_interval(limits()) == 18 * HOUR
        assert a_resource(policies=(weekly,)).planned_interval(limits()) == 7 * DAY + 6 * HOUR

    def test_a_policy_that_it_does_not_follow_sets_no_interval_and_hides_nothing(self) -> None:
        held = (a_vault("vault-1", resources=(a_protected(auto_protect=False),)), a_vault("vault-2"))
        hidden = a_policy_subject(schedule=None, unreadable="an odd rule")
        weekly = a_policy("weekly", patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0",), vault_ids={"vault-2"})
        resource = a_resource(vaults=held, policies=(a_policy_subject(), hidden, a_policy_subject(weekly)))

        assert resource.planned_interval(limits()) == 7 * DAY + 6 * HOUR
        assert (len(resource.schedules or ()), resource.unreadable) == (1, "")

    @pytest.mark.parametrize(("interval", "gap"), [(30, 30 * DAY), (31, 31 * DAY), (32, 31 * DAY), (60, 31 * DAY)])
    def test_no_policy_excuses_more_than_31_days_and_grace(self, interval: int, gap: timedelta) -> None:
        rare = a_policy_subject(schedule=Schedule([f"FREQ=DAILY;INTERVAL={interval}"], NOW))

        assert a_resource(policies=(rare,)).planned_interval(limits()) == gap + 6 * HOUR

    def test_a_day_is_planned_where_no_policy_runs(self) -> None:
        assert a_resource(policies=()).planned_interval(limits()) == 30 * HOUR

    def test_nothing_is_planned_where_the_policies_are_not_known(self) -> None:
        assert a_resource(policies=None).planned_interval(limits()) is None

    def test_the_window_reaches_back_when_it_covers_the_period(self) -> None:
        assert reaches_back(a_resource(window=a_window(30)), 30 * DAY, NOW)
        assert not reaches_back(a_resource(window=a_window(30)), 30 * DAY + TICK, NOW)

    def test_the_oldest_of_its_vaults_says_since_when_it_is_held(self) -> None:
        ages = [
            a_vault("a", created_at=NOW - DAY),
            a_vault("b", created_at=NOW - 9 * DAY),
            a_vault("c", created_at=None),
        ]

        assert the_resource(arranged(vaults=ages)).held_since == NOW - 9 * DAY
        assert the_resource(arranged(vaults=ages[2:])).held_since is None


class TestTasks:
    def test_those_after_the_end_of_the_window_are_left_out(self) -> None:
        tasks = [a_backup(timedelta(0), task_id="last"), a_backup(-TICK, task_id="late")]

        assert [task.id for task in the_resource(arranged(tasks)).tasks] == ["last"]

    def test_they_come_oldest_first_and_then_by_id(self) -> None:
        tasks = [a_backup(HOUR, task_id="c"), a_backup(HOUR, task_id="b"), a_backup(DAY, task_id="a")]
        subjects = arranged(tasks, vaults=[a_vault()])

        assert [task.id for task in the_resource(subjects).tasks] == ["a", "b", "c"]
        assert [task.id for task in the_vault(subjects).tasks] == ["a", "b", "c"]

    @pytest.mark.parametrize("collection", [a_collection(Kind.TASKS), a_collection(rejected=(a_rejected(Kind.TASKS),))])
    def test_a_gap_or_a_rejected_row_makes_the_log_incomplete(self, collection: Collection) -> None:
        subjects = arranged(vaults=[a_vault()], collection=collection)

        assert not the_resource(subjects).log_complete
        assert not the_vault(subjects).log_complete

    def test_one_without_vault_id_belongs_to_the_vault_of_that_name(self) -> None:
        vaults = [a_vault("a", "server-1", name="red"), a_vault("b", "other", name="blue")]
        subjects = arranged([a_task(vault_id=None)], vaults=vaults)

        assert (the_vault(subjects, "a").tasks, len(the_vault(subjects, "b").tasks)) == ((), 1)

    def test_one_without_any_vault_belongs_to_those_that_hold_its_resource(self) -> None:
        vaults = [a_vault("a"), a_vault("b"), a_vault("c", "other")]
        subjects = arranged([a_task(vault_id=None, vault_name=None)], vaults=vaults)

        assert [len(vault.tasks) for vault in subjects.vaults] == [1, 1, 0]

    def test_one_that_a_vault_lists_twice_counts_once(self) -> None:
        twice = a_vault(resources=(a_protected(), a_protected()))
        subjects = arranged([a_task(vault_id=None, vault_name=None)], vaults=[twice])

        assert [vault.id for vault in the_resource(subjects).vaults] == ["vault-1"]
        assert (len(the_vault(subjects).tasks), the_vault(subjects).shared) == (1, frozenset())

    @pytest.mark.parametrize(
        ("changes", "shared"),
        [
            ({"vault_id": "a"}, False),
            ({"vault_id": None, "vault_name": "red"}, False),
            ({"vault_id": None, "vault_name": "blue"}, True),
            ({"vault_id": None, "vault_name": None}, True),
            ({"vault_id": None, "vault_name": None, "resource_id": "other"}, False),
        ],
    )
    def test_one_that_may_be_of_several_vaults_is_shared(
        self,
        changes: dict[str, Any],
        shared: bool,  # noqa: FBT001  # the expectation
    ) -> None:
        vaults = [a_vault("a"), a_vault("b"), a_vault("c", "other", name="red")]
        subjects = arranged([a_task(**changes)], vaults=vaults)

        found = [vault for vault in subjects.vaults if vault.tasks]
        assert len(found) == (2 if shared else 1)
        assert {vault.shared for vault in found} == {frozenset({"task-1"} if shared else ())}

    def test_those_that_concern_no_resource_and_no_vault_are_left_to_the_collection(self) -> None:
        loose: dict[str, Any] = {"operation": "sync", "resource_id": None, "vault_id": None, "vault_name": None}
        tasks = [
            a_task("of a resource", vault_id=None, vault_name=None),
            a_task("of a vault", resource_id=None),
            a_backup(DAY, task_id="newer", **loose),
            a_backup(2 * DAY, task_id="older", **loose),
            a_task("of a vault that is not judged", **{**loose, "vault_id": "vault-9"}),
            a_backup(-TICK, task_id="late", **loose),
            a_removal(resource_id=None, removed=("server-2",), vault_id=None, vault_name=None),
        ]
        subjects = arranged(tasks, vaults=[a_vault()])

        assert [task.id for task in subjects.collection.tasks] == ["older", "newer", "of a vault that is not judged"]

    def test_one_of_a_resource_that_left_belongs_to_the_vaults_that_its_other_tasks_name(self) -> None:
        tasks = [a_backup(9 * DAY), a_removal(), a_backup(DAY, operation="delete", vault_id=None, vault_name=None)]
        subjects = arranged(tasks, vaults=[a_vault("vault-1", "other")])

        assert [task.operation for task in the_vault(subjects).tasks] == ["backup", "remove_resource", "delete"]

    def test_one_that_names_nothing_belongs_to_no_vault(self) -> None:
        sync = a_task(operation="sync", vault_id=None, vault_name=None, resource_id=None)

        assert the_vault(arranged([sync], vaults=[a_vault()])).tasks == ()


class TestVaults:
    def test_a_deleted_vault_is_a_subject(self) -> None:
        vault = the_vault(arranged([a_backup(9 * DAY), a_vault_deletion()]))

        assert (vault.vault, len(vault.tasks), vault.takes_backups) == (None, 2, False)
        assert vault.departure is not None
        assert vault.departure.task_id == "deletion"

    def test_a_vault_that_is_still_there_was_not_deleted(self) -> None:
        assert the_vault(arranged([a_vault_deletion()], vaults=[a_vault()])).departure is None

    @pytest.mark.parametrize("operation", ["delete", "remove_resource"])
    def test_a_vault_that_is_gone_without_a_trace_is_a_subject_if_something_was_taken_from_it(
        self, operation: str
    ) -> None:
        vault = the_vault(arranged([a_backup(DAY, operation=operation)]))

        assert (vault.vault, vault.departure, vault.policies) == (None, None, None)

    @pytest.mark.parametrize("task", [a_task(), a_removal(status="failed"), a_vault_deletion(status="running")])
    def test_a_vault_that_is_only_named_is_no_subject(self, task: Task) -> None:
        assert arranged([task]).vaults == ()

    @pytest.mark.parametrize("named", [{"vault_id": "vault-1"}, {"vault_id": None, "vault_name": "blue"}])
    def test_a_task_of_a_new_kind_on_a_vault_may_concern_what_is_in_it(self, named: dict[str, Any]) -> None:
        odd = a_backup(DAY, operation="auto_backup", resource_id=None, **named)
        subjects = arranged([odd, a_backup(2 * DAY, operation="sync", resource_id=None)], vaults=[a_vault()])

        assert (subjects.resources[0].strange, tuple(subjects.resources[0].tasks)) == ((odd,), ())
        assert subjects.vaults[0].strange == [odd]

    def test_a_deletion_that_names_no_vault_is_one_of_the_collection(self) -> None:
        gone = a_vault_deletion(vault_id=None, vault_name=None)
        named = a_vault_deletion(vault_id=None, vault_name="red", task_id="other")
        subjects = arranged([gone, named])

        assert [vault.id for vault in subjects.vaults] == ["red"]
        assert subjects.collection.tasks == (gone,)

    @pytest.mark.parametrize("backup_id", ["backup-1", "6a7b4a07-8f10-4f04-9d4c-2d2f6f1f0a11"])
    @pytest.mark.parametrize("vault_id", ["vault-1", None])
    def test_a_deletion_that_names_only_a_backup_belongs_where_that_was_made(
        self, backup_id: str, vault_id: str | None
    ) -> None:
        made = a_backup(2 * DAY, backup_id=backup_id, vault_id=vault_id, vault_name=None)
        bare: dict[str, Any] = {"operation": "delete", "resource_id": None, "vault_id": None, "vault_name": None}
        deletion, other = (
            a_backup(DAY, task_id=name, backup_id=deleted, **bare)
            for name, deleted in (("deletion", backup_id), ("other", "backup-2"))
        )
        subjects = arranged([made, deletion, other], vaults=[a_vault()])

        assert tuple(subjects.resources[0].tasks) == (made, deletion)
        assert tuple(subjects.vaults[0].tasks) == (made, deletion)
        assert subjects.collection.tasks == (other,)

    def test_one_that_is_gone_takes_backups_or_not_as_nobody_knows_if_vaults_are_missing(self) -> None:
        for collection in (a_collection(Kind.VAULTS), a_collection(rejected=(a_rejected(Kind.VAULTS),))):
            vault = the_vault(arranged([a_backup(DAY, operation="delete")], collection=collection))
            assert (vault.vault, vault.takes_backups) == (None, None)
        assert the_vault(arranged([a_backup(DAY, operation="delete")])).takes_backups is False
        assert the_vault(arranged(vaults=[a_vault()], collection=a_collection(Kind.VAULTS))).takes_backups is True

    @pytest.mark.parametrize(
        ("protect_type", "takes"), [("backup", True), ("hybrid", True), ("new", True), ("replication", False)]
    )
    def test_only_a_replication_vault_takes_no_backups(self, protect_type: str, takes: bool) -> None:  # noqa: FBT001  # the expectation
        assert a_vault_subject(vault=a_vault(protect_type=protect_type)).takes_backups is takes


class TestCollection:
    def test_it_is_complete_when_every_list_was_read_and_used(self) -> None:
        assert a_collection().complete
        assert not a_collection(Kind.POLICIES).complete
        assert not a_collection(rejected=(a_rejected(),)).complete

    def test_a_list_that_nobody_asked_for_is_a_gap(self) -> None:
        collection = a_collection(readings=(a_reading(Kind.TASKS),))

        assert collection.gaps == ("policies: was not read", "vaults: was not read")
        assert not collection.complete
        assert not collection.has_all(Kind.VAULTS)

    def test_its_gaps_are_those_of_all_lists(self) -> None:
        assert a_collection(Kind.TASKS, Kind.VAULTS).gaps == (
            "operation_logs: a page is missing",
            "vaults: a page is missing",
        )

    def test_a_doubt_makes_the_task_log_incomplete_and_is_a_gap(self) -> None:
        doubtful = a_collection(Kind.VAULTS, doubts=("the log is empty",))

        assert doubtful.gaps == ("vaults: a page is missing", "the log is empty")
        assert not a_collection(doubts=("the log is empty",)).complete
        assert [doubtful.has_all(kind) for kind in (Kind.TASKS, Kind.POLICIES, Kind.VAULTS)] == [False, True, False]
        assert not doubtful.log_complete
        assert a_collection(Kind.VAULTS).log_complete

    def test_a_doubt_makes_the_log_of_every_subject_incomplete(self) -> None:
        subjects = arranged([a_task()], vaults=[a_vault()], collection=a_collection(doubts=("the log is empty",)))

        assert not the_resource(subjects).log_complete
        assert not the_vault(subjects).log_complete

    def test_the_reading_of_one_list_can_be_asked_for(self) -> None:
        assert a_collection().reading(Kind.VAULTS).kind is Kind.VAULTS


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_what_was_read_does_not_matter(seed: int) -> None:
    tasks = [
        a_backup(9 * DAY),
        a_backup(8 * DAY, resource_id="server-2", vault_id=None),
        a_backup(8 * DAY, resource_id="server-3", task_id="same time", vault_id=None, vault_name=None),
        a_removal(resource_id=None, removed=("server-2", "server-3")),
        a_removal(resource_id=None, removed=("server-3",), task_id="again"),
        a_vault_deletion(vault_id="vault-9"),
        a_backup(DAY, operation="delete", resource_id="server-3", vault_id=None, vault_name=None),
    ]
    # Schedules compare by identity, so these policies have none.
    policies = [a_policy("a", patterns=()), a_policy("b", patterns=(), vault_ids=frozenset({"vault-2"}))]
    vaults = [a_vault("vault-1", "server-1", "server-4"), a_vault("vault-2", "server-1")]
    chance = random.Random(seed)  # noqa: S311  # repeatable
    expected = arranged(tasks, policies, vaults)

    mixed = arranged(
        chance.sample(tasks, len(tasks)), chance.sample(policies, len(policies)), chance.sample(vaults, len(vaults))
    )

    assert mixed == expected


@pytest.mark.parametrize(
    ("days", "oldest", "covered"),
    [
        (30, 2, 30),  # CBR shows 30 days, whatever there is to be seen
        (31, 2, 31),
        (90, 2, 31),  # nobody knows whether there was nothing or nothing is shown
        (90, 60, 61),
        (90, 90, 90),
    ],
)
def test_silence_means_something_as_far_back_as_the_log_surely_reaches(days: int, oldest: int, covered: int) -> None:
    collection = a_collection(window=a_window(days))
    subjects = arranged([a_backup(oldest * DAY)], vaults=[a_vault()], collection=collection)
    since = {*map(silent_since, subjects.resources), *map(silent_since, subjects.vaults)}

    assert since == {NOW - covered * DAY}


def test_without_any_task_silence_means_something_for_what_cbr_surely_shows() -> None:
    (vault,) = arranged(vaults=[a_vault()], collection=a_collection(window=a_window(90))).vaults

    assert silent_since(vault) == NOW - 31 * DAY
