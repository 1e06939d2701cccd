"""CBR-113 policy-attribution: backups come from a policy that is applied to the vault.

Why it matters
    Retention and schedule are those of the policy that made a backup. One that nobody has applied here makes promises
    that nobody looks after, and ends without notice.
How it is judged
    pass            the newest backup that names a policy names one that is applied to a vault of the resource, or an
                    applied policy has run since
    fail            it names another one, although an applied policy was already due, or named by a backup, before it
    unknown         the task log has gaps or a row that matters here and could not be used, a policy or its schedule
                    cannot be read, or a newer task whose operation is not documented may have been a backup of another
                    policy, or of an applied one
    not_applicable  no backup names a policy, which the log often leaves out; or the newest one that does shows no
                    more than that the policy was replaced since
How to fix it
    Find out where the policy is: another vault, an organisation policy, or deleted. Apply it here, or remove what is
    left.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, strange, unknown
from audit.records import Task
from audit.subjects import BACKUPS, Limits, Resource, Schedules, SubjectKind, shows


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look up the policy of the newest backup that names one."""
    planned = resource.planned_runs(limits)
    if planned is None:
        return unknown("nobody knows what was planned", problem=resource.unreadable)
    newest = resource.backups.newest(lambda task: bool(task.policy_id))
    if not shows(resource, BACKUPS, newest.began if newest else resource.window.since):
        return unknown("the task log has gaps")
    odd = [task for task in resource.strange if newest is None or task.created_at > newest.created_at]
    if any(task.policy_id and task.policy_id not in _applied(resource) for task in odd):
        return strange("been a backup of another policy", odd)
    if newest is None:
        return not_applicable("no backup names a policy")
    return _of_newest(resource, newest, planned, odd)


def _of_newest(resource: Resource, newest: Task, planned: Schedules, odd: list[Task]) -> Verdict:
    applied, facts = _applied(resource), {"policy": newest.policy_id}
    if newest.policy_id in applied:
        return passed("the newest backup that names a policy names one that is applied", [newest], **facts)
    later = [run.task for run in planned.runs if run.task and run.task.created_at > newest.created_at]
    if later:
        return passed("a policy that is applied has run since", later[-1:], **facts)
    if odd:
        return strange("been a backup of a policy that is applied", odd, **facts)
    was_due = any(run.is_judged and run.due <= newest.created_at for run in planned.runs)
    if was_due or any(task.policy_id in applied for task in resource.backups.kinds):
        return failed("a policy that is not applied made a backup", [newest], since=newest.began, **facts)
    return not_applicable("the policy of the newest backup was replaced since", **facts)


def _applied(resource: Resource) -> set[str]:
    return {policy.id for policy in resource.policies or ()}


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-113",
    name="policy-attribution",
    title="Backups come from a policy that is applied to the vault",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.POLICIES}),
)
