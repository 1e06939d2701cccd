"""Whole audits over a socket of kinds that are not the usual one: hybrid vaults, advanced rules, what was deleted."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.collection import Kind
from audit.judging.findings import Outcome
from audit.simulator import Simulator, build_estate
from tests.pretend import AS_OF, audit

STRICT = """
preset: strict
limits: {max_interval_hours: 24, min_retention_days: 35, max_retention_days: 3660, min_weekly_copies: 4,
  min_monthly_copies: 12, required_tags: [owner]}
"""
CONTROLS = {f"CBR-{number}" for number in (203, 204, 205, 206, 301, 303, 402, 403, 501, 502, 503, 504)}


def outcomes(report: Any, outcome: Outcome) -> set[tuple[str, str]]:
    return {
        (finding.control, finding.id)
        for finding in report.findings
        if finding.outcome is outcome and finding.control in CONTROLS
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("scenario", ["healthy", "mixed", "failing"])
@pytest.mark.no_cover
def test_the_strict_demands_find_what_was_planted_and_nothing_else(scenario: str, seed: int, tmp_path: Path) -> None:
    estate = build_estate(scenario, seed=seed, resources=18, days=20, as_of=AS_OF)
    planted = {(entry["control"], entry["subject"]["id"]) for entry in estate.truth("strict")["expected"]}

    done = audit(Simulator(estate), tmp_path, CBR_AUDIT_PROFILE=STRICT)

    assert outcomes(done.report, Outcome.FAIL) == {pair for pair in planted if pair[0] in CONTROLS}


def test_what_was_planted_is_of_every_kind() -> None:
    estate = build_estate("failing", resources=150, days=5, as_of=AS_OF)
    rules = [policy["operation_definition"] for policy in estate.policies]
    states = {resource["protect_status"] for vault in estate.vaults for resource in vault["resources"]}

    assert "hybrid" in {vault["billing"]["protect_type"] for vault in estate.vaults}
    assert "deleted" in states
    assert any("advanced_retention_rules" in rule for rule in rules)
    assert "organization_policy_removed" in {policy.get("policy_type") for policy in estate.policies}
    assert len(estate.protectables["workspace_v2"]) == 1


def test_the_report_says_whose_policies_there_are(tmp_path: Path) -> None:
    estate = build_estate("mixed", resources=18, days=5, as_of=AS_OF)
    done = audit(Simulator(estate), tmp_path)

    written = orjson.loads((tmp_path / done.prefix / "report.json").read_bytes())["policies"]
    stated = {policy["id"]: policy.get("policy_type") for policy in estate.policies}
    assert {policy["id"]: policy["policy_type"] for policy in written} == stated


@pytest.mark.parametrize("unknown", ["workspace_v2", "turbo"])
def test_a_region_that_does_not_know_a_kind_of_resource_is_read_and_told(unknown: str, tmp_path: Path) -> None:
    estate = build_estate("mixed", resources=18, days=5, as_of=AS_OF)
    del estate.protectables[unknown]
    done = audit(Simulator(estate), tmp_path, CBR_AUDIT_PROFILE="strict")

    reading = done.report.collection.reading(Kind.PROTECTABLES)
    folder = tmp_path / done.prefix
    told = [part for part in orjson.loads((folder / "manifest.json").read_bytes())["readings"] if part["not_offered"]]
    assert (reading.complete, reading.not_offered) == (True, (unknown,))
    assert [part["not_offered"] for part in told] == [[unknown]]
    assert "nothing of them is seen" in (folder / "report.html").read_text(encoding="utf-8")
    assert outcomes(done.report, Outcome.FAIL) & {("CBR-503", row["id"]) for row in estate.protectables["server"]}


def test_a_region_that_does_not_know_servers_is_a_gap(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=6, days=5, as_of=AS_OF)
    del estate.protectables["server"]
    done = audit(Simulator(estate), tmp_path, CBR_AUDIT_PROFILE="strict")

    assert not done.report.collection.reading(Kind.PROTECTABLES).complete


def test_a_state_of_error_is_said(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=3, days=5, as_of=AS_OF)
    resource = next(resource for vault in estate.vaults for resource in vault["resources"])
    resource["protect_status"] = "error"
    done = audit(Simulator(estate), tmp_path)

    assert outcomes(done.report, Outcome.UNKNOWN) == {("CBR-504", resource["id"])}


def test_a_synchronised_machine_of_an_unlisted_type_is_judged_by_its_synchronisations(tmp_path: Path) -> None:
    estate = build_estate("mixed", resources=8, days=20, as_of=AS_OF)
    vault = next(vault for vault in estate.vaults if vault["billing"]["protect_type"] == "hybrid")
    fresh, late = vault["resources"]
    for resource in vault["resources"]:
        resource["type"] = "VMware::VirtualMachine"
    done = audit(Simulator(deepcopy(estate)), tmp_path)

    found = {finding.id: finding.outcome for finding in done.report.findings if finding.control == "CBR-101"}
    assert (found[fresh["id"]], found[late["id"]]) == (Outcome.PASS, Outcome.FAIL)
    assert ("CBR-301", vault["id"]) not in outcomes(done.report, Outcome.FAIL)
