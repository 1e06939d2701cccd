import json
from typing import Any

import pytest

from audit.simulator import Request, Response, Simulator
from audit.simulator.inbox import Message
from tests.simulator.asking import a_simulator, body_of

SMN = "https://smn.sim-1.myhuaweicloud.com"


def publish(simulator: Simulator, body: Any, topic: str | None = None, **headers: str) -> Response:
    named = {"X-Auth-Token": simulator.token, **{name.replace("_", "-"): value for name, value in headers.items()}}
    url = f"{SMN}/v2/{simulator.project_id}/notifications/topics/{topic or simulator.topic}/publish"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.dispatch(Request("POST", url, named, content))


def test_a_message_is_kept_and_gets_an_id() -> None:
    simulator = a_simulator(resources=1)
    answers = [publish(simulator, {"subject": "s", "message": f"m{number}"}) for number in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert len({body_of(answer)["message_id"] for answer in answers}) == 2
    assert simulator.inbox.messages == [Message("s", "m0"), Message("s", "m1")]


def test_a_topic_may_be_encoded_as_clients_do() -> None:
    simulator = a_simulator(resources=1)
    assert publish(simulator, {"message": "m"}, simulator.topic.replace(":", "%3A")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        [],
        {},
        {"message": ""},
        {"message": 5},
        {"message": "m", "subject": 5},
        {"message": "m", "subject": "two\nlines"},
        {"message": "m", "colour": "red"},
        {"message": "m", "subject": "é" * 257},
        {"message": "m" * (256 * 1024 + 1)},
    ],
)
def test_what_smn_does_not_take_is_refused(body: Any) -> None:
    simulator = a_simulator(resources=1)
    answer = publish(simulator, body)

    assert (answer.status, body_of(answer)["error_code"]) == (400, "SMN.0001")
    assert simulator.inbox.messages == []


def test_a_stranger_and_an_unknown_topic_are_refused() -> None:
    simulator = a_simulator(resources=1)

    assert publish(simulator, {"message": "m"}, X_Auth_Token="wrong").status == 401
    assert publish(simulator, {"message": "m"}, f"{simulator.topic}-2").status == 404


def test_hooks_and_pings_are_kept_as_they_came() -> None:
    simulator = a_simulator(resources=1)
    answers = [
        simulator.dispatch(Request("POST", f"http://127.0.0.1{path}", {}, b"text"))
        for path in ("/webhook", "/ping/0ff1ce-1/start", "/ping/0ff1ce-1", "/ping/0ff1ce-1/fail", "/ping/0ff1ce-1/end")
    ]

    assert [answer.status for answer in answers] == [204, 200, 200, 200, 404]
    assert [call.body for call in simulator.inbox.calls] == [b"text"]
    assert simulator.inbox.pings == [("start", "text"), ("success", "text"), ("fail", "text")]
