"""CBR-116 planned-time: the runs of a policy begin when it plans them.

Why it matters
    A policy whose runs all come hours earlier or later than planned makes its backups, and everything that counts on
    the plan is wrong: the backup window, what a restore brings back, and whoever looks for the missing runs.
How it is judged
    pass            runs of the policy begin when it plans them; those of a time before may have been shifted, as the
                    policy was changed then
    fail            all runs, of all resources alike, begin by the same time earlier or later than planned, and the
                    policy was seen to plan as it does before the newest of them
    unknown         they do, and the policy may have been changed since, which CBR does not tell; or they began at
                    other times than planned, and the same holds; or its schedule cannot be read
    not_applicable  it is disabled, makes no backups, is applied to no vault, or no task names it since it plans as it
                    does; or its runs began neither as planned nor at a constant shift: CBR-102 and CBR-108 judge each
    At least three due times must show a shift, of 45 minutes or more. What was due is then looked for at the shifted
    times, so that no run of a resource is missed or slow for this alone.
How to fix it
    CBR plans in UTC: check whether the hours were meant in another zone, and from which day an INTERVAL counts. Save
    the policy with the right times; if its runs keep to others, open a service ticket with the id of one.
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, PolicySubject, Shift, SubjectKind

_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_REASONS: Final = {
    True: {
        (True, False): "every run begins {} h later than planned",
        (True, True): "every run begins {} h {} min later than planned",
        (False, True): "every run begins {} min later than planned",
    },
    False: {
        (True, False): "every run begins {} h before it is planned",
        (True, True): "every run begins {} h {} min before it is planned",
        (False, True): "every run begins {} min before it is planned",
    },
}
"""Whether runs come late, and then whether the shift has whole hours and minutes."""


def judge(subject: PolicySubject, _limits: Limits) -> Verdict:
    """Hold the runs of the policy against the times at which they were planned."""
    if not (subject.makes_backups and subject.policy.vault_ids):
        return not_applicable("the policy makes no backups, or no vault relies on it")
    if subject.schedule is None:
        return unknown("its schedule cannot be read", problem=subject.unreadable)
    if subject.rhythm is None:
        return not_applicable("no task names the policy since it plans as it does")
    shift, newest = subject.rhythm.lasting, subject.rhythm.newest
    if shift:
        return _shifted(subject, shift)
    if subject.rhythm.planned:
        return passed("its runs begin when it plans them", newest_run=newest, planned=subject.rhythm.planned)
    if _was_seen_before(subject, newest):
        return not_applicable("its runs are not shifted by a constant time", newest_run=newest)
    return unknown("no run began as planned, and the policy may have been changed since", newest_run=newest)


def _shifted(subject: PolicySubject, shift: Shift) -> Verdict:
    facts: Facts = {
        "shift_hours": int(shift.by / _HOUR),
        "shift_minutes": shift.by // _MINUTE,
        "runs": shift.runs,
        "newest_run": shift.last,
    }
    if not _was_seen_before(subject, shift.last):
        return unknown("all runs began at a shifted time, and the policy may have been changed since", **facts)
    hours, minutes = divmod(abs(shift.by) // _MINUTE, 60)
    reason = _REASONS[shift.by > timedelta(0)][bool(hours), bool(minutes)]
    numbers = filter(None, (hours, minutes))
    return failed(reason.format(*numbers), since=shift.first, or_earlier=shift.begins is None, **facts)


def _was_seen_before(subject: PolicySubject, moment: datetime) -> bool:
    """A run of the audit saw it plan as it does, and after that the policy ran."""
    return subject.present is not None and subject.present.seen < moment


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-116",
    name="planned-time",
    title="The runs of a policy begin when it plans them",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.TASKS}),
)
