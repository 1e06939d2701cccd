import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import EventError
from audit.simulator import trace_row
from audit.simulator.deliveries import FORMS
from audit.watch.hints import Form, read_hint
from tests.watch.events import BARE, TRACE_ID, Event, a_trace_event, of_cts, of_eventgrid

AT = datetime(2025, 12, 15, 8, 56, 39, tzinfo=UTC)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(("event", "form"), [(of_cts(), Form.CTS), (BARE, Form.BARE), (of_eventgrid(), Form.EVENTGRID)])
def test_every_form_of_an_event_says_what_happened(event: Event, form: Form) -> None:
    hint = read_hint(event)

    assert (hint.trace_id, hint.at.replace(microsecond=0)) == (TRACE_ID, AT)
    assert (hint.operation, hint.service, hint.form) == ("deleteVault", "CBR", form)
    assert json.loads(hint.raw) == event


@pytest.mark.parametrize(
    "changes",
    [
        {"time": 1765788999},
        {"time": "1765788999"},
        {"time": "1765788999507"},
        {"time": "2025/12/15 16:56:39 GMT+08:00"},
        {"time": "2025-12-15T08:56:39Z"},
        {"time": None},
        {"time": "0001/01/01 00:00:00 GMT+08:00"},
        {"code": "204"},
        {"code": ...},
        {"request": "", "response": '{"a": 1}'},
        {"resource_id": ..., "resource_name": None},
        {"user": None, "source_ip": None},
        {"service_type": "cbr"},
    ],
)
def test_what_the_documents_contradict_each_other_about_may_have_either_form(changes: Event) -> None:
    hint = read_hint(of_cts(**changes))

    assert (hint.trace_id, hint.at.replace(microsecond=0)) == (TRACE_ID, AT)


@pytest.mark.parametrize("data", [json.dumps(a_trace_event()), a_trace_event()])
def test_the_data_of_a_cloud_event_may_be_text(data: object) -> None:
    assert read_hint(of_eventgrid(data=data)).trace_id == TRACE_ID


@pytest.mark.parametrize("of", FORMS)
def test_what_the_simulator_delivers_is_read(of: Callable[[Event], Event]) -> None:
    row = trace_row("trace-1", AT, "deletePolicy", service_type="CBR", user=None)
    hint = read_hint(of(row))

    assert (hint.trace_id, hint.at, hint.operation, hint.service) == ("trace-1", AT, "deletePolicy", "CBR")


def test_a_trace_without_a_time_happened_when_the_cloud_event_was_sent() -> None:
    assert read_hint(of_eventgrid(data=a_trace_event(time=..., record_time="?"))).at == AT


@pytest.mark.parametrize("service", ["CTS", "FunctionGraph", "FUNCTIONGRAPH"])
def test_whoever_touches_the_trail_or_the_watch_is_heard_of(service: str) -> None:
    assert read_hint(of_cts(service_type=service)).service == service


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trace_id": ...}, "the trace in the event has no trace_id that can be read"),
        ({"trace_id": 5}, "no trace_id"),
        ({"trace_name": ""}, "no trace_name"),
        ({"service_type": None}, "no service_type"),
        ({"trace_name": "delete\nVault"}, "no trace_name"),
        ({"trace_name": "x" * 129}, "no trace_name"),
        ({"time": ..., "record_time": "soon"}, "no time that can be read"),
        ({"trace_id": "../../etc"}, "the trace_id in the event, '../../etc', is none: it has letters"),
        ({"trace_id": "-x"}, "is none"),
        ({"trace_id": "digest"}, "is none"),
        ({"trace_id": "x" * 65}, "is none"),
        ({"service_type": "ECS"}, "is a trace of 'ECS', and the audit watches CBR, CTS and FunctionGraph: take other"),
    ],
)
def test_a_broken_event_says_what_is_wrong(changes: Event, reason: str) -> None:
    with pytest.raises(EventError, match=reason):
        read_hint(of_cts(**changes))


def test_a_broken_event_without_an_envelope_says_what_is_wrong() -> None:
    with pytest.raises(EventError, match="the trace in the event has no trace_id that can be read"):
        read_hint({**BARE, "trace_id": None})


@pytest.mark.parametrize("cts", [None, 5, [], {}, "", "[]", "not JSON"])
def test_an_empty_envelope_holds_no_trace(cts: object) -> None:
    with pytest.raises(EventError, match="the event of the CTS trigger holds no trace: its cts is no JSON object"):
        read_hint({"cts": cts})


@pytest.mark.parametrize("data", [..., None, "{", {"bucket": "b"}])
def test_a_cloud_event_of_something_else_is_refused_by_name(data: object) -> None:
    event = of_eventgrid(source="HC.OBS", type="OBS:DWR:ObjectCreated:PUT", data=data)

    with pytest.raises(EventError, match=r"comes from EventGrid \(source 'HC.OBS', type 'OBS:DWR:ObjectCreated:PUT'\)"):
        read_hint(event)


def test_an_event_as_large_as_the_platform_accepts_is_read_and_a_larger_one_refused() -> None:
    room = 256 * 1024 - len(read_hint(of_cts(message="")).raw)

    assert len(read_hint(of_cts(message="x" * room)).raw) == 256 * 1024
    with pytest.raises(EventError, match="the event has 262,145 bytes, and one that tells of a trace 262,144 at most"):
        read_hint(of_cts(message="x" * (room + 1)))


@pytest.mark.parametrize("levels", [260, 100_000])
def test_an_event_that_is_nested_too_deep_is_refused(levels: int) -> None:
    with pytest.raises(EventError, match=r"cannot be stored: it has (more than 254|too many) levels"):
        read_hint(of_cts(request=nested(levels)))


def test_odd_names_and_numbers_do_not_hide_a_trace() -> None:
    odd = {"resource_name": "half a \ud83d character", "code": 10**30, "message": "蓝"}

    assert json.loads(read_hint(of_cts(**odd)).raw) == of_cts(**odd)


KEYS = ("cts", "specversion", "trace_id", "trace_name", "service_type", "time")


@given(
    st.dictionaries(
        st.sampled_from([*KEYS, "data", "source"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=20) | st.just(a_trace_event()),
            lambda inner: st.dictionaries(st.sampled_from(KEYS), inner) | st.lists(inner),
            max_leaves=8,
        ),
    )
)
def test_any_event_is_a_hint_or_refused(event: Event) -> None:
    try:
        hint = read_hint(event)
    except EventError:
        return
    assert hint.service.lower() in {"cbr", "cts", "functiongraph"}
