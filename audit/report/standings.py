"""What the findings say about the requirements of each standard, and no more than that."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from audit.judging.findings import Outcome
from audit.judging.frameworks import FRAMEWORKS, Claim, Framework, Requirement
from audit.report.tally import Tally


class Standing(StrEnum):
    """What can be concluded about a requirement."""

    MET = "met"  # as far as the claim of the requirement goes
    NOT_MET = "not_met"
    NOT_SHOWN = "not_shown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementLine:
    """One requirement with the findings that are its evidence.

    Attributes:
        outcomes: the number of each outcome, for each of its controls that was applied.
        not_applied: the ids of its controls that were not applied.
    """

    requirement: Requirement
    standing: Standing
    outcomes: Mapping[str, Mapping[Outcome, int]]
    not_applied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkView:
    """One standard with the findings."""

    framework: Framework
    lines: tuple[RequirementLine, ...]


def standings(tally: Tally, *, complete: bool) -> tuple[FrameworkView, ...]:
    """Compare the findings with every requirement; ``complete`` means that all evidence could be read."""
    return tuple(
        FrameworkView(
            framework=framework,
            lines=tuple(_line(requirement, tally, complete=complete) for requirement in framework.requirements),
        )
        for framework in FRAMEWORKS
    )


def _line(requirement: Requirement, tally: Tally, *, complete: bool) -> RequirementLine:
    outcomes = {control: tally[control] for control in requirement.controls if control in tally}
    not_applied = tuple(control for control in requirement.controls if control not in tally)
    return RequirementLine(
        requirement=requirement,
        standing=_standing(requirement, outcomes, complete=complete and not not_applied),
        outcomes=outcomes,
        not_applied=not_applied,
    )


def _standing(requirement: Requirement, outcomes: Mapping[str, Mapping[Outcome, int]], *, complete: bool) -> Standing:
    """Return the conclusion: a waived failure is still a failure of the requirement, and doubt shows nothing."""
    seen = {outcome for counts in outcomes.values() for outcome in counts}
    if requirement.claim == Claim.CANNOT_SHOW:
        return Standing.NOT_SHOWN
    if Outcome.FAIL in seen:
        return Standing.NOT_MET
    if Outcome.UNKNOWN in seen or not complete:
        return Standing.NOT_SHOWN
    return Standing.MET if Outcome.PASS in seen else Standing.NOT_APPLICABLE
