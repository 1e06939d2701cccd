"""How tests ask a simulator: small estates, ready requests, parsed answers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audit.simulator import Request, Response, Simulator, build_estate

AS_OF = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
CBR = "https://cbr.sim-1.myhuaweicloud.com"
IAM = "https://iam.sim-1.myhuaweicloud.com"


def a_simulator(
    scenario: str = "mixed", resources: int = 12, days: int = 10, seed: int = 1, **options: Any
) -> Simulator:
    estate = build_estate(scenario, seed=seed, resources=resources, days=days, as_of=AS_OF)
    return Simulator(estate, **options)


def ask(simulator: Simulator, path: str, method: str = "GET", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"X-Auth-Token": simulator.token, **named}
    return simulator.dispatch(Request(method, f"{CBR}/v3/{simulator.project_id}/{path}", headers))


def body_of(response: Response) -> Any:
    return json.loads(response.body)


def found(simulator: Simulator, path: str) -> Any:
    response = ask(simulator, path)
    assert response.status == 200, response.body
    return body_of(response)


def password_request(simulator: Simulator, **changed: str) -> dict[str, Any]:
    said = {"name": simulator.user, "password": simulator.password, "domain": simulator.domain, **changed}
    user = {"name": said["name"], "password": said["password"], "domain": {"name": said["domain"]}}
    scope = {"project": {"id": changed.get("project", simulator.project_id)}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}


def sign_in(simulator: Simulator, body: Any, query: str = "?nocatalog=true") -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.dispatch(Request("POST", f"{IAM}/v3/auth/tokens{query}", _JSON, content))


_JSON: Mapping[str, str] = {"Content-Type": "application/json"}
