import pytest

from audit.app.event import read_event
from audit.app.foreign_events import ACCEPTED, refusal
from audit.errors import EventError
from tests.app.test_event import TIMER
from tests.watch.events import DDS, DIS, GAUSSDB, KAFKA, LTS, OBS, OUTCOME, SMN, WEBSOCKET, Event


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (KAFKA, "one of a trigger of the type 'KAFKA'"),
        (KAFKA | {"trigger_type": ["odd"]}, "one of a trigger of the type \"['odd']\""),
        (SMN, "a message of Simple Message Notification (SMN)"),
        (OBS, "a notification of Object Storage Service (OBS)"),
        (LTS, "a batch of logs of Log Tank Service (LTS)"),
        (DIS, "a batch of records of Data Ingestion Service (DIS)"),
        (DDS, "a change in Document Database Service (DDS)"),
        (GAUSSDB, "a change in the database 'gaussmongo'"),
        ({"records": [{"value": 1}]}, "a list of records"),
        (WEBSOCKET, "an event of API Gateway without an HTTP method, such as one of a WebSocket"),
        (OUTCOME, "the outcome of an asynchronous invocation, sent to this function as its destination"),
    ],
)
def test_an_event_of_another_trigger_is_called_what_it_is(event: Event, what: str) -> None:
    with pytest.raises(EventError) as error:
        read_event(event)

    assert str(error.value) == f"the event is {what}: remove that trigger from the function; {ACCEPTED}"


@pytest.mark.parametrize("event", [{}, TIMER, {"records": []}, {"record": [5]}, {"since": "7d"}])
def test_what_is_no_event_of_another_trigger_is_not_called_one(event: Event) -> None:
    assert refusal(event) is None


def test_an_event_that_is_nothing_like_ours_is_refused_in_one_line() -> None:
    with pytest.raises(
        EventError, match=r"of no known kind, with keys such as 'alpha', 'beta', 'x{40}'; the function takes"
    ):
        read_event({"alpha": 1, "beta": 2, "x" * 99: 3, "delta": 4})


def test_an_event_of_ours_with_a_mistake_is_told_where_it_is() -> None:
    with pytest.raises(EventError, match=r"sinse is not a key of an event; did you mean since\?"):
        read_event({"sinse": "7d", "alpha": 1, "beta": 2})


def test_a_broken_timer_is_no_other_trigger() -> None:
    with pytest.raises(EventError, match="the event cannot be used: time: Field required"):
        read_event({key: value for key, value in TIMER.items() if key != "time"})
