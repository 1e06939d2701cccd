"""A company of units, regions and owners in which some is hidden, and what an audit of all of it must conclude."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

from audit.simulator.accounts import MemberAccount
from audit.simulator.company_of_accounts import AGENCY, Company, a_member
from audit.simulator.directory import Membership
from audit.simulator.estate import build_estate
from audit.simulator.messages import Row
from audit.simulator.routes import ACTIONS
from audit.simulator.simulator import Simulator

SCENARIOS: Final = ("mixed", "healthy", "partial")
"""Some projects fail and some are not seen; nothing is wrong; nothing fails, and some is not seen."""
_DENYING: Final = "denying"
_HOME: Final = {"audit": ("sim-north",)}
_MIXED: Final = {
    "shop": ("sim-north", "sim-south"),
    "bank": ("sim-north", "sim-north_cards", "sim-south"),
    "logistics": ("sim-north", "sim-south"),
}
_CLOSED_IN: Final = {"research": ("sim-south",)}
_LEFT_OUT: Final = {"playground": ("sim-north",)}
_ESTATES: Final = ("mixed", "mixed", "healthy", "healthy", "healthy", "gapped", _DENYING)
"""One for each project of those accounts, in an order that depends on the seed."""
_UNITS: Final = {
    "shop": ("production", "retail"),
    "bank": ("production", "finance"),
    "logistics": ("production", "retail"),
    "research": ("research",),
    "playground": ("sandbox",),
}
_OWNERS: Final = {
    "audit": "Platform team",
    "shop": "Ana Silva",
    "bank": "Wei Chen",
    "logistics": "Ana Silva",
    "research": "Noor Haddad",
}
_OLD: Final = Membership("f" * 32, "old-shop", ("production", "retail"), "suspended")
_RESOURCES: Final = 6
_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class StagedCompany:
    """A company and the truth about it.

    Attributes:
        company: the company; its first account audits the others.
        truth: what a first audit of all accounts must conclude, and for each target its status and conclusion.
        unlisted: the account, region and id of each project that only a person can name: its account lets nobody in.
    """

    company: Company
    truth: Row
    unlisted: tuple[tuple[str, str, str], ...]


def build_staged_company(
    scenario: str = "mixed",
    *,
    seed: int = 1,
    as_of: datetime,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> StagedCompany:
    """Build a company; the same arguments give the same one.

    Args:
        scenario: one of ``SCENARIOS``.
        seed: any number; each gives other projects, and other ones that fail or are hidden.
        as_of: the last moment of the estates.
        clock: as for ``Company``.

    Raises:
        ValueError: there is no such scenario.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}; choose one of {', '.join(SCENARIOS)}")
    kept = {"mixed": {*_ESTATES}, "healthy": {"healthy"}, "partial": {"healthy", "gapped", _DENYING}}[scenario]
    drawn = [state if state in kept else "healthy" for state in Random(seed).sample(_ESTATES, len(_ESTATES))]
    members: list[MemberAccount] = []
    conclusions = {}
    for number, (name, regions) in enumerate((_HOME | _MIXED | _CLOSED_IN | _LEFT_OUT).items()):
        projects = {}
        for place, region in enumerate(regions):
            state = drawn.pop() if name in _MIXED else "healthy"
            projects[region], conclusion = _project(state, 1000 * seed + 10 * number + place, as_of, clock)
            conclusions[name, region] = conclusion
        members.append(a_member(number, name, projects, trusts=members[0].id if members else ""))
    company = Company(members, clock=clock)
    _organise(company)
    unlisted = () if scenario == "healthy" else tuple(_close(company))
    denied = {project for _account, _region, project in unlisted}
    return StagedCompany(company, _truth(company, conclusions, denied), unlisted)


def _project(state: str, seed: int, as_of: datetime, clock: Callable[[], datetime]) -> tuple[Simulator, str | None]:
    """Build a project, and what its audit must conclude: None if it cannot be read."""
    is_denying = state == _DENYING
    scenario = "healthy" if is_denying else state
    estate = build_estate(scenario, seed=seed, resources=_RESOURCES, days=_DAYS, as_of=as_of)
    simulator = Simulator(estate, clock=clock, denied=ACTIONS if is_denying else ())
    return simulator, None if is_denying else estate.truth()["conclusion"]


def _close(company: Company) -> Iterator[tuple[str, str, str]]:
    """Let nobody into some accounts, and name their projects."""
    for name in _CLOSED_IN:
        company[name].agencies[AGENCY].trusts.clear()
        for region, project in company[name].projects.items():
            yield company[name].id, region, project.project_id


def _organise(company: Company) -> None:
    """Put the accounts into units, say who owns them, and let one be suspended."""
    for name, member in company.directory.members.items():
        member.units = _UNITS.get(name, ())
        member.tags = {"owner": _OWNERS[name]} if name in _OWNERS else {}
    company.directory.members[_OLD.name] = _OLD


def _truth(company: Company, conclusions: dict[tuple[str, str], str | None], denied: set[str]) -> Row:
    """State it: a failure is one whatever was not seen, and any doubt keeps all from being well."""
    targets = []
    for (name, region), concluded in conclusions.items():
        project = company[name].projects[region].project_id
        conclusion = None if project in denied else concluded
        line = {
            "account": company[name].id,
            "region": region.partition("_")[0],
            "project_id": project,
            "status": "denied" if conclusion is None else "audited",
            "conclusion": conclusion,
        }
        if name not in _LEFT_OUT:
            targets.append(line)
    seen = {target["conclusion"] for target in targets}
    is_whole = not denied and seen <= {"compliant", "non_compliant"}
    return {
        "conclusion": "non_compliant" if "non_compliant" in seen else "compliant" if is_whole else "incomplete",
        "complete": is_whole,
        "left_out": sorted([*(company[name].id for name in _LEFT_OUT), _OLD.id]),
        "targets": sorted(targets, key=lambda target: (target["account"], target["region"], target["project_id"])),
    }
