import copy
import json
import random
import re
from collections.abc import Iterable, Iterator, Sized
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from audit.answers.intake import Intake, read_envelope
from audit.answers.kinds import ANSWERS
from audit.answers.sorting import Outcome
from audit.collection import About, Drift, Kind, Window
from audit.errors import SourceAnswerError
from audit.history import History
from audit.timestamps import instant, shown
from tests.builders import (
    DAY,
    NOW,
    TICK,
    a_backup_row,
    a_deployment_row,
    a_member_row,
    a_page,
    a_policy_row,
    a_protectable_row,
    a_task,
    a_task_row,
    a_trace_row,
    a_usage_row,
    a_vault_row,
    an_agent_row,
    an_organization_policy_row,
)

BUILDERS = {
    Kind.TASKS: a_task_row,
    Kind.POLICIES: a_policy_row,
    Kind.VAULTS: a_vault_row,
    Kind.BACKUPS: a_backup_row,
    Kind.PROTECTABLES: a_protectable_row,
    Kind.AGENTS: an_agent_row,
    Kind.ORGANIZATION_POLICIES: an_organization_policy_row,
    Kind.DEPLOYMENTS: a_deployment_row,
    Kind.MEMBERS: a_member_row,
    Kind.STORAGE_USAGE: a_usage_row,
    Kind.TRACES: a_trace_row,
}
NAMED = {"resource": {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"}}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ODD: tuple[Any, ...] = (
    *(None, "", "x\n", 0, -1, 1.5, True, False, 2**63, -(2**63), 1e308),
    *([], {}, [{}], [None], {"id": 1}, "2026-02-30T00:00:00", "9999-12-31T23:59:59-12:00", "a" * 500),
)


def taken(*rows: Any, kind: Kind = Kind.TASKS, **envelope: Any) -> Intake:
    intake = Intake()
    intake.accept(a_page(*rows, kind=kind, **envelope))
    return intake


def all_of(intake: Intake) -> list[Sized]:
    return [
        *(History(intake.tasks), intake.policies, intake.vaults, intake.backups, intake.protectables, intake.agents),
        *(intake.organization_policies, intake.deployments["project-1"], intake.members["project-1"], intake.usages),
        intake.traces,
    ]


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


class TestReadingTheEnvelope:
    @pytest.mark.parametrize("kind", Kind)
    def test_rows_and_the_rest_come_apart(self, kind: Kind) -> None:
        body = json.dumps({kind.key: [{"id": "a"}, 5], kind.total: 7, "limit": 1000}).encode()

        assert read_envelope(kind, body) == ([{"id": "a"}, 5], {kind.total: 7, "limit": 1000})

    @pytest.mark.parametrize("body", [b"<!DOCTYPE html><html>", b" \r\n <html></html>"])
    def test_a_web_page_is_called_one(self, body: bytes) -> None:
        with pytest.raises(SourceAnswerError, match="operation_logs is not JSON, it looks like a web page"):
            read_envelope(Kind.TASKS, body)

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            (b"", 0),
            (b'{"operation_logs": [', 20),
            ('{"operation_logs": ["日本語", '.encode(), 33),
            (b'{"operation_logs": NaN}', 19),
        ],
    )
    def test_broken_json_is_refused_with_the_byte_where_it_breaks(self, body: bytes, place: int) -> None:
        with pytest.raises(SourceAnswerError, match=rf"is not JSON, it breaks at byte {place}$"):
            read_envelope(Kind.TASKS, body)

    @pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"text"', b"true"])
    def test_json_that_is_no_object_is_refused(self, body: bytes) -> None:
        with pytest.raises(SourceAnswerError, match="not a JSON object"):
            read_envelope(Kind.VAULTS, body)

    @pytest.mark.parametrize("answer", [{}, {"policies": []}, {"vaults": None}, {"vaults": {}}, {"vaults": "text"}])
    def test_an_answer_without_its_list_is_refused(self, answer: dict[str, Any]) -> None:
        with pytest.raises(SourceAnswerError, match='the answer has no list "vaults"'):
            read_envelope(Kind.VAULTS, json.dumps({**answer, "count": 0}).encode())

    @pytest.mark.parametrize("count", [None, -1, True, False, 1.0, 1e30, "1", [], {}], ids=repr)
    def test_an_answer_without_a_usable_count_is_refused(self, count: object) -> None:
        with pytest.raises(SourceAnswerError, match='states no "count"'):
            read_envelope(Kind.VAULTS, json.dumps({"vaults": [], "count": count}).encode())

    def test_an_answer_without_count_is_refused(self) -> None:
        with pytest.raises(SourceAnswerError, match='states no "count"'):
            read_envelope(Kind.VAULTS, b'{"vaults": []}')

    def test_an_answer_that_is_nested_too_deeply_is_refused(self) -> None:
        body = json.dumps({"vaults": [], "count": 0, "x": deep(300)}).encode()

        with pytest.raises(SourceAnswerError, match="the answer for vaults has more than 254 levels at byte 285"):
            read_envelope(Kind.VAULTS, body)


class TestAcceptingRows:
    @pytest.mark.parametrize("kind", Kind)
    def test_a_good_row_is_used_without_a_word(self, kind: Kind) -> None:
        intake = taken(BUILDERS[kind](), kind=kind)

        assert [len(records) for records in all_of(intake)] == [int(each is kind) for each in Kind]
        assert (intake.pages, intake.rejected, intake.drift) == (1, (), ())

    def test_a_task_that_ran_and_comes_again_as_success_is_updated(self) -> None:
        intake = taken(a_task_row(status="running", updated_at="2026-01-05T22:00:04"))
        intake.accept(a_page(a_task_row()))

        task = intake.tasks.get("task-1")
        assert task is not None
        assert task.succeeded

    @pytest.mark.parametrize(
        ("kind", "other"),
        [
            (Kind.POLICIES, a_policy_row(enabled=False)),
            (Kind.VAULTS, a_vault_row(name="green")),
            (Kind.TASKS, a_task_row(operation_type="restore")),
            (Kind.TASKS, a_task_row(extra_info={"resource": {"id": "server-2"}})),
            (Kind.TASKS, a_task_row(status="running", operation_type="restore", extra_info={})),
        ],
    )
    def test_a_row_with_a_known_id_and_other_content_is_rejected_and_the_first_is_kept(
        self, kind: Kind, other: dict[str, Any]
    ) -> None:
        once = taken(BUILDERS[kind](), kind=kind)
        intake = taken(BUILDERS[kind](), {**other, "colour": "blue"}, kind=kind)

        assert all_of(intake) == all_of(once)
        (rejected,) = intake.rejected
        assert (rejected.row, rejected.id, rejected.path) == (1, BUILDERS[kind]()["id"], "")
        assert "has the same id" in rejected.message
        assert intake.drift == ()

    @pytest.mark.parametrize(
        ("kind", "row", "about"),
        [
            (
                Kind.POLICIES,
                a_policy_row(associated_vaults=[{"vault_id": "vault-2"}]),
                About(vaults=("vault-1", "vault-2")),
            ),
            (
                Kind.VAULTS,
                a_vault_row(resources=[{"id": "server-2", "type": "OS::Nova::Server"}]),
                About(resources=("server-1", "server-2")),
            ),
            (Kind.PROTECTABLES, a_protectable_row(children=[{"id": "disk"}]), About(resources=("disk", "server-1"))),
            (
                Kind.BACKUPS,
                a_backup_row(resource_id="server-2", vault_id="vault-2"),
                About(resources=("server-1", "server-2"), vaults=("vault-1", "vault-2")),
            ),
            (
                Kind.TASKS,
                a_task_row(extra_info={"resource": {"id": "server-2"}}),
                About(
                    resources=("server-1", "server-2"),
                    vaults=("vault-1",),
                    operation="backup",
                    status="success",
                    at=instant("2026-01-05T22:07:41.100000"),
                ),
            ),
            (
                Kind.TASKS,
                a_task_row(operation_type="vault_delete", status="running", extra_info={}, vault_id=None),
                About(vaults=("blue", "vault-1"), at=instant("2026-01-05T22:07:41.100000")),
            ),
        ],
    )
    def test_two_rows_that_contradict_each_other_are_about_what_either_names(
        self, kind: Kind, row: dict[str, Any], about: About
    ) -> None:
        (rejected,) = taken(BUILDERS[kind](), row, kind=kind).rejected

        assert rejected.is_contested
        assert "same id" in rejected.message
        assert rejected.about == about

    def test_a_task_on_a_vault_alone_contradicts_another_one_about_the_vault(self) -> None:
        first = a_task_row(operation_type="sync", extra_info={})
        (rejected,) = taken(first, a_task_row(operation_type="delete", extra_info={})).rejected

        assert (rejected.about.resources, rejected.about.vaults) == (None, ("vault-1",))

    def test_equal_rows_of_two_lists_are_rejected_in_each(self) -> None:
        intake = taken({}, kind=Kind.POLICIES)
        intake.accept(a_page({}, kind=Kind.VAULTS))
        intake.accept(a_page({}, kind=Kind.VAULTS))

        assert [row.kind for row in intake.rejected] == ["policies", "vaults"]
        assert len({row.mark for row in intake.rejected}) == 1

    def test_what_earlier_runs_could_not_use_stands_behind_what_this_one_could_not(self) -> None:
        earlier = Intake(run="earlier")
        earlier.accept(a_page(a_task_row(status=None), a_task_row(id="task-2", status=None)))
        intake = Intake(earlier.tasks, run="later")
        intake.accept(a_page(a_task_row(id="task-3", status=None), a_task_row(status=None)))

        assert [(row.id, row.run) for row in intake.rejected] == [
            ("task-3", "later"),
            ("task-1", "later"),
            ("task-2", "earlier"),
        ]
        assert {row.id: row.run for row in intake.tasks.rejected} == {
            "task-1": "later",
            "task-2": "earlier",
            "task-3": "later",
        }

    def test_a_page_says_for_which_time_it_was_asked(self) -> None:
        params = (("start_time", "2026-01-05T00:00:00Z"), ("end_time", "2026-01-06T00:00:00Z"), ("limit", "1"))
        intake = Intake()
        intake.accept(replace(a_page(a_task_row(status=None)), params=params))
        intake.accept(replace(a_page({}), received_at=NOW + TICK))

        with_times, without = (row.asked for row in intake.rejected)
        assert with_times == Window(instant("2026-01-05T00:00:00"), instant("2026-01-06T00:00:00"))
        assert without == Window(datetime.min.replace(tzinfo=UTC), NOW)

    def test_a_slice_of_the_log_is_about_the_whole_time_that_is_read(self) -> None:
        """A task that was created in it may have ended after it."""
        params = (("start_time", shown(NOW - DAY / 24)), ("end_time", shown(NOW)))
        whole = Window(NOW - DAY, NOW)
        intake = Intake(read=whole)
        intake.accept(replace(a_page(a_task_row(id="in a slice", status=None)), params=params))
        intake.accept(replace(a_page(a_task_row(id="open", status=None)), received_at=NOW + TICK))
        intake.accept(replace(a_page({}, kind=Kind.BACKUPS), params=params, received_at=NOW + TICK))

        ever = Window(datetime.min.replace(tzinfo=UTC), NOW)
        assert [row.asked for row in intake.rejected] == [whole, ever, ever]

    @pytest.mark.parametrize("begin", [NOW - 2 * DAY, NOW])
    def test_tasks_of_the_day_before_or_after_what_is_read_are_not_used(self, begin: datetime) -> None:
        intake = Intake(read=Window(NOW - DAY, NOW))
        params = (("start_time", shown(begin)), ("end_time", shown(begin + DAY)))
        intake.accept(replace(a_page(a_task_row(), a_task_row(id="odd", status=None)), params=params))

        assert (intake.pages, len(intake.tasks), intake.rejected) == (1, 0, ())

    def test_a_backup_that_comes_again_is_kept_as_it_was_answered_last(self) -> None:
        intake = taken(a_backup_row(status="protecting"), a_backup_row(), kind=Kind.BACKUPS)

        assert (intake.backups["point-1"].status, intake.rejected, intake.drift) == ("available", (), ())

    @pytest.mark.parametrize("kind", Kind)
    def test_a_row_that_comes_again_with_the_same_content_changes_nothing(self, kind: Kind) -> None:
        intake = taken(BUILDERS[kind](), {**BUILDERS[kind](), "colour": "blue"}, kind=kind)

        assert (used(intake), intake.rejected, intake.drift) == (1, (), ())

    @pytest.mark.parametrize("kind", Kind)
    def test_reading_a_page_twice_changes_nothing(self, kind: Kind) -> None:
        build = BUILDERS[kind]
        rows = [build(), build(id="odd", colour="blue"), build(id=None), "no row", deep(250)]
        page = a_page(*rows, kind=kind)
        intake, once = Intake(), taken(*rows, kind=kind)
        intake.accept(page)
        intake.accept(page)

        assert intake.drift == once.drift
        assert intake.rejected == once.rejected
        assert all_of(intake) == all_of(once)


def the_drift_of(row: Any, kind: Kind = Kind.TASKS, **envelope: Any) -> list[tuple[str, str, str]]:
    intake = taken(row, kind=kind, **envelope)
    assert intake.rejected == ()
    return [(drift.path, drift.problem, drift.example) for drift in intake.drift]


class TestDrift:
    @pytest.mark.parametrize(
        ("change", "path", "problem", "example"),
        [
            ({"colour": {"b": 1, "a": 2}}, "colour", "unknown field", '{"a":2,"b":1}'),
            ({"status": "paused"}, "status", "unknown value", '"paused"'),
            ({"provider_id": None}, "provider_id", "unexpected null", "null"),
            ({"error_info": None}, "error_info", "unexpected null", "null"),
            ({"error_info": {"code": 5}}, "error_info.code", "wrong type", "5"),
            (
                {"extra_info": {**NAMED, "common": {"progress": 101}}},
                "extra_info.common.progress",
                "out of range",
                "101",
            ),
            (
                {"extra_info": {**NAMED, "update_expiration_time": {"expiration_day": "soon"}}},
                "extra_info.update_expiration_time.expiration_day",
                "unknown format",
                '"soon"',
            ),
            (
                {"extra_info": {**NAMED, "remove_resources": {"resources": [{"id": "a", "type": "T"}]}}},
                "extra_info.remove_resources.resources[].type",
                "unknown value",
                '"T"',
            ),
            (
                {"extra_info": {**NAMED, "remove_resources": {"resources": [{"type": "OS::Nova::Server"}]}}},
                "extra_info.remove_resources.resources[].id",
                "missing field",
                "null",
            ),
        ],
    )
    def test_a_deviation_is_named_and_the_row_is_used(
        self, change: dict[str, Any], path: str, problem: str, example: str
    ) -> None:
        assert the_drift_of(a_task_row(**change)) == [(path, problem, example)]

    @pytest.mark.parametrize("field", ["project_id", "started_at", "error_info"])
    def test_a_field_that_only_the_documents_promise_may_be_missing(self, field: str) -> None:
        row = {key: value for key, value in a_task_row().items() if key != field}

        assert the_drift_of(row) == [(field, "missing field", "null")]

    def test_a_policy_drifts(self) -> None:
        row = a_policy_row(operation_definition={"max_backups": -2}, policy_type="odd")

        assert the_drift_of(row, Kind.POLICIES) == [
            ("operation_definition.max_backups", "out of range", "-2"),
            ("policy_type", "unknown value", '"odd"'),
        ]

    @pytest.mark.parametrize("field", ["retention_duration_days", "max_backups"])
    @pytest.mark.parametrize("odd", ["7", 7.5, [7], True])
    def test_a_policy_whose_retention_cannot_be_read_does_not_keep_for_ever(self, field: str, odd: object) -> None:
        intake = Intake()
        intake.accept(a_page(a_policy_row(operation_definition={field: odd}), kind=Kind.POLICIES))

        assert [row.path for row in intake.rejected] == [f"operation_definition.{field}"]
        assert not intake.policies

    def test_a_vault_drifts(self) -> None:
        row = a_vault_row(resources=[{"id": "a", "type": "OS::Nova::Server", "name": 5}])

        assert the_drift_of(row, Kind.VAULTS) == [("resources[].name", "wrong type", "5")]

    def test_the_answer_around_the_rows_drifts_too(self) -> None:
        intake = taken(a_task_row(), limit=2000, colour="blue")

        assert intake.drift == (
            Drift(Kind.TASKS.value, "colour", "unknown field", 1, "", '"blue"'),
            Drift(Kind.TASKS.value, "limit", "out of range", 1, "", "2000"),
        )

    def test_a_deviation_counts_once_for_each_row(self) -> None:
        odd = {"id": "a", "type": "T"}
        row = a_task_row(id="first", extra_info={**NAMED, "remove_resources": {"resources": [odd, odd, odd]}})
        intake = taken(a_task_row(), row, {**row, "id": "second"}, {**row, "id": "third"})

        assert intake.drift == (
            Drift(Kind.TASKS.value, "extra_info.remove_resources.resources[].type", "unknown value", 3, "first", '"T"'),
        )

    def test_an_example_is_cut(self) -> None:
        assert the_drift_of(a_task_row(colour="b" * 500)) == [("colour", "unknown field", '"' + "b" * 79)]

    def test_a_path_and_an_id_are_cut(self) -> None:
        intake = taken(a_task_row(**{"id": "i" * 900, "c" * 900: 1}))

        assert [(drift.path, drift.first_id) for drift in intake.drift] == [("c" * 200, "i" * 200)]

    def test_after_500_kinds_of_drift_the_others_are_counted_together(self) -> None:
        fields = {f"field-{number:03}": number for number in range(500)}
        intake = taken(a_task_row(**fields))
        assert len(intake.drift) == 500
        assert {drift.problem for drift in intake.drift} == {"unknown field"}

        intake.accept(a_page(a_task_row(id="known", **{"field-007": 1})))
        assert len(intake.drift) == 500

        intake.accept(a_page(a_task_row(id="new", colour="blue"), a_task_row(id="newer", size="big")))
        intake.accept(a_page(a_vault_row(colour="red"), kind=Kind.VAULTS))
        further = [drift for drift in intake.drift if drift.path == "…"]
        assert further == [
            Drift(Kind.TASKS.value, "…", "further differences", 2, "new", '"blue"'),
            Drift(Kind.VAULTS.value, "…", "further differences", 1, "vault-1", '"red"'),
        ]
        assert len(intake.drift) == 502
        assert next(drift.count for drift in intake.drift if drift.path == "field-007") == 2

    def test_drift_comes_in_order_whatever_the_order_of_the_pages(self) -> None:
        pages = [
            a_page(a_vault_row(colour=1), kind=Kind.VAULTS),
            a_page(a_task_row(zebra=1)),
            a_page(a_task_row(id="b", apple=1)),
        ]
        one, other = Intake(), Intake()
        for page in pages:
            one.accept(page)
        for page in reversed(pages):
            other.accept(page)

        assert one.drift == other.drift
        assert [drift.path for drift in one.drift] == ["apple", "zebra", "colour"]


class TestRejection:
    @pytest.mark.parametrize(
        ("row", "path", "message"),
        [
            (a_task_row(id=""), "id", "'' should be non-empty"),
            (a_task_row(status=None), "status", "None is not of type 'string'"),
            (a_task_row(created_at="yesterday"), "created_at", "not a timestamp: 'yesterday'"),
            (a_task_row(extra_info={"resource": {"id": 5}}), "extra_info.resource.id", "5 is not of type 'string'"),
            ({"id": "task-1"}, "", "'status' is a required property"),
            (None, "", "None is not of type 'object'"),
            ([], "", "[] is not of type 'object'"),
            ("text", "", "'text' is not of type 'object'"),
        ],
    )
    def test_a_row_that_cannot_be_used_is_kept_with_path_and_reason(self, row: Any, path: str, message: str) -> None:
        (rejected,) = taken(a_task_row(id="good"), row).rejected

        assert (rejected.kind, rejected.page, rejected.row, rejected.path) == (Kind.TASKS, 1, 1, path)
        assert rejected.message.startswith(message)

    def test_a_path_marks_the_items_of_a_list(self) -> None:
        (rejected,) = taken(a_vault_row(resources=[{"id": "a", "type": 5}]), kind=Kind.VAULTS).rejected

        assert rejected.path == "resources[].type"

    def test_the_page_and_the_id_lead_to_the_evidence(self) -> None:
        intake = taken(a_task_row())
        intake.accept(a_page(a_task_row(id="bad", status=1), a_task_row(id=7)))

        assert [(row.page, row.row, row.id) for row in intake.rejected] == [(2, 0, "bad"), (2, 1, "")]

    @pytest.mark.parametrize("extra", [{}, {"resource": {}}, {"resource": {"id": ""}}, None])
    def test_a_backup_that_names_no_resource_is_rejected(self, extra: object) -> None:
        intake = taken(a_task_row(extra_info=extra))

        assert (len(intake.tasks), [rejected.id for rejected in intake.rejected]) == (0, ["task-1"])
        assert intake.drift == ()

    def test_a_path_and_an_id_are_cut(self) -> None:
        (rejected,) = taken(a_task_row(id="i" * 900, status=None)).rejected

        assert (rejected.id, rejected.path) == ("i" * 200, "status")

    def test_a_message_is_cut(self) -> None:
        (rejected,) = taken(a_task_row(status=["x" * 5000])).rejected

        assert len(rejected.message) == 300

    def test_a_row_that_comes_again_on_another_page_is_rejected_once(self) -> None:
        intake = taken(a_task_row(status=None))
        intake.accept(a_page(a_task_row(), dict(reversed(a_task_row(status=None).items()))))

        assert [row.page for row in intake.rejected] == [1]

    @pytest.mark.parametrize("start", ["2026-02-30 00:00:00", "9999-12-31T23:59:59-12:00", 5])
    def test_a_time_that_does_not_exist_is_a_reason(self, start: object) -> None:
        row = a_policy_row(trigger={"id": "t", "properties": {"pattern": [], "start_time": start}})
        intake = taken(row, kind=Kind.POLICIES)

        (rejected,) = intake.rejected
        assert (rejected.id, rejected.path) == ("policy-1", "trigger.properties.start_time")
        assert repr(start) in rejected.message
        assert (intake.policies, intake.drift) == ({}, ())

    @pytest.mark.parametrize("levels", [100, 200, 250, 251])
    def test_a_row_that_is_nested_deeply_is_used_or_rejected(self, levels: int) -> None:
        rows = [deep(levels), a_task_row(id=deep(levels)), a_task_row(id="deep", project_id=5, colour=deep(levels))]
        intake = taken(*rows)

        assert len(intake.rejected) + len(intake.tasks) == 3
        assert bool(intake.tasks) == bool(intake.drift)

    def test_validators_that_disagree_reject_the_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        nothing_fits = jsonschema_rs.Draft202012Validator(False)  # noqa: FBT003  # the schema that nothing fits
        for part in ("documented", "required"):
            monkeypatch.setitem(vars(ANSWERS["operation_logs"]), part, nothing_fits)

        (rejected,) = taken(a_task_row()).rejected

        assert rejected.message == "the two validators disagree about this row"


def used(intake: Intake) -> int:
    return sum(len(records) for records in all_of(intake))


@pytest.mark.parametrize("kind", Kind)
@given(rows=st.lists(JSON, max_size=4))
@pytest.mark.no_cover
def test_no_row_whatever_it_is_makes_the_intake_raise(kind: Kind, rows: list[Any]) -> None:
    intake = taken(*rows, kind=kind)

    assert used(intake) == 0
    assert len(intake.rejected) == len({json.dumps(row, sort_keys=True) for row in rows})


def mutations(row: Any) -> Iterator[Any]:
    """Yield the row with each of its values left out, or replaced, and with a field too many in each object."""
    keys = list(row) if isinstance(row, dict) else range(len(row)) if isinstance(row, list) else ()
    if isinstance(row, dict):
        yield {**row, "colour": "blue"}
    for key in keys:
        shorter = copy.copy(row)
        del shorter[key]
        yield shorter
        for inner in (*ODD, *mutations(row[key])):
            changed = copy.copy(row)
            changed[key] = inner
            yield changed


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.no_cover
def test_every_mutated_row_is_used_drifted_or_rejected(kind: Kind) -> None:
    for number, row in enumerate(mutations(BUILDERS[kind]())):
        intake = taken(row, kind=kind)
        assert used(intake) + len(intake.rejected) == 1, (number, row)
        assert not intake.rejected or not intake.drift, (number, row)


class InTurn(Intake):
    """Keeps the tasks of a page one after the other."""

    def _keep_tasks(self, usable: Iterable[Any]) -> Iterable[Outcome]:
        return chain.from_iterable(super(InTurn, self)._keep_tasks([row]) for row in usable)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.no_cover
def test_the_rows_of_a_page_together_come_to_what_they_come_to_in_turn(seed: int) -> None:
    chance, good = random.Random(seed), a_task_row()  # noqa: S311  # repeatable
    others = [{**row, "id": str(UUID(int=number))} for number, row in enumerate(mutations(good)) if "id" in row]
    pages = [a_page(*chance.sample([*mutations(good), *others], 20), kind=Kind.TASKS) for _ in range(40)]
    together, in_turn = Intake(), InTurn()
    for page in pages:
        together.accept(page)
        in_turn.accept(page)

    assert (together.tasks, together.rejected, together.drift) == (in_turn.tasks, in_turn.rejected, in_turn.drift)
    assert together.rejected


@pytest.mark.parametrize("kind", [kind for kind in Kind if ANSWERS[kind].identity])  # rows that something tells apart
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.no_cover
def test_the_counts_of_many_pages_add_up_in_any_order(kind: Kind, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable
    good, identity = BUILDERS[kind](), ANSWERS[kind].identity
    rows = [
        {**row, identity: f"id-{number}"} if row.get(identity) == good[identity] else row
        for number, row in enumerate(mutations(good))
    ]
    pages = [a_page(*chance.sample(rows, 50), kind=kind) for _ in range(20)]
    one, other = Intake(), Intake()
    for page in pages:
        one.accept(page)
    for page in [*reversed(pages), *chance.sample(pages, 10)]:
        other.accept(page)

    assert used(one) + len(one.rejected) == len(
        {json.dumps(row, sort_keys=True) for page in pages for row in page.rows}
    )
    assert all_of(one) == all_of(other)
    assert len(one.rejected) == len(other.rejected)
    assert {(drift.path, drift.problem): drift.count for drift in one.drift} == {
        (drift.path, drift.problem): drift.count for drift in other.drift
    }


def test_a_message_holds_no_more_than_the_value_at_fault() -> None:
    (rejected,) = taken(a_task_row(status=1, error_info={"message": "secret"})).rejected

    assert not re.search("secret", rejected.message)


def test_pages_that_another_run_stored_are_counted_anew_and_named_after_it() -> None:
    intake = Intake()
    intake.accept(a_page(a_task_row(id="first", status=None)))
    intake.turn_to("run-7")
    intake.accept(a_page(a_task_row(id="second", status=None)))

    assert [(row.id, row.page, row.run) for row in intake.rejected] == [("first", 1, ""), ("second", 1, "run-7")]


def test_the_history_of_earlier_runs_is_in_memory_once() -> None:
    history = History([a_task()])

    assert Intake(history).tasks is history


def test_an_open_task_that_a_page_names_in_whatever_way_was_seen_again() -> None:
    open_tasks = [a_task(name, status="running") for name in ("quick", "odd", "gone")]
    intake = Intake(History(open_tasks))
    for row in (a_task_row(id="quick"), a_task_row(id="odd", status=None)):
        body = json.dumps({"operation_logs": [row], "count": 1}).encode()
        rows, envelope = read_envelope(Kind.TASKS, body)
        intake.accept(replace(a_page(), rows=rows, envelope=envelope))

    assert intake.not_seen_again == {"gone"}


def test_a_trace_that_was_recorded_twice_is_one_trace() -> None:
    row = a_trace_row()
    later = a_trace_row(record_time=row["record_time"] + 1000, request_id="req-2")

    intake = taken(row, later, kind=Kind.TRACES)

    assert [*intake.traces] == ["trace-1"]
    assert not intake.rejected


def test_two_traces_with_one_id_that_say_different_things_are_contested() -> None:
    intake = taken(a_trace_row(), a_trace_row(trace_name="listVaults"), kind=Kind.TRACES)

    (row,) = intake.rejected
    assert (row.kind, row.id, row.is_contested) == ("traces", "trace-1", True)
