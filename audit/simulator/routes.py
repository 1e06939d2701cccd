"""The routes: which method and path is handled by what. Every request comes through ``answer``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from audit.simulator import functions, identity, kept_routes, kms, notices, organisation_routes, parameters, trail
from audit.simulator.answers import DeniedError, RequestRefusedError, listing
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.listings import find, list_page, paging, show, times
from audit.simulator.messages import Request, Response, Row
from audit.simulator.task_log import ENDED

_NOT_FILTERS: Final = ("limit", "offset", "start_time", "end_time")


def answer(cloud: SimulatedCloud, request: Request) -> Response:
    """Find the route of a request and let it respond; every refusal becomes an error body."""
    try:
        return _route(cloud, request)
    except RequestRefusedError as refusal:
        return refusal.answer()


def list_tasks(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the task log, newest first.

    The documents do not say what ``start_time`` and ``end_time`` are compared with, or whether they are inclusive. Here
    both are compared with ``created_at`` and inclusive; quirks leave out what has not ended, or compare in other ways.
    """
    quirks = cloud.quirks
    asked = quirks.read(request.split().query, parameters.TASKS)
    limit, offset = paging(asked, most=quirks.most_rows)
    criteria = tuple(
        (name, str(value))
        for name, value in sorted(asked.items())
        if name not in _NOT_FILTERS and value != "all_granted_eps"
    )
    start, end = times(asked)
    if end and quirks.open_tasks_have_no_end:
        criteria = (*criteria, ENDED)
    if quirks.selects_as_usual:
        page = cloud.log.page(criteria, start=start, end=end, limit=limit, offset=offset)
    else:
        page = cloud.log.chosen(criteria, partial(quirks.selects, start=start, end=end), limit=limit, offset=offset)
    count = quirks.counted(selected=page.count, page=len(page.rows), everything=len(cloud.log))
    stated = quirks.stated_limit(asked, limit)
    return listing("operation_logs", page.rows, count=count, limit=stated, offset=offset)


def show_task(cloud: SimulatedCloud, _: Request, task_id: str) -> Response:
    """Show one task of the log."""
    return show("operation_log", cloud.log.find(task_id), "6500", "The operation log does not exist.")


def list_policies(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List all policies at once: this API has no paging, though its response has a limit and an offset."""
    asked = parameters.read(request.split().query, parameters.POLICIES)
    rows = [
        policy
        for policy in cloud.estate.policies
        if asked.get("operation_type", policy["operation_type"]) == policy["operation_type"]
        and ("vault_id" not in asked or asked["vault_id"] in _vaults_of(policy))
    ]
    return list_page("policies", rows, parameters.MOST_ROWS, 0)


def show_policy(cloud: SimulatedCloud, _: Request, policy_id: str) -> Response:
    """Show one policy."""
    return show("policy", find(cloud.estate.policies, policy_id), "6000", "The policy does not exist.")


def list_vaults(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the vaults, newest first; ``id`` may be repeated, ``resource_ids`` is a list with commas."""
    asked = cloud.quirks.read(request.split().query, parameters.VAULTS, repeatable="id")
    limit, offset = paging(asked)
    policies = [policy for policy in cloud.estate.policies if policy["id"] == asked.get("policy_id")]
    applied = {vault_id for policy in policies for vault_id in _vaults_of(policy)}
    rows = [vault for vault in cloud.estate.vaults if _vault_fits(vault, asked, applied)]
    return list_page("vaults", rows, limit, offset)


def show_vault(cloud: SimulatedCloud, _: Request, vault_id: str) -> Response:
    """Show one vault."""
    return show("vault", find(cloud.estate.vaults, vault_id), "6105", "The vault does not exist.")


@dataclass(frozen=True, slots=True)
class _Route:
    """One method on one path, and the permission that it needs; without one, it needs no credentials either."""

    method: str
    path: re.Pattern[str]
    handler: Callable[[SimulatedCloud, Request, str], Response]
    action: str = ""


def _in_project(path: str) -> re.Pattern[str]:
    return re.compile(rf"/v3/(?P<project>[^/]+)/{path}/?")


def _of_function(path: str) -> re.Pattern[str]:
    return re.compile(rf"/v2/(?P<project>[^/]+)/fgs/functions/(?P<id>[^/]+)/{path}")


def _in_kms(path: str) -> re.Pattern[str]:
    return re.compile(rf"/v1\.0/(?P<project>[^/]+)/kms/{path}")


_TOPIC: Final = re.compile(r"/v2/(?P<project>[^/]+)/notifications/topics/(?P<id>[^/]+)/publish")
_OF_ORGANISATIONS: Final = "cbr:organizationPolicies:list"
_OF_USAGE: Final = "cbr:vaults:get"  # undocumented: this service has decided
ROUTES: Final = (
    _Route("POST", re.compile(r"/v3/auth/tokens/?"), identity.give_token),
    _Route("GET", _in_project("operation-logs"), list_tasks, "cbr:tasks:list"),
    _Route("GET", _in_project("operation-logs/(?P<id>[^/]+)"), show_task, "cbr:tasks:get"),
    _Route("GET", _in_project("policies"), list_policies, "cbr:policies:list"),
    _Route("GET", _in_project("policies/(?P<id>[^/]+)"), show_policy, "cbr:policies:get"),
    _Route("GET", _in_project("vaults"), list_vaults, "cbr:vaults:list"),
    _Route("GET", _in_project("vaults/(?P<id>[^/]+)"), show_vault, "cbr:vaults:get"),
    _Route("GET", _in_project("backups"), kept_routes.list_backups, "cbr:backups:list"),
    _Route("GET", _in_project("backups/(?P<id>[^/]+)"), kept_routes.show_backup, "cbr:backups:get"),
    _Route(
        "GET",
        _in_project("protectables/(?P<id>[^/]+)/instances"),
        kept_routes.list_protectables,
        "cbr:vaults:listProtectables",
    ),
    _Route("GET", _in_project("backups/(?P<id>[^/]+)/members"), kept_routes.list_members, "cbr:member:list"),
    _Route("GET", _in_project("storage_usage"), kept_routes.list_usage, _OF_USAGE),
    _Route("GET", _in_project("agents"), kept_routes.list_agents, "cbr:agents:list"),
    _Route("GET", _in_project("organization-policies"), organisation_routes.list_policies, _OF_ORGANISATIONS),
    _Route(
        "GET",
        _in_project("organization-policies/(?P<id>[^/]+)/policy-detail"),
        organisation_routes.list_deployments,
        _OF_ORGANISATIONS,
    ),
    _Route("GET", _in_project("traces"), trail.list_traces, "cts:trace:list"),
    _Route("POST", _TOPIC, notices.publish, "smn:topic:publish"),
    _Route("POST", _in_kms("sign"), kms.sign, "kms:cmk:sign"),
    _Route("POST", _in_kms("get-publickey"), kms.get_public_key, "kms:cmk:getPublicKey"),
    _Route("POST", _of_function("invocations"), functions.invoke, "functiongraph:function:invoke"),
    _Route("POST", _of_function("invocations-async"), functions.invoke_later, "functiongraph:function:invokeAsync"),
    _Route("POST", re.compile(r"/webhook"), notices.call),
    _Route("POST", re.compile(r"/ping/[0-9a-f-]+(?:/(?P<id>start|fail))?"), notices.ping),
)
ACTIONS: Final = tuple(route.action for route in ROUTES if route.action)


def _route(cloud: SimulatedCloud, request: Request) -> Response:
    path = request.split().path
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match is None:
            continue
        if request.method != route.method:
            message = f"The method {request.method} is not allowed here."
            raise RequestRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "APIGW.0101", message, allow=route.method)
        names = match.groupdict()
        if route.action:
            _admit(cloud, request, names["project"], route.action)
        return route.handler(cloud, request, names.get("id") or "")
    raise RequestRefusedError(HTTPStatus.NOT_FOUND, "APIGW.0101", "The API does not exist.")


def _admit(cloud: SimulatedCloud, request: Request, project_id: str, action: str) -> None:
    """Check that the credentials may access this project and perform this action.

    Credentials are valid for one project. Another project is forbidden rather than not found, so that the response does
    not reveal whether it exists.
    """
    identity.check(cloud, request)
    if project_id != cloud.estate.project_id:
        message = "The credentials are not valid for this project."
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, "Forbidden", message)
    if action in cloud.denied:
        raise DeniedError(action)


def _vault_fits(vault: Row, asked: dict[str, object], applied: set[str]) -> bool:
    billing = vault["billing"]
    facts = {
        "name": vault["name"],
        "enterprise_project_id": vault["enterprise_project_id"],
        **{name: billing[name] for name in ("cloud_type", "protect_type", "object_type", "status")},
    }
    ids = asked.get("id", [vault["id"]])
    wanted = str(asked.get("resource_ids", "")).split(",")
    held = {resource["id"] for resource in vault["resources"]}
    return (
        all(asked.get(name, fact) in (fact, "all_granted_eps") for name, fact in facts.items())
        and isinstance(ids, list)
        and vault["id"] in ids
        and ("policy_id" not in asked or vault["id"] in applied)
        and ("resource_ids" not in asked or not held.isdisjoint(wanted))
    )


def _vaults_of(policy: Row) -> set[str]:
    return {link["vault_id"] for link in policy["associated_vaults"] or []}
