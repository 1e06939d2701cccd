"""Pages of the task log, read in one step or with care: what is kept of them is the same."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.answers.quick.test_rows import a_body, an_id, taken, told, with_care
from tests.builders import a_task_row

BACKUP = {"backup": {"backup_id": an_id(900), "incremental": "true"}}


IDS = [f"0b3f9a5{number}-7c1d-4e8b-9f0a-{number:012x}" for number in range(3)]  # in one part of the index
ALIKE = [an_id(number) for number in range(3)]  # and what is kept to find them by is the same


def a_row(row_id: str, resource: str, text: str, **fields: Any) -> dict[str, Any]:
    extra = {"resource": {"id": resource, "type": "OS::Nova::Server"}, **fields.pop("own")}
    return a_task_row(id=row_id, error_info={"code": text, "message": text}, extra_info=extra, **fields)


ROWS = st.builds(
    a_row,
    st.sampled_from(IDS + ALIKE),
    st.sampled_from(["server-1", "server-2"]),
    st.sampled_from(["", "a"]),
    status=st.sampled_from(["success", "running", "failed"]),
    operation_type=st.sampled_from(["backup", "restore", "sync", "vault_delete"]),
    updated_at=st.sampled_from(["2026-01-05T22:07:41", "2026-01-05T22:07:42.000001"]),
    ended_at=st.none() | st.just("2026-01-05T22:07:42"),
    own=st.sampled_from(
        [
            {},
            {"backup": {}},
            BACKUP,
            {"restore": {"backup_id": an_id(901), "target_resource_id": ""}},
            {"sync": {}},
            {"sync": {"sync_backup_num": 2, "err_sync_backup_num": 0}},
            {"sync": {"sync_backup_num": 0, "err_sync_backup_num": 3}},
            {"vault_delete": {}},
            {"vault_delete": {"fail_count": 2, "total_count": 5}},
        ]
    ),
)
PAGES = st.lists(st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row["id"]), max_size=5)


@given(PAGES)
def test_tasks_are_merged_alike_in_whichever_way_they_were_read(pages: list[list[Any]]) -> None:
    bodies = [a_body(*rows) for rows in pages]

    assert told(taken(*bodies)) == told(with_care(*bodies))
