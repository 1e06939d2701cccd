"""CBR-102 scheduled-run: every backup that a policy planned was made.

Why it matters
    A failed backup leaves a task that says so. A run that never began leaves nothing: only the plan shows that it is
    missing.
How it is judged
    pass            every planned run of the last `scheduled_run_days` that is judged brought a backup: its own, even
                    if it began later than `grace_hours` and the policy's start window allow, or another success
                    before the next run was due
    fail            one brought none: it failed, was skipped, was left out as an earlier one still ran, or left no
                    task
    unknown         the task log has gaps or a row that matters here and could not be used or does not cover the period,
                    a policy or its schedule cannot be read, or a run has no sure success and a task of its time has a
                    status or an operation that is not documented, or says that it succeeded and names an error
    not_applicable  no enabled policy planned a run of the period whose time is over
    What was planned is what the policy named at the time, as earlier runs kept it, at the times at which all of its
    runs came, where that was by a constant time earlier or later (CBR-116). Not judged are runs that still have time
    or still go on, runs in a maintenance window, while the policy was disabled or changed, or before the resource or
    the policy was known. No backup counts for two planned runs. A success that names a backup which an earlier success
    made counts as failed: the log alone shows it. One whose backup is only not in the list may have lost it since,
    which CBR-101, CBR-401 and CBR-404 judge.
How to fix it
    Repair what the failed or skipped task names, or give the runs more distance where one kept the next from
    starting. Where no task was left, check that the policy is still applied. Then start a manual backup.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unclear, unknown
from audit.records import Task
from audit.subjects import JUDGED, UNMET, Limits, PlannedRun, Resource, RunState, Schedules, SubjectKind, reaches_back

_REASONS: Final = {
    RunState.MISSING: "a planned backup left no task",
    RunState.FAILED: "a planned backup failed, and nothing made up for it in time",
    RunState.SKIPPED: "a planned backup was skipped, and nothing made up for it in time",
    RunState.OVERLAP: "a planned backup was left out, because an earlier one still ran",
}
_COUNTED: Final = tuple((state.value, state) for state in (RunState.ON_TIME, RunState.LATE, *_REASONS))


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look for planned runs whose period brought no backup."""
    planned = resource.planned_runs(limits)
    if planned is None:
        return unknown("nobody knows what was planned", problem=resource.unreadable)
    start = limits.now - limits.scheduled_run_period
    first = planned.first_since(start)
    states = Counter(planned.states[first:])
    facts = _facts(planned, first, states, sum(created >= start for created in planned.unscheduled.created))
    unmet = [run for run in planned.runs_in(UNMET, first) if not run.is_met]
    if not resource.log_read:
        return unknown("the task log has gaps", **facts)
    if unmet:
        return failed(_reason(unmet), _tasks(unmet), since=unmet[0].due, **facts)
    if not reaches_back(resource, limits.scheduled_run_period, limits.now):
        return unknown("the task log does not cover the period", **facts)
    if RunState.UNKNOWN in states:
        return unclear(resource, **facts)
    last = planned.last_judged(first)
    if last is None:
        return not_applicable("no run was planned whose time is over", **facts)
    return passed("every planned backup was made", _tasks([last]), **facts)


def _facts(planned: Schedules, first: int, states: Mapping[RunState, int], unscheduled: int) -> Facts:
    not_judged = planned.runs_in(states.keys() - JUDGED, first)
    facts: Facts = {
        "due": len(planned.states) - first,
        **{name: states.get(state, 0) for name, state in _COUNTED},
        "repaired": planned.repaired_since(first),
        "unscheduled": unscheduled,
        "not_judged": len(not_judged),
    }
    if not_judged:
        facts["not_judged_because"] = ", ".join(sorted({run.why or run.state.value for run in not_judged}))
    return facts


def _reason(unmet: list[PlannedRun]) -> str:
    """Name the worst that became of them."""
    states = {run.state for run in unmet}
    if all(run.task and run.task.is_hollow for run in unmet):
        return "a planned backup says success, and names one that was made before"
    return next(reason for state, reason in _REASONS.items() if state in states)


def _tasks(runs: Iterable[PlannedRun]) -> list[Task]:
    found = (run.repaired_by or run.task for run in runs)
    return [task for task in found if task]


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-102",
    name="scheduled-run",
    title="Every backup that a policy planned was made",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.POLICIES}),
)
