from typing import Any

import pytest

from audit.collection import Kind
from audit.previous import Previous, recall
from tests.core.builders import DAY, NOW, a_drift

REPORT: dict[str, Any] = {
    "run": {"id": "r0", "as_of": "2026-11-22T04:00:00Z"},
    "collection": {
        "drift": [
            {"kind": "vaults", "path": "a", "problem": "unknown field", "since": "2026-11-01T00:00:00Z"},
            {"kind": "operation_logs", "path": "colour", "problem": "unknown field"},
        ]
    },
}


def test_without_a_last_run_everything_is_seen_for_the_first_time() -> None:
    assert not Previous().knows(a_drift())
    assert Previous().first_seen(a_drift(), NOW) == NOW


def test_what_the_last_run_saw_keeps_its_date() -> None:
    previous = recall(REPORT)

    assert (previous.run, previous.as_of, previous.trouble) == ("r0", NOW - DAY, None)
    assert previous.knows(a_drift())
    assert previous.first_seen(a_drift(), NOW) == NOW - DAY
    assert {f"{moment:%d}" for moment in previous.drift.values()} == {"01", "22"}


@pytest.mark.parametrize("change", [{"path": "size"}, {"problem": "wrong type"}, {"kind": Kind.POLICIES}])
def test_another_list_path_or_problem_is_something_new(change: dict[str, Any]) -> None:
    drift = a_drift(**change)

    assert not recall(REPORT).knows(drift)
    assert recall(REPORT).first_seen(drift, NOW) == NOW


@pytest.mark.parametrize(
    "report",
    [
        {},
        [],
        None,
        {**REPORT, "run": {"id": "r0"}},
        {**REPORT, "run": {"id": "r0", "as_of": "yesterday"}},
        {**REPORT, "collection": {"drift": None}},
        {**REPORT, "collection": {"drift": ["odd"]}},
        {**REPORT, "collection": {"drift": [{"kind": [], "path": "a", "problem": "b"}]}},
    ],
)
def test_what_is_no_report_is_refused(report: Any) -> None:
    with pytest.raises(ValueError, match=r"not a (report of this version|timestamp)"):
        recall(report)
