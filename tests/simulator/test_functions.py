import json
from typing import Any

import pytest

from audit.simulator import Request, Response, Simulator
from tests.simulator.asking import a_simulator, body_of


def invoke(simulator: Simulator, how: str = "invocations", body: bytes = b"{}", urn: str | None = None) -> Response:
    url = f"https://functiongraph.sim-1.myhuaweicloud.com/v2/{simulator.project_id}/fgs/functions"
    headers = {"X-Auth-Token": simulator.token}
    return simulator.dispatch(Request("POST", f"{url}/{urn or simulator.function_urn}/{how}", headers, body))


def test_the_function_that_was_plugged_in_is_called_with_the_event() -> None:
    simulator = a_simulator(resources=1)
    events: list[Any] = []

    def function(event: Any) -> Any:
        events.append(event)
        return {"seen": len(events)}

    simulator.plug_in(function)

    waited = invoke(simulator, body=b'{"a": 1}')
    started = invoke(simulator, "invocations-async", b'{"a": 2}', simulator.function_urn.replace(":", "%3A"))

    assert json.loads(body_of(waited)["result"]) == {"seen": 1}
    assert (waited.status, waited.headers["X-Is-Func-Err"], waited.headers["X-Func-Err-Code"]) == (200, "false", "0")
    assert (started.status, body_of(started)) == (202, {"request_id": "invocation-1"})
    assert events == [{"a": 1}, {"a": 2}]


def test_an_error_of_the_function_is_its_result() -> None:
    simulator = a_simulator(resources=1)
    simulator.plug_in(lambda event: event["missing"])

    answer = invoke(simulator)
    assert json.loads(body_of(answer)["result"]) == {"errorMessage": "'missing'", "errorType": "KeyError"}
    assert (answer.headers["X-Is-Func-Err"], answer.headers["X-Func-Err-Code"]) == ("true", "1")


@pytest.mark.parametrize("change", ["cbr-audit:latest>cbr-audit:1", "cbr-audit:latest>other", "sim-1>sim-2"])
def test_only_the_one_function_is_there(change: str) -> None:
    simulator = a_simulator(resources=1)
    assert invoke(simulator).status == 404
    simulator.plug_in(lambda _event: None)
    assert invoke(simulator).status == 200

    old, _, new = change.partition(">")
    assert invoke(simulator, urn=simulator.function_urn.replace(old, new)).status == 404


def test_an_event_that_is_no_json_is_refused() -> None:
    simulator = a_simulator(resources=1)
    simulator.plug_in(lambda _event: None)

    assert (invoke(simulator, body=b"{").status, invoke(simulator, body=b"").status) == (400, 400)
