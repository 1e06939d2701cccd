"""What changed since the fleet run before, so that the same message is not sent twice."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from audit.fleet.forms import NotAudited, Target, Worst
from audit.fleet.roll_up import FleetReport, TargetLine
from audit.judging.findings import Severity
from audit.report.facts import Conclusion


class Condition(StrEnum):
    """What is known of a target, the worst first."""

    UNSEEN = "not seen"
    FAILING = "failing"
    INCOMPLETE = "incomplete"
    FINE = "fine"


_SEEN_AND_NOT_FINE: Final = (Condition.FAILING, Condition.INCOMPLETE)


class FleetChange(NamedTuple):
    """A roll-up, and how it differs from the previous one.

    Attributes:
        report: the roll-up.
        before: the previous one, or None if there is none.
        news: targets that are not fine and were not known to be so, the worst first.
        known: the other targets that are not fine, the worst first.
        fresh: the problems that a target that is not fine did not have before, by its key.
        worse: those of the known ones with more problems or other ones, or whose audit could read less.
        seen_again: targets that were not seen before.
        recovered: targets that were seen before and not fine, and now are.
        gone: targets of the plan before that this one lacks, each with the reason if there is one.
        new_accounts: accounts that were not found before.
        new_doubts: what makes the fleet as a whole incomplete, and did not before.
        ended_doubts: what did before.
    """

    report: FleetReport
    before: FleetReport | None
    news: tuple[TargetLine, ...]
    known: tuple[TargetLine, ...]
    fresh: Mapping[str, tuple[Worst, ...]]
    worse: tuple[TargetLine, ...]
    seen_again: tuple[TargetLine, ...]
    recovered: tuple[TargetLine, ...]
    gone: tuple[tuple[Target, str], ...]
    new_accounts: tuple[str, ...]
    new_doubts: tuple[str, ...]
    ended_doubts: tuple[str, ...]

    @property
    def is_news(self) -> bool:
        """Whether anybody has to be told."""
        if self.before is None:
            return True
        return (self.report.conclusion, self.report.complete) != (self.before.conclusion, self.before.complete) or any(
            (
                *(self.news, self.worse, self.seen_again, self.recovered, self.gone),
                *(self.new_accounts, self.new_doubts, self.ended_doubts),
            )
        )


def compare(report: FleetReport, before: FleetReport | None) -> FleetChange:
    """Compare a roll-up with the previous one."""
    then = {line.target.key: line for line in before.targets} if before else {}
    conditions = {key: condition(line) for key, line in then.items()}
    bad = sorted(
        (line for line in report.targets if condition(line) != Condition.FINE), key=lambda line: _ORDER[condition(line)]
    )
    known = tuple(line for line in bad if conditions.get(line.target.key) == condition(line))
    fresh = {line.target.key: _new_problems(line, then.get(line.target.key)) for line in bad}
    doubts, former = doubts_of(report), doubts_of(before) if before else ()
    return FleetChange(
        report=report,
        before=before,
        news=tuple(line for line in bad if conditions.get(line.target.key) != condition(line)),
        known=known,
        fresh=fresh,
        worse=tuple(line for line in known if fresh[line.target.key] or _is_worse(line, then[line.target.key])),
        seen_again=tuple(
            line for line in report.targets if line.audited and conditions.get(line.target.key) == Condition.UNSEEN
        ),
        recovered=tuple(
            line
            for line in report.targets
            if condition(line) == Condition.FINE and conditions.get(line.target.key) in _SEEN_AND_NOT_FINE
        ),
        gone=tuple((target, _reason(target, report.left_out)) for target in report.gone),
        new_accounts=_new_accounts(report, before) if before else (),
        new_doubts=tuple(doubt for doubt in doubts if doubt not in former),
        ended_doubts=tuple(doubt for doubt in former if doubt not in doubts),
    )


def condition(line: TargetLine) -> Condition:
    """Say what is known of a target."""
    if line.audited is None:
        return Condition.UNSEEN
    if line.audited.conclusion == Conclusion.NON_COMPLIANT:
        return Condition.FAILING
    is_fine = line.audited.complete and line.audited.conclusion == Conclusion.COMPLIANT
    return Condition.FINE if is_fine else Condition.INCOMPLETE


def doubts_of(report: FleetReport) -> tuple[str, ...]:
    """Return what makes the fleet as a whole incomplete; what is wrong with one target, its line says."""
    names = tuple(f"{line.target.called}: " for line in report.targets)
    return tuple(doubt for doubt in report.doubts if not doubt.startswith(names))


_ORDER: Final = {condition: number for number, condition in enumerate(Condition)}


def _new_problems(line: TargetLine, before: TargetLine | None) -> tuple[Worst, ...]:
    """Return the problems of a target that it did not have; of those that may have been left out, none that may be old.

    A receipt has only the worst problems. What is worse than the least of them would have been there.
    """
    now, then = line.audited, before.audited if before else None
    if now is None or then is None:
        return now.worst if now else ()
    known = {_identity(problem) for problem in then.worst}
    fresh = (problem for problem in now.worst if _identity(problem) not in known)
    is_whole = len(then.worst) == then.problems
    least = max((problem.severity.rank for problem in then.worst), default=len(Severity))
    return tuple(problem for problem in fresh if is_whole or problem.severity.rank < least)


def _is_worse(line: TargetLine, before: TargetLine) -> bool:
    """Whether its audit found more, also if its receipt has no room for it, or could read less."""
    now, then = line.audited, before.audited
    return bool(now and then and (now.problems > then.problems or now.complete < then.complete))


def _identity(problem: Worst) -> tuple[str, str, str]:
    return problem.control, problem.kind, problem.id


def _reason(target: Target, left_out: tuple[NotAudited, ...]) -> str:
    """Say why a target is not planned any more: because of itself, or of its whole account."""
    places = ((target.account, target.region, target.project_id), (target.account, "", ""))
    return next((each.reason for each in left_out if (each.account, each.region, each.project_id) in places), "")


def _new_accounts(report: FleetReport, before: FleetReport) -> tuple[str, ...]:
    former = _accounts(before)
    return tuple(sorted(name for account, name in _accounts(report).items() if account not in former))


def _accounts(report: FleetReport) -> dict[str, str]:
    """Return every account that was found, with what people call it."""
    left_out = {each.account: each.account_name or each.account for each in report.left_out}
    return left_out | {line.target.account: line.target.account_name or line.target.account for line in report.targets}
