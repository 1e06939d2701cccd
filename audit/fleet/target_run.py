"""One target: an ordinary audit, and the receipt that says what became of it, whatever happened."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog

from audit import __version__
from audit.app.execute import execute
from audit.app.request import RunRequest, request_from_settings
from audit.app.run import Done
from audit.cloud.identity import Identity
from audit.errors import AgencyDeniedError, AuditError, SettingsError, SourceRefusedError, SourceUnreachableError
from audit.evidence.chain import Link, folder_of
from audit.fleet.forms import Audited, Caller, EnterpriseProject, FleetPlan, Receipt, Status, Target, Worst
from audit.fleet.publication import FleetRun
from audit.judging.findings import Outcome, Severity
from audit.log import REDACTOR
from audit.profile import build_profile
from audit.report.contents import Report
from audit.report.problems import Problem
from audit.subjects import SubjectKind

_MOST_WORST: Final = 20
_LONGEST_REASON: Final = 500
_OF_THE_FLEET: Final = (
    *("CBR_AUDIT_SMN_TOPIC", "CBR_AUDIT_SMN_ENDPOINT", "CBR_AUDIT_WEBHOOK_URL", "CBR_AUDIT_WEBHOOK_SECRET"),
    *("CBR_AUDIT_PING_URL", "CBR_AUDIT_FLEET", "CBR_AUDIT_ORGANIZATIONS_ENDPOINT"),
    *("CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT", "CBR_AUDIT_PROFILE"),
)
"""Settings that no target has: the fleet notifies, once for all of them, and its plan says by which profiles."""
_OF_AN_AGENCY: Final = ("CBR_AUDIT_AGENCY", "CBR_AUDIT_EXTERNAL_ID", "CBR_AUDIT_SESSION_NAME", "CBR_AUDIT_STS_ENDPOINT")
_LOG = structlog.get_logger()
Prepare = Callable[[RunRequest], RunRequest]


def audit_target(
    run: FleetRun, target: Target, variables: Mapping[str, str], prepare: Prepare = lambda request: request
) -> Receipt:
    """Audit a target and store its receipt; a target that left one is not audited again.

    Args:
        run: the fleet run.
        target: one of its targets.
        variables: the settings of the fleet, by name.
        prepare: completes the request, by what surrounds it: how much time there is, and who the function is.

    Raises:
        StoreError: the receipt could not be stored.
    """
    if stored := run.receipt_of(target.key):
        return stored
    started = _now()
    with structlog.contextvars.bound_contextvars(fleet_run=run.plan.run, target=target.key):
        status, reason, done = _audited(run, target, variables, prepare)
    receipt = Receipt(
        fleet_run=run.plan.run,
        target=target.key,
        status=status,
        reason=reason,
        caller=_caller(done.caller) if done and done.caller else None,
        started_at=started,
        ended_at=_now(),
        tool_version=__version__,
        audited=what_was_found(done) if done else None,
    )
    return receipt if run.leave(receipt) else run.receipt_of(target.key) or receipt


def receipt_without_audit(run: FleetRun, target: Target, status: Status, reason: str, started: datetime) -> Receipt:
    """Write the receipt of a target for somebody who could not leave one."""
    return Receipt(
        fleet_run=run.plan.run,
        target=target.key,
        status=status,
        reason=reason,
        started_at=started,
        ended_at=_now(),
        tool_version=__version__,
    )


def variables_of(target: Target, plan: FleetPlan, variables: Mapping[str, str]) -> dict[str, str]:
    """Make the settings of a target out of those of the fleet.

    Raises:
        SettingsError: they name the endpoint of CBR in another region; it might say that there is nothing.
    """
    region, endpoint = variables.get("HUAWEICLOUD_SDK_REGION", ""), variables.get("CBR_AUDIT_ENDPOINT", "")
    if region and region != target.region and f".{region}." in endpoint:
        raise SettingsError(f"CBR_AUDIT_ENDPOINT is that of {region}: unset it, so that each region has its own")
    without = _OF_THE_FLEET if target.agency else (*_OF_THE_FLEET, *_OF_AN_AGENCY)
    if region and region != target.region:
        without = (*without, "CBR_AUDIT_CTS_ENDPOINT")
    home = {
        "CBR_AUDIT_HOME_PROJECT_ID": variables.get("HUAWEICLOUD_SDK_PROJECT_ID", ""),
        "CBR_AUDIT_HOME_REGION": variables.get("HUAWEICLOUD_SDK_REGION", ""),
    }
    own = {name: value for name, value in {**home, **variables}.items() if value and name not in without}
    place = {"HUAWEICLOUD_SDK_PROJECT_ID": target.project_id, "HUAWEICLOUD_SDK_REGION": target.region}
    assumed = {"CBR_AUDIT_AGENCY": target.agency, "CBR_AUDIT_SESSION_NAME": f"cbr-audit-{plan.run}"}
    account = {
        "CBR_AUDIT_ACCOUNT_ID": target.account,
        "CBR_AUDIT_ACCOUNT_NAME": target.account_name,
        "CBR_AUDIT_ACCOUNT_UNIT": "/".join(target.unit),
    }
    return {**own, **place, **account, **(assumed if target.agency else {})}


def what_was_found(done: Done) -> Audited:
    """Sum up an audit for its receipt."""
    report = done.report
    digests = folder_of(report.run.project_id)
    failures = [finding for finding in report.findings.having(Outcome.FAIL) if finding.is_problem]
    severities = Counter(finding.severity for finding in failures)
    return Audited(
        conclusion=report.conclusion,
        complete=report.collection.complete,
        run=report.run.id,
        prefix=done.prefix,
        digest=Link(object=next(key for key in done.keys if key.startswith(digests)), sha256=done.digest_sha256),
        resources=report.summary.resources,
        failing=report.summary.resources_failing,
        without_backup=report.trend[-1].without_backup,
        oldest_backup=report.trend[-1].oldest_backup,
        problems=report.summary.problems,
        by_severity={severity.value: severities[severity] for severity in Severity if severities[severity]},
        findings={outcome.value: number for outcome, number in sorted(report.summary.outcomes.items())},
        groups=tuple(_by_enterprise_project(report)),
        worst=tuple(_worst(problem) for problem in report.problems[:_MOST_WORST]),
    )


def _audited(
    run: FleetRun, target: Target, variables: Mapping[str, str], prepare: Prepare
) -> tuple[Status, str, Done | None]:
    """Audit a target; whatever goes wrong is its status and reason, and concerns no other target."""
    try:
        profile = build_profile(_profile(run, target), "the profile of the plan")
        request = request_from_settings(
            variables_of(target, run.plan, variables),
            as_of=run.plan.as_of.isoformat(),
            profile=profile,
            official=True,  # by whoever configured the fleet: no what-if
        )
        return Status.AUDITED, "", execute(prepare(request), lambda _progress: None)
    except SourceRefusedError as error:
        is_denied = isinstance(error, AgencyDeniedError) or error.status == HTTPStatus.FORBIDDEN
        return Status.DENIED if is_denied else Status.FAILED, _told(error), None
    except SourceUnreachableError as error:
        return Status.UNREACHABLE, _told(error), None
    except AuditError as error:
        return Status.FAILED, _told(error), None
    except Exception as error:  # noqa: BLE001  # one target's trouble must not hide the others
        _LOG.error("target.failed", cause=f"{type(error).__name__}: {_told(error)}")
        return Status.FAILED, f"internal error, please report it: {type(error).__name__}: {_told(error)}", None


def _caller(identity: Identity) -> Caller:
    return Caller(way=identity.way, account_id=identity.account_id, principal_urn=identity.principal_urn)


def _profile(run: FleetRun, target: Target) -> dict[str, Any]:
    values: dict[str, Any] = orjson.loads(run.profile(target.profile_sha256))
    return values


def _told(error: Exception) -> str:
    text = REDACTOR.text(str(error))
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 2]} …"


def _by_enterprise_project(report: Report) -> Iterator[EnterpriseProject]:
    """Count by enterprise project; a subject in several counts in each, one in none under an empty id."""
    known = report.enterprise_projects
    resources, failing, failures, unknown = (Counter[str]() for _ in range(4))
    out = {subject.id for subject in report.out_of_scope if subject.kind == SubjectKind.RESOURCE}
    failed = report.findings.having(Outcome.FAIL)
    bad = {finding.id for finding in failed if finding.is_problem and finding.kind == SubjectKind.RESOURCE}
    for line in report.resources:
        if line.id not in out:
            resources.update(line.enterprise_projects or ("",))
            failing.update((line.enterprise_projects or ("",)) if line.id in bad else ())
    for finding in report.findings.having(Outcome.FAIL, Outcome.UNKNOWN):
        places = known.get((finding.kind, finding.id)) or ("",)
        if finding.verdict.outcome == Outcome.UNKNOWN:
            unknown.update(places)
        elif finding.is_problem:
            failures.update(places)
    for name in sorted({*resources, *failures, *unknown}):
        yield EnterpriseProject(
            id=name,
            resources=resources[name],
            failing=failing[name],
            failures=failures[name],
            unknown=unknown[name],
        )


def _worst(problem: Problem) -> Worst:
    return Worst(
        severity=problem.severity,
        control=problem.control,
        kind=problem.kind,
        id=problem.id,
        name=problem.name,
        reason=problem.reason,
        todo=problem.todo,
        since=datetime.fromisoformat(problem.since) if problem.since else None,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
