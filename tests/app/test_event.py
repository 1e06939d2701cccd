import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.app.event import (
    ManualEvent,
    TimerEvent,
    asked_of_fleet,
    read_event,
    read_keys,
    read_time,
    read_user_event,
    tells_of_trace,
)
from audit.errors import EventError
from tests.pretend import AS_OF
from tests.watch.events import APIG, BARE, KAFKA, SMN, of_cts, of_eventgrid

TIMER = {
    "version": "v1.0",
    "time": "2023-06-01T08:30:00+08:00",
    "trigger_type": "TIMER",
    "trigger_name": "Timer_001",
    "user_event": "Additional information you entered",
}


def test_the_event_of_a_timer_is_known() -> None:
    event = read_event(TIMER)

    assert isinstance(event, TimerEvent)
    assert (event.time, event.trigger_name) == ("2023-06-01T08:30:00+08:00", "Timer_001")


def test_a_timer_may_say_nothing_more_or_something_new() -> None:
    event = {key: value for key, value in TIMER.items() if key != "user_event"}
    assert isinstance(read_event({**event, "sync_execution": "false"}), TimerEvent)


@pytest.mark.parametrize("event", [of_cts(), of_eventgrid(), BARE, {"cts": None}, {"specversion": "1.0"}])
def test_an_event_may_tell_of_a_trace(event: object) -> None:
    assert tells_of_trace(event)


@pytest.mark.parametrize(
    "event", [None, 5, [], "cts", {}, TIMER, {"since": "7d"}, {"fleet": "start"}, APIG, KAFKA, SMN]
)
def test_other_events_tell_of_no_trace(event: object) -> None:
    assert not tells_of_trace(event)


@pytest.mark.parametrize("event", [None, {}])
def test_no_event_is_one_by_hand_with_everything_configured(event: object) -> None:
    assert read_event(event) == ManualEvent()


def test_an_event_by_hand_may_say_everything() -> None:
    event = read_event({"project_id": "p1", "since": "7d", "as_of": "2026-11-23", "store": "/x", "profile": {"a": 1}})

    assert event == ManualEvent(project_id="p1", since="7d", as_of="2026-11-23", store="/x", profile={"a": 1})


@pytest.mark.parametrize("event", ["text", 5, [], True, b"{}"])
def test_an_event_is_an_object(event: object) -> None:
    with pytest.raises(EventError, match=f"an event is a JSON object, not {type(event).__name__}"):
        read_event(event)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"projectid": "p1"}, r"projectid is not a key of an event; did you mean project_id\?"),
        (
            {"qqq": 1},
            r"qqq is not a key of an event; known are project_id, region, account, since, as_of, store, profile",
        ),
        ({"since": 30}, "since: Input should be a valid string"),
        ({"qqq": 1, "stores": "x"}, r"qqq is not .*; stores is not .* did you mean store\?"),
        ({"profile": 5}, "profile: "),
        ({"trigger_type": "TIMER"}, "version: Field required; time: Field required; trigger_name: Field required"),
        ({**TIMER, "time": None}, "time: "),
        ({"httpMethod": "GET", "body": ""}, "httpMethod is not a key of an event.*body is not a key of an event"),
    ],
)
def test_every_key_at_fault_is_named(event: dict[str, Any], reason: str) -> None:
    with pytest.raises(EventError, match=f"the event cannot be used: .*{reason}"):
        read_event(event)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T04:00:00Z", datetime(2026, 11, 23, 4, tzinfo=UTC)),
        ("2026-11-23T04:00:00", datetime(2026, 11, 23, 4, tzinfo=UTC)),
        ("2026-11-23T04:00:00+08:00", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        (" 2026-11-23 ", datetime(2026, 11, 23, tzinfo=UTC)),
        ("30d", AS_OF - timedelta(days=30)),
        ("12h", AS_OF - timedelta(hours=12)),
        ("0d", AS_OF),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, moment: datetime) -> None:
    assert read_time(text, AS_OF) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "30",
        "30m",
        "-1d",
        "99999d",
        "2026-13-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; write 2026-11-23T04:00:00Z, 2026-11-23 or 30d"):
        read_time(text, AS_OF)


@pytest.mark.parametrize("text", ["0001-01-02", "1999-12-31", "3000-01-01", "9999d"])
def test_a_year_that_nobody_means_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"lies in the year .*; the audit knows 2000 to 2999"):
        read_time(text, AS_OF)


def test_a_time_before_all_time_is_refused() -> None:
    with pytest.raises(ValueError, match="'9999d' is not a time"):
        read_time("9999d", datetime(1, 1, 2, tzinfo=UTC))


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        moment = read_time(text, AS_OF)
    except ValueError:
        return
    assert moment.utcoffset() == timedelta(0)


@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2999, 12, 30)), st.integers(-23, 23))  # noqa: DTZ001  # hypothesis wants them so
def test_a_time_keeps_its_moment_in_any_zone(moment: datetime, hours: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert read_time(zoned.isoformat(), AS_OF) == zoned


class TestWhatATimerSays:
    @pytest.mark.parametrize("note", ["", "  ", "Additional information you entered", "nightly: all of it", "5", '"x"'])
    def test_a_note_in_plain_words_asks_for_nothing(self, note: str) -> None:
        assert read_user_event(note) == ManualEvent()

    def test_json_says_what_an_event_by_hand_says(self) -> None:
        asked = read_user_event(' {"project_id": "p2", "region": "eu-west-0", "since": "7d", "profile": "strict"}\n')

        assert asked == ManualEvent(project_id="p2", region="eu-west-0", since="7d", profile="strict")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"projectid": "p2"}', r"cannot be used: projectid is not a key of an event; did you mean project_id\?"),
            ('{"since": 7}', "cannot be used: since: Input should be a valid string"),
            ('{"since": "7d"', "is not JSON: .*; write "),
            ('{"since": "7d", "since": "8d"}', "is not JSON: .*"),
            ("[]", "is a list; write "),
            ("profile: strict", "is not JSON: .*or a note in plain words"),
            (" project_id=p2", "is not JSON: "),
        ],
    )
    def test_what_is_meant_to_ask_for_something_is_honoured_or_refused(self, text: str, words: str) -> None:
        with pytest.raises(EventError, match=f"the timer's user_event {words}"):
            read_user_event(text)


START = {"fleet": "start"}
PREFIX = "fleet-all/2026/11/23/20261123T040000Z-0123456789ab"
TARGET = {"fleet": "target", "prefix": PREFIX, "target": "a.eu-west-101.p"}


def a_timer_for(user_event: object) -> dict[str, Any]:
    text = user_event if isinstance(user_event, str) else json.dumps(user_event)
    return {**TIMER, "user_event": text}


@pytest.mark.parametrize(
    ("event", "kind", "as_of", "on_timer"),
    [
        (START, "start", None, False),
        ({**START, "as_of": "2026-11-23"}, "start", "2026-11-23", False),
        (TARGET, "target", None, False),
        (a_timer_for(START), "start", TIMER["time"], True),
        (a_timer_for({"fleet": "roll_up"}), "roll_up", TIMER["time"], True),
    ],
)
def test_an_event_may_ask_something_of_a_fleet(event: object, kind: str, as_of: str | None, *, on_timer: bool) -> None:
    asked = asked_of_fleet(event)

    assert asked is not None
    assert (asked.event.fleet, asked.as_of, asked.on_timer) == (kind, as_of, on_timer)


@pytest.mark.parametrize(
    "event", [None, {}, {"since": "7d"}, [1], TIMER, a_timer_for("a note"), a_timer_for({"since": "7d"})]
)
def test_every_other_event_is_about_an_audit_of_its_own(event: object) -> None:
    assert asked_of_fleet(event) is None


@pytest.mark.parametrize(
    ("event", "trouble"),
    [
        ({"fleet": "begin"}, "fleet: "),
        ({"fleet": "start", "projekt": 1}, "projekt is not a key of an event"),
        ({"fleet": "target"}, "prefix and target belong to an event with target"),
        ({**TARGET, "fleet": "start"}, "prefix and target belong to an event with target"),
        ({**TARGET, "prefix": "../../etc"}, "prefix: "),
        (a_timer_for({"fleet": "begin"}), "the timer's user_event cannot be used: fleet: "),
        (a_timer_for('{"fleet": '), "the timer's user_event is not JSON"),
    ],
)
def test_what_is_asked_of_a_fleet_by_mistake_is_an_error(event: object, trouble: str) -> None:
    with pytest.raises(EventError, match=re.escape(trouble)):
        asked_of_fleet(event)


def test_an_event_for_a_fleet_is_checked_before_it_is_sent() -> None:
    assert read_keys(json.dumps(START).encode(), "the event") == START
