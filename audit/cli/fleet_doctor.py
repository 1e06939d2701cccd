"""Runs the checks of ``cbr-audit fleet doctor``: at home, in each account, and in each target. Nothing is stored."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from msgspec.structs import replace

from audit.app.connections import Connections, opened
from audit.app.doctor import Check, Result, examine_own, is_signed_in
from audit.app.request import RunRequest, request_from_settings
from audit.cli.doctor import examine_keeping, examine_reading
from audit.cloud.cbr.client import actions
from audit.errors import AuditError
from audit.fleet.configuration import FleetFile
from audit.fleet.forms import FleetPlan, Target
from audit.fleet.found import Everything
from audit.fleet.starting import load_configured, planned, run_id
from audit.fleet.target_run import variables_of
from audit.profile import Profile
from audit.profile.applied import lists_of
from audit.report.wording import count

HOME: Final = "home"
_TIME_LIMIT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PlacedCheck:
    """A check, and what it is about: home, an account or a target."""

    place: str
    check: Check


def run_fleet_checks(variables: Mapping[str, str]) -> Iterator[PlacedCheck]:
    """Check everything that a fleet with these settings needs; wrong settings are a failed check, not an error."""
    try:
        request = _hurried(request_from_settings(variables))
        fleet = load_configured(request.settings)
        with opened(request) as connections:
            yield from _examine(fleet, request, connections, variables)
    except AuditError as error:
        yield PlacedCheck(HOME, Check("settings", Result.MISSING, str(error)))


def _examine(
    fleet: FleetFile, request: RunRequest, connections: Connections, variables: Mapping[str, str]
) -> Iterator[PlacedCheck]:
    at_home = partial(PlacedCheck, HOME)
    name = fleet.configuration.name
    yield at_home(Check("settings", Result.OK, f"fleet {name}, project {request.settings.project_id}"))
    own = examine_own(connections.own_identity)
    yield at_home(own)
    run = run_id(name, request.until, "doctor")
    plan, found = planned(fleet, request, connections, run, is_continued=False)
    yield from map(at_home, _examine_discovery(fleet, plan, found))
    by_hash = {profile.sha256: profile for profile in fleet.profiles.values()}
    with ThreadPoolExecutor(fleet.configuration.limits.parallel) as threads:
        examined = threads.map(
            lambda target: [*_examine_target(target, plan, by_hash[target.profile_sha256], variables)], plan.targets
        )
        for target, checks in zip(plan.targets, examined, strict=True):
            yield from (PlacedCheck(target.called, check) for check in checks)
    yield from map(at_home, examine_keeping(connections, is_signed_in=is_signed_in([own])))


def _examine_discovery(fleet: FleetFile, plan: FleetPlan, found: Everything) -> Iterator[Check]:
    """Check whether Organizations and IAM say everything that the fleet file asks them for."""
    wanted = fleet.configuration.discovery
    if wanted.organization and not found.organization.troubles:
        yield Check("organization", Result.OK, count(len(found.organization.accounts), "account"))
    sound = [each for each in found.projects.values() if not each.troubles]
    if sound:
        projects = sum(len(each.projects) for each in sound)
        yield Check("projects", Result.OK, f"{count(projects, 'project')} in {count(len(sound), 'account')}")
    yield from (Check("discovery", Result.MISSING, trouble) for trouble in plan.discovery.troubles)
    if plan.discovery.accounts < plan.min_accounts:
        few = f"{count(plan.discovery.accounts, 'account')} found, and at least {plan.min_accounts} are expected"
        yield Check("accounts", Result.MISSING, few)
    if not plan.targets:
        yield Check("targets", Result.MISSING, "there is nothing to audit: see `cbr-audit fleet plan`")


def _examine_target(target: Target, plan: FleetPlan, profile: Profile, variables: Mapping[str, str]) -> Iterator[Check]:
    """Check as whom a target is read, and each of its lists."""
    try:
        given = variables_of(target, plan, variables)
        request = _hurried(request_from_settings(given, as_of=plan.as_of.isoformat(), profile=profile, official=True))
        with opened(request) as connections:
            yield from examine_reading(connections, actions(lists_of(request.profile, request.settings.cloud)))
    except AuditError as error:
        yield Check("settings", Result.MISSING, str(error))


def _hurried(request: RunRequest) -> RunRequest:
    return replace(request, budget=_TIME_LIMIT, storing=_TIME_LIMIT)
