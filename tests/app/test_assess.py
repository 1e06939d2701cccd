from datetime import timedelta

import pytest

from audit.answers.intake import Intake
from audit.app.run import assess
from audit.collection import About, Kind, Window
from audit.evidence.run_before import RunBefore
from audit.history import History
from audit.judging.findings import Outcome
from audit.profile import Profile
from audit.profile.applied import lists_of
from audit.report.contents import Report
from audit.subjects import Memory, VaultTrace
from tests.builders import DAY, NOW, a_page, a_reading, a_rejected, a_task, a_task_row, a_window, run_facts
from tests.runs.test_what_is_seen import a_predecessor


@pytest.mark.parametrize(
    ("seconds", "status", "is_complete"),
    [(0.4, "success", True), (1.0, "success", True), (1.1, "success", False), (1.1, "running", True)],
)
def test_a_task_of_the_last_second_or_an_open_one_is_no_sign_of_another_clock(
    seconds: float,
    status: str,
    is_complete: bool,  # noqa: FBT001  # the expectation
) -> None:
    late = a_task("late", status=status, created_at=NOW + timedelta(seconds=seconds))
    intake = Intake(History([a_task(created_at=NOW - DAY), late]))

    report = assess(run_facts(), Profile(), intake, tuple(a_reading(kind) for kind in lists_of(Profile())))

    assert report.collection.log_complete is is_complete


def assessed(history: History, before: RunBefore | None = None, **log: object) -> Report:
    """The report on a history, with what the reading of the log found."""
    readings = (a_reading(Kind.TASKS, **log), *(a_reading(kind) for kind in lists_of(Profile()) if kind != Kind.TASKS))
    return assess(run_facts(), Profile(), Intake(history), readings, before)


@pytest.mark.parametrize(("status", "is_complete"), [(None, False), ("failed", True)])
def test_a_row_that_may_be_a_stuck_task_is_no_less_in_doubt_for_its_age(status: str | None, is_complete: bool) -> None:  # noqa: FBT001  # the expectation
    row = a_rejected(about=About(status=status, at=NOW - 140 * DAY), asked=Window(NOW - 900 * DAY, NOW))
    report = assessed(History([a_task(created_at=NOW - DAY)], [row]))

    assert report.collection.has_all(Kind.TASKS) is is_complete
    judged = {finding.verdict.outcome for finding in report.findings if finding.control == "CBR-106"}
    assert (Outcome.UNKNOWN in judged) is not is_complete


@pytest.mark.parametrize(
    ("status", "distinct", "doubts"),
    [
        ("running", 0, ("the task log of the window is empty",)),
        ("running", 1, ()),
        ("success", 0, ("the task log is empty, and earlier runs read 1 tasks of the same time",)),
        ("success", 1, ()),
    ],
)
def test_a_running_task_does_not_show_that_the_log_answers(status: str, distinct: int, doubts: tuple[str, ...]) -> None:
    task = a_task(status=status, created_at=NOW - DAY)

    assert assessed(History([task]), distinct=distinct).collection.doubts == doubts


@pytest.mark.parametrize(
    ("statuses", "rows", "outcome"),
    [
        (("running", "waiting"), (), Outcome.UNKNOWN),
        (("running", "waiting"), (a_task_row(id="stuck", status=None),), Outcome.FAIL),
        (("running",), (), Outcome.FAIL),
        ((), (), Outcome.FAIL),
    ],
)
def test_a_task_that_is_not_listed_as_open_any_more_is_unknown(
    statuses: tuple[str, ...], rows: tuple[dict[str, object], ...], outcome: Outcome
) -> None:
    loose = {"operation": "sync", "resource_id": None, "vault_id": None, "vault_name": None}
    stuck = a_task("stuck", status="running", created_at=NOW - 40 * DAY, **loose)
    intake = Intake(History([stuck, a_task(created_at=NOW - DAY)]))
    intake.accept(a_page(*rows))
    readings = (*map(a_reading, lists_of(Profile())), *(a_reading(status=status) for status in statuses))

    report = assess(run_facts(window=a_window(90)), Profile(), intake, readings)
    said = {f.verdict.outcome for f in report.findings if f.control == "CBR-106" and "stuck" in f.verdict.tasks}
    assert said == {outcome}


def test_a_run_that_may_be_shown_less_takes_no_vault_for_gone() -> None:
    trace = VaultTrace(id="vault-1", name="v", enterprise_project_id=None, listed=True)
    memory = Memory(run="run-1", until=NOW - DAY, policies={}, resources={}, vaults={"vault-1": trace})

    before, history = a_predecessor(seen="0", memory=memory), [a_task(created_at=NOW - DAY)]

    same, less = (assessed(History(history), before, enterprise_project_id=each).vaults for each in ("0", None))
    assert [vault.id for vault in same] == ["vault-1"]
    assert less == ()


def test_a_run_after_one_whose_profile_cannot_be_read_is_judged_all_the_same() -> None:
    assert assessed(History([a_task(created_at=NOW - DAY)]), a_predecessor(profile={"limits": "none"})).findings
