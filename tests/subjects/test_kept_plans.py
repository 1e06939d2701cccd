"""What was due while a policy planned otherwise than now."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from audit.collection import Kind, Window
from audit.controls.cbr_101_recent_backup import judge as recent
from audit.controls.cbr_102_scheduled_run import judge as scheduled
from audit.controls.cbr_201_policy_enabled import judge as enabled
from audit.judging.evaluate import evaluate
from audit.judging.findings import Outcome, Verdict
from audit.records import Policy, Task, Vault
from audit.report.contents import compose
from audit.report.formats.json_report import render
from audit.report.passed_on import memory_of
from audit.subjects import Memory, PolicySubject, Resource, Subjects
from tests.builders import (
    DAILY,
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_protected,
    a_vault,
    arranged,
    facts_of,
    limits,
    requirements,
    run_facts,
)
from tests.report.estate import a_report

DUE = NOW.replace(hour=2)  # today; the daily policy plans it two hours before NOW
MINUTE = timedelta(minutes=1)
EARLY_DAY = "FREQ=DAILY;BYHOUR=20;BYMINUTE=00"
WEEKLY = "FREQ=WEEKLY;BYDAY=TH;BYHOUR=20;BYMINUTE=00"
OWN = limits(max_backup_age=None, scheduled_run_period=7 * DAY)


def run(at: datetime, status: str = "success", **changes: Any) -> Task:
    named = {"task_id": f"run-{at:%d-%H-%M}", "policy_id": "policy-1", "ended_at": at + HOUR / 2}
    return a_backup(NOW - at, status, **{**named, **changes})


def daily(first: int, last: int = 0, *, but: Iterable[int] = (), hour: int = 2) -> list[Task]:
    """A backup a day from so many days ago to so many, but for some of them."""
    return [run(NOW.replace(hour=hour) - day * DAY) for day in range(first, last - 1, -1) if day not in but]


def seen(
    at: datetime,
    tasks: list[Task],
    policies: list[Policy],
    memory: Memory | None = None,
    vaults: list[Vault] | None = None,
    **others: Any,
) -> Subjects:
    """What an audit sees at a time."""
    collection = a_collection(*others.pop("gaps", ()), window=Window(at - 30 * DAY, at), memory=memory)
    known = [task for task in tasks if task.created_at <= at]
    return arranged(known, policies, [a_vault()] if vaults is None else vaults, collection, **others)


def passed_on(subjects: Subjects) -> Memory:
    """What the report of an audit passes on to the next one."""
    window = subjects.collection.window
    judged = requirements(structs.replace(OWN, now=window.until))
    run = run_facts(as_of=window.until, window=window, read=window)
    return memory_of(json.loads(render(compose(run, subjects, (), evaluate(subjects, (), judged), judged))))


def in_turn(tasks: list[Task], *audits: tuple[datetime, Policy], **others: Any) -> Subjects:
    """What the last of several audits sees, each of a policy as it was then."""
    memory, subjects = None, None
    for at, policy in audits:
        subjects = seen(at, tasks, [policy], memory, **others)
        memory = passed_on(subjects)
    assert subjects is not None
    return subjects


def due(subjects: Subjects, days: int = 30) -> list[datetime]:
    (policy,) = subjects.policies
    return [*policy.due(NOW - days * DAY, subjects.collection.window.until)]


def of_resource(subjects: Subjects, judge: Any = scheduled) -> Verdict:
    (resource,) = subjects.resources
    at = subjects.collection.window.until
    verdict: Verdict = judge(resource, structs.replace(OWN, now=at))
    return verdict


MISSED = daily(29, but=(2,))
YESTERDAY, BEFORE = NOW - DAY, NOW - 2 * DAY
SAVED: list[dict[str, Any]] = [
    {"start_time": YESTERDAY + HOUR},
    {"start_time": NOW - HOUR},
    {"start_time": NOW - 90 * DAY},
    {"start_time": NOW + DAY},
    {"patterns": (EARLY_DAY,)},
    {"patterns": (WEEKLY,)},
    {"patterns": ("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=00",)},
    {"start_window": timedelta(minutes=30)},
    {"enabled": False},
    {"patterns": ("nobody can read this",), "enabled": False},
]


class TestSavingAPolicyAgain:
    @pytest.mark.parametrize("changes", SAVED)
    def test_it_does_not_take_a_missed_run_away(self, changes: dict[str, Any]) -> None:
        subjects = in_turn(MISSED, (YESTERDAY, a_policy()), (NOW, a_policy(**changes)))
        verdict = of_resource(subjects)

        assert (verdict.outcome, facts_of(verdict)["missing"]) == (Outcome.FAIL, 1)
        assert facts_of(verdict)["since"] == "2026-11-21T02:00:00Z"

    def test_not_even_by_disabling_and_enabling_it_in_between(self) -> None:
        off = a_policy(enabled=False)
        tasks = daily(29, but=(1, 2))
        subjects = in_turn(tasks, (BEFORE + HOUR, a_policy()), (YESTERDAY, off), (NOW, a_policy()))

        assert of_resource(subjects).outcome is Outcome.FAIL

    @pytest.mark.parametrize("missing", [0, 1])
    def test_a_run_that_was_due_before_it_was_saved_is_missed(self, missing: int) -> None:
        """The start time tells when it was saved, the day before yesterday an hour after the run that is missing."""
        saved = a_policy(start_time=DUE + HOUR)
        subjects = in_turn(daily(29, missing), (YESTERDAY, a_policy()), (NOW + 9 * HOUR, saved))

        assert due(subjects)[-1] == DUE
        assert facts_of(of_resource(subjects))["missing"] == missing

    @pytest.mark.parametrize("start", [None, NOW - 50 * DAY])
    def test_without_a_time_what_both_plans_name_is_due(self, start: datetime | None) -> None:
        both = a_policy(patterns=(DAILY, EARLY_DAY), start_time=start)
        subjects = in_turn(daily(29), (YESTERDAY, a_policy()), (NOW, both), (NOW + DAY, both))

        assert due(subjects)[-4:] == [DUE - DAY, DUE, DUE.replace(hour=20), DUE + DAY]

    def test_while_it_was_disabled_nothing_was_due(self) -> None:
        audits = [(NOW - 9 * DAY, True), (NOW - 6 * DAY, False), (NOW - 5 * DAY, False), (NOW - 3 * DAY, True)]
        subjects = in_turn(daily(29), *[(at, a_policy(enabled=is_on)) for at, is_on in audits], (NOW, a_policy()))

        assert [moment.day for moment in due(subjects, 12)] == [12, 13, 14, 21, 22, 23]
        assert "the policy was disabled" in str(facts_of(of_resource(subjects))["not_judged_because"])

    def test_that_it_was_disabled_stays_visible(self) -> None:
        audits = [(NOW - 9 * DAY, True), (NOW - 6 * DAY, False), (NOW - 5 * DAY, False), (NOW - 3 * DAY, True)]
        subjects = in_turn(daily(29), *[(at, a_policy(enabled=is_on)) for at, is_on in audits], (NOW, a_policy()))
        verdict = enabled(subjects.policies[0], limits())

        assert (verdict.outcome, verdict.reason) == (Outcome.PASS, "it is enabled, and was disabled for a time")
        assert facts_of(verdict)["disabled_since"] == "2026-11-17T04:00:00Z"
        assert facts_of(verdict)["disabled_until"] == "2026-11-18T04:00:00Z"

    def test_a_disabled_one_says_since_when(self) -> None:
        off = a_policy(enabled=False)
        subjects = in_turn(daily(29), (NOW - 3 * DAY, a_policy()), (YESTERDAY, off), (NOW, off))

        assert facts_of(enabled(subjects.policies[0], limits()))["since"] == "2026-11-22T04:00:00Z"

    def test_what_lies_before_the_look_back_is_forgotten(self) -> None:
        other = a_policy(patterns=(EARLY_DAY,))
        subjects = in_turn(daily(29), (NOW - 50 * DAY, a_policy()), (NOW - 40 * DAY, other), (NOW, other))

        assert [plan.patterns for plan in subjects.policies[0].plans] == [(EARLY_DAY,)]

    def test_nothing_is_judged_from_before_a_plan_that_cannot_be_read(self) -> None:
        odd = a_policy(patterns=("nobody can read this",))
        audits = [(NOW - 9 * DAY, a_policy()), (NOW - 6 * DAY, odd), (NOW - 3 * DAY, a_policy()), (NOW, a_policy())]
        (subject,) = in_turn(daily(29), *audits).policies

        assert subject.planned_since == NOW - 3 * DAY

    def test_each_plan_has_its_own_start_window(self) -> None:
        late = [run(DUE - day * DAY + (6.5 + day % 2) * HOUR) for day in range(20, 0, -1)]
        wide, narrow = (a_policy(start_window=hours * HOUR) for hours in (2, 0))
        (resource,) = in_turn(late, (NOW - 10 * DAY, wide), (NOW - 9 * DAY, narrow), (NOW, narrow)).resources
        found = resource.planned_runs(OWN)

        assert found is not None
        assert [state.value for state in found.states][-11:] == ["on_time", *["late"] * 9, "pending"]


class TestARunThatCouldNotReadThem:
    def test_what_an_earlier_run_saw_is_kept(self) -> None:
        earlier = passed_on(seen(BEFORE + HOUR, MISSED, [a_policy()]))
        unread = passed_on(seen(YESTERDAY, MISSED, [], earlier, gaps=(Kind.POLICIES,)))
        saved = a_policy(start_time=NOW - HOUR)

        assert of_resource(seen(NOW, MISSED, [saved], unread)).outcome is not Outcome.FAIL
        memory = unread.with_earlier(earlier)
        assert of_resource(seen(NOW, MISSED, [saved], memory)).outcome is Outcome.FAIL
        assert memory.terms == earlier.terms

    def test_a_plan_is_known_no_longer_than_it_was_seen(self) -> None:
        earlier = passed_on(seen(BEFORE, MISSED, [a_policy()]))
        unread = passed_on(seen(YESTERDAY, MISSED, [], earlier, gaps=(Kind.POLICIES,)))
        memory = unread.with_earlier(earlier)
        (policy,) = seen(NOW, MISSED, [a_policy(patterns=(WEEKLY,))], memory).policies

        assert [plan.until for plan in policy.plans] == [BEFORE, None]

    def test_a_policy_that_a_complete_list_did_not_have_is_not_added(self) -> None:
        earlier = passed_on(seen(BEFORE, MISSED, [a_policy()]))
        complete = passed_on(seen(YESTERDAY, MISSED, [], earlier))

        assert complete.with_earlier(earlier) == complete

    def test_what_vaults_held_is_kept_too(self) -> None:
        earlier = passed_on(seen(BEFORE, MISSED, [a_policy()]))
        unread = passed_on(seen(YESTERDAY, MISSED, [a_policy()], earlier, vaults=[], gaps=(Kind.VAULTS,)))
        memory = unread.with_earlier(replace(earlier, overdue=frozenset({"server-1"})))

        assert unread.resources == {}
        assert (memory.resources, memory.vaults.keys()) == (earlier.resources, earlier.vaults.keys())
        assert "server-1" in memory.overdue


class TestAnOlderReport:
    """Version 0.1 kept a hash of the plan only."""

    @staticmethod
    def old(memory: Memory) -> Memory:
        return replace(memory, plans={}, awaited={}, overdue=frozenset())

    def test_a_plan_that_did_not_change_is_judged_as_before(self) -> None:
        memory = self.old(passed_on(seen(YESTERDAY, MISSED, [a_policy()])))
        subjects = seen(NOW, MISSED, [a_policy()], memory)

        assert of_resource(subjects).outcome is Outcome.FAIL
        assert [(plan.seen, plan.since) for plan in subjects.policies[0].plans] == [(YESTERDAY, None)]

    def test_before_a_plan_that_changed_nothing_is_judged(self) -> None:
        memory = self.old(passed_on(seen(YESTERDAY, MISSED, [a_policy()])))
        subjects = seen(NOW, MISSED, [a_policy(start_time=NOW - 90 * DAY)], memory)

        assert of_resource(subjects).outcome is Outcome.NOT_APPLICABLE
        assert subjects.policies[0].planned_since == NOW

    def test_its_report_is_read_although_it_has_no_plans(self) -> None:
        report = json.loads(render(a_report(seen(NOW, MISSED, [a_policy()]))))
        for part in report["policies"]:
            del part["plans"]
        for part in report["resources"]:
            del part["awaited_since"]

        assert (memory_of(report).plans, memory_of(report).awaited) == ({}, {})


class TestWhatIsNew:
    """CBR-101 of a resource that is new, or has a new plan."""

    NEW = a_vault("vault-1", "server-1", "new")
    FIRST = passed_on(seen(NOW - 2 * HOUR, daily(29), [a_policy()]))

    @staticmethod
    def new(subjects: Subjects) -> Resource:
        return next(each for each in subjects.resources if each.id == "new")

    def judged(self, at: datetime, *later: datetime, memory: Memory | None = None, **others: Any) -> Verdict:
        for moment in (at, *later):
            subjects = seen(moment, daily(29), [a_policy()], memory or self.FIRST, [self.NEW], **others)
            memory = passed_on(subjects)
        return recent(self.new(subjects), structs.replace(OWN, now=subjects.collection.window.until))

    def test_its_first_backup_is_due_at_its_first_planned_run(self) -> None:
        verdict = self.judged(NOW)

        assert (verdict.outcome, verdict.reason) == (
            Outcome.NOT_APPLICABLE,
            "it is new, and its first backup is not due yet",
        )
        assert facts_of(verdict)["due"] == "2026-11-24T08:00:00Z"  # the grace is six hours

    @pytest.mark.parametrize(("late", "outcome"), [(0, Outcome.NOT_APPLICABLE), (1, Outcome.FAIL)])
    def test_it_fails_when_that_time_has_passed(self, late: int, outcome: Outcome) -> None:
        verdict = self.judged(NOW, NOW + 28 * HOUR + late * MINUTE)

        assert verdict.outcome is outcome
        if late:
            assert (facts_of(verdict)["since"], facts_of(verdict)["or_earlier"]) == ("2026-11-23T04:00:00Z", False)

    def test_a_first_run_does_not_know_when_it_came(self) -> None:
        verdict = recent(self.new(seen(NOW, daily(29), [a_policy()], None, [self.NEW])), OWN)

        assert verdict.outcome is Outcome.UNKNOWN
        assert "since" not in facts_of(verdict)

    @pytest.mark.parametrize(("late", "outcome"), [(0, Outcome.UNKNOWN), (1, Outcome.FAIL)])
    def test_after_a_first_run_it_fails_once_a_planned_run_has_passed(self, late: int, outcome: Outcome) -> None:
        first = passed_on(seen(NOW, daily(29), [a_policy()], None, [self.NEW]))
        verdict = self.judged(NOW + 28 * HOUR + late * MINUTE, memory=first)

        assert verdict.outcome is outcome
        if late:
            assert (facts_of(verdict)["since"], facts_of(verdict)["or_earlier"]) == ("2026-11-23T04:00:00Z", True)

    def test_a_backup_that_its_vault_keeps_shows_that_it_was_there(self) -> None:
        kept = [a_point(40 * DAY, resource_id="new")]
        verdict = recent(self.new(seen(NOW, daily(29), [a_policy()], None, [self.NEW], backups=kept)), OWN)

        assert (verdict.outcome, facts_of(verdict)["since"]) == (Outcome.FAIL, "2026-10-24T04:00:00Z")

    def test_where_the_run_before_could_not_read_the_vaults_nobody_knows(self) -> None:
        partial = passed_on(seen(NOW - 2 * HOUR, daily(29), [a_policy()], gaps=(Kind.VAULTS,)))

        assert self.judged(NOW, memory=partial).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(("age", "outcome"), [(26 * HOUR, Outcome.NOT_APPLICABLE), (27 * HOUR, Outcome.FAIL)])
    def test_the_limit_of_the_profile_goes_before_the_plan(self, age: timedelta, outcome: Outcome) -> None:
        subjects = seen(NOW, daily(29), [a_policy()], self.FIRST, [self.NEW])
        later = seen(NOW + age, daily(29), [a_policy()], passed_on(subjects), [self.NEW])

        assert recent(self.new(later), limits(max_backup_age=26 * HOUR, now=NOW + age)).outcome is outcome

    def test_a_new_vault_owes_its_first_backup_at_the_first_planned_run(self) -> None:
        young = a_vault("vault-1", "server-1", "new", created_at=NOW - HOUR)
        verdict = recent(self.new(seen(NOW, [], [a_policy()], None, [young])), OWN)

        assert (verdict.outcome, facts_of(verdict)["due"]) == (Outcome.NOT_APPLICABLE, "2026-11-24T08:00:00Z")

    def test_where_no_policy_runs_a_first_backup_is_due_after_a_day_and_grace(self) -> None:
        verdict = recent(self.new(seen(NOW, daily(29), [], self.FIRST, [self.NEW])), OWN)

        assert facts_of(verdict)["due"] == "2026-11-24T10:00:00Z"

    def test_without_readable_policies_it_is_unknown(self) -> None:
        subjects = seen(NOW, daily(29), [a_policy(patterns=("odd",))], self.FIRST, [self.NEW])

        assert recent(self.new(subjects), OWN).outcome is Outcome.UNKNOWN


class TestANewPlan:
    WEEKLY_RUNS = tuple(run(NOW - days * DAY + 16 * HOUR) for days in (18, 11, 4))

    def changed(self, tasks: Iterable[Task], *, before: Policy, after: Policy, vaults: Any = None) -> Verdict:
        memory = passed_on(seen(NOW - HOUR, [*tasks], [before], None, vaults))
        return of_resource(seen(NOW, [*tasks], [after], memory), recent)

    def test_a_plan_that_was_made_tighter_just_now_has_time_until_its_first_run(self) -> None:
        verdict = self.changed(self.WEEKLY_RUNS, before=a_policy(patterns=(WEEKLY,)), after=a_policy())

        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert facts_of(verdict)["due"] == "2026-11-24T08:00:00Z"

    def test_a_policy_just_applied_has_too(self) -> None:
        other = a_policy("policy-2", patterns=(WEEKLY,))

        assert self.changed(self.WEEKLY_RUNS, before=other, after=a_policy()).outcome is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize("before", [{}, {"enabled": False}, {"patterns": (EARLY_DAY,)}])
    def test_what_was_overdue_before_stays_so(self, before: dict[str, Any]) -> None:
        assert self.changed(self.WEEKLY_RUNS, before=a_policy(**before), after=a_policy()).outcome is Outcome.FAIL

    @pytest.mark.parametrize("changes", SAVED[:4])
    def test_a_plan_saved_again_is_no_new_one(self, changes: dict[str, Any]) -> None:
        at = NOW + 3 * HOUR  # the newest success is older than 30 hours then, and was not an hour ago
        tasks = daily(29, 1)
        memory = passed_on(seen(NOW, tasks, [a_policy()]))
        (resource,) = seen(at + 2 * HOUR, tasks, [a_policy(**changes)], memory).resources

        assert recent(resource, structs.replace(OWN, now=at + 2 * HOUR)).outcome is Outcome.FAIL

    def test_days_that_count_from_another_start_are_a_new_plan(self) -> None:
        rare = "FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=00"
        first, again = (a_policy(patterns=(rare,), start_time=DUE - days * DAY) for days in (60, 0))
        tasks = [run(DUE - days * DAY) for days in (27, 24, 21, 18, 15, 12, 9, 6, 3)]
        memory = passed_on(seen(DUE - HOUR, tasks, [first]))
        (resource,) = seen(NOW + 10 * HOUR, tasks, [again], memory).resources

        assert recent(resource, structs.replace(OWN, now=NOW + 10 * HOUR)).outcome is Outcome.NOT_APPLICABLE

    def test_the_limit_of_the_profile_is_not_changed_by_a_plan(self) -> None:
        memory = passed_on(seen(NOW - HOUR, [*self.WEEKLY_RUNS], [a_policy(patterns=(WEEKLY,))]))
        (resource,) = seen(NOW, [*self.WEEKLY_RUNS], [a_policy()], memory).resources

        assert recent(resource, limits(max_backup_age=30 * HOUR)).outcome is Outcome.FAIL

    def test_a_disk_that_was_just_included_fails_nothing(self) -> None:
        without, whole = (a_vault(resources=(a_protected(excluded=disks),)) for disks in (("disk-1",), ()))
        memory = passed_on(seen(NOW - HOUR, daily(29), [a_policy()], None, [without]))
        subjects = seen(NOW, daily(29), [a_policy()], memory, [whole])
        report = json.loads(render(a_report(subjects)))

        failing = {finding["control"] for finding in report["findings"] if finding["outcome"] == "fail"}
        assert failing.isdisjoint({"CBR-101", "CBR-102", "CBR-502"})


class TestAMovedPolicy:
    def test_a_shift_of_a_plan_that_was_replaced_is_not_held_against_it(self) -> None:
        """A first audit saw it run at other times than planned; then it was changed once more."""
        at_eight = daily(29, 1, hour=20)
        first, second = a_policy(patterns=("FREQ=DAILY;BYHOUR=6;BYMINUTE=00",)), a_policy(patterns=(EARLY_DAY,))
        subjects = in_turn(at_eight, (NOW - DAY, first), (NOW - DAY / 2, second), (NOW, second))

        assert facts_of(of_resource(subjects))["missing"] == 0

    def test_the_same_where_its_runs_proved_nothing(self) -> None:
        hours = zip(range(29, 1, -1), (7, 9, 14, 8) * 7, strict=True)
        odd = [*(run(DUE - day * DAY + hour * HOUR) for day, hour in hours), run(NOW - 8 * HOUR)]
        first, second = a_policy(), a_policy(patterns=(EARLY_DAY,))
        subjects = in_turn(odd, (NOW - DAY, first), (NOW - DAY / 2, second), (NOW, second))

        assert of_resource(subjects).outcome is not Outcome.FAIL


MOMENTS = st.integers(min_value=1, max_value=20)


@settings(max_examples=60, deadline=None)
@given(
    lost=st.sets(st.integers(min_value=1, max_value=6), max_size=3),
    saved=st.lists(st.sampled_from([SAVED[0], SAVED[1], SAVED[2], SAVED[7], {"enabled": False}, {}]), max_size=4),
)
@pytest.mark.no_cover
def test_saving_a_policy_again_changes_no_verdict_about_the_past(lost: set[int], saved: list[dict[str, Any]]) -> None:
    tasks = daily(29, but=lost)
    audits = [(NOW + number * MINUTE, a_policy(**changes)) for number, changes in enumerate([{}, *saved, {}])]
    subjects = in_turn(tasks, *audits)
    (resource,) = subjects.resources
    untouched = in_turn(tasks, *[(at, a_policy()) for at, _policy in audits]).resources[0]
    asked = structs.replace(OWN, now=NOW)

    assert scheduled(resource, asked).outcome is scheduled(untouched, asked).outcome
    assert facts_of(scheduled(resource, asked)).get("missing") == facts_of(scheduled(untouched, asked)).get("missing")


def test_what_is_kept_is_read_as_it_was_written() -> None:
    off = a_policy(enabled=False, start_window=timedelta(minutes=15))
    subjects = in_turn(daily(29), (NOW - 2 * DAY, a_policy(start_time=NOW - 9 * DAY)), (YESTERDAY, off), (NOW, off))
    (subject,) = subjects.policies

    assert isinstance(subject, PolicySubject)
    assert passed_on(subjects).plans == {"policy-1": subject.passed_on}
    assert [plan.until for plan in subject.plans] == [NOW - 2 * DAY, None]
