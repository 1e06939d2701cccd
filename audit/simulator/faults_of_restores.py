"""Faults of restores: too slow, or never successful."""

from datetime import datetime, timedelta

from audit.simulator.blueprint import NO_ERROR, Draft, PlannedResource, ServiceError
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.error_codes import BEING_RESTORED
from audit.simulator.spoiling import HOUR
from audit.simulator.tasks import Course, clerk_of


def restores_slowly(draft: Draft, resource: PlannedResource) -> bool:
    """A restore took most of a day."""
    created = draft.as_of - draft.rng.uniform(30, 40) * HOUR
    if not _restore(draft, resource, created, draft.rng.uniform(15, 20) * HOUR):
        return False
    draft.truth.resource(resource.id, "CBR-602")
    return True


def cannot_be_restored(draft: Draft, resource: PlannedResource) -> bool:
    """A restore failed a moment ago, and none was tried since."""
    created = draft.as_of - draft.rng.uniform(0.5, 1) * HOUR
    if not _restore(draft, resource, created, HOUR / 30, BEING_RESTORED):
        return False
    draft.truth.resource(resource.id, "CBR-603")
    return True


def is_restored_at_last(draft: Draft, resource: PlannedResource) -> bool:
    """A restore failed, and the next attempt succeeded: harmless."""
    created = draft.as_of - draft.rng.uniform(0.3, 0.7) * min(draft.as_of - draft.start, 20 * DAY)
    return _restore(draft, resource, created, HOUR / 30, BEING_RESTORED) and _restore(
        draft, resource, created + 3 * HOUR, 2 * HOUR
    )


def _restore(
    draft: Draft, resource: PlannedResource, created: datetime, took: timedelta, failure: ServiceError = NO_ERROR
) -> bool:
    """Restore an older backup, unless nothing is to be restored from the vault."""
    runs = [run for run in draft.successes(resource) if run.ended < created]
    if not runs or resource.vault.id in draft.untested:
        return False
    course = Course(created, created + took, "success" if failure == NO_ERROR else "failed", failure)
    draft.rows.append(clerk_of(draft).restore(resource, runs[0].backup_id, course))
    return True
