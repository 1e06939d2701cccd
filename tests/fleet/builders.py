"""Plans, receipts and what surrounds them, small and overridable."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.evidence.chain import Link
from audit.fleet.forms import Audited, Caller, Discovery, FleetPlan, Receipt, Status, Target
from audit.profile import Profile

AS_OF = datetime(2026, 11, 23, 4, tzinfo=UTC)
SHA = "0" * 64
PROFILE = Profile()
PROFILES = {PROFILE.sha256: PROFILE.canonical}
RUN = "20261123T040000Z-0123456789ab"


def a_target(number: int = 1, **changes: Any) -> Target:
    named = {
        "account": f"account-{number}",
        "account_name": f"company-{number}",
        "region": "eu-west-101",
        "project_id": f"project-{number}",
        "project_name": "eu-west-101",
        "profile_sha256": PROFILE.sha256,
    }
    return Target.model_validate({**named, **changes})


def a_plan(*targets: Target, **changes: Any) -> FleetPlan:
    named = {
        "fleet": "all",
        "run": RUN,
        "as_of": AS_OF,
        "deadline": AS_OF + timedelta(hours=2),
        "tool_version": "0.3.0",
        "configuration_sha256": SHA,
        "targets": targets,
        "discovery": Discovery(accounts=len({target.account for target in targets})),
    }
    return FleetPlan.model_validate({**named, **changes})


def what_was_found(target: Target, **changes: Any) -> Audited:
    prefix = f"{target.project_id}/2026/11/23/{RUN}"
    named = {
        "conclusion": "compliant",
        "complete": True,
        "run": RUN,
        "prefix": prefix,
        "digest": Link(object=f"{target.project_id}/digest/0000000001-{RUN}.json", sha256=SHA),
        "resources": 10,
        "failing": 0,
        "without_backup": 0,
        "oldest_backup": AS_OF - timedelta(hours=6),
        "problems": 0,
        "by_severity": {},
        "findings": {"pass": 100},
    }
    return Audited.model_validate({**named, **changes})


def a_receipt(target: Target, status: Status = Status.AUDITED, **changes: Any) -> Receipt:
    named = {
        "fleet_run": RUN,
        "target": target.key,
        "status": status,
        "reason": "" if status == Status.AUDITED else "for a reason",
        "caller": Caller(way="sts-v5" if target.agency else "own", account_id=target.account),
        "started_at": AS_OF,
        "ended_at": AS_OF + timedelta(minutes=1),
        "tool_version": "0.3.0",
        "audited": what_was_found(target) if status == Status.AUDITED else None,
    }
    return Receipt.model_validate({**named, **changes})


def stored(*receipts: Receipt) -> dict[str, tuple[Receipt, str]]:
    return {receipt.target: (receipt, hashlib.sha256(receipt.dump()).hexdigest()) for receipt in receipts}
