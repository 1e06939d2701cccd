"""Judging a stored change again, offline: the same evidence gives the same bytes."""

from collections.abc import Mapping
from typing import Any

import orjson

from audit.errors import ChainError
from audit.evidence.publish import REPORT, sha256_of
from audit.evidence.store import Store
from audit.evidence.stored_runs import digest_of, read_object
from audit.profile import build_profile
from audit.report.former_report import in_present_form
from audit.watch.change_forms import FormerReport
from audit.watch.change_store import StoredChange
from audit.watch.judge import ReadForChange, judge_change


def judge_again(store: Store, change: StoredChange) -> bytes:
    """Judge a change by its evidence, and return its report.

    The report says itself which lists could not be read: responses that never came cannot show that.

    Raises:
        StoreError: part of the evidence is missing or was changed.
    """
    stored = change.report()
    former = stored.compared_with
    read = ReadForChange(
        project_id=stored.project_id,
        region=stored.region,
        trace_id=stored.trace.id,
        judged_at=stored.judged_at,
        profile=build_profile(orjson.loads(change.profile()), "the profile of the change"),
        pages=(*change.pages(),),
        unread=frozenset(stored.unread),
        report=_report(store, stored.project_id, former) if former else None,
        compared_with=former,
    )
    try:
        return judge_change(read).dump()
    except LookupError as error:
        raise ChainError(f"no response has the trace {stored.trace.id}") from error


def _report(store: Store, project_id: str, former: FormerReport) -> Mapping[str, Any]:
    """Read the report that a change was compared with.

    Raises:
        StoreError: it is missing or was changed.
    """
    data = read_object(store, digest_of(store, project_id, former.run), REPORT)
    if data is None or sha256_of((data,)) != former.sha256:
        raise ChainError(f"report.json of the run {former.run} is missing or was changed")
    return in_present_form(orjson.loads(data))
