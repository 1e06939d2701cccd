from datetime import timedelta
from random import Random

from audit.simulator import company, mishaps, upkeep
from audit.simulator.blueprint import Draft
from tests.simulator.asking import AS_OF


def a_draft_without_any_run() -> Draft:
    rng = Random(1)  # noqa: S311 - a repeatable draft
    draft = Draft(rng, "0" * 32, AS_OF - timedelta(days=3), AS_OF)
    company.found(draft, 2)
    draft.runs = {resource.id: [] for resource in draft.resources()}
    return draft


def test_where_there_is_no_backup_none_is_deleted_early() -> None:
    draft = a_draft_without_any_run()

    mishaps.delete_early(draft, draft.vaults[0])

    assert (draft.rows, draft.truth.failures) == ([], set())


def test_where_there_is_no_backup_none_is_copied() -> None:
    draft = a_draft_without_any_run()

    upkeep.copy_once(draft)

    assert draft.rows == []
