"""Vaults that are named though no list shows them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.records import Backup, Policy, Task, Vault
from audit.subjects import ENDED_UNSEEN, Presence, Subjects, VaultTrace
from audit.subjects.passed_on import Memory
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_former,
    a_point,
    a_policy,
    a_reading,
    a_rejected,
    a_task,
    a_vault,
    arranged,
)

WEEK = timedelta(days=7)


def seen(
    tasks: list[Task] | None = None,
    policies: list[Policy] | None = None,
    vaults: list[Vault] | None = None,
    points: list[Backup] | None = None,
    **collection: Any,
) -> Subjects:
    """A project with one vault, in which all is well, and something else."""
    return arranged(
        [a_backup(DAY), *(tasks or ())],
        policies or [],
        [a_vault()] if vaults is None else vaults,
        a_collection(**collection),
        backups=points or [],
    )


def elsewhere(age: timedelta = DAY, **changes: Any) -> Task:
    at = NOW - age
    values = {"task_id": f"other-{age}", "resource_id": "server-9", "vault_id": "vault-9", "vault_name": "grey"}
    return a_task(**{**values, "created_at": at, "updated_at": at, **changes})


def deleted(**changes: Any) -> Task:
    return elsewhere(timedelta(0), operation="vault_delete", resource_id=None, **changes)


def gaps(subjects: Subjects) -> tuple[str, ...]:
    return subjects.collection.gaps


APPLIED = a_policy(name="weekly", vault_ids=frozenset({"vault-1", "vault-9"}))


class TestWhoNamesThem:
    def test_where_every_vault_is_listed_nothing_is_said(self) -> None:
        subjects = seen(policies=[a_policy()], points=[a_point()])

        assert gaps(subjects) == ()
        assert subjects.collection.has_all(Kind.VAULTS)

    def test_a_policy_that_is_applied_to_one_shows_that_it_is_hidden(self) -> None:
        subjects = seen(policies=[APPLIED])

        (gap,) = gaps(subjects)
        assert "1 vault is named that no list shows" in gap
        assert "vault-9 (policy weekly)" in gap
        assert subjects.collection.unlisted.ids == ("vault-9",)
        assert not subjects.collection.has_all(Kind.VAULTS)
        assert not subjects.collection.complete

    def test_a_backup_in_one_does_too(self) -> None:
        subjects = seen(points=[a_point(vault_id="vault-9"), a_point(DAY, vault_id="vault-9")])

        assert "vault-9 (2 backups)" in gaps(subjects)[0]
        assert not subjects.collection.has_all(Kind.VAULTS)

    def test_a_task_is_a_hint_that_keeps_the_run_from_being_complete(self) -> None:
        subjects = seen([elsewhere(), elsewhere(2 * DAY)])

        assert "vault-9 (2 tasks)" in gaps(subjects)[0]
        assert subjects.collection.has_all(Kind.VAULTS)
        assert [resource.presence for resource in subjects.resources if resource.id == "server-9"] == [
            Presence.UNACCOUNTED
        ]

    def test_all_who_name_one_are_told_in_one_line(self) -> None:
        subjects = seen(
            [elsewhere()], [APPLIED, a_policy("policy-2", name="daily")], points=[a_point(vault_id="vault-9")]
        )

        assert "vault-9 (policy weekly, 1 task, 1 backup)" in gaps(subjects)[0]

    def test_many_are_one_line_too(self) -> None:
        many = a_policy(vault_ids=frozenset(f"vault-{number}" for number in range(1, 9)))

        (gap,) = gaps(seen(policies=[many]))

        assert "7 vaults are named" in gap
        assert gap.count("(policy daily)") == 5
        assert ", and 2 more; give" in gap

    @pytest.mark.parametrize("operation", ["restore", "replication", "copy"])
    def test_what_comes_from_or_goes_to_a_vault_of_others_names_it_lawfully(self, operation: str) -> None:
        assert gaps(seen([elsewhere(operation=operation)])) == ()

    def test_a_task_that_names_no_vault_says_nothing(self) -> None:
        assert gaps(seen([elsewhere(vault_id=None, vault_name=None)])) == ()

    def test_an_incomplete_list_of_vaults_shows_nothing(self) -> None:
        readings = tuple(a_reading(kind, *(["vaults: no"] if kind is Kind.VAULTS else [])) for kind in Kind)

        assert gaps(seen(policies=[APPLIED], readings=readings)) == ("vaults: no",)


class TestDeletedOnes:
    @pytest.mark.parametrize("status", ["success", "running", "waiting"])
    def test_one_that_a_task_deletes_is_not_hidden(self, status: str) -> None:
        everything = seen([elsewhere(), deleted(status=status)], [APPLIED], points=[a_point(vault_id="vault-9")])

        assert gaps(everything) == ()

    @pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "partial_success", ENDED_UNSEEN])
    def test_one_that_could_not_be_deleted_is_still_there(self, status: str) -> None:
        (gap,) = gaps(seen([elsewhere(), deleted(status=status)]))

        assert "vault-9 (2 tasks; not known to be deleted completely)" in gap
        assert len(gaps(seen([deleted(status=status)]))) == 1, "the deletion alone names it"

    @pytest.mark.parametrize("status", ["success", "running"])
    def test_one_that_was_not_deleted_completely_is_still_there(self, status: str) -> None:
        subjects = seen([elsewhere(), deleted(status=status, failures=1)], memory=remembered())

        assert "not known to be deleted completely" in gaps(subjects)[0]
        assert subjects.resources[-1].presence is Presence.UNACCOUNTED

    def test_a_later_deletion_may_finish_what_one_left(self) -> None:
        first = deleted(task_id="first", failures=1, created_at=NOW - HOUR)

        assert gaps(seen([elsewhere(), first, deleted()])) == ()

    def test_a_deletion_is_under_way_no_longer_than_a_task_may_be(self) -> None:
        assert gaps(seen([elsewhere(2 * DAY), deleted(status="running", created_at=NOW - DAY)], [APPLIED])) == ()
        assert len(gaps(seen([elsewhere(2 * DAY), deleted(status="waiting", created_at=NOW - DAY - TICK)]))) == 1

    def test_a_task_that_names_none_deletes_none(self) -> None:
        assert len(gaps(seen([elsewhere(), deleted(vault_id=None, vault_name=None)]))) == 1


class TestSignsOfLife:
    """What shows a vault after it was deleted shows that it is there, or was made anew."""

    ENDED = NOW - 2 * DAY
    DELETION = deleted(created_at=ENDED - HOUR, ended_at=ENDED)

    @pytest.mark.parametrize(("late", "number"), [(HOUR, 0), (HOUR + TICK, 1)])
    @pytest.mark.parametrize("operation", ["backup", "restore", "replication"])
    def test_a_task_shows_it_that_began_more_than_an_hour_later(
        self, operation: str, late: timedelta, number: int
    ) -> None:
        after = elsewhere(operation=operation, created_at=self.ENDED - HOUR, started_at=self.ENDED + late)
        subjects = seen([elsewhere(5 * DAY), self.DELETION, after])

        assert len(gaps(subjects)) == number
        assert [vault.departure is None for vault in subjects.vaults if vault.id == "vault-9"] == [number == 1]

    @pytest.mark.parametrize(("late", "number"), [(HOUR, 0), (HOUR + TICK, 1)])
    def test_policies_and_backups_show_it_an_hour_later(self, late: timedelta, number: int) -> None:
        deletion = deleted(created_at=NOW - 2 * DAY, ended_at=NOW - late)

        assert len(gaps(seen([deletion], [APPLIED]))) == number
        assert len(gaps(seen([deletion], points=[a_point(vault_id="vault-9")]))) == number

    def test_the_gap_says_when_it_was_deleted_all_the_same(self) -> None:
        subjects = seen([self.DELETION], [APPLIED])

        assert "vault-9 (policy weekly; seen after a task deleted it at 2026-11-21T04:00:00Z)" in gaps(subjects)[0]
        assert subjects.collection.unlisted.ids == ("vault-9",)
        assert [vault.departure for vault in subjects.vaults if vault.id == "vault-9"] == [None]

    def test_an_earlier_run_that_listed_it_afterwards_shows_it(self) -> None:
        (gone, came_back) = (
            arranged([self.DELETION], [], [a_vault()], former=a_former([], [held], until=until)).vaults[-1]
            for held, until in ((self.HELD, self.ENDED + HOUR), (self.HELD, self.ENDED + HOUR + TICK))
        )

        assert gone.departure is not None
        assert came_back.departure is None
        assert came_back.protection is not None
        assert [each.aspect.what for each in came_back.protection.weakened] == ["exists"]

    HELD = a_vault("vault-9", "server-9", name="grey")

    def test_a_vault_whose_row_cannot_be_used_is_listed_all_the_same(self) -> None:
        subjects = seen([self.DELETION], rejected=(a_rejected(Kind.VAULTS, id="vault-9"),))

        assert [vault.departure for vault in subjects.vaults if vault.id == "vault-9"] == [None]


class TestDeletionsThatKnowOnlyAName:
    """A deletion belongs to the one vault that had its name, and to none where several may have had it."""

    DELETION = deleted(vault_id=None)
    HELD = a_vault("vault-9", "server-9", name="grey")

    def test_it_is_that_of_the_vault_whose_tasks_bear_the_name(self) -> None:
        subjects = seen([elsewhere(), self.DELETION])

        assert gaps(subjects) == ()
        assert [vault.id for vault in subjects.vaults] == ["vault-1", "vault-9"]
        assert subjects.resources[-1].presence is Presence.LEFT

    def test_a_vault_without_that_name_is_hidden(self) -> None:
        assert len(gaps(seen([elsewhere(vault_name=None), self.DELETION]))) == 1

    def test_a_vault_that_was_renamed_since_is_another_one(self) -> None:
        assert len(gaps(seen([elsewhere(5 * DAY), elsewhere(4 * DAY, vault_name="white"), self.DELETION]))) == 1

    def test_the_name_of_a_vault_that_another_task_deleted_by_its_id_excuses_nobody(self) -> None:
        other = elsewhere(vault_id="vault-8", task_id="other-vault")
        deletion = deleted(vault_id="vault-8")

        assert "vault-9 (1 task)" in gaps(seen([elsewhere(), other, deletion]))[0]

    def test_of_two_vaults_of_the_name_it_excuses_neither(self) -> None:
        subjects = seen([elsewhere(), elsewhere(vault_id="vault-8", task_id="twin"), self.DELETION])

        assert "2 vaults are named" in gaps(subjects)[0]
        assert [vault.id for vault in subjects.vaults] == ["grey", "vault-1"]

    def test_two_deletions_one_after_the_other_are_those_of_both(self) -> None:
        first = deleted(task_id="first", vault_id=None, created_at=NOW - 5 * DAY)
        twin = elsewhere(6 * DAY, vault_id="vault-8", task_id="twin")

        assert gaps(seen([twin, first, elsewhere(), self.DELETION])) == ()

    def test_it_is_not_that_of_a_vault_with_younger_tasks(self) -> None:
        deletion = deleted(vault_id=None, created_at=NOW - 2 * DAY)

        assert "vault-9 (1 task)" in gaps(seen([elsewhere(), deletion]))[0]

    @pytest.mark.parametrize("later", [True, False])
    def test_it_is_not_that_of_a_vault_that_was_made_afterwards(self, later: bool) -> None:  # noqa: FBT001
        made = NOW + TICK if later else NOW
        subjects = seen(
            [elsewhere(), self.DELETION], vaults=[a_vault(), a_vault("vault-2", name="grey", created_at=made)]
        )

        assert len(gaps(subjects)) == (0 if later else 1)
        assert [vault.id for vault in subjects.vaults if vault.tasks] == [
            "vault-1",
            "vault-9" if later else "vault-2",
        ]

    def test_it_explains_the_departure_of_a_vault_that_the_run_before_saw(self) -> None:
        subjects = arranged([self.DELETION], [], [a_vault()], former=a_former([], [a_vault(), self.HELD]))
        (gone,) = (vault for vault in subjects.vaults if vault.id == "vault-9")
        (left,) = (resource for resource in subjects.resources if resource.id == "server-9")

        assert gone.departure is not None
        assert gone.protection is not None
        assert gone.protection.weakened == ()
        assert left.presence is Presence.LEFT
        assert {vault.id for vault in subjects.vaults} == {"vault-1", "vault-9"}

    def test_a_run_that_saw_the_vault_afterwards_contradicts(self) -> None:
        deletion = deleted(vault_id=None, created_at=NOW - DAY)
        subjects = arranged([deletion], [], [a_vault()], former=a_former([], [a_vault(), self.HELD]))
        (gone,) = (vault for vault in subjects.vaults if vault.id == "vault-9")

        assert gone.protection is not None
        assert [each.aspect.what for each in gone.protection.weakened] == ["exists"]
        assert "grey" in {vault.id for vault in subjects.vaults}, "whose it was, nobody knows"

    @pytest.mark.parametrize(("missing", "owner"), [(NOW, "vault-9"), (NOW - TICK, "grey")])
    def test_later_runs_remember_whose_it_was(self, missing: datetime, owner: str) -> None:
        memory = remembered(missing, listed=False, last_seen=NOW - DAY)
        subjects = seen([self.DELETION], memory=memory)

        assert owner in {vault.id for vault in subjects.vaults}
        assert [trace.last_seen for trace in subjects.traces if not trace.listed] == [NOW - DAY] * (owner == "vault-9")

    def test_one_that_does_not_succeed_shows_that_its_vault_is_there(self) -> None:
        subjects = seen([elsewhere(), deleted(vault_id=None, status="failed")])

        assert "vault-9 (2 tasks; not known to be deleted completely)" in gaps(subjects)[0]


def remembered(missing_since: datetime | None = None, *, listed: bool = True, **changes: Any) -> Memory:
    trace = VaultTrace(
        id="vault-9", name="grey", enterprise_project_id="e1", listed=listed, missing_since=missing_since, **changes
    )
    return Memory(run="r0", until=NOW - DAY, policies={}, resources={}, vaults={"vault-9": trace})


class TestOnesThatLeft:
    def test_what_older_tasks_name_and_an_earlier_run_saw_has_left(self) -> None:
        subjects = seen([elsewhere()], memory=remembered())

        assert gaps(subjects) == ()
        assert [trace for trace in subjects.traces if not trace.listed] == [
            VaultTrace(id="vault-9", name="grey", enterprise_project_id="e1", listed=False, missing_since=NOW)
        ]

    def test_it_is_remembered_since_when(self) -> None:
        subjects = seen([elsewhere(WEEK)], memory=remembered(NOW - WEEK, listed=False))

        assert gaps(subjects) == ()
        assert subjects.traces[-1].missing_since == NOW - WEEK

    def test_a_task_that_is_younger_shows_that_it_is_still_there(self) -> None:
        assert len(gaps(seen([elsewhere(DAY)], memory=remembered(NOW - WEEK, listed=False)))) == 1

    def test_what_a_policy_or_a_backup_names_has_not_left(self) -> None:
        assert len(gaps(seen(policies=[APPLIED], memory=remembered()))) == 1
        assert len(gaps(seen(points=[a_point(vault_id="vault-9")], memory=remembered()))) == 1

    def test_what_nothing_names_any_more_is_forgotten(self) -> None:
        assert all(trace.listed for trace in seen(memory=remembered()).traces)

    def test_one_that_somebody_tried_to_delete_has_not_left_by_itself(self) -> None:
        assert len(gaps(seen([elsewhere(), deleted(status="failed")], memory=remembered()))) == 1

    def test_a_list_that_was_asked_for_otherwise_does_not_say_that_it_is_missing(self) -> None:
        former = a_former([], [a_vault(), a_vault("vault-9", "server-9")], asked={Kind.VAULTS: "all_granted_eps"})
        subjects = arranged([elsewhere()], [], [a_vault()], a_collection(memory=remembered()), former=former)

        assert len(gaps(subjects)) == 1
        assert subjects.traces[-1].missing_since is None

    def test_an_incomplete_list_does_not_say_that_it_is_missing(self) -> None:
        readings = tuple(a_reading(kind, *(["vaults: no"] if kind is Kind.VAULTS else [])) for kind in Kind)
        subjects = seen([elsewhere()], memory=remembered(), readings=readings)

        assert subjects.traces[-1] == VaultTrace(
            id="vault-9", name="grey", enterprise_project_id="e1", listed=False, missing_since=None
        )


class TestOneEnterpriseProject:
    READINGS = tuple(a_reading(kind, enterprise_project_id="e1") for kind in Kind)

    def test_what_policies_name_beyond_it_is_counted_and_is_no_gap(self) -> None:
        one = seen(policies=[APPLIED], readings=self.READINGS)
        more = a_policy(vault_ids=frozenset({"vault-7", "vault-8"}))

        assert gaps(one) == ()
        assert one.collection.has_all(Kind.VAULTS)
        assert one.collection.notes[0].endswith("1 vault lies outside of the enterprise project e1")
        assert "2 vaults lie outside" in seen(policies=[more], readings=self.READINGS).collection.notes[0]

    def test_what_its_tasks_and_backups_name_is_hidden_all_the_same(self) -> None:
        assert len(gaps(seen([elsewhere()], readings=self.READINGS))) == 1
        backup = seen(policies=[APPLIED], points=[a_point(vault_id="vault-9")], readings=self.READINGS)

        assert len(gaps(backup)) == 1
        assert backup.collection.notes == ()

    def test_one_that_was_deleted_in_it_lies_inside(self) -> None:
        lately, long_ago = (
            seen([deleted(created_at=NOW - age)], [APPLIED], readings=self.READINGS) for age in (HOUR, DAY)
        )

        assert (gaps(lately), lately.collection.notes) == ((), ())
        assert (len(gaps(long_ago)), long_ago.collection.notes) == (1, ())


class TestOnesThatAnEarlierRunSaw:
    """A right was narrowed since: what is hidden now is not taken for gone."""

    HIDDEN = a_vault("vault-9", "server-9")
    POINT = a_point(vault_id="vault-9", resource_id="server-9", id="hidden", expired_at=NOW + WEEK)

    def after(self, policies: list[Policy], *vaults: Vault, **collection: Any) -> Subjects:
        former = a_former(policies, [a_vault(), self.HIDDEN, *vaults], [self.POINT])
        return arranged(
            [a_backup(DAY)], policies, [a_vault(), *vaults], a_collection(**collection), backups=[], former=former
        )

    def test_a_hidden_vault_is_not_gone_and_neither_are_its_backups_and_what_it_holds(self) -> None:
        subjects = self.after([APPLIED])

        assert len(gaps(subjects)) == 1
        assert [vault.id for vault in subjects.vaults] == ["vault-1"]
        assert subjects.elsewhere == ()
        assert [resource.id for resource in subjects.resources] == ["server-1"]

    def test_one_that_nothing_names_any_more_is_gone_with_its_backups(self) -> None:
        subjects = self.after([a_policy()])

        (gone,) = (vault for vault in subjects.vaults if vault.id == "vault-9")
        assert gone.protection is not None
        assert [each.aspect.what for each in gone.protection.weakened] == ["exists"]
        assert [each.id for each in gone.taken] == ["hidden"]
        assert "server-9" in {resource.id for resource in subjects.resources}

    def test_what_another_vault_holds_as_well_is_not_compared(self) -> None:
        subjects = self.after([APPLIED], a_vault("vault-2", "server-9"))

        (held,) = (resource for resource in subjects.resources if resource.id == "server-9")
        assert held.protection is not None
        assert (held.protection.weakened, held.protection.doubt) == ((), "this run could not read all vaults")
