from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.judging.findings import Outcome
from audit.judging.requirements import Scope
from audit.judging.selection import Selector
from audit.records import Backup, Task, Vault
from audit.report.contents import Report, compose, conclude, remedy
from audit.report.facts import Conclusion
from audit.subjects import Collection, Presence, SubjectKind, Subjects
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_rejected,
    a_task,
    a_vault,
    a_waiver,
    arranged,
    requirements,
    run_facts,
)

BY_ID = {control.id: control for control in CONTROLS}


def report_on(subjects: Subjects, *ids: str, **demanded: Any) -> Report:
    controls = tuple(BY_ID[control_id] for control_id in ids) or CONTROLS
    judged = requirements(**demanded)
    return compose(run_facts(), subjects, controls, evaluate(subjects, controls, judged), judged)


def conclusion_of(subjects: Subjects, *ids: str, **demanded: Any) -> Conclusion:
    return report_on(subjects, *ids, **demanded).conclusion


GOOD = a_backup(HOUR)
BAD = a_backup(3 * DAY)
REMOVED = a_task("removal", operation="remove_resource", resource_id=None, removed=("server-1",))
RESOURCE_ONLY = ("CBR-101", "CBR-901", "CBR-902")


class TestConclusion:
    def test_passes_alone_are_compliant(self) -> None:
        subjects = arranged([GOOD], [a_policy()], [a_vault()])

        assert conclusion_of(subjects, *RESOURCE_ONLY) is Conclusion.COMPLIANT

    def test_what_does_not_apply_keeps_nothing_from_being_compliant(self) -> None:
        vaults = [a_vault(), a_vault("vault-2", "replica", protect_type="replication")]

        assert conclusion_of(arranged([GOOD], [a_policy()], vaults), *RESOURCE_ONLY) is Conclusion.COMPLIANT

    def test_a_failure_is_non_compliant(self) -> None:
        assert conclusion_of(arranged([BAD], [], [a_vault()]), *RESOURCE_ONLY) is Conclusion.NON_COMPLIANT

    @pytest.mark.parametrize(
        "collection",
        [
            a_collection(Kind.POLICIES),
            a_collection(Kind.VAULTS),
            a_collection(rejected=(a_rejected(Kind.POLICIES),)),
        ],
    )
    def test_a_failure_is_non_compliant_even_if_the_collection_is_incomplete(self, collection: Collection) -> None:
        subjects = arranged([BAD], [], [a_vault()], collection)

        assert conclusion_of(subjects, *RESOURCE_ONLY) is Conclusion.NON_COMPLIANT

    def test_an_unknown_outcome_is_incomplete(self) -> None:
        subjects = arranged([GOOD, a_task("odd", resource_id="unaccounted")], [a_policy()], [a_vault()])

        assert conclusion_of(subjects, *RESOURCE_ONLY) is Conclusion.INCOMPLETE

    def test_no_subjects_at_all_are_incomplete(self) -> None:
        assert conclusion_of(arranged()) is Conclusion.INCOMPLETE

    def test_nothing_that_passed_is_incomplete(self) -> None:
        subjects = arranged(vaults=[a_vault(protect_type="replication")])

        assert conclusion_of(subjects, "CBR-101") is Conclusion.INCOMPLETE

    @pytest.mark.parametrize("ids", [("CBR-101",), RESOURCE_ONLY])
    @pytest.mark.parametrize(
        "collection", [a_collection(*Kind), a_collection(rejected=(a_rejected(),)), a_collection(readings=())]
    )
    def test_a_gap_or_a_rejected_row_is_incomplete_whichever_controls_are_selected(
        self, collection: Collection, ids: tuple[str, ...]
    ) -> None:
        subjects = arranged([GOOD], [], [a_vault()], collection)

        assert conclusion_of(subjects, *ids) is Conclusion.INCOMPLETE

    @pytest.mark.parametrize(
        "subjects",
        [
            arranged(policies=[a_policy(vault_ids=frozenset())]),
            arranged(policies=[a_policy()], vaults=[a_vault(resources=())]),
        ],
    )
    def test_without_a_resource_it_is_incomplete_whatever_passes(self, subjects: Subjects) -> None:
        report = report_on(subjects, "CBR-201", "CBR-901", "CBR-902")

        assert {finding.outcome for finding in report.findings} == {Outcome.PASS}
        assert report.conclusion is Conclusion.INCOMPLETE

    @pytest.mark.parametrize(
        ("tasks", "vault", "presence"),
        [
            ([GOOD], a_vault(protect_type="replication", auto_expand=True, status="available"), Presence.REPLICA),
            ([REMOVED], a_vault(resources=(), auto_expand=True, status="available"), Presence.LEFT),
        ],
    )
    def test_resources_that_are_not_judged_do_not_make_a_run_compliant(
        self, tasks: list[Task], vault: Vault, presence: Presence
    ) -> None:
        report = report_on(arranged(tasks, [], [vault]), "CBR-101", "CBR-304", "CBR-901")

        assert {line.presence for line in report.resources} == {presence}
        assert {finding.outcome for finding in report.findings} == {Outcome.PASS, Outcome.NOT_APPLICABLE}
        assert report.conclusion is Conclusion.INCOMPLETE

    def test_a_pass_of_the_collection_alone_is_incomplete(self) -> None:
        subjects = arranged([GOOD], [a_policy()], [a_vault()])

        assert conclusion_of(subjects, "CBR-901", "CBR-902") is Conclusion.INCOMPLETE
        assert conclusion_of(subjects, "CBR-201", "CBR-901", "CBR-902") is Conclusion.COMPLIANT

    def test_a_doubt_about_the_task_log_is_incomplete(self) -> None:
        subjects = arranged([GOOD], [a_policy()], [a_vault()], a_collection(doubts=("the log is empty",)))

        assert conclusion_of(subjects, "CBR-201") is Conclusion.INCOMPLETE

    @pytest.mark.parametrize(
        "subjects", [arranged([GOOD], [], [a_vault()]), arranged(policies=[a_policy()]), arranged([a_task()])]
    )
    def test_without_findings_it_is_incomplete(self, subjects: Subjects) -> None:
        assert conclude(subjects, {}, requirements()) is Conclusion.INCOMPLETE


class TestWaiversAndScope:
    def test_a_waived_failure_does_not_make_a_run_non_compliant(self) -> None:
        subjects = arranged([BAD, a_backup(HOUR, resource_id="good")], [], [a_vault("vault-1", "server-1", "good")])

        report = report_on(subjects, "CBR-101", waivers=(a_waiver(),))
        assert report.conclusion is Conclusion.COMPLIANT
        assert (report.problems, report.summary.resources_failing) == ((), 0)
        assert [(finding.id, finding.outcome) for finding in report.waived] == [("server-1", Outcome.FAIL)]
        assert report.summary.waived == 1
        assert report.summary.outcomes[Outcome.FAIL] == 1

    def test_one_failure_that_is_not_waived_is_enough(self) -> None:
        vaults = [a_vault("vault-1", "server-1", "server-2")]
        subjects = arranged([BAD], [], vaults, backups=[a_point(9 * DAY, resource_id="server-2")])

        report = report_on(subjects, "CBR-101", waivers=(a_waiver(),))
        assert report.conclusion is Conclusion.NON_COMPLIANT
        assert [problem.id for problem in report.problems] == ["server-2"]
        assert report.summary.resources_failing == 1

    def test_without_a_real_pass_waived_failures_are_no_proof(self) -> None:
        subjects = arranged([BAD], [], [a_vault()])

        assert conclusion_of(subjects, *RESOURCE_ONLY, waivers=(a_waiver(),)) is Conclusion.INCOMPLETE
        used = conclusion_of(subjects, "CBR-101", "CBR-904", waivers=(a_waiver(),))
        assert used is Conclusion.INCOMPLETE  # that the waiver is valid proves nothing about backups

    def test_an_unknown_outcome_stays_in_doubt_whoever_accepts_it(self) -> None:
        subjects = arranged([GOOD, a_task("odd", resource_id="unaccounted")], [a_policy()], [a_vault()])

        report = report_on(subjects, "CBR-101", waivers=(a_waiver(subject="unaccounted"),))
        assert report.conclusion is Conclusion.INCOMPLETE
        assert report.summary.waived == 1

    def test_a_person_may_settle_whether_something_was_meant(self) -> None:
        subjects = arranged([GOOD, a_task("odd", resource_id="unaccounted")], [a_policy()], [a_vault()])
        waiver = a_waiver(control="CBR-111", subject="unaccounted")

        assert conclusion_of(subjects, "CBR-101", "CBR-111") is Conclusion.INCOMPLETE
        assert conclusion_of(subjects, "CBR-101", "CBR-111", waivers=(waiver,)) is Conclusion.COMPLIANT

    def test_an_expired_waiver_waives_nothing_and_is_a_problem_itself(self) -> None:
        report = report_on(arranged([BAD], [], [a_vault()]), "CBR-101", "CBR-904", waivers=(a_waiver(until=NOW - DAY),))

        assert [(problem.kind, problem.control) for problem in report.problems] == [
            (SubjectKind.RESOURCE, "CBR-101"),
            (SubjectKind.WAIVER, "CBR-904"),
        ]
        assert report.problems[1].since == "2026-11-22T04:00:00Z"

    def test_a_waiver_takes_only_its_own_failure_out_of_a_problem(self) -> None:
        (problem,) = report_on(
            arranged([BAD, a_backup(2 * DAY, "failed")], [], [a_vault()]), "CBR-101", "CBR-105", waivers=(a_waiver(),)
        ).problems

        assert (problem.control, problem.also) == ("CBR-105", ())

    def test_what_is_out_of_the_scope_is_named_and_fails_nothing(self) -> None:
        vaults = [a_vault("vault-1"), a_vault("vault-2", "bad", name="red")]
        scope = Scope(include=(Selector(vaults=("blue",)),))
        report = report_on(arranged([GOOD], [a_policy()], vaults), "CBR-101", "CBR-301", scope=scope)

        assert report.conclusion is Conclusion.COMPLIANT
        assert (report.summary.resources, report.summary.out_of_scope) == (1, 2)
        assert [(each.kind, each.id) for each in report.out_of_scope] == [("resource", "bad"), ("vault", "vault-2")]
        assert len(report.resources) == 2

    def test_a_scope_without_a_resource_is_incomplete(self) -> None:
        vaults = [a_vault(), a_vault("vault-2", name="red", resources=())]
        subjects = arranged([GOOD], [a_policy(vault_ids=frozenset({"vault-1", "vault-2"}))], vaults)
        empty, everything = (Scope(include=(Selector(vaults=(name,)),)) for name in ("red", "*"))

        assert conclusion_of(subjects, "CBR-101", scope=empty) is Conclusion.INCOMPLETE
        assert conclusion_of(subjects, "CBR-201", scope=empty) is Conclusion.INCOMPLETE
        assert conclusion_of(subjects, "CBR-201", scope=everything) is Conclusion.COMPLIANT


class TestSummaryAndLines:
    def test_the_summary_counts(self) -> None:
        points = [a_point(), *(a_point(9 * DAY, id=silent, resource_id=silent) for silent in ("server-2", "server-3"))]
        good = a_backup(HOUR, backup_id="point-1h")
        subjects = arranged([good], [], [a_vault("vault-1", "server-1", "server-2", "server-3")], backups=points)
        summary = report_on(subjects, "CBR-101", "CBR-103", "CBR-301").summary

        assert summary.outcomes == {Outcome.PASS: 2, Outcome.FAIL: 3, Outcome.NOT_APPLICABLE: 2}
        assert (summary.resources, summary.resources_failing, summary.problems) == (3, 2, 1)

    def test_a_resource_is_one_line(self) -> None:
        vaults = [a_vault("a", name="red"), a_vault("b", name="blue")]
        (line,) = report_on(arranged([GOOD, a_backup(HOUR / 2, "failed")], [a_policy()], vaults)).resources

        assert (line.id, line.name, line.type) == ("server-1", "name of server-1", "OS::Nova::Server")
        assert (line.presence, line.vaults) == (Presence.PROTECTED, ("red", "blue"))
        assert line.last_success == NOW - HOUR
        assert len(line.days) == 31

    def test_a_resource_without_success_says_so(self) -> None:
        (line,) = report_on(arranged(vaults=[a_vault()])).resources

        assert line.last_success is None

    @pytest.mark.parametrize(
        ("points", "newest"),
        [
            pytest.param([a_point(HOUR)], NOW - HOUR, id="it is what the task made"),
            pytest.param([a_point(2 * HOUR)], NOW - HOUR, id="clocks differ by an hour"),
            pytest.param([a_point(2 * HOUR + TICK)], NOW - 2 * HOUR - TICK, id="it is older"),
            pytest.param([a_point(9 * DAY), a_point(HOUR, status="error")], NOW - 9 * DAY, id="a newer one is broken"),
            pytest.param([a_point(9 * DAY), a_point(-HOUR)], NOW - 9 * DAY, id="a newer one came after the window"),
            pytest.param([], None, id="none is there"),
        ],
    )
    def test_the_newest_recovery_point_counts_rather_than_the_task(
        self, points: list[Backup], newest: datetime | None
    ) -> None:
        report = report_on(arranged([GOOD], vaults=[a_vault()], backups=points))
        (line,) = report.resources

        assert (line.last_success, line.newest) == (NOW - HOUR, newest)
        assert line.points == sum(point.status == "available" for point in points)
        assert report.trend[-1].oldest_backup == (newest and newest.replace(microsecond=0))
        assert report.trend[-1].without_backup == (newest is None)

    def test_where_backups_were_not_read_the_task_counts(self) -> None:
        subjects = arranged([GOOD], vaults=[a_vault()], collection=a_collection(Kind.BACKUPS))
        (line,) = report_on(subjects).resources

        assert (line.newest, line.newest_point, line.points) == (NOW - HOUR, None, None)


def test_the_remedy_is_one_line_of_the_documentation() -> None:
    control = replace(BY_ID["CBR-101"], doc="CBR-001 a-control: x.\n\nHow to fix it\n    First this.\n    Then that.\n")

    assert remedy(control) == "First this. Then that."
