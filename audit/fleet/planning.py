"""From a configuration and what was found to the plan. Pure: the same input gives the same bytes.

What could not be looked at is a trouble of the plan, and what was known of it before stays planned.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Self

from msgspec import Struct, field, structs

from audit.fleet.configuration import FleetConfiguration
from audit.fleet.forms import (
    REGION,
    Discovery,
    Evidence,
    FleetPlan,
    FormerFleetRun,
    NotAudited,
    Target,
    sorted_targets,
)
from audit.fleet.found import Everything, FoundAccount, FoundProject, RawAnswer
from audit.fleet.publication import evidence_name
from audit.fleet.selecting import is_about_accounts, selects
from audit.judging.patterns import fits
from audit.profile import Profile

_FOR_BILLING: Final = "MOS"
"""A project of every account that is only for the billing of OBS."""
_CLOSED: Final = {
    "suspended": "the account is suspended",
    "pending_closure": "the account is being closed",
}


class PlanFrame(Struct, frozen=True, kw_only=True):
    """What a plan says of its run, and what came before.

    Attributes:
        profiles: every profile that the configuration names.
        previous: the plan of the run before, None for the first, or if it is lost.
        link: where that is stored.
        lost: why a newer one cannot be compared with; empty if there is none.
        begun_at: when there is a plan, so that targets have their time also where an earlier time is judged.
    """

    run: str
    as_of: datetime
    tool_version: str
    configuration_sha256: str
    profiles: Mapping[str, Profile]
    previous: FleetPlan | None = None
    link: FormerFleetRun | None = None
    lost: str = ""
    begun_at: datetime | None = None


class _Candidate(Struct, frozen=True):
    """A project that may become a target."""

    region: str
    id: str
    name: str = ""

    @classmethod
    def of(cls, target: Target) -> Self:
        """Return that of an earlier target."""
        return cls(target.region, target.project_id, target.project_name)


class _Draft(Struct):
    """A plan in the making."""

    configuration: FleetConfiguration
    found: Everything
    profiles: Mapping[str, Profile]
    targets: list[Target] = field(default_factory=list)
    left_out: list[NotAudited] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)

    def doubt(self, account: FoundAccount, *troubles: str) -> None:
        """Note that projects of an account may be missing, and why."""
        self.troubles += troubles
        self.doubtful.add(account.id)


def members(configuration: FleetConfiguration, found: Everything) -> tuple[FoundAccount, ...]:
    """Return every account of the fleet, sorted by id: those of the organisation, and those that the file lists."""
    known = {
        account.id: structs.replace(account, agency=configuration.agency_of(account.id))
        for account in found.organization.accounts
    }
    for listed in configuration.listed:
        known[listed.id] = _listed(listed, known.get(listed.id))
    for target in configuration.targets:
        if target.account not in known:
            agency = configuration.agency_of(target.account)
            known[target.account] = FoundAccount(id=target.account, agency=agency, is_searched=False)
    return tuple(known[account] for account in sorted(known))


def why_left_out(configuration: FleetConfiguration, account: FoundAccount) -> str:
    """Say why a whole account is not audited; an empty text if it is."""
    if account.status in _CLOSED:
        return _CLOSED[account.status]
    rule = next((each for each in configuration.leave_out if is_about_accounts(each) and selects(each, account)), None)
    return rule.reason if rule else _unit_reason(configuration, account)


def plan(configuration: FleetConfiguration, found: Everything, frame: PlanFrame) -> FleetPlan:
    """Plan a fleet run."""
    draft = _Draft(configuration, found, frame.profiles)
    draft.troubles += (*found.organization.troubles, *found.regions.troubles, *filter(None, (frame.lost,)))
    accounts = members(configuration, found)
    before = frame.previous.targets if frame.previous else ()
    for account in accounts:
        _plan_account(draft, account, tuple(target for target in before if target.account == account.id))
    if not found.organization.is_whole:
        _keep_accounts(draft, before, {account.id for account in accounts})
    draft.troubles += _in_two_accounts(draft.targets)
    return FleetPlan(
        fleet=configuration.name,
        run=frame.run,
        as_of=frame.as_of,
        deadline=max(frame.as_of, frame.begun_at or frame.as_of) + timedelta(minutes=configuration.limits.minutes),
        tool_version=frame.tool_version,
        configuration_sha256=frame.configuration_sha256,
        min_accounts=configuration.expect.min_accounts,
        timezone=configuration.timezone,
        language=configuration.language,
        targets=sorted_targets(draft.targets),
        left_out=tuple(sorted(draft.left_out, key=lambda each: (each.account, each.region, each.project_id))),
        discovery=Discovery(
            accounts=len(accounts),
            troubles=tuple(dict.fromkeys(draft.troubles)),
            doubtful=tuple(sorted(draft.doubtful)),
            evidence=tuple(_evidence(answer) for answer in found.answers),
        ),
        previous=frame.link,
    )


def stored_answers(found: Everything) -> dict[str, bytes]:
    """Return the responses that a plan rests on, by the name that it gives them."""
    return {evidence_name(answer.body): answer.body for answer in found.answers}


def _evidence(answer: RawAnswer) -> Evidence:
    return Evidence(
        name=evidence_name(answer.body),
        sha256=hashlib.sha256(answer.body).hexdigest(),
        url=answer.url,
        account=answer.account,
        received_at=answer.received_at.replace(microsecond=0),  # as plans write it
    )


def _listed(listed: FoundAccount, known: FoundAccount | None) -> FoundAccount:
    """Add what the file says of an account to what the organisation says."""
    if known is None:
        return listed
    return structs.replace(
        known,
        name=known.name or listed.name,
        status=known.status if known.status in _CLOSED else listed.status,
        tags={**known.tags, **listed.tags},
        agency=listed.agency,
        regions=listed.regions,
    )


def _unit_reason(configuration: FleetConfiguration, account: FoundAccount) -> str:
    """Say why the units above an account leave it out; what is in no unit, or in an unknown one, is not left out."""
    names = tuple(account.unit_names)
    discovery = configuration.discovery
    if discovery.exclude_units and fits(discovery.exclude_units, *names):
        return "its unit is excluded (discovery.exclude_units)"
    if discovery.include_units and names and not fits(discovery.include_units, *names):
        return "its unit is not included (discovery.include_units)"
    return ""


def _is_left_out(draft: _Draft, account: FoundAccount) -> bool:
    """Say so in the plan if a whole account is left out."""
    reason = why_left_out(draft.configuration, account)
    if reason:
        draft.left_out.append(NotAudited(account=account.id, account_name=account.name, reason=reason))
    return bool(reason)


def _plan_account(draft: _Draft, account: FoundAccount, before: Sequence[Target]) -> None:
    """Plan the projects of one account: found by IAM, listed in the file, or known before."""
    if _is_left_out(draft, account):
        return
    said = len(draft.left_out) + len(draft.troubles)
    listed = {
        target.project: _Candidate(target.region, target.project, target.name)
        for target in draft.configuration.targets
        if target.account == account.id
    }
    places = {**listed, **_found_places(draft, account, listed)}
    searched = draft.found.projects.get(account.id)
    if searched and not searched.is_whole:
        draft.doubt(account, *(f"{account.called}: {trouble}" for trouble in searched.troubles))
        seen = {*places, *(project.id for project in searched.projects)}
        kept = [place for place in _wanted(draft, account, before) if place.id not in seen]
        places |= {place.id: place for place in kept}
        if kept:
            draft.troubles.append(f"{account.called}: {_stay(len(kept))}")
    _plan_places(draft, account, places.values())
    if not places and said == len(draft.left_out) + len(draft.troubles):
        _say_that_there_is_nothing(draft, account)


def _found_places(draft: _Draft, account: FoundAccount, listed: Mapping[str, _Candidate]) -> dict[str, _Candidate]:
    """Return the projects that IAM lists and that can be targets; say why the others cannot."""
    configuration, found = draft.configuration, draft.found.projects.get(account.id)
    wanted = account.regions or configuration.discovery.regions
    places = {}
    for project in found.projects if found else ():
        place = _Candidate(project.name.partition("_")[0], project.id, project.name)
        if project.name == _FOR_BILLING or project.id in listed:
            continue
        if reason := _why_not(project, place.region, wanted):
            draft.left_out.append(_not_audited(account, place, reason))
        elif _is_region(place.region, wanted or draft.found.regions.names) or _rule_reason(
            configuration, account, place
        ):
            places[project.id] = place
        else:
            draft.doubt(
                account,
                f"{account.called}: the name of the project {project.name} ({project.id}) begins with no region: "
                "list it under targets with its region, or leave it out with a reason",
            )
    return places


def _why_not(project: FoundProject, region: str, wanted: Sequence[str] | None) -> str:
    """Say why a project is not audited; an empty text if it may be."""
    if not project.is_enabled:
        return "the project is disabled"
    if project.is_domain:
        return "it stands for the account itself"
    return "its region is not one of those to audit" if wanted and region not in wanted else ""


def _is_region(text: str, known: Collection[str] | None) -> bool:
    return re.fullmatch(REGION, text) is not None and (known is None or text in known)


def _not_audited(account: FoundAccount, place: _Candidate, reason: str) -> NotAudited:
    return NotAudited(
        account=account.id,
        account_name=account.name,
        region=place.region,
        project_id=place.id,
        project_name=place.name,
        reason=reason,
    )


def _say_that_there_is_nothing(draft: _Draft, account: FoundAccount) -> None:
    """Say that an account has no targets, and whether that is a fact or only not known."""
    if account.id in draft.found.projects:
        reason = "it has no project that could be audited"
        draft.left_out.append(NotAudited(account=account.id, account_name=account.name, reason=reason))
    else:
        draft.doubt(
            account,
            f"{account.called}: nobody lists its projects: switch discovery.projects on, list them under targets, or "
            "leave the account out with a reason",
        )


def _plan_places(draft: _Draft, account: FoundAccount, places: Iterable[_Candidate]) -> None:
    """Make targets of places, unless a rule leaves them out."""
    configuration = draft.configuration
    for place in places:
        if reason := _rule_reason(configuration, account, place):
            draft.left_out.append(_not_audited(account, place, reason))
            continue
        where = (account, place.region, place.id, place.name)
        profile = next((each.profile for each in configuration.rules if selects(each, *where)), configuration.profile)
        draft.targets.append(
            Target(
                account=account.id,
                account_name=account.name,
                region=place.region,
                project_id=place.id,
                project_name=place.name,
                unit=account.units,
                tags=dict(account.tags),
                owner=account.tags.get(configuration.owner_tag or "", ""),
                agency=account.agency,
                profile_sha256=draft.profiles[profile].sha256,
            )
        )


def _rule_reason(configuration: FleetConfiguration, account: FoundAccount, place: _Candidate) -> str:
    """Say why a rule leaves a place out; an empty text if none does."""
    where = (account, place.region, place.id, place.name)
    return next((rule.reason for rule in configuration.leave_out if selects(rule, *where)), "")


def _wanted(draft: _Draft, account: FoundAccount, before: Iterable[Target]) -> list[_Candidate]:
    """Return the places of earlier targets that are in a region to audit."""
    wanted = account.regions or draft.configuration.discovery.regions
    return [_Candidate.of(target) for target in before if not wanted or target.region in wanted]


def _keep_accounts(draft: _Draft, before: Iterable[Target], known: set[str]) -> None:
    """Keep the targets of accounts that an organisation, not read completely, may have not shown."""
    lost: dict[str, list[Target]] = {}
    for target in before:
        if target.account not in known:
            lost.setdefault(target.account, []).append(target)
    for targets in lost.values():
        first = targets[0]
        account = FoundAccount(
            id=first.account,
            name=first.account_name,
            units=first.unit,
            tags=first.tags,
            agency=draft.configuration.agency_of(first.account),
        )
        places = _wanted(draft, account, targets)
        if places and not _is_left_out(draft, account):
            draft.doubt(account, f"{account.called} may have been missed: {_stay(len(places))}")
            _plan_places(draft, account, places)


def _in_two_accounts(targets: Iterable[Target]) -> list[str]:
    """Name the projects that are planned for more than one account; each can be in one only, and has one store."""
    times = Counter(target.project_id for target in targets)
    return [f"the project {name} is planned for {times[name]} accounts" for name in sorted(times) if times[name] > 1]


def _stay(count: int) -> str:
    return f"targets of the plan before that stay planned: {count}"
