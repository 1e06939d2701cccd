from datetime import UTC, datetime
from typing import Any

import pytest

from audit.records import DESTRUCTIVE, Actor, Deed, Trace
from audit.records.deeds import deed_of
from tests.builders import a_trace_row
from tests.records.odd import ODD

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
USER = {
    "id": "u-1",
    "name": "eve",
    "user_name": "eve",
    "domain": {"id": "d-1", "name": "acme"},
    "account_id": "d-1",
    "access_key_id": "AK1",
    "principal_urn": "iam::d-1:user:eve",
    "principal_id": "u-1",
    "invoked_by": ["service.APIG"],
}


def test_a_row_gives_who_did_what_to_what() -> None:
    trace = Trace.from_row(a_trace_row(user=USER, source_ip="192.0.2.7"))

    assert (trace.id, trace.at, trace.operation, trace.deed) == ("trace-1", AT, "deleteVault", Deed.DELETE_VAULT)
    assert (trace.resource_type, trace.resource_id, trace.resource_name) == ("vault", "vault-1", "blue")
    assert trace.succeeded
    assert trace.recorded == AT
    assert trace.actor == Actor(
        name="eve",
        id="u-1",
        account="acme",
        account_id="d-1",
        urn="iam::d-1:user:eve",
        access_key_id="AK1",
        invoked_by="service.APIG",
        source_ip="192.0.2.7",
    )
    assert trace.actor.is_known
    assert trace.actor.key == "iam::d-1:user:eve"


def test_a_user_may_be_a_text_or_only_an_id() -> None:
    trace = Trace.from_row(a_trace_row(user='{"id": "u-2", "invoked_by": "CBR"}', source_ip=None))

    assert trace.actor == Actor(id="u-2", invoked_by="CBR")


@pytest.mark.parametrize("user", [None, {}, "", "nobody", [], 5])
def test_without_a_user_nobody_is_named(user: Any) -> None:
    actor = Trace.from_row(a_trace_row(user=user, source_ip=None)).actor

    assert actor == Actor()
    assert not actor.is_known
    assert not actor.key


def test_the_cloud_itself_is_told_from_people() -> None:
    assert Trace.from_row(a_trace_row(trace_type="SystemAction", user=None)).actor.is_cloud


@pytest.mark.parametrize(
    "time", [1795402800000, 1795402800, "1795402800000", 1795402800000.0, "2026/11/23 11:00:00 GMT+08:00"]
)
def test_each_form_of_time_is_read(time: Any) -> None:
    assert Trace.from_row(a_trace_row(time=time)).at == AT


def test_a_zone_may_be_west() -> None:
    assert Trace.from_row(a_trace_row(time="2026/11/22 21:30:00 GMT-0530")).at == AT


@pytest.mark.parametrize(
    "time",
    [
        None,
        0,
        -5,
        True,
        "",
        "soon",
        [],
        10**15,
        10**17,
        "2026/13/23 11:00:00 GMT+08:00",
        "2026/11/23 11:00:00 GMT+99:00",
    ],
)
def test_a_time_that_is_none_is_refused(time: Any) -> None:
    with pytest.raises(ValueError, match=r"time|month"):
        Trace.from_row(a_trace_row(time=time))


def test_when_it_was_recorded_may_be_unknown() -> None:
    assert Trace.from_row(a_trace_row(record_time="soon")).recorded is None


@pytest.mark.parametrize(
    ("said", "succeeded"),
    [
        ({"trace_rating": "normal", "code": "204"}, True),
        ({"trace_rating": "normal", "code": 204}, True),
        ({"trace_rating": "normal", "code": None}, True),
        ({"trace_rating": None, "trace_status": "normal", "code": "200"}, True),
        ({"trace_rating": None, "code": "202"}, True),
        ({"trace_rating": "warning", "code": "403"}, False),
        ({"trace_rating": "incident", "code": None}, False),
        ({"trace_rating": None, "code": 500}, False),
        ({"trace_rating": "normal", "code": "404"}, None),
        ({"trace_rating": "warning", "code": "204"}, None),
        ({"trace_rating": "odd", "code": "fine"}, None),
        ({"trace_rating": "odd", "code": "5"}, None),
        ({"trace_rating": None, "code": None}, None),
    ],
)
def test_whether_it_was_carried_out_is_known_only_where_nothing_contradicts(
    said: dict[str, Any], succeeded: object
) -> None:
    assert Trace.from_row(a_trace_row(**said)).succeeded is succeeded


def test_ids_are_found_wherever_the_trace_names_them() -> None:
    one, two = "0AAAAAAA-1111-4222-8333-944444444444", "5bbbbbbb-1111-4222-8333-944444444444"

    as_text = Trace.from_row(a_trace_row(request=f'{{"resource_ids": ["{one}"]}}', response={"id": two}))
    assert as_text.ids == {"vault-1", one.lower(), two}
    assert Trace.from_row(a_trace_row(resource_id=None, request=None)).ids == frozenset()


@pytest.mark.parametrize(
    ("request_", "deed"),
    [
        ('{"vault": {"locked": false}}', Deed.UNLOCK_VAULT),
        ({"vault": {"locked": False}}, Deed.UNLOCK_VAULT),
        ({"locked": "false"}, Deed.UNLOCK_VAULT),
        ({"vault": {"locked": True}}, Deed.CHANGE_VAULT),
        ('{"vault": {"name": "blue"}}', Deed.CHANGE_VAULT),
        ("not JSON", Deed.CHANGE_VAULT),
        (None, Deed.CHANGE_VAULT),
    ],
)
def test_a_lock_that_is_switched_off_is_told_from_other_changes(request_: Any, deed: Deed) -> None:
    assert Trace.from_row(a_trace_row(trace_name="updateVault", request=request_)).deed == deed


@pytest.mark.parametrize(
    ("service", "operation", "deed"),
    [
        ("CBR", "deleteBackup", Deed.DELETE_BACKUP),
        ("cbr", "DELETEBACKUP", Deed.DELETE_BACKUP),
        ("CBR", "deleteVaultBackup", Deed.DELETE_BACKUP),
        ("CBR", "disableProtect", Deed.DISABLE_PROTECTION),
        ("CBR", "deleteOrganizationPolicy", Deed.DELETE_POLICY),
        ("CBR", "updatePolicy", Deed.CHANGE_POLICY),
        ("CBR", "updateBackup", Deed.CHANGE_BACKUP),
        ("CBR", "createBackupMember", Deed.SHARE_BACKUP),
        ("CBR", "batchDeleteBackups", Deed.TAKE_AWAY),
        ("CBR", "removeSomethingNew", Deed.TAKE_AWAY),
        ("CBR", "bulkCreateOrDeleteVaultTag", Deed.OTHER),
        ("CBR", "bulkCreateDeleteVaultTag", Deed.OTHER),
        ("CBR", "deleteVaultTag", Deed.OTHER),
        ("CBR", "deleteBackupMember", Deed.OTHER),
        ("CBR", "removeAgentPath", Deed.OTHER),
        ("CBR", "createBackup", Deed.OTHER),
        ("CTS", "deleteTracker", Deed.TOUCH_TRAIL),
        ("CTS", "updateTracker", Deed.TOUCH_TRAIL),
        ("CTS", "deleteNotification", Deed.TOUCH_TRAIL),
        ("CTS", "createTracker", Deed.OTHER),
        ("FunctionGraph", "deleteFunction", Deed.TOUCH_WATCH),
        ("FUNCTIONGRAPH", "deleteTrigger", Deed.TOUCH_WATCH),
        ("FunctionGraph", "invokeFunction", Deed.OTHER),
        ("ECS", "deleteServer", Deed.OTHER),
    ],
)
def test_what_an_operation_does_is_read_from_its_name(service: str, operation: str, deed: Deed) -> None:
    assert deed_of(service, operation) == deed


def test_changes_are_not_called_destructive_by_their_name_alone() -> None:
    assert not DESTRUCTIVE & {Deed.CHANGE_POLICY, Deed.CHANGE_VAULT, Deed.OTHER}


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_word_says_nothing(odd: object) -> None:
    trace = Trace.from_row(a_trace_row(resource_id=odd, resource_name=odd, source_ip=odd, user=odd))

    assert (trace.resource_id, trace.resource_name, trace.actor) == (None, None, Actor())
