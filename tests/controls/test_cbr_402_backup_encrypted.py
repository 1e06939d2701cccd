from typing import Any

import pytest

from audit.controls.cbr_402_backup_encrypted import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup
from tests.builders import DAY, HOUR, a_point, a_resource, facts_of, limits

PLAIN = a_point(2 * DAY, id="plain", encrypted=False)


def judged(*points: Backup) -> Verdict:
    return judge(a_resource(recovery_points=points), limits())


@pytest.mark.parametrize(
    ("encrypted", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL), (None, Outcome.UNKNOWN)]
)
def test_the_newest_backup_must_be_encrypted(encrypted: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    verdict = judged(PLAIN, a_point(DAY, id="new", encrypted=encrypted))

    assert verdict.outcome is outcome
    assert facts_of(verdict) == {"backup": "new", "created": "2026-11-22T04:00:00Z"}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "protecting"},
        {"status": "deleting"},
        {"status": "error"},
        {"status": "odd"},
        {"image_type": "replication"},
        {"parent_id": "whole"},
    ],
)
def test_only_one_that_can_be_restored_from_counts(changes: dict[str, Any]) -> None:
    newer = a_point(HOUR, id="newer", **changes)

    assert (judged(PLAIN, newer).outcome, facts_of(judged(PLAIN, newer))["backup"]) == (Outcome.FAIL, "plain")
    assert judged(newer).outcome is Outcome.NOT_APPLICABLE


def test_it_does_not_apply_without_any_backup() -> None:
    assert judged().outcome is Outcome.NOT_APPLICABLE


def test_backups_that_were_not_read_completely_are_unknown() -> None:
    assert judge(a_resource(recovery_points=None), limits()).outcome is Outcome.UNKNOWN


def test_a_pass_names_the_algorithm_where_the_answer_does() -> None:
    verdict = judge(a_resource(recovery_points=(a_point(encrypted_algorithm="AES_256"),)), limits())

    assert facts_of(verdict)["algorithm"] == "AES_256"
