"""What one run passes on to the next, and what that makes of the present."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from audit.collection import Kind, Window
from audit.records import Policy, Task, Vault
from audit.subjects import Collection, Memory, Subjects, VaultTrace
from audit.subjects.former import Unseen
from audit.subjects.passed_on import mark
from tests.builders import (
    DAY,
    NOW,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_protected,
    a_vault,
    arranged,
)

YESTERDAY = NOW - DAY
ELSEWHERE: list[dict[str, Any]] = [
    {"vault_id": "vault-2"},
    {"image_type": "replication"},
    {"parent_id": "point-of-a-server"},
]


def seen(
    tasks: list[Task] | None = None,
    policies: list[Policy] | None = None,
    vaults: list[Vault] | None = None,
    memory: Memory | None = None,
    at: datetime = NOW,
    **others: Any,
) -> Subjects:
    window = Window(since=at - 30 * DAY, until=at)
    collection: Collection = a_collection(*others.pop("gaps", ()), window=window, memory=memory)
    default = [a_backup(20 * DAY)]
    return arranged(
        default if tasks is None else tasks,
        [a_policy()] if policies is None else policies,
        [a_vault()] if vaults is None else vaults,
        collection,
        **others,
    )


def passed_on(subjects: Subjects) -> Memory:
    """What the report of a run says of its subjects."""
    collection = subjects.collection
    return Memory(
        run="earlier",
        until=collection.window.until,
        policies={subject.id: (mark(subject.policy), subject.known_since) for subject in subjects.policies},
        resources={
            resource.id: (resource.follows or (), resource.known_since)
            for resource in subjects.resources
            if resource.vaults
        },
        policies_complete=collection.has_all(Kind.POLICIES),
        vaults_complete=collection.has_all(Kind.VAULTS),
    )


def remembered(**changes: Any) -> Memory:
    return passed_on(seen(at=YESTERDAY, **changes))


def resource_known_since(subjects: Subjects, resource_id: str = "server-1") -> datetime | None:
    return next(resource.known_since for resource in subjects.resources if resource.id == resource_id)


class TestTheFirstRun:
    def test_a_resource_is_known_since_its_oldest_task(self) -> None:
        assert resource_known_since(seen([a_backup(20 * DAY, operation="restore"), a_backup(DAY)])) == NOW - 20 * DAY

    def test_one_without_any_task_is_known_since_the_oldest_backup_that_its_vault_keeps(self) -> None:
        points = [a_point(50 * DAY), a_point(40 * DAY), *(a_point(60 * DAY, **odd) for odd in ELSEWHERE)]

        assert resource_known_since(seen([], backups=points)) == NOW - 50 * DAY

    def test_one_of_which_there_is_nothing_at_all_is_known_since_this_run(self) -> None:
        assert resource_known_since(seen([])) == NOW

    def test_a_log_with_gaps_gives_no_hint(self) -> None:
        assert resource_known_since(seen(gaps=(Kind.TASKS,))) is None

    def test_one_that_no_vault_holds_is_not_known(self) -> None:
        assert resource_known_since(seen(vaults=[])) is None

    def test_policies_have_always_been_so(self) -> None:
        assert [policy.known_since for policy in seen().policies] == [None]


class TestTheNextRun:
    def test_what_did_not_change_is_known_as_before(self) -> None:
        subjects = seen([a_backup(DAY)], memory=remembered())

        assert resource_known_since(subjects) == NOW - 20 * DAY
        assert [policy.known_since for policy in subjects.policies] == [None]

    def test_a_first_task_does_not_make_an_older_resource_new(self) -> None:
        memory = remembered(tasks=[])

        assert resource_known_since(seen([a_backup(DAY / 2)], memory=memory)) == YESTERDAY

    def test_one_that_the_run_before_saw_and_could_not_date_was_there_then(self) -> None:
        assert resource_known_since(seen([], memory=remembered(tasks=[], gaps=(Kind.TASKS,)))) == YESTERDAY

    def test_a_resource_that_the_run_before_could_not_date_is_dated_now(self) -> None:
        memory = remembered(gaps=(Kind.TASKS,))

        assert resource_known_since(seen(memory=memory)) == NOW - 20 * DAY

    def test_a_new_resource_is_known_since_this_run(self) -> None:
        subjects = seen(vaults=[a_vault("vault-1", "server-1", "server-2")], memory=remembered())

        assert resource_known_since(subjects, "server-2") == NOW
        assert resource_known_since(subjects) == NOW - 20 * DAY

    def test_a_resource_that_came_back_is_new(self) -> None:
        away = passed_on(seen(vaults=[a_vault(resources=())], memory=remembered(), at=YESTERDAY))

        assert resource_known_since(seen(memory=away)) == NOW

    @pytest.mark.parametrize(
        "changes",
        [
            {"policies": [a_policy(), a_policy("policy-2")]},
            {"policies": [a_policy("policy-2")]},
            {"policies": [a_policy(vault_ids=frozenset())]},
            {"vaults": [a_vault(resources=(a_protected(auto_protect=False),))]},
        ],
    )
    def test_a_resource_that_follows_other_policies_is_new(self, changes: dict[str, Any]) -> None:
        assert resource_known_since(seen(**changes, memory=remembered())) == NOW

    @pytest.mark.parametrize(
        "changes",
        [
            {"policies": [a_policy(name="renamed", retention_days=90)]},
            {"policies": [a_policy(enabled=False)]},
            {"policies": [a_policy(), a_policy("copies", operation="replication")]},
            {"policies": [a_policy(vault_ids=frozenset({"vault-1", "vault-2"}))]},
            {"vaults": [a_vault(), a_vault("copies", protect_type="replication")]},
        ],
    )
    def test_a_resource_that_follows_the_same_policies_is_not(self, changes: dict[str, Any]) -> None:
        assert resource_known_since(seen(**changes, memory=remembered())) == NOW - 20 * DAY

    @pytest.mark.parametrize(
        "changes",
        [
            {"enabled": False},
            {"patterns": ("FREQ=DAILY;BYHOUR=3;BYMINUTE=00",)},
            {"start_time": NOW - 3 * DAY},
            {"policy_id": "policy-2"},
        ],
    )
    def test_a_changed_policy_is_known_since_this_run_and_later_ones_say_so(self, changes: dict[str, Any]) -> None:
        changed = seen(policies=[a_policy(**changes)], memory=remembered())
        assert [policy.known_since for policy in changed.policies] == [NOW]

        later = seen(policies=[a_policy(**changes)], memory=passed_on(changed), at=NOW + DAY)
        assert [policy.known_since for policy in later.policies] == [NOW]

    def test_a_policy_that_is_applied_to_one_more_vault_is_not_changed(self) -> None:
        more = a_policy(vault_ids=frozenset({"vault-1", "vault-2"}), name="renamed", retention_days=1)

        assert [policy.known_since for policy in seen(policies=[more], memory=remembered()).policies] == [None]


class TestGaps:
    @pytest.mark.parametrize("kind", [Kind.VAULTS, Kind.POLICIES])
    def test_what_the_run_before_could_not_see_may_have_been_there(self, kind: Kind) -> None:
        unseen: dict[Kind, Any] = {Kind.VAULTS: {"vaults": [a_vault(resources=())]}, Kind.POLICIES: {"policies": []}}
        memory = remembered(**unseen[kind], gaps=(kind,))
        subjects = seen(memory=memory)

        assert resource_known_since(subjects) == NOW - 20 * DAY
        assert [policy.known_since for policy in subjects.policies] == [None]
        assert resource_known_since(seen(memory=remembered(**unseen[kind]))) == NOW

    def test_what_it_did_see_counts_all_the_same(self) -> None:
        memory = remembered(gaps=(Kind.VAULTS, Kind.POLICIES))
        changed = seen(policies=[a_policy(enabled=False)], memory=memory)

        assert [policy.known_since for policy in changed.policies] == [NOW]

    def test_a_resource_whose_policies_cannot_be_read_is_known_as_before(self) -> None:
        hidden = seen(policies=[], memory=remembered(), gaps=(Kind.POLICIES,))
        assert resource_known_since(hidden) == NOW - 20 * DAY

        assert resource_known_since(seen(memory=passed_on(hidden))) == NOW - 20 * DAY


def test_vaults_that_are_listed_can_be_forgotten_so_that_they_do_not_pass_for_gone() -> None:
    named = VaultTrace(id="only named", name="v", enterprise_project_id=None, listed=False)
    vaults = {"only named": named, "listed": replace(named, id="listed", listed=True)}
    memory = Memory(run="earlier", until=YESTERDAY, policies={}, resources={}, vaults=vaults)

    assert [*memory.without_listed_vaults().vaults] == ["only named"]


@pytest.mark.parametrize(
    ("unseen", "may_be"),
    [
        (Unseen(), False),
        (Unseen(ids=frozenset({"known"})), False),
        (Unseen(nameless=frozenset({"a mark"})), True),
        (Unseen(vault_ids=frozenset({"hidden"})), True),
    ],
)
def test_only_what_has_no_name_may_hide_anything(unseen: Unseen, may_be: bool) -> None:  # noqa: FBT001  # the expectation
    assert unseen.may_be_anything is may_be
