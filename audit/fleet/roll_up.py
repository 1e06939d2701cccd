"""The roll-up: what plan and receipts say together. A pure function, so that anybody can recompute it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from pydantic import Field

from audit.evidence.written_form import Moment, Sha256, WrittenForm
from audit.fleet.forms import (
    Audited,
    EnterpriseProject,
    FleetName,
    FleetPlan,
    NotAudited,
    Receipt,
    Status,
    Target,
)
from audit.fleet.forms import Worst as WorstOfTarget
from audit.judging.findings import Severity
from audit.report.facts import Conclusion

_MOST_WORST: Final = 50
_AS_ONESELF: Final = "own"
"""The way of a caller that assumed no agency."""
_DAYS: Final = 90
_LETTERS: Final = {
    Status.DENIED: "d",
    Status.UNREACHABLE: "u",
    Status.FAILED: "f",
    Status.OUT_OF_TIME: "o",
    Status.NEVER: "-",
}
_OF_CONCLUSION: Final = {
    Conclusion.COMPLIANT: "c",
    Conclusion.NON_COMPLIANT: "n",
    Conclusion.INCOMPLETE: "i",
}
_DIMENSIONS: Final[Mapping[str, Callable[[Target], tuple[str, str]]]] = {
    "account": lambda target: (target.account, target.account_name),
    "region": lambda target: (target.region, ""),
    "owner": lambda target: (target.owner, ""),
    "unit": lambda target: ("/".join(target.unit), ""),
}


class TargetLine(WrittenForm):
    """One planned target and what became of it."""

    target: Target = Field(description="The target, as planned.")
    status: Status = Field(strict=False, description="What became of it; never, if it left no receipt.")
    reason: str = Field(description="Why it was not audited, and what to do; empty if it was.")
    is_new: bool = Field(description="Whether the plan before did not have it; false if there is none.")
    receipt_sha256: str = Field(description="SHA-256 of its receipt, empty if it left none.")
    audited: Audited | None = Field(description="What its audit found, null if it was not audited.")

    @property
    def letter(self) -> str:
        """What became of it, in one letter, as the days have it."""
        return _OF_CONCLUSION[self.audited.conclusion] if self.audited else _LETTERS[self.status]


class RolledUp(WrittenForm):
    """The targets that have something in common, added up."""

    dimension: str = Field(description="account, region, owner, unit or enterprise_project.")
    id: str = Field(description="What they have in common; empty if unknown.")
    name: str = Field(default="", description="Its name, empty if unknown.")
    targets: int = Field(ge=0, description="Planned targets.")
    audited: int = Field(ge=0, description="Those that were audited.")
    conclusion: Conclusion = Field(strict=False, description="The conclusion for these targets alone.")
    resources: int = Field(ge=0, description="Resources in scope.")
    failing: int = Field(ge=0, description="Those with a failure that no waiver accepts.")


class WorstOfFleet(WrittenForm):
    """One of the worst problems of the fleet."""

    target: str = Field(description="ACCOUNT.REGION.PROJECT of its target.")
    problem: WorstOfTarget = Field(description="The problem.")


class FleetDay(WrittenForm):
    """What became of the targets on one day, by its last roll-up."""

    day: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="The day, in UTC.")
    states: dict[str, str] = Field(
        description="A letter for each target: c compliant, n non-compliant, i incomplete, d denied, u unreachable, "
        "f failed, o out of time, - no receipt."
    )


class FleetSummary(WrittenForm):
    """The counts that people ask for first."""

    accounts: int = Field(ge=0, description="Accounts that were found, those left out included.")
    targets: int = Field(ge=0, description="Planned targets.")
    by_status: dict[str, int] = Field(description="Targets by what became of them.")
    by_conclusion: dict[str, int] = Field(description="Audited targets by conclusion.")
    resources: int = Field(ge=0, description="Resources in scope of the audited targets.")
    failing: int = Field(ge=0, description="Those with a failure that no waiver accepts.")
    without_backup: int = Field(ge=0, description="Resources without any restorable backup that is known.")
    oldest_backup: Moment | None = Field(description="The oldest of the newest backups; null if none.")
    problems: int = Field(ge=0, description="Problems.")
    by_severity: dict[str, int] = Field(description="Failures that no waiver accepts, by severity.")


class FleetReport(WrittenForm):
    """The result of a fleet run (fleet.json)."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    fleet: FleetName = Field(description="Name of the fleet.")
    run: str = Field(description="Id of the fleet run.")
    as_of: Moment = Field(description="The time of judgement.")
    tool_version: str = Field(description="The version of cbr-audit that planned.")
    plan_sha256: Sha256 = Field(description="SHA-256 of plan.json.")
    conclusion: Conclusion = Field(strict=False, description="The conclusion.")
    complete: bool = Field(
        description="Whether every planned target was read and judged completely, and none can be missing."
    )
    doubts: tuple[str, ...] = Field(strict=False, description="Why it is not complete, one sentence each.")
    summary: FleetSummary = Field(description="The counts that people ask for first.")
    targets: tuple[TargetLine, ...] = Field(strict=False, description="Every planned target, in the order of the plan.")
    gone: tuple[Target, ...] = Field(strict=False, description="Targets of the plan before that this one lacks.")
    left_out: tuple[NotAudited, ...] = Field(strict=False, description="What was found and is not audited.")
    groups: tuple[RolledUp, ...] = Field(strict=False, description="Sums by dimension.")
    worst: tuple[WorstOfFleet, ...] = Field(strict=False, description="The worst problems, at most 50.")
    days: tuple[FleetDay, ...] = Field(strict=False, description="Up to 90 days, oldest first, this one last.")


class FleetBefore(NamedTuple):
    """What the fleet run before planned and reported, as far as that is known."""

    plan: FleetPlan | None = None
    report: FleetReport | None = None


NOTHING: Final = FleetBefore()


def roll_up(
    plan: FleetPlan,
    plan_sha256: str,
    receipts: Mapping[str, tuple[Receipt, str]],
    before: FleetBefore = NOTHING,
) -> FleetReport:
    """Judge a fleet by its plan and the receipts of its targets.

    Args:
        plan: the plan, as stored.
        plan_sha256: the hash of its bytes.
        receipts: each receipt with the hash of its bytes, by target.
        before: what the fleet run before planned and reported, as the plan names it.
    """
    known = {target.key for target in before.plan.targets} if before.plan else None
    lines = tuple(_line(plan, target, receipts.get(target.key), known) for target in plan.targets)
    doubts = (*_doubts(plan, lines), *_strangers(plan, receipts))
    audited = [line.audited for line in lines if line.audited]
    return FleetReport(
        fleet=plan.fleet,
        run=plan.run,
        as_of=plan.as_of,
        tool_version=plan.tool_version,
        plan_sha256=plan_sha256,
        conclusion=_conclusion(lines, is_complete=not doubts),
        complete=not doubts,
        doubts=doubts,
        summary=_summary(plan, lines, audited),
        targets=lines,
        gone=_gone(plan, before),
        left_out=plan.left_out,
        groups=(*_by_target(plan, lines), *_by_enterprise_project(plan, lines)),
        worst=_worst(lines),
        days=_days(plan.as_of, lines, before.report),
    )


def _line(
    plan: FleetPlan, target: Target, stored: tuple[Receipt, str] | None, known: frozenset[str] | set[str] | None
) -> TargetLine:
    is_new = known is not None and target.key not in known
    if stored is None:
        return TargetLine(
            target=target,
            status=Status.NEVER,
            reason="it left no receipt: it was never started, or was ended from outside",
            is_new=is_new,
            receipt_sha256="",
            audited=None,
        )
    receipt, sha256 = stored
    status, reason = receipt.status, receipt.reason
    if wrong := _contradiction(plan, target, receipt):
        status, reason = Status.FAILED, wrong
    return TargetLine(
        target=target,
        status=status,
        reason=reason,
        is_new=is_new,
        receipt_sha256=sha256,
        audited=receipt.audited if status == Status.AUDITED else None,
    )


def _contradiction(plan: FleetPlan, target: Target, receipt: Receipt) -> str | None:
    """Say why a receipt proves nothing about its target."""
    audited, caller = receipt.audited, receipt.caller
    if receipt.fleet_run != plan.run or receipt.target != target.key:
        return "its receipt is that of another run or target"
    if receipt.status == Status.NEVER or (receipt.status == Status.AUDITED) != (audited is not None):
        return "its receipt contradicts itself"
    if audited and audited.conclusion == Conclusion.COMPLIANT and (audited.failing or audited.by_severity):
        return "its receipt calls a failure compliant"
    if audited and not all(
        name.startswith(f"{target.project_id}/") for name in (audited.prefix, audited.digest.object)
    ):
        return "its receipt names the audit of another project"
    if caller and caller.account_id and caller.account_id != target.account:
        return f"it was read as account {caller.account_id}, which is not its own"
    if audited and target.agency and (caller is None or caller.way == _AS_ONESELF):
        return "it was not read as its agency"
    return None


def _doubts(plan: FleetPlan, lines: Sequence[TargetLine]) -> Iterator[str]:
    """Say what keeps the fleet from being complete."""
    yield from plan.discovery.troubles
    if plan.discovery.accounts < plan.min_accounts:
        yield f"{plan.discovery.accounts} accounts were found, and at least {plan.min_accounts} are expected"
    if not lines:
        yield "there is nothing to audit: no target was found"
    for line in lines:
        where = line.target.called
        if line.audited is None:
            yield f"{where}: {line.status.value.replace('_', ' ')}: {line.reason}"
        elif not line.audited.complete:
            yield f"{where}: its audit could not read everything"
        elif line.audited.conclusion == Conclusion.INCOMPLETE:
            yield f"{where}: its audit could not judge everything"


def _strangers(plan: FleetPlan, receipts: Iterable[str]) -> Iterator[str]:
    planned = {target.key for target in plan.targets}
    for key in sorted(set(receipts) - planned):
        yield f"{key}: there is a receipt for it, and the plan does not have it"


def _conclusion(lines: Iterable[TargetLine], *, is_complete: bool) -> Conclusion:
    """Conclude as a single audit does: a failure is one whatever was not seen, and any doubt prevents compliance."""
    if any(line.audited and line.audited.conclusion == Conclusion.NON_COMPLIANT for line in lines):
        return Conclusion.NON_COMPLIANT
    return Conclusion.COMPLIANT if is_complete else Conclusion.INCOMPLETE


def _is_settled(line: TargetLine) -> bool:
    return line.audited is not None and line.audited.complete and line.audited.conclusion != Conclusion.INCOMPLETE


def _summary(plan: FleetPlan, lines: Sequence[TargetLine], audited: Sequence[Audited]) -> FleetSummary:
    severities = sum((Counter(each.by_severity) for each in audited), Counter[str]())
    return FleetSummary(
        accounts=plan.discovery.accounts,
        targets=len(lines),
        by_status=_counts((line.status for line in lines), Status),
        by_conclusion=_counts((each.conclusion for each in audited), Conclusion),
        resources=sum(each.resources for each in audited),
        failing=sum(each.failing for each in audited),
        without_backup=sum(each.without_backup for each in audited),
        oldest_backup=min((each.oldest_backup for each in audited if each.oldest_backup), default=None),
        problems=sum(each.problems for each in audited),
        by_severity={severity.value: severities[severity.value] for severity in Severity},
    )


def _counts(values: Iterable[str], of: Iterable[str]) -> dict[str, int]:
    counts = Counter(map(str, values))
    return {str(value): counts[str(value)] for value in of}


def _gone(plan: FleetPlan, before: FleetBefore) -> tuple[Target, ...]:
    """Return what the plan before had and this one lacks; so each is named once."""
    planned = {target.key for target in plan.targets}
    return tuple(target for target in before.plan.targets if target.key not in planned) if before.plan else ()


def _may_lack_members(plan: FleetPlan, dimension: str, value: str) -> bool:
    """Whether a target may be missing where others were added up: of an account, what others hide is no matter."""
    if dimension == "account":
        return value in plan.discovery.doubtful
    return bool(plan.discovery.troubles) or plan.discovery.accounts < plan.min_accounts


def _by_target(plan: FleetPlan, lines: Sequence[TargetLine]) -> Iterator[RolledUp]:
    for dimension, value_of in _DIMENSIONS.items():
        members: dict[str, list[TargetLine]] = {}
        names: dict[str, str] = {}
        for line in lines:
            value, name = value_of(line.target)
            members.setdefault(value, []).append(line)
            names[value] = name
        for value in sorted(members):
            audited = [line.audited for line in members[value] if line.audited]
            is_whole = all(map(_is_settled, members[value])) and not _may_lack_members(plan, dimension, value)
            yield RolledUp(
                dimension=dimension,
                id=value,
                name=names[value],
                targets=len(members[value]),
                audited=len(audited),
                conclusion=_conclusion(members[value], is_complete=is_whole),
                resources=sum(each.resources for each in audited),
                failing=sum(each.failing for each in audited),
            )


def _by_enterprise_project(plan: FleetPlan, lines: Sequence[TargetLine]) -> Iterator[RolledUp]:
    """Add up by enterprise project, within each account: those of two accounts are never the same one."""
    doubtful = {line.target.account for line in lines if not (line.audited and line.audited.complete)}
    doubtful |= {*plan.discovery.doubtful}
    members: dict[tuple[str, str], list[EnterpriseProject]] = {}
    for line in lines:
        for group in line.audited.groups if line.audited else ():
            members.setdefault((line.target.account, group.id), []).append(group)
    for (account, name), groups in sorted(members.items()):
        is_doubtful = account in doubtful or any(group.unknown for group in groups)
        rest = Conclusion.INCOMPLETE if is_doubtful else Conclusion.COMPLIANT
        yield RolledUp(
            dimension="enterprise_project",
            id=f"{account}/{name}",
            targets=len(groups),
            audited=len(groups),
            conclusion=Conclusion.NON_COMPLIANT if any(group.failures for group in groups) else rest,
            resources=sum(group.resources for group in groups),
            failing=sum(group.failing for group in groups),
        )


def _worst(lines: Iterable[TargetLine]) -> tuple[WorstOfFleet, ...]:
    found = [
        WorstOfFleet(target=line.target.key, problem=problem)
        for line in lines
        if line.audited
        for problem in line.audited.worst
    ]
    return tuple(sorted(found, key=lambda each: each.problem.severity.rank)[:_MOST_WORST])


def _days(as_of: datetime, lines: Iterable[TargetLine], before: FleetReport | None) -> tuple[FleetDay, ...]:
    today = FleetDay(day=f"{as_of:%Y-%m-%d}", states={line.target.key: line.letter for line in lines})
    first = as_of.date() - timedelta(days=_DAYS - 1)
    earlier = before.days if before else ()
    return (*(day for day in earlier if first <= date.fromisoformat(day.day) < as_of.date()), today)
