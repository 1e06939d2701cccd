import json
from typing import Any

import pytest

from audit.collection import About, Kind
from audit.report.formats.json_report import render
from audit.report.passed_on import accepted_rows, complete_lists, memory_of
from audit.subjects import Collection, Memory, PastRules, Subjects, Terms, VaultTrace
from audit.subjects.passed_on import mark
from tests.builders import (
    DAY,
    NOW,
    a_backup,
    a_collection,
    a_policy,
    a_protected,
    a_reading,
    a_rejected,
    a_vault,
    a_waiver,
    arranged,
)
from tests.report.estate import a_report

SINCE = NOW - 3 * DAY
FOLLOWED = ("policy-1",)


def published(subjects: Subjects) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(render(a_report(subjects)))
    return report


def an_estate(collection: Collection | None = None) -> Subjects:
    removal = a_backup(DAY, operation="remove_resource", task_id="removal", resource_id=None, removed=("gone",))
    tasks = [a_backup(DAY), a_backup(3 * DAY, resource_id="gone"), removal]
    return arranged(tasks, [a_policy()], [a_vault("vault-1", "server-1", "silent")], collection)


def test_what_a_first_run_saw_is_remembered() -> None:
    memory = memory_of(published(an_estate()))

    assert (memory.run, memory.until) == ("20261123T040000Z-abc", NOW)
    assert memory.policies == {"policy-1": (mark(a_policy()), None)}
    assert memory.resources == {"server-1": (FOLLOWED, NOW - DAY), "silent": (FOLLOWED, NOW)}


def test_only_what_a_vault_holds_is_known_to_be_held() -> None:
    parts = {part["id"]: part for part in published(an_estate())["resources"]}

    assert parts["gone"]["known_since"] is None
    assert "gone" not in memory_of(published(an_estate())).resources


def test_what_is_remembered_is_passed_on() -> None:
    earlier = Memory(
        run="earlier",
        until=NOW - DAY,
        policies={"policy-1": (mark(a_policy()), SINCE)},
        resources={"server-1": (FOLLOWED, SINCE)},
    )
    memory = memory_of(published(an_estate(a_collection(memory=earlier))))

    assert memory.policies == {"policy-1": (mark(a_policy()), SINCE)}
    assert memory.resources == {"server-1": (FOLLOWED, SINCE), "silent": (FOLLOWED, NOW)}


def test_what_changed_or_came_since_is_known_from_this_run_on() -> None:
    memory = memory_of(published(an_estate()))
    policies = [a_policy(enabled=False), a_policy("policy-2", vault_ids=frozenset())]
    vaults = [a_vault("vault-1", "server-1", "added")]
    next_run = arranged([], policies, vaults, a_collection(memory=memory))

    assert [policy.known_since for policy in next_run.policies] == [NOW, NOW]
    assert {each.id: each.known_since for each in next_run.resources} == {"added": NOW, "server-1": NOW - DAY}


@pytest.mark.parametrize(
    "incomplete",
    [
        a_collection(Kind.POLICIES, Kind.VAULTS),
        a_collection(rejected=(a_rejected(Kind.POLICIES), a_rejected(Kind.VAULTS))),
        a_collection(readings=a_collection().readings[:1]),
    ],
)
def test_what_an_incomplete_run_did_not_see_may_have_been_there(incomplete: Collection) -> None:
    memory = memory_of(published(an_estate(incomplete)))
    vaults = [a_vault("vault-1", "server-1", "other")]
    policies = [a_policy(), a_policy("policy-2", vault_ids=frozenset())]
    next_run = arranged([], policies, vaults, a_collection(memory=memory))

    assert (memory.policies_complete, memory.vaults_complete) == (False, False)
    assert [policy.known_since for policy in next_run.policies] == [None, None]
    assert {each.awaited_since for each in next_run.resources} == {None}


def test_what_somebody_accepts_makes_nothing_incomplete() -> None:
    row = a_rejected(Kind.POLICIES, about=About(vaults=()))
    accepted = a_collection(rejected=(row,), accepted={row.mark: a_waiver(control="CBR-902", subject=row.mark)})

    assert memory_of(published(an_estate(accepted))).policies_complete
    assert not memory_of(published(an_estate(a_collection(rejected=(row,))))).policies_complete


@pytest.mark.parametrize("part", ["run", "collection", "policies", "resources"])
def test_a_report_without_what_is_needed_is_refused(part: str) -> None:
    report = published(an_estate())
    del report[part]

    with pytest.raises(LookupError):
        memory_of(report)


def test_the_memory_of_a_memory_is_the_same() -> None:
    first = memory_of(published(an_estate()))
    second = memory_of(published(an_estate(a_collection(memory=first))))

    assert second == first


def weighed(taken: int | None, memory: Memory | None = None) -> Subjects:
    vaults = [a_vault(resources=(a_protected(backup_mb=taken),))]
    return arranged([a_backup(DAY)], [a_policy()], vaults, a_collection(memory=memory))


def test_what_backups_take_is_passed_on_day_by_day() -> None:
    first = memory_of(published(weighed(40)))
    before = Memory(run="earlier", until=NOW - DAY, policies={}, resources={}, taken={"server-1": (10, 20, 30)})

    assert first.taken == {"server-1": (40,)}
    assert memory_of(published(weighed(40, before))).taken == {"server-1": (10, 20, 30, 40)}
    assert memory_of(published(weighed(None, before))).taken == {"server-1": (10, 20, 30)}


def test_of_one_day_the_last_run_counts() -> None:
    earlier: dict[str, Any] = {"policies": {}, "resources": {}, "taken": {"server-1": (10, 20, 30)}}
    today = Memory(run="earlier", until=NOW, **earlier)
    unread = Memory(run="earlier", until=NOW, vaults_complete=False, **earlier)

    assert memory_of(published(weighed(40, today))).taken == {"server-1": (10, 20, 40)}
    assert memory_of(published(weighed(40, unread))).taken == {"server-1": (10, 20, 30, 40)}


def test_no_more_than_fifteen_days_are_passed_on() -> None:
    before = Memory(run="earlier", until=NOW - DAY, policies={}, resources={}, taken={"server-1": tuple(range(15))})

    assert memory_of(published(weighed(40, before))).taken == {"server-1": (*range(1, 15), 40)}


def test_a_report_from_before_sizes_were_noted_is_remembered() -> None:
    report = published(weighed(40))
    for part in report["resources"]:
        del part["taken_mb"], part["points"], part["newest_point"]

    assert memory_of(report).taken == {"server-1": ()}


def test_vaults_are_remembered_and_those_that_hide_leave_the_list_in_doubt() -> None:
    whole = memory_of(published(an_estate()))
    hiding = arranged([a_backup(DAY)], [a_policy(vault_ids=frozenset({"vault-9"}))], [a_vault()])

    trace = VaultTrace(id="vault-1", name="blue", enterprise_project_id=None, listed=True, last_seen=NOW)
    assert whole.vaults == {"vault-1": trace}
    assert whole.vaults_complete
    assert not memory_of(published(hiding)).vaults_complete


def test_the_rules_of_policies_that_were_taken_off_are_passed_on() -> None:
    past = PastRules("old", (Terms(SINCE, SINCE + DAY, 7, None), Terms(NOW - DAY, NOW - DAY, None, 5)), NOW)
    trace = VaultTrace(id="vault-1", name="blue", enterprise_project_id=None, listed=True, past_rules=(past,))
    before = Memory(run="earlier", until=NOW - DAY, policies={}, resources={}, vaults={"vault-1": trace})
    report = published(an_estate(a_collection(memory=before)))

    assert memory_of(report).vaults["vault-1"].past_rules == (past,)
    del report["vaults"][0]["past_rules"]
    assert memory_of(report).vaults["vault-1"].past_rules == ()


def test_a_row_that_somebody_accepts_leaves_its_list_complete() -> None:
    report = published(an_estate())
    row = {"kind": "policies", "waiver": {"owner": "ops"}}
    report["collection"]["rejected_rows"] = [row]

    assert Kind.POLICIES in complete_lists(report)
    row["waiver"] = None  # type: ignore[assignment]  # as if nobody did
    assert Kind.POLICIES not in complete_lists(report)


def test_a_report_of_version_0_1_says_nothing_of_vaults() -> None:
    report = published(an_estate())
    del report["vaults"], report["collection"]["hidden_vaults"]
    for part in report["collection"]["readings"]:
        del part["status"], part["enterprise_project_id"], part["notes"]

    memory = memory_of(report)

    assert memory.vaults == {}
    assert memory.vaults_complete


def test_a_kind_of_which_one_reading_has_gaps_is_not_complete() -> None:
    readings = [a_reading(kind) for kind in Kind]
    besides = a_reading(Kind.VAULTS, "vaults: no", status="running")

    for order in ((*readings, besides), (besides, *readings)):
        memory = memory_of(published(an_estate(a_collection(readings=order))))
        assert not memory.vaults_complete


def test_the_rows_that_somebody_accepts_are_named_by_their_marks() -> None:
    rows = [{"mark": "accepted", "waiver": {"owner": "Ana"}}, {"mark": "open", "waiver": None}]

    assert accepted_rows({"collection": {"rejected_rows": rows}}) == {"accepted"}


def test_a_report_whose_ids_are_no_texts_is_not_remembered() -> None:
    report = published(an_estate())
    for part in report["resources"]:
        part.update(vaults=["v1"], follows=[{}])

    with pytest.raises(TypeError, match="texts"):
        memory_of(report)
