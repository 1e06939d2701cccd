"""What a webhook is told of a fleet (schemas/fleet-webhook/v1.json); it is signed as that of a single run."""

from typing import Any, Final, Literal

from pydantic import Field

from audit import __version__
from audit.evidence.written_form import Moment, WrittenForm
from audit.fleet.fleet_change import Condition, FleetChange, condition, doubts_of
from audit.fleet.forms import FleetName, Status, Target, Worst
from audit.fleet.roll_up import FleetSummary, TargetLine
from audit.report.facts import Conclusion

MOST_TARGETS: Final = 200


class ToldTarget(WrittenForm):
    """A target that is not fine."""

    target: Target = Field(description="The target, as planned.")
    condition: Condition = Field(description="not seen, failing or incomplete.")
    new: bool = Field(description="Whether it was not so in the roll-up before.")
    status: Status = Field(description="What became of it.")
    reason: str = Field(description="Why it was not audited; empty if it was.")
    problems: int | None = Field(description="Its problems; null if it was not audited.")
    new_problems: tuple[Worst, ...] = Field(description="Those of its worst problems that it did not have.")


class GoneTarget(WrittenForm):
    """A target of the plan before that this one lacks."""

    target: Target = Field(description="The target, as it was planned.")
    reason: str = Field(description="Why it is left out now; empty if it was not found.")


class FleetCall(WrittenForm):
    """What a webhook is told when a fleet has changed."""

    schema_version: Literal[1] = Field(default=1, description="Version of this form.")
    tool_version: str = Field(description="The version of cbr-audit.")
    fleet: FleetName = Field(description="Name of the fleet.")
    run: str = Field(description="Id of the fleet run.")
    as_of: Moment = Field(description="The time of judgement.")
    conclusion: Conclusion = Field(description="The conclusion.")
    conclusion_before: Conclusion | None = Field(description="That of the roll-up before; null if there is none.")
    complete: bool = Field(description="Whether the fleet was seen completely.")
    summary: FleetSummary = Field(description="The same as in fleet.json.")
    targets: tuple[ToldTarget, ...] = Field(description="Those that are not fine: new ones first, at most 200.")
    targets_count: int = Field(ge=0, description="The number of those.")
    seen_again: tuple[Target, ...] = Field(description="Those that were not seen before.")
    recovered: tuple[Target, ...] = Field(description="Those that were not fine before.")
    gone: tuple[GoneTarget, ...] = Field(description="Those that are not planned any more.")
    new_accounts: tuple[str, ...] = Field(description="Names of accounts that were not found before.")
    doubts: tuple[str, ...] = Field(description="Why the fleet as a whole is not complete.")
    new_doubts: tuple[str, ...] = Field(description="Those that were not there before.")
    page: str = Field(description="Where the page of the fleet is.")


def content(change: FleetChange, url: str) -> dict[str, Any]:
    """Return what a program is told of a change (schemas/fleet-webhook/v1.json)."""
    report, before = change.report, change.before
    bad = [(line, True) for line in change.news] + [(line, False) for line in change.known]
    return FleetCall(
        tool_version=__version__,
        fleet=report.fleet,
        run=report.run,
        as_of=report.as_of,
        conclusion=report.conclusion,
        conclusion_before=before.conclusion if before else None,
        complete=report.complete,
        summary=report.summary,
        targets=tuple(_told_target(change, line, is_new=is_new) for line, is_new in bad[:MOST_TARGETS]),
        targets_count=len(bad),
        seen_again=tuple(line.target for line in change.seen_again),
        recovered=tuple(line.target for line in change.recovered),
        gone=tuple(GoneTarget(target=target, reason=reason) for target, reason in change.gone),
        new_accounts=change.new_accounts,
        doubts=doubts_of(report),
        new_doubts=change.new_doubts,
        page=url,
    ).model_dump(mode="json")


def _told_target(change: FleetChange, line: TargetLine, *, is_new: bool) -> ToldTarget:
    return ToldTarget(
        target=line.target,
        condition=condition(line),
        new=is_new,
        status=line.status,
        reason=line.reason,
        problems=line.audited.problems if line.audited else None,
        new_problems=change.fresh[line.target.key],
    )
