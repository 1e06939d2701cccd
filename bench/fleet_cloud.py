"""`python -m bench.fleet_cloud TARGETS RESOURCES`: a company of so many projects on a socket, until input ends.

It prints the settings of the account that audits them as one line of JSON. Its projects are copies of a few estates:
building a hundred different ones would take longer than auditing them.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import orjson

from audit.simulator import Company, Simulator, build_estate, serve
from audit.simulator.accounts import MemberAccount
from audit.simulator.company_of_accounts import a_member

REGIONS: Final = ("sim-1", "sim-2", "sim-3", "sim-4")
_DIFFERENT: Final = 4
_DAYS: Final = 30
_FILE: Final = """\
name: bench
home: {home}
agency: "iam::{{account}}:agency:cbr-audit"
discovery: {{organization: true}}
limits: {{parallel: 2}}
"""


def company_of(targets: int, resources: int, as_of: datetime, days: int = _DAYS) -> Company:
    """Build a company with a project in each region of an account, until there are as many as wanted."""
    estates = [
        build_estate("healthy", seed=seed, resources=resources, days=days, as_of=as_of) for seed in range(_DIFFERENT)
    ]
    places = [(number // len(REGIONS), REGIONS[number % len(REGIONS)]) for number in range(targets)]
    members: list[MemberAccount] = []
    for account in range(1 + (targets - 1) // len(REGIONS)):
        projects = {}
        for number, (owner, region) in enumerate(places):
            if owner == account:
                estate = replace(estates[number % _DIFFERENT], project_id=f"{number:032x}")
                projects[region] = Simulator(estate)
        trusts = members[0].id if members else ""
        members.append(a_member(account, f"account-{account:03}", projects, trusts=trusts))
    return Company(members)


def settings_of(company: Company, url: str) -> dict[str, str]:
    """Return the settings of the account that audits the others, except for the store."""
    return {
        "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
        "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
        "HUAWEICLOUD_SDK_REGION": REGIONS[0],
        "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": url,
        "CBR_AUDIT_ENDPOINT": url,
        "CBR_AUDIT_STS_ENDPOINT": url,
        "CBR_AUDIT_ORGANIZATIONS_ENDPOINT": url,
        "CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT": url,
        "CBR_AUDIT_FLEET": _FILE.format(home=company.auditor.id),
    }


def main(targets: int, resources: int) -> None:
    """Serve until standard input ends."""
    company = company_of(targets, resources, datetime.now(UTC).replace(microsecond=0))
    with serve(company) as served:
        sys.stdout.buffer.write(orjson.dumps(settings_of(company, served.url)) + b"\n")
        sys.stdout.buffer.flush()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
