"""The simulated company of ``demo --fleet`` and ``simulate --fleet``: how it is audited."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from audit.cli.fleet import audit_fleet, print_roll_up
from audit.settings import ANY_ACCOUNT
from audit.simulator import StagedCompany, build_staged_company, serve
from audit.timestamps import shown

_FILE: Final = """\
name: demo
home: {home}
agency: "iam::{any}:agency:cbr-audit"
discovery:
  organization: true
leave_out:
  - units: [sandbox]
    reason: a sandbox, nothing in it is kept
owner_tag: owner
expect:
  min_accounts: {accounts}
limits:
  parallel: 2
"""
_UNLISTED: Final = """\
targets:  # known without asking: their accounts let nobody in
"""


def demonstrate(scenario: str, *, seed: int, as_of: datetime, out: Path) -> None:
    """Audit a simulated company over real HTTP, print its roll-up, and write everything to a folder."""
    staged = build_staged_company(scenario, seed=seed, as_of=as_of)
    with serve(staged.company) as served:
        report, url = audit_fleet({**settings_of(staged, served.url), "CBR_AUDIT_STORE": str(out)}, shown(as_of))
    print_roll_up(report, url)


def settings_of(staged: StagedCompany, url: str) -> dict[str, str]:
    """Return what must be set to audit a served company, except for the store."""
    company = staged.company
    return {
        "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
        "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
        "HUAWEICLOUD_SDK_REGION": next(iter(company.auditor.projects)),
        "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": url,
        "CBR_AUDIT_ENDPOINT": url,
        "CBR_AUDIT_STS_ENDPOINT": url,
        "CBR_AUDIT_ORGANIZATIONS_ENDPOINT": url,
        "CBR_AUDIT_FLEET": fleet_file(staged),
    }


def told(staged: StagedCompany, url: str) -> dict[str, Any]:
    """Return what a person needs who tries a served company."""
    return {"url": url, "settings": settings_of(staged, url)}


def fleet_file(staged: StagedCompany) -> str:
    """Write the fleet file of a company."""
    company = staged.company
    text = _FILE.format(home=company.auditor.id, any=ANY_ACCOUNT, accounts=len(company.directory.members))
    lines = (
        f"  - {{account: {account}, region: {region}, project: {project}, name: {region}}}\n"
        for account, region, project in staged.unlisted
    )
    return f"{text}{_UNLISTED}{''.join(lines)}" if staged.unlisted else text
