"""Parts that report.json and the manifest share."""

from collections.abc import Mapping
from typing import Any

from audit.collection import Reading
from audit.report.baseline import Baseline
from audit.timestamps import shown


def reading_part(reading: Reading) -> Mapping[str, Any]:
    """Return how one list was read, as in the report and the manifest."""
    return {
        "kind": reading.kind,
        "complete": reading.complete,
        "pages": reading.pages,
        "passes": reading.passes,
        "count_first": reading.count_first,
        "count_last": reading.count_last,
        "distinct": reading.distinct,
        "duplicates": reading.duplicates,
        "gaps": list(reading.gaps),
        "refused": reading.refused,
        "not_offered": list(reading.not_offered),
        "status": reading.status,
        "enterprise_project_id": reading.enterprise_project_id,
        "notes": list(reading.notes),
    }


def previous_part(previous: Baseline) -> Mapping[str, Any]:
    """Return the previous run, as in the report and the manifest."""
    return {
        "run": previous.run,
        "as_of": shown(previous.as_of) if previous.as_of else None,
        "trouble": previous.trouble,
        "is_lost": previous.is_lost,
        "notes": list(previous.notes),
    }
