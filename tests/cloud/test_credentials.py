"""As whom the cloud is asked: the order of the ways, what the log says of it, and credentials that end."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from audit import log
from audit.app.execute import execute
from audit.app.request import request_from_event
from audit.cloud.credentials import HELD_BY_THE_PLATFORM, signed_in, way_of
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Transport
from audit.log import REDACTOR
from audit.settings import Settings, SignIn
from audit.simulator import Request, Response, Simulator, serve
from audit.timestamps import shown
from tests.pretend import AS_OF, Clock, Context, a_simulator, variables, without_waiting

KEYS = {"HUAWEICLOUD_SDK_AK": "AKEYAKEY", "HUAWEICLOUD_SDK_SK": "SKEYSKEY"}
TEMPORARY = {**KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "STSTOKEN"}
TOKEN = {"CBR_AUDIT_TOKEN": "MIIgiven"}
PERSON = {"CBR_AUDIT_USER": "somebody", "CBR_AUDIT_PASSWORD": "pass-of-somebody"}
PLACE = {
    "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
    "HUAWEICLOUD_SDK_REGION": "sim-1",
    "CBR_AUDIT_STORE": "/tmp/never-written",  # noqa: S108  # nothing is written
}
AGENCY_KEYS = ("FUNCTIONAK", "FUNCTIONSK", "FUNCTIONSTS")


@pytest.mark.parametrize(
    ("given", "keys", "token", "way"),
    [
        (TEMPORARY | TOKEN | PERSON, AGENCY_KEYS, "MIIagency", SignIn.FUNCTION_KEYS),
        (TEMPORARY | TOKEN | PERSON, ("", "", ""), "MIIagency", SignIn.TEMPORARY_KEYS),
        (KEYS | TOKEN | PERSON, ("", "", ""), "MIIagency", SignIn.KEYS),
        (TOKEN | PERSON, ("", "", ""), "MIIagency", SignIn.TOKEN),
        (PERSON, ("", "", ""), "MIIagency", SignIn.FUNCTION_TOKEN),
        (PERSON, ("", "", ""), "", SignIn.PASSWORD),
    ],
)
def test_the_first_way_that_is_there_is_taken(
    given: dict[str, str], keys: tuple[str, str, str], token: str, way: SignIn
) -> None:
    context = Context(PLACE | given, token=token, keys=keys)

    assert way_of(request_from_event(None, context, {}).settings, context) is way


@pytest.mark.parametrize(("given", "way"), [(TEMPORARY, SignIn.TEMPORARY_KEYS), (TOKEN, SignIn.TOKEN)])
def test_without_an_agency_the_settings_say_it(given: dict[str, str], way: SignIn) -> None:
    assert way_of(Settings.read(PLACE | given), None) is way


def run(simulator: Simulator, folder: Path, context: Callable[[dict[str, str]], Context]) -> list[dict[str, str]]:
    """Carry out an audit as the function does, and return what it logged."""
    said = io.StringIO()
    log.set_up(said)
    with serve(simulator) as served, without_waiting():
        given = variables(simulator, served.url, folder, CBR_AUDIT_USER="", CBR_AUDIT_PASSWORD="")
        agency = context(given)
        made = request_from_event({"as_of": shown(AS_OF)}, agency, {})
        execute(replace(made, nonce="always the same"), lambda _progress: None)
    return [json.loads(line) for line in said.getvalue().splitlines()]


def test_the_log_names_the_way_and_never_its_value(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    pair = simulator.temporary_keys()

    lines = run(simulator, tmp_path, lambda given: Context(given, keys=(pair.ak, pair.sk, pair.token)))

    assert lines[0]["sign_in"] == "temporary keys of the function"
    assert not any(secret in str(lines) for secret in (pair.sk, pair.token))


@pytest.mark.parametrize("kind", ["keys", "token"])
def test_what_ends_in_a_long_invocation_is_asked_of_the_platform_again(tmp_path: Path, kind: str) -> None:
    simulator = a_simulator("healthy")
    agencies: list[Context] = []
    sent: list[str | None] = []

    def another() -> dict[str, Any]:
        pair = simulator.temporary_keys()
        return {"keys": (pair.ak, pair.sk, pair.token)} if kind == "keys" else {"token": simulator.token}

    def end_them(request: Request, _number: int) -> Response | None:
        sent.append(request.header("X-Security-Token") or request.header("X-Auth-Token"))
        if "policies" in request.url and len(set(sent)) == 1:
            simulator.expire_keys()
            simulator.expire_tokens()
            vars(agencies[0]).update(another())
        return None

    def agency(given: dict[str, str]) -> Context:
        agencies.append(Context(given, **another()))
        return agencies[0]

    simulator.intercept = end_them
    lines = run(simulator, tmp_path, agency)

    assert lines[-1]["conclusion"] == "compliant"
    assert len(set(sent)) == 2
    assert [REDACTOR.text(str(value)) for value in set(sent)] == ["***", "***"], "the log knows the new ones too"


@pytest.mark.parametrize(("changed", "seen"), [("NEW", ["FUNCTIONAK", "NEW"]), ("", ["FUNCTIONAK", "FUNCTIONAK"])])
def test_keys_are_asked_for_again_before_they_end(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, changed: str, seen: list[str]
) -> None:
    """A platform that has nothing newer, or nothing at all, leaves what is known in use."""
    monkeypatch.setattr("audit.cloud.credentials.Fresh", partial(Fresh, clock=clock))
    agency = Context(PLACE, keys=AGENCY_KEYS)
    settings = request_from_event(None, agency, {}).settings
    keys = signed_in(settings, agency, Transport(), CloudClock()).keys
    assert keys is not None

    used = [keys.get().access_key]
    agency.keys = (changed, changed, changed)
    clock.now += HELD_BY_THE_PLATFORM.total_seconds() - 1
    used.append(keys.get().access_key)
    clock.now += 1
    used.append(keys.get().access_key)

    assert used == [AGENCY_KEYS[0], *seen]


def test_obs_has_no_keys_where_there_is_only_a_token() -> None:
    assert signed_in(Settings.read(PLACE | TOKEN), None, Transport(), CloudClock()).keys is None
    keys = signed_in(Settings.read(PLACE | KEYS), None, Transport(), CloudClock()).keys
    assert keys is not None
    assert keys.get() == Keys("AKEYAKEY", "SKEYSKEY")
