"""From what was read to the report: arrange, evaluate, compose."""

from collections.abc import Iterator

from audit import subjects
from audit.collection import Kind, Reading
from audit.evaluate import evaluate
from audit.predecessor import Predecessor
from audit.profile import Profile
from audit.report.contents import Report, compose
from audit.report.facts import RunFacts
from audit.validate import Intake


def assess(
    facts: RunFacts,
    profile: Profile,
    intake: Intake,
    readings: tuple[Reading, ...],
    previous: Predecessor | None = None,
) -> Report:
    """Arrange and evaluate what was read. The same evidence, profile, time and earlier run give the same report."""
    collection = subjects.Collection(
        id=facts.project_id,
        name=facts.project_id,
        window=facts.window,
        readings=readings,
        rejected=intake.rejected,
        drift=intake.drift,
        asked=frozenset(profile.lists),
        doubts=tuple(_doubts(facts, intake, readings)),
        memory=previous.memory if previous else None,
        lost=facts.previous.trouble if facts.previous.is_lost else None,
        proven=previous.covered if previous and previous.covers(facts.read.since) else None,
    )
    inventory = subjects.Inventory(
        policies=intake.policies.values(),
        vaults=intake.vaults.values(),
        backups=intake.backups.values(),
        protectables=intake.protectables.values(),
    )
    demands = profile.demands_at(facts.as_of)
    judged = subjects.arrange(intake.tasks, inventory, collection)
    findings = evaluate(judged, profile.selected, demands)
    return compose(facts, judged, profile.selected, findings, demands)


def _doubts(facts: RunFacts, intake: Intake, readings: tuple[Reading, ...]) -> Iterator[str]:
    """Say what makes a task log doubtful although it was read to its end."""
    created = [task.created_at for task in intake.tasks]
    if not created:
        yield "the task log of the window is empty"
    late = sum(moment > facts.window.until for moment in created)
    if late:
        yield f"{late} tasks were created after the window's end: the cloud ignored it, or its clock differs from ours"
    vanished = sum(facts.read.since <= moment <= facts.read.until for moment in created)
    if vanished and any(reading.kind is Kind.TASKS and not reading.distinct for reading in readings):
        yield f"the task log is empty, and earlier runs read {vanished} tasks of the same time"
