from datetime import datetime, timedelta

from msgspec.structs import replace

from audit.judging.findings import Outcome
from audit.report.baseline import Baseline, TrendLine
from audit.report.contents import Report
from audit.report.trend import trend
from tests.builders import DAY, HOUR, NOW, a_backup, a_vault, arranged
from tests.report.estate import a_report

LINE = TrendLine(
    run="now",
    as_of=NOW,
    conclusion="compliant",
    complete=True,
    passed=9,
    judged=10,
    problems=0,
    oldest_backup=NOW - HOUR,
    without_backup=0,
)


def at(moment: datetime) -> TrendLine:
    return replace(LINE, run=f"{moment:%d %H}", as_of=moment)


def grown(runs: int, every: timedelta) -> tuple[TrendLine, ...]:
    """What the last of many runs tells, each of which took over what the one before told."""
    lines: tuple[TrendLine, ...] = ()
    for number in range(runs):
        lines = trend(Baseline(trend=lines), at(NOW - every * (runs - 1 - number)))
    return lines


def test_a_run_comes_after_those_that_were_before() -> None:
    assert trend(Baseline(), LINE) == (LINE,)
    assert trend(Baseline(trend=(at(NOW - DAY),)), LINE) == (at(NOW - DAY), LINE)


def test_hourly_runs_leave_all_of_two_days_and_the_last_of_each_day_before() -> None:
    lines = grown(24 * 100, HOUR)
    old = [line.as_of for line in lines if line.as_of <= NOW - 2 * DAY]

    assert [line.as_of for line in lines] == sorted(line.as_of for line in lines)
    assert [line.as_of for line in lines[-48:]] == [NOW - HOUR * number for number in reversed(range(48))]
    assert len({moment.date() for moment in old}) == len(old) == 89
    assert {moment.hour for moment in old[:-1]} == {23}
    assert old[0] > NOW - 90 * DAY


def test_a_run_of_the_same_or_a_later_time_is_not_before_it() -> None:
    lines = (at(NOW), at(NOW + DAY), at(NOW - DAY))

    assert trend(Baseline(trend=lines), LINE) == (at(NOW - DAY), LINE)


def last_line(report: Report) -> TrendLine:
    return report.trend[-1]


def test_a_run_is_summed_up_from_what_it_found() -> None:
    report = a_report()
    line = last_line(report)
    outcomes = report.summary.outcomes

    assert (line.run, line.as_of, line.conclusion) == (report.run.id, report.run.as_of, report.conclusion)
    assert (line.passed, line.problems) == (outcomes[Outcome.PASS], len(report.problems))
    assert line.judged == line.passed + outcomes[Outcome.FAIL] + outcomes[Outcome.UNKNOWN]
    assert line.complete is report.collection.complete


def test_the_oldest_backup_is_the_newest_of_the_resource_that_is_worst_off() -> None:
    vault = a_vault("vault-1", "server-1", "server-2", "server-3")
    tasks = [
        a_backup(HOUR, task_id="a", resource_id="server-1"),
        a_backup(DAY, task_id="b", resource_id="server-1"),
        a_backup(3 * HOUR, task_id="c", resource_id="server-2"),
    ]
    line = last_line(a_report(arranged(tasks, vaults=[vault])))

    assert line.oldest_backup == NOW - 3 * HOUR
    assert line.without_backup == 1


def test_where_no_resource_has_a_backup_there_is_no_oldest_one() -> None:
    line = last_line(a_report(arranged(vaults=[a_vault("vault-1", "server-1")])))

    assert (line.oldest_backup, line.without_backup) == (None, 1)
