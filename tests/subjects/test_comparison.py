"""What became of policies, vaults, resources and backups since the run before."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from msgspec import structs

from audit.collection import Kind, Rejected
from audit.controls import cbr_111_destructive_operation as destructive
from audit.controls import cbr_404_task_backup_agreement as agreement
from audit.history import History
from audit.judging.findings import Outcome
from audit.records import Backup, Policy, Protected, Vault
from audit.subjects import (
    Aspect,
    Demanded,
    Former,
    Inventory,
    Memory,
    PastRules,
    Presence,
    Protection,
    SubjectKind,
    Subjects,
    Terms,
    Value,
    VaultTrace,
    Weakened,
    Weakening,
    arrange,
)
from audit.subjects.retention_terms import continued
from audit.subjects.strength import less
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
    a_protected,
    a_taken,
    a_vault,
    a_waiver,
    arranged,
    limits,
)

BEFORE = NOW - HOUR
OLDER = NOW - 2 * DAY
BACKUP = "backup"


def remembering(*weakened: Weakened, **changes: Any) -> Memory:
    found = {(each.kind, each.id): each for each in weakened}
    return Memory(**{"run": "run-1", "until": BEFORE, "policies": {}, "resources": {}, "weakened": found, **changes})


def was_weakened(
    kind: SubjectKind, subject_id: str, what: str, before: Value, after: Value, about: str = "", **changes: Any
) -> Weakened:
    weakening = Weakening(aspect=Aspect(what, about), before=before, after=after, since=OLDER)
    return Weakened(kind=kind, id=subject_id, name="as it was", weakenings=(structs.replace(weakening, **changes),))


def told(protection: Protection | None) -> dict[Aspect, tuple[Value, Value]]:
    assert protection is not None
    return {each.aspect: (each.before, each.after) for each in protection.weakened}


def won(protection: Protection | None) -> dict[Aspect, tuple[Value, Value]]:
    assert protection is not None
    return {each.aspect: (each.before, each.after) for each in protection.strengthened}


def of(subjects: Subjects, kind: SubjectKind, subject_id: str) -> Protection | None:
    (subject,) = (each for each in subjects.of(kind) if each.id == subject_id)
    protection: Protection | None = subject.protection  # type: ignore[union-attr]  # waivers are none of these
    return protection


def policy_after(before: Policy | None, after: Policy, *incomplete: Kind, **changes: Any) -> Protection | None:
    former = a_former([before] if before else [], **changes)
    return of(
        arranged([], [after], [a_vault()], a_collection(*incomplete), former=former), SubjectKind.POLICY, after.id
    )


def vault_after(
    then: Former, policies: list[Policy], vaults: list[Vault], *backups: Backup, **changes: Any
) -> Protection | None:
    subjects = arranged(
        changes.pop("tasks", ()), policies, vaults, a_collection(**changes), former=then, backups=backups
    )
    return of(subjects, SubjectKind.VAULT, "vault-1")


def resource_after(before: list[Vault], after: list[Vault], *policies: Policy, **changes: Any) -> Protection | None:
    then = a_former(changes.pop("then", policies), before)
    subjects = arranged(changes.pop("tasks", ()), policies, after, a_collection(**changes), former=then)
    return of(subjects, SubjectKind.RESOURCE, "server-1")


def test_a_first_run_compares_nothing() -> None:
    subjects = arranged([a_backup(DAY)], [a_policy()], [a_vault()])

    assert {subject.protection for kind in SubjectKind for subject in subjects.of(kind)} == {None}  # type: ignore[union-attr]


def test_a_policy_that_nobody_can_read_leaves_a_doubt_where_it_changed() -> None:
    odd = a_policy(patterns=("odd",))
    earlier = a_collection(memory=remembering(was_weakened(SubjectKind.POLICY, "policy-1", "retention_days", 9, 7)))
    same, other = (
        of(arranged([], [now], [a_vault()], earlier, former=a_former([odd])), SubjectKind.POLICY, "policy-1")
        for now in (odd, a_policy(patterns=("odder",)))
    )

    assert same is not None
    assert other is not None
    assert (same.doubt, other.doubt) == ("", "the answers do not say all of it")


def test_what_did_not_change_is_as_it_was() -> None:
    former = a_former([a_policy()], [a_vault()], [a_point()])
    subjects = arranged([a_backup(DAY)], [a_policy()], [a_vault()], former=former, backups=[a_point()])
    parts = (subjects.policies, subjects.vaults, subjects.resources)

    assert {subject.protection for part in parts for subject in part} == {Protection(against="run-1")}


def test_a_policy_is_compared_with_what_it_was() -> None:
    protection = policy_after(a_policy(retention_days=90), a_policy(retention_days=7))

    assert protection == Protection(
        against="run-1",
        weakened=(Weakening(aspect=Aspect("retention_days"), before=90, after=7, since=NOW),),
    )


def test_a_policy_that_became_stronger_shows_it_without_alarm() -> None:
    protection = policy_after(a_policy(retention_days=7), a_policy(retention_days=90))

    assert (told(protection), won(protection)) == ({}, {Aspect("retention_days"): (7, 90)})


def test_a_policy_that_no_vault_relied_on_protected_nothing() -> None:
    unused = a_policy(vault_ids=frozenset(), retention_days=90)

    assert told(policy_after(unused, a_policy(retention_days=7))) == {}


@pytest.mark.parametrize("complete", [True, False])
def test_a_policy_that_was_not_there_is_new_only_if_all_were_read(complete: bool) -> None:  # noqa: FBT001
    kinds = frozenset({Kind.POLICIES}) if complete else frozenset[Kind]()
    protection = policy_after(None, a_policy(), complete=kinds)

    assert protection is not None
    assert (protection.is_new, protection.doubt) == (
        complete,
        "" if complete else "the run before could not read all policies",
    )


@pytest.mark.parametrize(
    ("then", "now"), [("odd", "FREQ=DAILY;BYHOUR=2;BYMINUTE=00")] * 1 + [("FREQ=DAILY;BYHOUR=2;BYMINUTE=00", "odd")]
)
def test_a_trigger_that_cannot_be_read_leaves_a_doubt(then: str, now: str) -> None:
    protection = policy_after(a_policy(patterns=(then,)), a_policy(patterns=(now,)))

    assert protection is not None
    assert protection.doubt == "the answers do not say all of it"


@pytest.mark.parametrize(
    ("then", "now", "found"),
    [
        ({"locked": True}, {"locked": False}, {Aspect("locked"): (True, False)}),
        ({"auto_bind": True}, {"auto_bind": False}, {Aspect("auto_bind"): (True, False)}),
        ({"locked": False}, {"locked": True}, {}),
        (
            {"consistent_level": "app_consistent"},
            {"consistent_level": "crash_consistent"},
            {Aspect("consistent_level"): ("app_consistent", "crash_consistent")},
        ),
        ({"bind_rules": ()}, {"bind_rules": ("a=b",)}, {Aspect("bind_rules"): ((), ("a=b",))}),
        ({"bind_rules": ("a=b",)}, {"bind_rules": ()}, {}),
        ({"protect_type": "backup"}, {"protect_type": "hybrid"}, {Aspect("protect_type"): ("backup", "hybrid")}),
        ({"threshold_percent": 80, "smn_notify": True, "size_gb": 9}, {"size_gb": 8}, {}),
    ],
)
def test_the_switches_of_a_vault_are_compared(then: Any, now: Any, found: Any) -> None:
    policies = [a_policy()]

    assert told(vault_after(a_former(policies, [a_vault(**then)]), policies, [a_vault(**now)])) == found


def test_a_switch_that_an_answer_does_not_tell_any_more_leaves_a_doubt() -> None:
    protection = vault_after(a_former([], [a_vault(locked=True)]), [], [a_vault()])

    assert protection is not None
    assert protection.doubt == "the answers do not say all of it"


def test_a_policy_that_was_taken_off_weakens_its_vault() -> None:
    off = a_policy(vault_ids=frozenset())
    protection = vault_after(a_former([a_policy()], [a_vault()]), [off], [a_vault()])

    assert told(protection)[Aspect("backup_policy")] == (True, False)
    assert told(vault_after(a_former([a_policy()], [a_vault()]), [], [a_vault()]))  # it was deleted


def test_a_policy_that_was_disabled_before_protected_nothing() -> None:
    then = a_former([a_policy(enabled=False)], [a_vault()])

    assert told(vault_after(then, [], [a_vault()])) == {}


def test_a_vault_says_nothing_of_how_its_own_policies_changed() -> None:
    then = a_former([a_policy(retention_days=90)], [a_vault()])

    assert told(vault_after(then, [a_policy()], [a_vault()])) == {}


@pytest.mark.parametrize(("days", "found"), [(7, {}), (6, {Aspect("retention_days", BACKUP): (7, 6)})])
def test_a_policy_in_the_place_of_another_is_held_to_what_that_one_promised(days: int, found: Any) -> None:
    then = a_former([a_policy()], [a_vault()])

    assert told(vault_after(then, [a_policy("other", retention_days=days)], [a_vault()])) == found


def test_a_replication_policy_is_missed_like_another_one() -> None:
    then = a_former([a_policy(), a_policy("copies", operation="replication")], [a_vault()])
    protection = vault_after(then, [a_policy()], [a_vault()])

    assert told(protection)[Aspect("replication_policy")] == (True, False)


def test_a_policy_that_came_to_a_vault_strengthens_it() -> None:
    protection = vault_after(a_former([], [a_vault()]), [a_policy()], [a_vault()])

    assert won(protection) == {Aspect("backup_policy"): (False, True)}


def test_policies_that_were_not_all_read_leave_a_doubt_and_hide_no_loss() -> None:
    then = a_former([a_policy()], [a_vault()], complete=frozenset({Kind.VAULTS, Kind.BACKUPS}))
    lost = vault_after(then, [a_policy("other", retention_days=3)], [a_vault()])
    unread = vault_after(
        a_former([a_policy()], [a_vault()]), [], [a_vault()], readings=a_collection(Kind.POLICIES).readings
    )

    assert lost is not None
    assert told(lost) == {Aspect("retention_days", BACKUP): (7, 3)}
    assert (lost.doubt, won(lost)) == ("the run before could not read all policies", {})
    assert unread is not None
    assert (told(unread), unread.doubt) == ({}, "this run could not read all policies")


@pytest.mark.parametrize(
    ("moved", "found"),
    [(-HOUR, 0), (-HOUR - TICK, 1), (HOUR, 0), (-20 * DAY, 1)],
)
def test_an_end_that_was_moved_nearer_by_more_than_an_hour_weakens_the_vault(moved: Any, found: int) -> None:
    before, policies = a_point(DAY), [a_policy()]
    assert before.expired_at is not None
    after = structs.replace(before, expired_at=before.expired_at + moved)
    protection = vault_after(a_former(policies, [a_vault()], [before]), policies, [a_vault()], after)

    assert len(told(protection)) == found
    assert won(protection) == {}


def test_an_end_where_there_was_none_is_nearer_and_none_is_later() -> None:
    endless, ending = a_point(DAY, expired_at=None), a_point(DAY)
    nearer = vault_after(a_former([], [a_vault()], [endless]), [], [a_vault()], ending)
    later = vault_after(a_former([], [a_vault()], [ending]), [], [a_vault()], endless)
    end = Aspect("backup_end", "point-24h")

    assert told(nearer) == {end: (None, "2026-12-22T04:00:00Z")}
    assert (told(later), won(later)) == ({}, {end: ("2026-12-22T04:00:00Z", None)})


@pytest.mark.parametrize("changes", [{"parent_id": "whole"}, {"status": "protecting"}, {"status": "deleting"}])
def test_the_end_of_a_part_or_of_what_is_not_finished_may_move(changes: dict[str, str]) -> None:
    before, after = a_point(DAY, **changes), a_point(DAY, **changes, expired_at=NOW)

    assert told(vault_after(a_former([], [a_vault()], [before]), [], [a_vault()], after)) == {}


def test_the_task_that_moved_ends_says_who_asked() -> None:
    move = a_backup(HOUR, operation="update_expiration_time", task_id="move", resource_id=None)
    before, after = a_point(DAY), a_point(DAY, expired_at=NOW + DAY)
    protection = vault_after(
        a_former([], [a_vault(locked=True)], [before]), [], [a_vault(locked=False)], after, tasks=[move]
    )

    assert protection is not None
    assert {each.aspect.what: each.tasks for each in protection.weakened} == {"backup_end": ("move",), "locked": ()}


def test_backups_that_were_not_read_leave_a_doubt() -> None:
    then = a_former([], [a_vault()], complete=frozenset({Kind.VAULTS, Kind.POLICIES}))
    now = a_collection(Kind.BACKUPS).readings

    for protection, which in (
        (vault_after(then, [], [a_vault()]), "the run before"),
        (vault_after(a_former([], [a_vault()]), [], [a_vault()], readings=now), "this run"),
    ):
        assert protection is not None
        assert protection.doubt == f"{which} could not read all backups"


@pytest.mark.parametrize(
    ("into", "found"), [("far", {}), ("farther", {Aspect("copies_into"): (("far",), ("farther",))})]
)
def test_copies_that_go_into_another_vault_weaken_the_one_that_they_come_from(into: str, found: Any) -> None:
    def copying(into: str) -> list[Policy]:
        return [a_policy("copies", operation="replication", destinations=frozenset({("vault-1", into)}))]

    protection = vault_after(a_former(copying("far"), [a_vault()]), copying(into), [a_vault()])

    assert told(protection) == found
    assert protection is not None
    assert protection.doubt == ""


def test_another_policy_that_cannot_be_read_leaves_a_doubt() -> None:
    then = a_former([a_policy()], [a_vault()])
    protection = vault_after(then, [a_policy("other", patterns=("odd",))], [a_vault()])

    assert protection is not None
    assert (protection.weakened, protection.doubt) == ((), "the answers do not say all of it")


def test_a_vault_that_is_gone_without_a_task_is_missed_with_what_it_held() -> None:
    protection = vault_after(a_former([], [a_vault(name="green")]), [], [])
    subjects = arranged([], [], [], former=a_former([], [a_vault(name="green")]))

    assert told(protection) == {Aspect("exists"): (True, False)}
    assert [(vault.id, vault.name) for vault in subjects.vaults] == [("vault-1", "green")]


def test_an_empty_vault_or_one_that_a_task_deleted_is_not_missed() -> None:
    deletion = a_backup(HOUR, operation="vault_delete", resource_id=None)

    assert told(vault_after(a_former([], [a_vault(resources=())]), [], [])) == {}
    assert told(vault_after(a_former([], [a_vault()]), [], [], tasks=[deletion])) == {}


def test_what_an_unreadable_list_hides_is_no_subject() -> None:
    then = a_former([], [a_vault()])
    subjects = arranged([], [], [], a_collection(Kind.VAULTS), former=then)

    assert (subjects.vaults, subjects.resources) == ((), ())


def test_a_vault_that_was_not_there_is_new() -> None:
    protection = vault_after(a_former(), [], [a_vault()])
    gone = vault_after(a_former(), [], [], tasks=[a_backup(HOUR, operation="vault_delete", resource_id=None)])

    assert protection is not None
    assert gone is not None
    assert protection.is_new is gone.is_new is True


def test_a_resource_that_left_its_vault_without_a_task_is_missed() -> None:
    then = a_former([], [a_vault("vault-1", "server-1", "server-2")])
    subjects = arranged([], [], [a_vault("vault-1", "server-2")], former=then)
    (resource,) = (each for each in subjects.resources if each.id == "server-1")

    assert told(resource.protection) == {Aspect("held"): (True, False)}
    assert (resource.name, resource.type, resource.presence) == (
        "name of server-1",
        "OS::Nova::Server",
        Presence.UNACCOUNTED,
    )


def test_a_resource_that_a_task_took_out_is_not_missed_twice() -> None:
    removal = a_backup(HOUR / 2, operation="remove_resource", task_id="removal")

    assert told(resource_after([a_vault()], [a_vault("vault-1", "other")], tasks=[removal])) == {}


def test_a_resource_without_tasks_that_left_unseen_is_unknown_and_one_whose_vault_was_deleted_left_with_it() -> None:
    then = a_former([], [a_vault()])
    deletion = a_backup(HOUR / 2, operation="vault_delete", resource_id=None, task_id="deletion")
    (unseen,), (seen,) = (arranged(tasks, [], [], former=then).resources for tasks in ([], [deletion]))
    verdict = destructive.judge(unseen, limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ())
    assert (seen.presence, told(seen.protection)) == (Presence.LEFT, {})
    assert seen.departure is not None
    assert seen.departure.task_id == "deletion"


def test_a_resource_whose_vaults_cannot_be_read_leaves_a_doubt() -> None:
    unread = a_collection(Kind.VAULTS).readings
    protection = resource_after([a_vault()], [], tasks=[a_backup(DAY)], readings=unread)

    assert protection is not None
    assert (told(protection), protection.doubt) == ({}, "this run could not read all vaults")


def held(**changes: Any) -> list[Vault]:
    protected: Protected = a_protected(**changes)
    return [a_vault(resources=(protected,))]


@pytest.mark.parametrize(
    ("then", "now", "found"),
    [
        ({"auto_protect": True}, {"auto_protect": False}, {Aspect("auto_protect"): (True, False)}),
        ({"auto_protect": False}, {"auto_protect": True}, {}),
        ({}, {"excluded": ("disk-1",)}, {Aspect("excluded_disks"): ((), ("disk-1",))}),
        ({}, {"included": ("disk-1",)}, {Aspect("included_disks"): ((), ("disk-1",))}),
        ({"protect_status": "available"}, {"protect_status": "protecting"}, {}),
    ],
)
def test_how_a_vault_holds_a_resource_is_compared(then: Any, now: Any, found: Any) -> None:
    assert told(resource_after(held(**then), held(**now))) == found


def test_disks_that_cannot_be_read_leave_a_doubt() -> None:
    protection = resource_after(held(), held(disks_known=False))

    assert protection is not None
    assert protection.doubt == "the answers do not say all of it"


@pytest.mark.parametrize(("days", "found"), [(7, {}), (6, {Aspect("retention_days", BACKUP): (7, 6)})])
def test_a_resource_that_moved_is_held_to_what_its_former_vault_promised(days: int, found: Any) -> None:
    there = a_vault("vault-2")
    policies = [a_policy(), a_policy("policy-2", vault_ids=frozenset({"vault-2"}), retention_days=days)]

    assert told(resource_after([a_vault()], [a_vault(resources=()), there], *policies)) == found


def test_a_resource_that_stays_says_nothing_of_how_its_policies_changed() -> None:
    protection = resource_after(held(auto_protect=True), held(auto_protect=False), then=[a_policy()])

    assert set(told(protection)) == {Aspect("auto_protect")}


def test_what_became_weaker_earlier_stays_so_until_it_is_restored() -> None:
    earlier = was_weakened(SubjectKind.POLICY, "policy-1", "retention_days", 90, 7)
    for days, found in ((7, {(90, 7)}), (8, {(90, 8)}), (89, {(90, 89)}), (90, set()), (91, set())):
        policy = a_policy(retention_days=days)
        collection = a_collection(memory=remembering(earlier))
        protection = of(
            arranged([], [policy], [a_vault()], collection, former=a_former([policy])), SubjectKind.POLICY, "policy-1"
        )

        assert set(told(protection).values()) == found
        assert protection is not None
        assert {each.since for each in protection.weakened} <= {OLDER}


def test_what_becomes_weaker_again_counts_from_now_against_what_it_was_first() -> None:
    earlier = was_weakened(SubjectKind.POLICY, "policy-1", "retention_days", 90, 30)
    then, now = a_policy(retention_days=30), a_policy(retention_days=7)
    collection = a_collection(memory=remembering(earlier))
    protection = of(
        arranged([], [now], [a_vault()], collection, former=a_former([then])), SubjectKind.POLICY, "policy-1"
    )

    assert protection is not None
    (weakening,) = protection.weakened
    assert (weakening.before, weakening.after, weakening.since) == (90, 7, NOW)


@pytest.mark.parametrize(
    ("end", "count"), [(NOW + DAY, 1), (NOW + 30 * DAY, 0), (None, 0)], ids=["as moved", "restored", "for ever"]
)
def test_an_end_that_was_moved_earlier_is_restored_when_it_is_as_late_again(end: Any, count: int) -> None:
    earlier = was_weakened(
        SubjectKind.VAULT, "vault-1", "backup_end", "2026-12-23T04:00:00Z", "2026-11-24T04:00:00Z", "point-24h"
    )
    point = a_point(DAY, expired_at=end)
    then = a_former([], [a_vault()], [point])
    protection = vault_after(then, [], [a_vault()], point, memory=remembering(earlier))

    assert len(told(protection)) == count


def test_an_end_that_was_moved_earlier_stays_so_when_the_backup_is_gone() -> None:
    earlier = was_weakened(SubjectKind.VAULT, "vault-1", "backup_end", None, "2026-11-24T04:00:00Z", "gone")

    assert len(told(vault_after(a_former([], [a_vault()]), [], [a_vault()], memory=remembering(earlier)))) == 1


def test_a_vault_that_was_missed_earlier_is_a_subject_as_long_as_that_is_remembered() -> None:
    gone = was_weakened(SubjectKind.VAULT, "vault-1", "exists", before=True, after=False)
    lost = was_weakened(SubjectKind.RESOURCE, "server-1", "held", before=True, after=False)
    subjects = arranged([], [], [], a_collection(memory=remembering(gone, lost)), former=a_former())

    assert [(each.id, each.name, told(each.protection)) for each in subjects.vaults] == [
        ("vault-1", "as it was", {Aspect("exists"): (True, False)})
    ]
    assert [(each.id, each.name, each.presence) for each in subjects.resources] == [
        ("server-1", "as it was", Presence.UNACCOUNTED)
    ]


def test_a_policy_applied_again_restores_its_vault_and_the_resource_that_moved() -> None:
    off = was_weakened(SubjectKind.VAULT, "vault-1", "backup_policy", before=True, after=False)
    moved = was_weakened(SubjectKind.RESOURCE, "server-1", "retention_days", 30, 7, BACKUP)
    memory = a_collection(memory=remembering(off, moved))
    for days, left in ((29, {(30, 29)}), (30, set())):
        policy = a_policy(retention_days=days)
        subjects = arranged([], [policy], [a_vault()], memory, former=a_former([policy], [a_vault()]))

        assert told(subjects.vaults[0].protection) == {}
        assert set(told(subjects.resources[0].protection).values()) == left


def test_what_an_unreadable_list_hides_is_passed_on() -> None:
    known = [
        was_weakened(SubjectKind.POLICY, "policy-1", "enabled", before=True, after=False),
        was_weakened(SubjectKind.VAULT, "vault-1", "locked", before=True, after=False),
        was_weakened(SubjectKind.RESOURCE, "server-1", "auto_protect", before=True, after=False),
        was_weakened(SubjectKind.COLLECTION, "project-1", "grace_hours", 6, 72),
    ]
    hidden = a_collection(Kind.POLICIES, Kind.VAULTS, memory=remembering(*known))
    shown = a_collection(memory=remembering(*known))

    assert [each.id for each in arranged([], [], [], hidden, former=a_former()).forgotten] == [
        "policy-1",
        "server-1",
        "vault-1",
    ]
    assert arranged([], [], [], shown, former=a_former()).forgotten == ()


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"memory": remembering()}, "what the run before saw was not read"),
        ({"lost": "run-1/report.json is missing"}, "what the run before left cannot be used"),
    ],
)
def test_without_what_the_run_before_saw_nothing_is_said_to_be_as_it_was(changes: Any, doubt: str) -> None:
    subjects = arranged([a_backup(DAY)], [a_policy()], [a_vault()], a_collection(**changes))
    parts = ((subjects.collection,), subjects.policies, subjects.vaults, subjects.resources)

    assert {subject.protection.doubt for part in parts for subject in part if subject.protection} == {doubt}
    assert all(subject.protection for part in parts for subject in part)


def test_demands_are_compared_and_remembered() -> None:
    orders = {"grace": less}
    now: dict[Aspect, Value] = {Aspect("grace"): 9, Aspect("new"): 1}
    earlier = was_weakened(SubjectKind.COLLECTION, "project-1", "grace", 3, 6)

    def demanded(then: Any, *known: Weakened) -> Protection | None:
        collection = a_collection(memory=remembering(*known))
        both = Demanded(then, now, orders)
        subjects = arrange(History([]), Inventory(), collection, a_former(), both, stuck_after=DAY)
        return subjects.collection.protection

    assert told(demanded({Aspect("grace"): 6})) == {Aspect("grace"): (6, 9)}
    assert told(demanded({Aspect("grace"): 6}, earlier)) == {Aspect("grace"): (3, 9)}
    assert told(demanded({Aspect("grace"): 9})) == {}
    unread = demanded(None)
    assert unread is not None
    assert unread.doubt == "what the run before demanded cannot be read"


def test_rules_of_a_policy_are_known_from_the_run_before_and_from_what_it_passes_on() -> None:
    then, now = a_policy(retention_days=7), a_policy(retention_days=30)
    known = (Terms(OLDER, BEFORE, 7, None),)

    def terms(policy: Policy, former: Former | None, **memory: Any) -> tuple[Terms, ...]:
        collection = a_collection(memory=remembering(**memory)) if memory else a_collection()
        return arranged([], [policy], [a_vault()], collection, former=former).policies[0].terms

    assert terms(now, None) == (Terms(NOW, NOW, 30, None),)
    assert terms(now, a_former([then])) == (Terms(BEFORE, BEFORE, 7, None), Terms(NOW, NOW, 30, None))
    assert terms(then, a_former([then])) == (Terms(BEFORE, NOW, 7, None),)
    assert terms(now, a_former([then]), terms={"policy-1": known}) == (*known, Terms(NOW, NOW, 30, None))
    assert terms(then, None, terms={"policy-1": known}) == (Terms(OLDER, NOW, 7, None),)


def test_no_more_than_a_hundred_rules_of_a_policy_are_remembered() -> None:
    past: tuple[Terms, ...] = ()
    for day in range(150):
        past = continued(past, a_policy(retention_days=7 + day % 2), NOW + day * DAY)

    assert len(past) == 100
    assert past[-1].until == NOW + 149 * DAY


def test_backups_that_are_gone_are_known_by_vault_and_resource() -> None:
    gone, there = a_point(DAY), a_point(2 * DAY)
    parts = [
        a_point(3 * DAY, parent_id="whole"),
        a_point(4 * DAY, status="error"),
        a_point(5 * DAY, status="protecting"),
    ]
    then = a_former([], [a_vault()], [gone, there, *parts])
    passed_on = [a_taken(9 * DAY, 30 * DAY, gone=OLDER), a_taken(2 * DAY, DAY)]
    collection = a_collection(memory=remembering(missed=tuple(passed_on)))
    deletion = a_backup(HOUR / 2, operation="delete", backup_id=gone.id)
    subjects = arranged([deletion], [], [a_vault()], collection, former=then, backups=[there])

    assert [(each.id, each.gone) for each in subjects.vaults[0].taken] == [
        ("point-216h", OLDER),
        ("point-24h", NOW - HOUR / 2),
    ]
    assert subjects.resources[0].missed == {gone.key, passed_on[0].key}
    assert subjects.elsewhere == ()


def test_what_was_missed_is_remembered_where_backups_or_vaults_cannot_be_read() -> None:
    known = a_collection(Kind.BACKUPS, Kind.VAULTS, memory=remembering(missed=(a_taken(9 * DAY, 30 * DAY),)))
    subjects = arranged([], [], [], known, former=a_former([], [a_vault()], [a_point()]))

    assert [each.id for each in subjects.elsewhere] == ["point-216h"]


def test_the_rules_of_policies_that_were_taken_off_are_known_by_vault() -> None:
    then = a_former([a_policy(), a_policy("other", vault_ids=frozenset({"vault-2"}))], [a_vault()])
    subjects = arranged([], [], [a_vault()], former=then)

    found = [each.past_rules for each in (subjects.vaults[0], subjects.resources[0], subjects.traces[0])]
    assert found == [(PastRules("policy-1", (Terms(BEFORE, BEFORE, 7, None),), NOW),)] * 3
    assert arranged([], [], [a_vault()]).vaults[0].past_rules == ()
    assert arranged([], [a_policy()], [a_vault()], former=then).vaults[0].past_rules == ()


def test_what_earlier_runs_saw_taken_off_is_passed_on_as_far_as_the_window_reaches() -> None:
    terms = (Terms(NOW - 40 * DAY, NOW - 30 * DAY, 7, None), Terms(NOW - 29 * DAY, OLDER, None, 3))
    known = PastRules("off", terms, NOW - 30 * DAY)
    ended = PastRules("ended", terms[:1], NOW - 30 * DAY - TICK)
    again = PastRules("again", terms, OLDER)
    trace = VaultTrace(
        id="vault-1", name="blue", enterprise_project_id=None, listed=True, past_rules=(known, ended, again)
    )
    then = a_former([a_policy("just-now")], [a_vault()])
    memory = remembering(vaults={"vault-1": trace}, terms={"just-now": terms})
    subjects = arranged([], [a_policy("again")], [a_vault()], a_collection(memory=memory), former=then)

    assert subjects.vaults[0].past_rules == (PastRules("just-now", terms, NOW), known)


def test_a_replaced_policy_explains_a_backup_as_long_as_the_log_shows_it() -> None:
    old, new = a_policy("old", retention_days=None, max_backups=1), a_policy("new", retention_days=60)
    tasks = [a_backup(3 * DAY, backup_id="b-1"), a_backup(2 * DAY, backup_id="b-2")]
    left = a_point(2 * DAY, id="b-2", expired_at=None)
    first = a_former([old], [a_vault()], until=NOW - 4 * DAY)
    second = arranged(tasks, [new], [a_vault()], former=first, backups=[left])
    memory = remembering(vaults={trace.id: trace for trace in second.traces})
    third = arranged(
        tasks, [new], [a_vault()], a_collection(memory=memory), former=a_former([new], [a_vault()]), backups=[left]
    )
    without = arranged(tasks, [new], [a_vault()], former=a_former([new], [a_vault()]), backups=[left])

    outcomes = [agreement.judge(each.resources[0], limits()).outcome for each in (second, third, without)]
    assert outcomes == [Outcome.PASS, Outcome.PASS, Outcome.FAIL]


def test_a_task_that_moves_ends_concerns_the_resources_of_its_vault_or_the_one_that_it_names() -> None:
    of_all = a_backup(HOUR, operation="update_expiration_time", task_id="all", resource_id=None)
    of_one = a_backup(2 * HOUR, operation="update_expiration_time", task_id="one", resource_id="server-2")
    failed = a_backup(3 * HOUR, "failed", operation="update_expiration_time", task_id="none", resource_id=None)
    subjects = arranged([failed, of_one, of_all], [], [a_vault("vault-1", "server-1", "server-2")])

    assert [[task.id for task in each.moves_of_ends] for each in subjects.resources] == [["all"], ["one", "all"]]
    assert replace(subjects.resources[0], moves_of_ends=()) != subjects.resources[0]


class TestListsThatWereAskedForDifferently:
    ASKED: ClassVar = dict.fromkeys((Kind.VAULTS, Kind.BACKUPS), "all_granted_eps")

    def test_what_only_the_wider_one_showed_is_not_gone(self) -> None:
        then = a_former([], [a_vault(), a_vault("vault-2", "server-2")], [a_point(vault_id="vault-2")])
        alike, unlike = (
            arranged([], [], [a_vault()], former=each, backups=[]) for each in (then, replace(then, asked=self.ASKED))
        )

        assert {vault.id for vault in alike.vaults} == {"vault-1", "vault-2"}
        assert {vault.id for vault in unlike.vaults} == {"vault-1"}
        assert unlike.elsewhere == ()
        assert "server-2" not in {resource.id for resource in unlike.resources}

    def test_what_only_the_wider_one_shows_is_not_new(self) -> None:
        then = a_former([], [a_vault()], asked=self.ASKED)
        subjects = arranged([], [], [a_vault(), a_vault("vault-2", "server-2")], former=then)
        protection = of(subjects, SubjectKind.VAULT, "vault-2")

        assert protection is not None
        assert (protection.is_new, protection.doubt) == (False, "the run before did not ask for the same vaults")

    def test_a_resource_that_one_of_its_vaults_still_holds_is_compared_only_where_all_are_shown(self) -> None:
        other = a_vault("vault-2")
        shown, missing = (
            of(
                arranged([], [], now, former=a_former([], [a_vault(), other], asked=self.ASKED)),
                SubjectKind.RESOURCE,
                "server-1",
            )
            for now in ([a_vault(), other], [a_vault()])
        )

        assert shown is not None
        assert shown.doubt == ""
        assert missing is not None
        assert missing.doubt == "the run before did not ask for the same vaults"


class TestRowsThatSomebodyAccepts:
    def accepting(self, kind: Kind, row_id: str) -> Any:
        row = Rejected(kind, 1, 0, row_id, "name", "is missing", mark="m1")
        return a_collection(rejected=(row,), accepted={"m1": a_waiver()})

    def test_what_an_accepted_vault_held_is_not_gone(self) -> None:
        subjects = arranged([], [], [], self.accepting(Kind.VAULTS, "vault-1"), former=a_former([], [a_vault()]))
        protection = of(subjects, SubjectKind.RESOURCE, "server-1")

        assert subjects.vaults == ()
        assert protection is not None
        assert (protection.weakened, protection.doubt) == ((), "this run could not read all vaults")

    def test_an_accepted_policy_was_not_taken_off(self) -> None:
        subjects = arranged(
            [], [], [a_vault()], self.accepting(Kind.POLICIES, "policy-1"), former=a_former([a_policy()], [a_vault()])
        )
        protection = of(subjects, SubjectKind.VAULT, "vault-1")

        assert protection is not None
        assert (protection.weakened, protection.doubt) == ((), "this run could not read all policies")


class TestWhatIsCreatedAgain:
    """A new id restores nothing: what was weak of what is gone is as weak in what takes its place."""

    ACROSS: ClassVar = Aspect("retention_days", BACKUP)
    WEAK: ClassVar = was_weakened(SubjectKind.POLICY, "policy-1", "retention_days", 90, 7)

    def vault(self, then: Former, *policies: Policy, weakened: Any = (WEAK,), vaults: Any = None) -> Protection:
        memory = remembering(*weakened)
        protection = vault_after(then, list(policies), vaults or [a_vault()], memory=memory)
        assert protection is not None
        return protection

    def resource(self, then: Former, policies: Any, vaults: Any, *weakened: Weakened, **changes: Any) -> Protection:
        collection = a_collection(memory=remembering(*weakened))
        subjects = arranged([], policies, vaults, collection, former=then, **changes)
        protection = of(subjects, SubjectKind.RESOURCE, "server-1")
        assert protection is not None
        return protection

    @pytest.mark.parametrize(("days", "found"), [(7, (90, 7)), (89, (90, 89)), (90, None)])
    def test_a_policy_in_the_place_of_a_weakened_one_is_held_to_what_that_one_promised_before(
        self, days: int, found: Any
    ) -> None:
        protection = self.vault(a_former([a_policy()], [a_vault()]), a_policy("again", retention_days=days))

        assert told(protection) == ({self.ACROSS: found} if found else {})
        assert {each.since for each in protection.weakened} <= {OLDER}

    def test_one_that_is_still_applied_says_so_itself(self) -> None:
        assert told(self.vault(a_former([a_policy()], [a_vault()]), a_policy())) == {}

    def test_one_that_is_weaker_still_counts_from_now(self) -> None:
        (weakening,) = self.vault(a_former([a_policy()], [a_vault()]), a_policy("again", retention_days=3)).weakened

        assert (weakening.before, weakening.after, weakening.since) == (90, 3, NOW)

    def test_one_that_was_disabled_promised_what_it_did_before(self) -> None:
        off = was_weakened(SubjectKind.POLICY, "policy-1", "enabled", before=True, after=False)
        then = a_former([a_policy(enabled=False, retention_days=90)], [a_vault()])

        assert told(self.vault(then, a_policy("again"), weakened=[off])) == {self.ACROSS: (90, 7)}
        assert told(self.vault(then, weakened=[off]))[Aspect("backup_policy")] == (True, False)

    def test_a_vault_without_a_policy_remembers_what_it_lost(self) -> None:
        lost = self.vault(a_former([a_policy(retention_days=90)], [a_vault()]), weakened=())
        known = Weakened(kind=SubjectKind.VAULT, id="vault-1", name="blue", weakenings=lost.weakened)
        then = a_former([], [a_vault()])

        assert told(self.vault(then, a_policy("later"), weakened=[known])) == {self.ACROSS: (90, 7)}
        assert told(self.vault(then, a_policy("later", retention_days=90), weakened=[known])) == {}

    def test_what_was_weak_twice_counts_from_the_last_time_against_the_first(self) -> None:
        first = was_weakened(SubjectKind.VAULT, "vault-1", "retention_days", 90, 30, BACKUP)
        again = was_weakened(SubjectKind.POLICY, "policy-1", "retention_days", 30, 7, since=BEFORE)
        (weakening,) = self.vault(
            a_former([a_policy()], [a_vault()]), a_policy("again"), weakened=[first, again]
        ).weakened

        assert (weakening.before, weakening.after, weakening.since) == (90, 7, BEFORE)

    def test_a_vault_that_is_created_again_leaves_its_resources_what_was_weak(self) -> None:
        then = a_former([a_policy()], [a_vault()])
        again = a_policy("again", vault_ids=frozenset({"vault-2"}))
        protection = self.resource(then, [again], [a_vault("vault-2")], self.WEAK)

        assert told(protection) == {self.ACROSS: (90, 7)}
        assert {each.since for each in protection.weakened} == {OLDER}

    def test_a_resource_takes_along_what_was_weak_of_the_vault_and_of_what_its_policies_promise(self) -> None:
        both = frozenset({"vault-1", "vault-2"})
        then = a_former([a_policy(vault_ids=both)], [a_vault(locked=False)])
        unlocked = was_weakened(SubjectKind.VAULT, "vault-1", "locked", before=True, after=False)
        shortened = was_weakened(SubjectKind.VAULT, "vault-1", "retention_days", 90, 7, BACKUP)
        weak = replace(unlocked, weakenings=(*unlocked.weakenings, *shortened.weakenings))
        moved = [a_vault(resources=()), a_vault("vault-2", locked=False)]
        protection = self.resource(then, [a_policy(vault_ids=both)], moved, weak)

        assert told(protection) == {Aspect("locked"): (True, False), self.ACROSS: (90, 7)}
        restored = [a_vault(resources=()), a_vault("vault-2", locked=True)]
        strong = a_policy(vault_ids=both, retention_days=90)
        assert told(self.resource(then, [strong], restored, weak)) == {}

    def test_a_resource_that_moves_is_held_to_what_its_former_vault_promised(self) -> None:
        strong = a_vault(locked=True, consistent_level="app_consistent", auto_bind=True)
        weak = a_vault("vault-2", locked=False, consistent_level="app_consistent", auto_bind=False)
        protection = self.resource(a_former([], [strong]), [], [weak])
        silent = self.resource(a_former([], [strong]), [], [a_vault("vault-2", locked=True)])

        assert told(protection) == {Aspect("locked"): (True, False)}
        assert (silent.weakened, silent.doubt) == ((), "the answers do not say all of it")

    def test_a_resource_that_was_in_no_vault_for_a_while_is_held_to_what_it_had(self) -> None:
        out = self.resource(a_former([a_policy(retention_days=90)], [a_vault()]), [], [])
        known = Weakened(kind=SubjectKind.RESOURCE, id="server-1", name="web", weakenings=out.weakened)
        back = self.resource(a_former(), [a_policy()], [a_vault()], known)

        assert told(back) == {self.ACROSS: (90, 7)}

    def test_what_was_weak_of_a_row_that_somebody_accepts_is_passed_on(self) -> None:
        row = Rejected(Kind.POLICIES, 1, 0, "policy-1", "name", "is missing", mark="m1")
        collection = a_collection(rejected=(row,), accepted={"m1": a_waiver()}, memory=remembering(self.WEAK))

        assert arranged([], [], [a_vault()], collection, former=a_former()).forgotten == (self.WEAK,)

    @pytest.mark.parametrize("unread", [Kind.POLICIES, Kind.VAULTS])
    def test_what_was_weak_of_a_policy_that_is_gone_is_passed_on_where_nobody_can_take_it_over(
        self, unread: Kind
    ) -> None:
        memory = a_collection(unread, memory=remembering(self.WEAK))

        assert arranged([], [], [], memory, former=a_former()).forgotten == (self.WEAK,)


class TestListsOfDifferentRuns:
    """The run before could not read the policies; the run before that one read both."""

    STRONG: ClassVar = a_policy(retention_days=90)
    WEAK: ClassVar = a_policy("weak", vault_ids=frozenset({"vault-2"}))
    EARLIER: ClassVar = a_former([STRONG, WEAK], [a_vault(), a_vault("vault-2", "server-2")])
    MOVED: ClassVar = (a_vault(resources=()), a_vault("vault-2", "server-1", "server-2"))

    def test_a_resource_that_moved_meanwhile_is_held_to_what_it_was_promised_before(self) -> None:
        then = a_former([self.STRONG, self.WEAK], self.MOVED, together=self.EARLIER)
        subjects = arranged([], [self.STRONG, self.WEAK], self.MOVED, former=then)
        protection = of(subjects, SubjectKind.RESOURCE, "server-1")

        assert told(protection) == {Aspect("retention_days", BACKUP): (90, 7)}

    def test_so_is_one_that_was_in_no_vault_meanwhile(self) -> None:
        out = a_former([self.STRONG, self.WEAK], [a_vault(resources=())], together=self.EARLIER)
        subjects = arranged([], [self.STRONG, self.WEAK], self.MOVED, former=out)
        protection = of(subjects, SubjectKind.RESOURCE, "server-1")

        assert told(protection) == {Aspect("retention_days", BACKUP): (90, 7)}

    def test_one_that_was_in_no_vault_then_is_held_to_what_the_run_before_saw(self) -> None:
        new = a_vault("vault-1", "server-1", "new")
        then = a_former([self.STRONG, self.WEAK], [new, a_vault("vault-2", "server-2")], together=self.EARLIER)
        vaults = [a_vault(), a_vault("vault-2", "server-2", "new")]
        protection = of(arranged([], [self.STRONG, self.WEAK], vaults, former=then), SubjectKind.RESOURCE, "new")

        assert told(protection) == {Aspect("retention_days", BACKUP): (90, 7)}

    def test_one_that_a_task_took_out_meanwhile_is_not_missed(self) -> None:
        out = a_former([self.STRONG, self.WEAK], [a_vault(resources=())], together=self.EARLIER)
        removal = a_backup(HOUR / 2, operation="remove_resource", task_id="removal")
        subjects = arranged([removal], [self.STRONG, self.WEAK], [a_vault(resources=())], former=out)

        assert told(of(subjects, SubjectKind.RESOURCE, "server-1")) == {}

    def test_what_they_show_once_more_is_no_news(self) -> None:
        known = was_weakened(SubjectKind.VAULT, "vault-1", "backup_policy", before=True, after=False)
        then = a_former([], [a_vault()], together=a_former([a_policy()], [a_vault()]))
        protection = vault_after(then, [], [a_vault()], memory=remembering(known))

        assert protection is not None
        since = {each.aspect.what: each.since for each in protection.weakened}
        assert (since["backup_policy"], since["retention_days"]) == (OLDER, NOW)

    def test_where_no_run_read_both_a_doubt_is_left(self) -> None:
        neither = a_former(complete=frozenset())
        protection = vault_after(a_former([a_policy()], [a_vault()], together=neither), [a_policy()], [a_vault()])

        assert protection is not None
        assert (protection.weakened, protection.doubt) == ((), "the run before could not read all policies")
