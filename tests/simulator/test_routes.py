import re
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest

from audit.simulator import Request, Response, Simulator, build_estate
from tests.simulator.asking import AS_OF, CBR, a_simulator, ask, body_of, found, password_request, sign_in

Row = dict[str, Any]


@pytest.fixture(scope="module")
def mixed() -> Simulator:
    return a_simulator()


def resource_of(row: Row) -> Row:
    resource: Row = row["extra_info"].get("resource") or {}
    return resource


def some_backup(simulator: Simulator) -> Row:
    rows = (row for row in simulator.tasks if row["operation_type"] == "backup" and row["vault_id"])
    return next(rows)


def test_a_walk_over_all_pages_sees_every_task_once(mixed: Simulator) -> None:
    seen: list[str] = []
    while True:
        page = found(mixed, f"operation-logs?limit=70&offset={len(seen)}")
        assert (page["limit"], page["offset"], page["count"]) == (70, len(seen), len(mixed.tasks))
        if not page["operation_logs"]:
            break
        seen += [row["id"] for row in page["operation_logs"]]

    assert seen == [row["id"] for row in mixed.tasks]


def test_the_newest_tasks_come_first_without_any_parameter(mixed: Simulator) -> None:
    page = found(mixed, "operation-logs")
    times = [datetime.fromisoformat(row["created_at"]) for row in page["operation_logs"]]

    assert (page["limit"], page["offset"]) == (1000, 0)
    assert all(later >= earlier for later, earlier in pairwise(times))


@pytest.mark.parametrize(
    ("name", "value_of"),
    [
        ("operation_type", lambda row: row["operation_type"]),
        ("status", lambda row: row["status"]),
        ("provider_id", lambda row: row["provider_id"]),
        ("vault_id", lambda row: row["vault_id"]),
        ("resource_id", lambda row: resource_of(row).get("id")),
        ("resource_name", lambda row: resource_of(row).get("name")),
    ],
)
def test_a_filter_keeps_the_tasks_that_are_equal(mixed: Simulator, name: str, value_of: Callable[[Row], Any]) -> None:
    value = value_of(some_backup(mixed))
    fitting = [row["id"] for row in mixed.tasks if value_of(row) == value]

    page = found(mixed, f"operation-logs?{name}={value}")

    assert [row["id"] for row in page["operation_logs"]] == fitting
    assert 0 < page["count"] < len(mixed.tasks)


def test_the_vault_name_is_looked_for_anywhere_in_the_name(mixed: Simulator) -> None:
    page = found(mixed, "operation-logs?vault_name=production")

    assert {row["vault_name"] for row in page["operation_logs"]} == {
        "vault-production-web",
        "vault-production-db",
    }


def test_the_enterprise_project_is_that_of_the_vault() -> None:
    simulator = a_simulator("healthy", resources=20)
    private = next(vault for vault in found(simulator, "vaults")["vaults"] if "finance" in vault["name"])
    project = private["enterprise_project_id"]

    inside = found(simulator, f"operation-logs?enterprise_project_id={project}")
    default = found(simulator, "operation-logs?enterprise_project_id=0")
    everything = found(simulator, "operation-logs?enterprise_project_id=all_granted_eps")

    assert {row["vault_id"] for row in inside["operation_logs"]} == {private["id"]}
    assert inside["count"] + default["count"] == everything["count"] == len(simulator.tasks)


def test_times_are_compared_with_the_creation(mixed: Simulator) -> None:
    page = found(mixed, "operation-logs?start_time=2026-03-15T00:00:00Z&end_time=2026-03-16T00:00:00Z")
    rows = [row for row in mixed.tasks if row["created_at"].startswith("2026-03-15")]

    assert [row["id"] for row in page["operation_logs"]] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=ten",
        "limit=",
        "limit=%C2%B2",
        "limit=1&limit=1",
        "offset=-1",
        "offset=1.5",
        "start_time=2026-03-15",
        "end_time=2026-03-15T00:00:00",
        "operation_type=backups",
        "status=",
        "status=ok",
        "vault_id=",
        "policy_id=1",
        "sort=created_at",
    ],
)
def test_a_bad_parameter_is_refused(mixed: Simulator, query: str) -> None:
    response = ask(mixed, f"operation-logs?{query}")

    assert response.status == 400
    assert set(body_of(response)) == {"error_code", "error_msg"}
    assert body_of(response)["error_code"] == "BackupService.9900"


def test_one_task_is_shown_by_its_id(mixed: Simulator) -> None:
    row = some_backup(mixed)

    assert found(mixed, f"operation-logs/{row['id']}") == {"operation_log": row}


@pytest.mark.parametrize(
    ("path", "code"),
    [("operation-logs", "BackupService.6500"), ("policies", "BackupService.6000"), ("vaults", "BackupService.6105")],
)
def test_an_unknown_id_is_not_found(mixed: Simulator, path: str, code: str) -> None:
    response = ask(mixed, f"{path}/unknown")

    assert (response.status, body_of(response)["error_code"]) == (404, code)


def test_hidden_tasks_count_but_are_not_delivered() -> None:
    simulator = a_simulator("gapped")
    hidden = {row["id"] for row in simulator.tasks} - {
        row["id"] for row in found(simulator, "operation-logs")["operation_logs"]
    }

    assert found(simulator, "operation-logs")["count"] == len(simulator.tasks) < 1000
    assert len(hidden) >= 4
    assert ask(simulator, f"operation-logs/{min(hidden)}").status == 404


def test_policies_are_listed_by_type_and_by_vault(mixed: Simulator) -> None:
    page = found(mixed, "policies")
    replication = found(mixed, "policies?operation_type=replication")["policies"]
    links = replication[0]["associated_vaults"]
    of_vault = found(mixed, f"policies?vault_id={links[0]['vault_id']}")

    assert (page["limit"], page["offset"], page["count"]) == (1000, 0, len(page["policies"]))
    assert {policy["operation_type"] for policy in replication} == {"replication"}
    assert {policy["operation_type"] for policy in of_vault["policies"]} == {"backup", "replication"}
    assert found(mixed, f"policies/{replication[0]['id']}") == {"policy": replication[0]}
    assert ask(mixed, "policies?limit=10").status == 400


def test_vaults_are_listed_in_pages(mixed: Simulator) -> None:
    everything = found(mixed, "vaults")
    page = found(mixed, "vaults?limit=2&offset=1")

    assert page["vaults"] == everything["vaults"][1:3]
    assert (page["limit"], page["offset"], page["count"]) == (2, 1, everything["count"])


def test_vaults_can_be_chosen_by_each_parameter(mixed: Simulator) -> None:
    vaults = found(mixed, "vaults")["vaults"]
    vault = next(vault for vault in vaults if vault["name"] == "vault-production-web")
    policy = found(mixed, f"policies?vault_id={vault['id']}&operation_type=backup")["policies"][0]
    others = [other["id"] for other in vaults if other is not vault]
    resource_ids = f"unknown,{vault['resources'][0]['id']}"

    for query in (
        f"name={vault['name']}",
        f"id={vault['id']}",
        f"policy_id={policy['id']}&name={vault['name']}",
        f"resource_ids={resource_ids}",
        f"object_type=server&protect_type=backup&status={vault['billing']['status']}&id={vault['id']}",
        f"cloud_type=public&enterprise_project_id=0&id={vault['id']}",
    ):
        assert [other["id"] for other in found(mixed, f"vaults?{query}")["vaults"]] == [vault["id"]], query
    assert found(mixed, f"vaults?id={others[0]}&id={others[1]}")["count"] == 2
    assert found(mixed, f"vaults?policy_id={policy['id']}")["count"] == len(policy["associated_vaults"])
    assert found(mixed, "vaults?object_type=turbo")["count"] == 0
    assert found(mixed, "vaults?enterprise_project_id=all_granted_eps")["count"] == len(vaults)
    assert found(mixed, f"vaults/{vault['id']}") == {"vault": vault}


def test_unknown_paths_and_methods_are_answered_with_json(mixed: Simulator) -> None:
    unknown = ask(mixed, "checkpoints")
    wrong = ask(mixed, "vaults", "DELETE")

    assert (unknown.status, wrong.status) == (404, 405)
    assert wrong.headers["Allow"] == "GET"
    assert set(body_of(unknown)) == set(body_of(wrong)) == {"error_code", "error_msg"}


def test_every_answer_carries_an_id_and_a_date() -> None:
    simulator = a_simulator(resources=1, clock=lambda: AS_OF)
    answers = [ask(simulator, "vaults"), ask(simulator, "nothing")]

    assert all(re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"]) for answer in answers)
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 2
    assert {answer.headers["Date"] for answer in answers} == {"Fri, 20 Mar 2026 09:30:00 GMT"}


def test_another_project_is_forbidden(mixed: Simulator) -> None:
    url = f"{CBR}/v3/{'0' * 32}/operation-logs"

    response = mixed.dispatch(Request("GET", url, {"x-auth-token": mixed.token}))

    assert response.status == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("operation-logs", "cbr:tasks:list"),
        ("operation-logs/some", "cbr:tasks:get"),
        ("policies", "cbr:policies:list"),
        ("policies/some", "cbr:policies:get"),
        ("vaults", "cbr:vaults:list"),
        ("vaults/some", "cbr:vaults:get"),
        ("backups", "cbr:backups:list"),
    ],
)
def test_a_permission_can_be_taken_away_and_given_back(mixed: Simulator, path: str, action: str) -> None:
    allowed = ask(mixed, path).status

    mixed.deny("cbr:vaults:create", action)
    refused = ask(mixed, path)
    mixed.deny()

    assert refused.status == 403
    assert body_of(refused) == {
        "error_code": "Forbidden",
        "error_msg": f"Policy doesn't allow {action} to be performed.",
        "encoded_authorization_message": "Egpjbi1ub3J0aA==",
    }
    assert ask(mixed, path).status == allowed


def test_a_request_without_a_valid_token_is_refused(mixed: Simulator) -> None:
    response = ask(mixed, "vaults", X_Auth_Token="guessed")

    assert (response.status, body_of(response)["error_code"]) == (401, "APIGW.0301")


def test_a_password_gives_a_token_that_works_until_it_ends() -> None:
    now = [AS_OF]
    simulator = a_simulator(resources=1, token_lifetime=timedelta(minutes=5), clock=lambda: now[0])
    answer = sign_in(simulator, password_request(simulator))
    token = answer.headers["X-Subject-Token"]

    assert answer.status == 201
    assert body_of(answer)["token"]["expires_at"] == "2026-03-20T09:35:00.000000Z"
    assert ask(simulator, "vaults", X_Auth_Token=token).status == 200
    ready = simulator.token
    now[0] += timedelta(minutes=5)
    assert ask(simulator, "vaults", X_Auth_Token=token).status == 401
    assert simulator.token != ready, "the ready token is always a valid one"


def test_all_tokens_can_be_expired_at_once() -> None:
    simulator = a_simulator(resources=1)
    old = simulator.token

    assert simulator.token == old
    simulator.expire_tokens()

    assert ask(simulator, "vaults", X_Auth_Token=old).status == 401
    assert ask(simulator, "vaults").status == 200


@pytest.mark.parametrize("wrong", ["name", "password", "domain", "project"])
def test_wrong_credentials_are_refused_in_the_form_of_iam(mixed: Simulator, wrong: str) -> None:
    answer = sign_in(mixed, password_request(mixed, **{wrong: "other"}))

    assert answer.status == 401
    assert body_of(answer)["error"]["title"] == "Unauthorized"


def test_a_project_may_be_named_in_the_scope(mixed: Simulator) -> None:
    asked = password_request(mixed)
    asked["auth"]["scope"] = {"project": {"name": "sim-1"}}

    assert sign_in(mixed, asked).status == 201


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"auth": null}', b"\xff"])
def test_a_malformed_request_for_a_token_is_refused(mixed: Simulator, body: bytes) -> None:
    assert sign_in(mixed, body).status == 400


def test_a_token_needs_the_known_method_a_project_and_known_parameters(mixed: Simulator) -> None:
    other, unscoped = password_request(mixed), password_request(mixed)
    other["auth"]["identity"]["methods"] = ["totp"]
    unscoped["auth"]["scope"] = {"project": {}}

    assert sign_in(mixed, other).status == 400
    assert sign_in(mixed, unscoped).status == 400
    assert sign_in(mixed, password_request(mixed), "?nocatalog=perhaps").status == 400
    assert sign_in(mixed, password_request(mixed), "").status == 201


def test_requests_are_counted_and_can_be_intercepted() -> None:
    simulator = a_simulator(resources=1)
    odd = Response(503, {"Retry-After": "1"}, b"busy")
    simulator.intercept = lambda request, number: odd if number == 1 and request.method == "GET" else None

    assert [ask(simulator, "vaults").status for _ in range(3)] == [200, 503, 200]
    assert simulator.requests == 3


def test_answers_are_as_slow_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("audit.simulator.simulator.time.sleep", slept.append)

    ask(a_simulator(resources=1, latency=timedelta(milliseconds=250)), "vaults")

    assert slept == [0.25]


def test_a_habit_leaves_out_what_has_not_ended_where_an_end_is_given() -> None:
    simulator = a_simulator()
    row = next(iter(simulator.tasks))
    simulator.tasks.add({**row, "id": "open", "status": "running", "ended_at": None})
    ahead = "operation-logs?end_time=2036-01-01T00:00:00Z"

    assert found(simulator, ahead)["count"] == found(simulator, "operation-logs")["count"] == len(simulator.tasks)
    simulator.quirks.open_tasks_have_no_end = True
    assert found(simulator, ahead)["count"] < found(simulator, "operation-logs")["count"] == len(simulator.tasks)
    assert found(simulator, "operation-logs?status=running")["count"] >= 1


@pytest.mark.parametrize("path", ["operation-logs", "vaults", "backups"])
def test_enterprise_projects_are_listed_as_is_the_habit(path: str) -> None:
    simulator = a_simulator("healthy")
    granted, default = (f"{path}?enterprise_project_id={each}" for each in ("all_granted_eps", "0"))
    everything, part = (found(simulator, each)["count"] for each in (path, default))
    assert part < everything == found(simulator, granted)["count"]

    simulator.quirks.shows_default_project = True
    assert found(simulator, path)["count"] == part
    assert found(simulator, granted)["count"] == everything

    simulator.quirks.shows_default_project = False
    simulator.quirks.knows_enterprise_projects = False
    assert found(simulator, path)["count"] == everything
    assert ask(simulator, granted).status == 400


LONG = ("operation-logs", "backups")


@pytest.mark.parametrize("path", LONG)
def test_times_select_and_counts_count_as_is_the_habit(path: str) -> None:
    simulator = a_simulator("healthy")
    rows = found(simulator, path)[path.replace("-", "_")]
    oldest, newest = (f"{rows[place]['created_at'][:19]}Z" for place in (-1, 0))
    asked = f"{path}?start_time={newest}&limit=1"
    everything, since = found(simulator, path)["count"], found(simulator, asked)["count"]
    assert 1 <= since < everything

    simulator.quirks.counts = "the page"
    assert found(simulator, path)["count"] == len(rows)
    simulator.quirks.counts = "everything"
    assert found(simulator, asked)["count"] == everything
    simulator.quirks.counts = "what is selected"

    simulator.quirks.most_rows = 2
    assert (len(found(simulator, path)[path.replace("-", "_")]), found(simulator, path)["limit"]) == (2, 2)
    simulator.quirks.tells_most_rows = False
    assert [found(simulator, each)["limit"] for each in (path, f"{path}?limit=7")] == [2, 7]
    for name, number in (("", everything), ("updated_at", everything - 1), ("unknown", 0)):
        simulator.quirks.selects_by = name
        assert found(simulator, f"{path}?start_time={oldest}")["count"] >= number
    assert found(simulator, f"{path}?start_time={oldest}")["count"] == 0


def test_the_ends_of_a_time_are_within_or_not() -> None:
    estate = build_estate("healthy", resources=2, days=2, as_of=AS_OF)
    for row in (estate.tasks[0], estate.backups[0]):
        row["created_at"] = "2036-01-01T00:00:00"
    simulator = Simulator(estate)
    asked = [f"{path}?start_time=2036-01-01T00:00:00Z&end_time=2036-01-01T00:00:00Z" for path in LONG]

    assert [found(simulator, each)["count"] for each in asked] == [1, 1]
    simulator.quirks.ends_are_within = False
    assert [found(simulator, each)["count"] for each in asked] == [0, 0]


def test_the_times_of_a_request_may_be_read_by_another_clock() -> None:
    estate = build_estate("healthy", resources=2, days=2, as_of=AS_OF)
    for row in (estate.tasks[0], estate.backups[0]):
        row["created_at"] = "2036-01-01T00:00:00"
    simulator = Simulator(estate)
    simulator.quirks.hours_ahead = 8
    begins = ("2036-01-01T08:00:00Z", "2036-01-01T08:00:01Z")

    assert [found(simulator, f"{path}?start_time={each}")["count"] for path in LONG for each in begins] == [1, 0, 1, 0]
