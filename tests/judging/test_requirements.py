from typing import Any

import pytest

from audit.collection import Kind
from audit.judging.evaluate import evaluate
from audit.judging.findings import Control, Finding, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.judging.requirements import Level, MaintenanceRule, Requirements, Scope
from audit.judging.selection import Selector
from audit.schedule.maintenance import OneOff
from audit.schedule.matching import RunState
from audit.subjects import Presence, SubjectKind
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_collection,
    a_policy,
    a_policy_subject,
    a_protected,
    a_rejected,
    a_resource,
    a_vault,
    a_vault_subject,
    a_waiver,
    a_waiver_subject,
    arranged,
    limits,
    requirements,
)

GOLD = limits(max_backup_age=6 * HOUR)
BRONZE = limits(max_backup_age=100 * HOUR)


def select(**parts: tuple[str, ...]) -> tuple[Selector, ...]:
    return (Selector(**parts),)


def a_level(name: str, given: Any, **parts: tuple[str, ...]) -> Level:
    return Level(name=name, select=select(**parts), limits=given)


def a_window(name: str = "move") -> OneOff:
    return OneOff(name=name, start=NOW - HOUR, end=NOW + HOUR)


def a_finding(verdict: Verdict | None = None, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "control": "CBR-101",
        "kind": SubjectKind.RESOURCE,
        "id": "server-1",
        "name": "web-1",
        "severity": Severity.HIGH,
        "verdict": verdict or failed("too old"),
    }
    return Finding(**{**values, **changes})


def a_control(judge: Any, kind: SubjectKind = SubjectKind.RESOURCE) -> Any:
    return Control(
        id="CBR-001", name="a-b", title="A", severity=Severity.LOW, doc="", kinds=(kind,), judge=judge, weighs_gaps=True
    )


class TestLevels:
    def test_without_levels_and_windows_the_limits_are_those_of_the_profile(self) -> None:
        demanded = requirements()

        assert demanded.of(a_resource()) is demanded.limits
        assert demanded.of(a_collection()) is demanded.limits

    def test_the_first_level_that_selects_a_subject_counts(self) -> None:
        levels = (
            a_level("none", limits(), resources=("nobody",)),
            a_level("gold", GOLD, resources=("web-*",)),
            a_level("bronze", BRONZE, vaults=("blue",)),
        )
        demanded = requirements(levels=levels)

        assert demanded.of(a_resource()) is GOLD
        assert demanded.of(a_resource(id="other", name="other")) is BRONZE
        assert demanded.of(a_vault_subject()) is BRONZE
        assert demanded.of(a_resource(id="x", name="x", vaults=(a_vault(name="red"),))) is demanded.limits
        assert demanded.level_of(a_resource()) == levels[1]
        assert demanded.level_of(a_waiver_subject()) is None

    def test_a_policy_is_of_the_level_of_its_vaults(self) -> None:
        demanded = requirements(levels=(a_level("gold", GOLD, vaults=("blue",)),))

        assert demanded.of(a_policy_subject(vaults=(a_vault(),))) is GOLD
        assert demanded.of(a_policy_subject(a_policy(vault_ids=frozenset()))) is demanded.limits

    def test_a_level_that_may_or_may_not_select_a_subject_does_not(self) -> None:
        demanded = requirements(levels=(a_level("gold", GOLD, tags=("tier=gold",)),))

        assert demanded.of(a_vault_subject(vault=None)) is demanded.limits

    def test_a_level_changes_what_a_control_says(self) -> None:
        subjects = arranged(vaults=[a_vault("gold", "a", name="gold"), a_vault("iron", "b", name="iron")])

        def judge(_subject: object, given: Any) -> Verdict:
            return passed("judged", hours=given.max_backup_age // HOUR)

        control = a_control(judge)
        found = evaluate(subjects, [control], requirements(levels=(a_level("gold", GOLD, vaults=("gold",)),)))

        assert [(finding.id, finding.facts["hours"]) for finding in found] == [("a", 6), ("b", 30)]


class TestMaintenance:
    def test_subjects_with_the_same_windows_and_level_share_their_limits(self) -> None:
        levels = (a_level("gold", GOLD, resources=("web-1",)),)
        rules = (MaintenanceRule(window=a_window()), MaintenanceRule(window=a_window(), only=select(resources=("x",))))
        demanded = requirements(levels=levels, maintenance=rules)
        gold, x, y, z = (a_resource(id=name, name=name) for name in ("web-1", "x", "y", "z"))

        assert demanded.of(y) is demanded.of(z)
        assert len({id(demanded.of(each)) for each in (gold, x, y, z)}) == 3

    def test_a_window_of_all_counts_for_every_subject_and_level(self) -> None:
        demanded = requirements(
            levels=(a_level("gold", GOLD, resources=("web-1",)),), maintenance=(MaintenanceRule(window=a_window()),)
        )

        assert demanded.of(a_resource()).maintenance(NOW) == "maintenance: move"
        assert demanded.of(a_resource()).max_backup_age == 6 * HOUR
        assert demanded.of(a_policy_subject()).maintenance(NOW) == "maintenance: move"
        assert demanded.of(a_policy_subject()).maintenance(NOW + HOUR) == ""

    def test_a_window_of_some_counts_only_where_every_vault_is_meant(self) -> None:
        demanded = requirements(maintenance=(MaintenanceRule(window=a_window(), only=select(vaults=("blue",))),))

        assert demanded.of(a_resource()).maintenance(NOW) == "maintenance: move"
        other = a_resource(vaults=(a_vault(), a_vault("vault-2", name="red")))
        assert demanded.of(other) is demanded.limits
        assert demanded.limits.maintenance(NOW) == ""

    def test_it_excuses_the_runs_that_are_due_in_it(self) -> None:
        due_each_day_at_two = a_resource()
        window = OneOff(name="move", start=NOW - 2 * DAY - 2 * HOUR, end=NOW - 2 * DAY)
        schedules = due_each_day_at_two.planned_runs(
            requirements(maintenance=(MaintenanceRule(window=window),)).of(due_each_day_at_two)
        )

        assert schedules
        excused = {run.due: run.why for run in schedules.runs if run.why.startswith("maintenance")}
        assert excused == {NOW - 2 * DAY - 2 * HOUR: "maintenance: move"}
        assert all(run.state is RunState.EXCUSED for run in schedules.runs if run.due in excused)


class TestScope:
    def covered(self, subject: Any, **scope: Any) -> bool:
        return requirements(scope=Scope(**scope)).covers(subject)

    def test_without_a_scope_everything_is_judged(self) -> None:
        for subject in (a_resource(), a_vault_subject(), a_policy_subject(), a_collection(), a_waiver_subject()):
            assert requirements().covers(subject)

    def test_what_nothing_includes_is_left_out(self) -> None:
        assert self.covered(a_resource(), include=select(vaults=("blue",)))
        assert not self.covered(a_resource(), include=select(vaults=("red",)))
        assert self.covered(a_resource(), include=select(vaults=("red",)) + select(resources=("web-1",)))

    def test_what_is_excluded_in_all_of_its_vaults_is_left_out(self) -> None:
        blue_and_red = (a_vault(), a_vault("vault-2", name="red"))

        assert not self.covered(a_resource(), exclude=select(vaults=("blue",)))
        assert self.covered(a_resource(vaults=blue_and_red), exclude=select(vaults=("blue",)))
        assert not self.covered(a_resource(vaults=blue_and_red), exclude=select(vaults=("blue", "red")))

    def test_what_is_excluded_goes_before_what_is_included(self) -> None:
        assert not self.covered(a_resource(), include=select(vaults=("blue",)), exclude=select(resources=("web-*",)))

    def test_what_may_belong_to_the_scope_is_judged(self) -> None:
        vanished = a_resource(vaults=(), presence=Presence.UNACCOUNTED)

        assert self.covered(vanished, include=select(vaults=("red",)))
        assert self.covered(vanished, exclude=select(vaults=("*",)))

    def test_the_audit_itself_is_always_judged(self) -> None:
        for subject in (a_collection(), a_waiver_subject()):
            assert self.covered(subject, include=select(vaults=("red",)), exclude=select(resources=("*",)))

    def test_what_is_left_out_is_not_applicable_and_counted(self) -> None:
        held = [a_vault("in", "a", name="in"), a_vault("out", "b", "c", name="out")]
        subjects = arranged(policies=[a_policy(vault_ids=frozenset({"out"}))], vaults=held)
        demanded = requirements(scope=Scope(include=select(vaults=("in",))))
        found = list(evaluate(subjects, [a_control(lambda *_: passed("good"))], demanded))

        assert len(demanded.out_of_scope(subjects)) == 4
        assert [(finding.id, finding.outcome) for finding in found] == [
            ("a", Outcome.PASS),
            ("b", Outcome.NOT_APPLICABLE),
            ("c", Outcome.NOT_APPLICABLE),
        ]
        assert found[1].verdict == not_applicable("not in the scope of the profile")

    def test_each_subject_is_looked_up_once_however_many_controls_judge_it(self) -> None:
        asked: list[str] = []

        class Counting(Requirements):
            def covers(self, subject: Any) -> bool:
                asked.append(subject.id)
                return super().covers(subject)

            def of(self, subject: Any) -> Any:
                asked.append(subject.id)
                return super().of(subject)

        controls = [a_control(lambda *_: passed("good"))] * 5
        found = evaluate(arranged(vaults=[a_vault("v", "a", "b")]), controls, Counting(limits=limits()))

        assert len(found) == 10
        assert sorted(asked) == ["a", "a", "b", "b"]


class TestWaivers:
    @pytest.mark.parametrize(
        ("verdict", "is_marked"),
        [
            (failed("bad"), True),
            (unknown("gap"), True),
            (passed("good"), False),
            (not_applicable("new"), False),
        ],
    )
    def test_only_what_did_not_pass_is_marked(self, verdict: Verdict, is_marked: bool) -> None:  # noqa: FBT001 - pytest gives it by name
        waiver = a_waiver()

        assert requirements(waivers=(waiver,)).mark(a_finding(verdict)) == (waiver if is_marked else None)

    @pytest.mark.parametrize("subject", ["server-1", "web-1", "web-*", "s?rver-1"])
    def test_a_waiver_names_its_subject_by_id_name_or_pattern(self, subject: str) -> None:
        assert requirements(waivers=(a_waiver(subject=subject),)).mark(a_finding())

    @pytest.mark.parametrize("changes", [{"subject": "web-2"}, {"control": "CBR-103"}, {"until": NOW}])
    def test_another_subject_control_or_time_is_not_waived(self, changes: dict[str, Any]) -> None:
        assert requirements(waivers=(a_waiver(**changes),)).mark(a_finding()) is None

    def test_of_several_waivers_the_one_that_lasts_longest_counts(self) -> None:
        short, long = a_waiver(until=NOW + TICK), a_waiver(subject="web-*", until=NOW + DAY)

        assert requirements(waivers=(short, long)).mark(a_finding()) == long

    def test_a_waiver_names_a_row_that_could_not_be_used_by_its_id_or_its_mark(self) -> None:
        row = a_rejected(id="task-1", mark="0a0a")
        by_id, by_mark = (a_waiver(control="CBR-902", subject=name) for name in ("task-1", "0a0a"))

        assert requirements(waivers=(by_id,)).accepted([row]) == {"0a0a": by_id}
        assert requirements(waivers=(by_mark,)).accepted([row]) == {"0a0a": by_mark}

    @pytest.mark.parametrize(
        "changes",
        [{"control": "CBR-901"}, {"subject": "task-*"}, {"subject": "task-2"}, {"until": NOW}],
    )
    def test_another_control_pattern_row_or_time_accepts_no_row(self, changes: dict[str, Any]) -> None:
        waiver = a_waiver(**{"control": "CBR-902", "subject": "task-1", **changes})

        assert requirements(waivers=(waiver,)).accepted([a_rejected(id="task-1")]) == {}

    def test_of_several_waivers_of_a_row_the_one_that_lasts_longest_counts(self) -> None:
        waivers = [a_waiver(control="CBR-902", subject="task-1", until=NOW + days * DAY) for days in (3, 9, 5)]

        assert requirements(waivers=tuple(waivers)).accepted([a_rejected(id="task-1", mark="0a0a")]) == {
            "0a0a": waivers[1]
        }

    def test_a_waiver_of_a_row_meets_the_row(self) -> None:
        waiver = a_waiver(control="CBR-902", subject="task-1")
        rows = [a_rejected(id="task-1"), a_rejected(id="task-1", mark="0b0b"), a_rejected(id="task-2")]
        (met,) = requirements(waivers=(waiver,)).waiver_subjects([], complete=True, rejected=rows)
        (unused,) = requirements(waivers=(waiver,)).waiver_subjects([], complete=True)

        assert (met.findings, met.needed) == (2, 2)
        assert (unused.findings, unused.needed) == (0, 0)

    def test_a_waiver_says_what_it_met(self) -> None:
        unused, used = a_waiver(control="CBR-103"), a_waiver(subject="web-*")
        findings = [
            a_finding(),
            a_finding(unknown("gap"), id="server-2", name="web-2"),
            a_finding(passed("good"), id="server-3", name="web-3"),
            a_finding(id="server-4", name="db-4"),
        ]
        met = requirements(waivers=(unused, used)).waiver_subjects(findings, complete=True)

        assert [(subject.id, subject.findings, subject.needed) for subject in met] == [
            ("CBR-101 web-*", 3, 2),
            ("CBR-103 server-1", 0, 0),
        ]
        assert {subject.evidence_complete for subject in met} == {True}

    @pytest.mark.parametrize("is_complete", [True, False])
    def test_the_evaluation_says_whether_everything_was_read(self, is_complete: bool) -> None:  # noqa: FBT001 - pytest gives it by name
        seen = []

        def judge(subject: Any, _limits: object) -> Verdict:
            seen.append(subject.evidence_complete)
            return passed("good")

        collection = a_collection() if is_complete else a_collection(Kind.TASKS)
        subjects = arranged(vaults=[a_vault(resources=(a_protected(),))], collection=collection)
        evaluate(subjects, [a_control(judge, SubjectKind.WAIVER)], requirements(waivers=(a_waiver(),)))

        assert seen == [is_complete]
