import pytest

from audit.controls.cbr_104_consecutive_failures import judge
from audit.judging.findings import Outcome, Verdict
from tests.builders import HOUR, a_backup, a_resource, facts_of, limits

SHORT = {"s": "success", "f": "failed", "t": "timeout", "k": "skipped", "r": "running", "w": "waiting", "p": "paused"}


def judged(course: str, **changes: object) -> Verdict:
    """Judge backups that went like this, oldest first; the newest one is an hour old."""
    tasks = [a_backup((len(course) - place) * HOUR, SHORT[letter]) for place, letter in enumerate(course)]
    return judge(a_resource(*tasks, **changes), limits())


@pytest.mark.parametrize(
    ("course", "outcome"),
    [
        ("s", Outcome.PASS),
        ("sff", Outcome.PASS),
        ("sfff", Outcome.FAIL),
        ("ftf", Outcome.FAIL),
        ("ttt", Outcome.FAIL),
        ("fffs", Outcome.PASS),
        ("ffffsff", Outcome.PASS),
        ("sfkfkf", Outcome.FAIL),
        ("sfffkr", Outcome.FAIL),
        ("sfkfkrw", Outcome.PASS),
        ("ff", Outcome.UNKNOWN),
        ("kfrtw", Outcome.UNKNOWN),
        ("f", Outcome.UNKNOWN),
        ("sp", Outcome.UNKNOWN),
        ("psfff", Outcome.UNKNOWN),
        ("p", Outcome.UNKNOWN),
        ("kkkk", Outcome.NOT_APPLICABLE),
        ("rw", Outcome.NOT_APPLICABLE),
        ("", Outcome.NOT_APPLICABLE),
    ],
)
def test_the_newest_finished_backups_are_counted(course: str, outcome: Outcome) -> None:
    assert judged(course).outcome is outcome


def test_a_failure_names_the_whole_row_oldest_first() -> None:
    verdict = judged("sffff")

    assert verdict.tasks == ("backup-4h", "backup-3h", "backup-2h", "backup-1h")
    assert facts_of(verdict) == {"since": "2026-11-23T00:00:00Z", "failures": 4, "limit": 3}


def test_too_few_backups_that_all_failed_are_named() -> None:
    verdict = judged("kff")

    assert (verdict.reason, verdict.tasks) == (
        "too few backups finished in the window to tell",
        ("backup-2h", "backup-1h"),
    )
    assert facts_of(verdict) == {"failures": 2, "limit": 3}


def test_backups_with_a_status_that_is_not_documented_are_named() -> None:
    assert judged("psp").tasks == ("backup-3h", "backup-1h")


def test_a_pass_names_the_newest_success() -> None:
    assert judged("ssff").tasks == ("backup-3h",)


@pytest.mark.parametrize("course", ["", "s", "sfff", "ff"])
def test_a_log_with_gaps_is_unknown(course: str) -> None:
    assert judged(course, log_complete=False).outcome is Outcome.UNKNOWN


def test_other_operations_do_not_count() -> None:
    restores = [a_backup(age * HOUR, "failed", operation="restore") for age in (3, 2, 1)]

    assert judge(a_resource(*restores), limits()).outcome is Outcome.NOT_APPLICABLE


def test_one_failure_may_be_too_many() -> None:
    resource = a_resource(a_backup(2 * HOUR), a_backup(HOUR, "failed"))

    assert judge(resource, limits(max_consecutive_failures=1)).outcome is Outcome.FAIL


def test_successes_that_name_a_backup_again_count_as_failed() -> None:
    again = [a_backup(age * HOUR, backup_id="made by backup-9h") for age in (3, 2, 1)]

    assert judge(a_resource(a_backup(9 * HOUR), *again[1:]), limits()).outcome is Outcome.PASS
    verdict = judge(a_resource(a_backup(9 * HOUR), *again), limits())
    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-3h", "backup-2h", "backup-1h"))
