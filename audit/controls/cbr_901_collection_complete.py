"""CBR-901 collection-complete: everything that the cloud has was read.

Why it matters
    A verdict is only as good as its data. A page that is missing may hold the failure that matters.
How it is judged
    pass     every list was read until nothing new came, and as many rows came as the cloud says it has
    unknown  rows are missing, a list could not be read, or the stated count never settled; or a policy, a backup or a
             task names a vault that no list shows and no task deleted since, so that something is hidden
    A deletion accounts for a vault unless something shows that vault more than an hour after it: a task that began
    later, a run that listed it, or a policy or a backup that names it now. It must have succeeded with no error and no
    failures (fail_count, fail_delete_count), or have been under way for no longer than `stuck_after_hours`. One that
    does not name the id of its vault is that of the only vault that had the name last, and of none where several may
    have had it. What an earlier run saw, and only older tasks name, has left: CBR-114 judges that. It has not where
    somebody tried in vain to delete it.
    The task log is read three times: that of the window, and the tasks that run and those that wait, of whatever time.
    A row that could not be used was read all the same: CBR-902 judges that.
How to fix it
    Read the gaps in the report. A permission or a time limit has its own text; for the rest, run the audit again. Where
    a policy still names a vault that was deleted, take the vault off that policy.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, passed, unknown
from audit.subjects import Collection, Limits, SubjectKind


def judge(collection: Collection, _limits: Limits) -> Verdict:
    """Look for gaps."""
    tasks = collection.reading(Kind.TASKS)
    facts: Facts = {
        "tasks": tasks.distinct,
        "stated": tasks.count_last,
        "passes": tasks.passes,
        "gaps": len(collection.gaps),
    }
    if collection.gaps:
        return unknown("not everything could be read", **facts)
    return passed("everything was read", **facts)


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-901",
    name="collection-complete",
    title="Everything that the cloud has was read",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    weighs_gaps=True,
)
