"""Whole audits over a socket that read lists which only some profiles need and some regions have."""

from pathlib import Path
from typing import Any

import pytest

from audit.app.replay import replay
from audit.app.run import Done
from audit.collection import Kind
from audit.evidence.store import open_store
from audit.judging.findings import Finding, Outcome
from audit.report.facts import Conclusion
from audit.simulator import Request, Response, Simulator, build_estate
from tests.pretend import AS_OF, audit, json_response

ABSENT = json_response({"error_code": "APIGW.0101", "error_msg": "The API does not exist."}, 404)
AGENTS = "{controls: [default, CBR-505]}"
ORGANISATION = "{controls: [default, CBR-207]}"
USAGE = "{controls: [default, CBR-408]}"
SHARES = "{controls: [default, CBR-407]}"
EVERY = (
    (AGENTS, Kind.AGENTS, "/agents", "CBR-505"),
    (ORGANISATION, Kind.ORGANIZATION_POLICIES, "/organization-policies", "CBR-207"),
    (SHARES, Kind.MEMBERS, "/members", "CBR-407"),
    (USAGE, Kind.STORAGE_USAGE, "/storage_usage", "CBR-408"),
)


def a_run(folder: Path, profile: str, scenario: str = "mixed", **changes: Any) -> tuple[Done, Simulator]:
    simulator = Simulator(build_estate(scenario, resources=26, days=5, as_of=AS_OF))
    for name, value in changes.items():
        setattr(simulator, name, value)
    return audit(simulator, folder, CBR_AUDIT_PROFILE=profile), simulator


def findings(done: Done, control: str) -> list[Finding]:
    return [finding for finding in done.report.findings if finding.control == control]


def outcomes(done: Done, control: str) -> set[Outcome]:
    return {finding.outcome for finding in findings(done, control)}


def planted(control: str) -> set[str]:
    expected = build_estate("mixed", resources=26, days=5, as_of=AS_OF).truth("strict")["expected"]
    return {entry["subject"]["id"] for entry in expected if entry["control"] == control}


def answering(path: str, answer: Response) -> Any:
    return lambda request, _number: answer if path in Request.split(request).path else None


@pytest.mark.parametrize(("profile", "control"), [(each[0], each[3]) for each in EVERY])
def test_what_was_planted_is_found_and_nothing_else(profile: str, control: str, tmp_path: Path) -> None:
    done, _ = a_run(tmp_path, profile)
    failed = {finding.id for finding in findings(done, control) if finding.outcome is Outcome.FAIL}

    assert failed == planted(control) != set()
    assert Outcome.UNKNOWN not in outcomes(done, control)
    assert done.report.collection.complete


@pytest.mark.parametrize("profile", [AGENTS, ORGANISATION, SHARES, USAGE, "strict"])
def test_a_run_that_read_them_is_recomputed_to_the_same_bytes(profile: str, tmp_path: Path) -> None:
    done, simulator = a_run(tmp_path, profile)

    result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
    assert (result.differing, result.reasons) == ((), ())


@pytest.mark.parametrize(("kind", "path"), [each[1:3] for each in EVERY])
def test_what_no_selected_control_needs_is_not_asked_for(kind: Kind, path: str, tmp_path: Path) -> None:
    done, _ = a_run(tmp_path, "default", intercept=answering(path, Response(500)))

    assert kind not in {reading.kind for reading in done.report.collection.readings}
    assert done.report.collection.complete


@pytest.mark.parametrize(
    ("profile", "kind", "control"), [(each[0], each[1], each[3]) for each in EVERY if each[1].permission]
)
def test_a_list_that_may_not_be_read_is_a_gap_with_the_permission(
    profile: str, kind: Kind, control: str, tmp_path: Path
) -> None:
    simulator = Simulator(build_estate("healthy", resources=6, days=5, as_of=AS_OF), denied=[kind.permission])
    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE=profile)

    assert {finding.facts.get("permission") for finding in findings(done, control)} == {kind.permission}
    assert outcomes(done, control) == {Outcome.UNKNOWN}
    assert any(kind.permission in gap for gap in done.report.collection.gaps)
    assert done.report.conclusion is Conclusion.INCOMPLETE


@pytest.mark.parametrize(("profile", "path", "control"), [(each[0], *each[2:]) for each in EVERY])
def test_a_list_that_the_region_does_not_have_is_said_and_the_rest_is_judged(
    profile: str, path: str, control: str, tmp_path: Path
) -> None:
    done, _ = a_run(tmp_path, profile, "healthy", intercept=answering(path, ABSENT))

    (gap,) = done.report.collection.gaps[:1]
    assert "this region seems not to have the list; where that is so, skip in the profile what needs it" in gap
    assert "404" in gap
    assert outcomes(done, control) == {Outcome.UNKNOWN}
    assert outcomes(done, "CBR-101") == {Outcome.PASS}


def test_deployments_that_may_not_be_read_are_a_gap(tmp_path: Path) -> None:
    refusal = json_response({"error_code": "Forbidden", "error_msg": "Policy doesn't allow it."}, 403)
    done, _ = a_run(tmp_path, ORGANISATION, intercept=answering("/policy-detail", refusal))

    (finding,) = findings(done, "CBR-207")
    assert (finding.outcome, finding.verdict.reason) == (Outcome.UNKNOWN, "a permission is missing")
    assert any(gap.startswith("deployments of organisation policies: ") for gap in done.report.collection.gaps)


def test_a_policy_that_is_gone_when_its_deployments_are_asked_for_is_unknown_and_no_gap(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=6, days=5, as_of=AS_OF)
    gone = min(estate.deployments)
    simulator = Simulator(estate)
    simulator.intercept = answering(f"/{gone}/policy-detail", ABSENT)
    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE=ORGANISATION)

    (finding,) = findings(done, "CBR-207")
    assert (finding.outcome, done.report.collection.complete) == (Outcome.UNKNOWN, True)
    assert finding.verdict.reason == "no deployment of an organisation policy is known"


def test_equal_answers_about_several_policies_count_for_each_of_them(tmp_path: Path) -> None:
    everywhere = {"policy_id": "p", "domain_id": "d", "project_id": "q", "status": "available"}
    same = json_response({"policies": [everywhere], "count": 1})
    done, simulator = a_run(tmp_path, ORGANISATION, intercept=answering("/policy-detail", same))

    (finding,) = findings(done, "CBR-207")
    assert (finding.outcome, finding.facts["policies"], finding.facts["deployments"]) == (Outcome.PASS, 2, 2)
    result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
    assert (result.differing, result.reasons) == ((), ())


def test_an_organisation_without_policies_has_nothing_to_deploy(tmp_path: Path) -> None:
    none = json_response({"policies": [], "count": 0, "limit": 1000, "offset": 0})
    done, _ = a_run(tmp_path, ORGANISATION, "healthy", intercept=answering("/organization-policies", none))

    assert outcomes(done, "CBR-207") == {Outcome.NOT_APPLICABLE}
    assert done.report.collection.complete


def test_deployments_that_are_fewer_than_stated_are_a_gap(tmp_path: Path) -> None:
    few = json_response({"policies": [], "count": 3})
    done, _ = a_run(tmp_path, ORGANISATION, intercept=answering("/policy-detail", few))

    assert outcomes(done, "CBR-207") == {Outcome.UNKNOWN}
    assert any("the cloud says it has 3" in gap for gap in done.report.collection.gaps)


def test_what_is_beyond_the_sample_is_unknown_and_the_facts_say_what_was_looked_at(tmp_path: Path) -> None:
    done, simulator = a_run(tmp_path, "{controls: [default, CBR-407], limits: {max_backups_looked_at: 3}}", "healthy")

    looked_at = [finding.facts.get("looked_at") for finding in findings(done, "CBR-407")]
    assert (looked_at.count(1), looked_at.count(0)) == (3, 23)
    assert done.report.collection.reading(Kind.MEMBERS).pages == 3
    assert done.report.collection.complete
    result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
    assert (result.differing, result.reasons) == ((), ())


def test_a_trusted_project_may_have_a_backup(tmp_path: Path) -> None:
    estate = build_estate("mixed", resources=26, days=5, as_of=AS_OF)
    known = sorted(row["dest_project_id"] for rows in estate.members.values() for row in rows)
    profile = f"{{controls: [default, CBR-407], limits: {{trusted_projects: [{', '.join(known)}]}}}}"

    done, _ = a_run(tmp_path, profile)

    assert Outcome.FAIL not in outcomes(done, "CBR-407")


def test_a_backup_that_was_deleted_meanwhile_is_unknown_and_the_others_are_judged(tmp_path: Path) -> None:
    estate = build_estate("healthy", resources=6, days=5, as_of=AS_OF)
    (shared,) = estate.members
    simulator = Simulator(estate)
    simulator.intercept = answering(f"/backups/{shared}/members", ABSENT)
    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE=SHARES)

    judged = [finding.outcome for finding in findings(done, "CBR-407")]
    assert (judged.count(Outcome.UNKNOWN), judged.count(Outcome.PASS)) == (1, 5)
    assert done.report.collection.complete


def test_where_no_document_names_the_permission_the_refusal_itself_does(tmp_path: Path) -> None:
    simulator = Simulator(build_estate("healthy", resources=6, days=5, as_of=AS_OF), denied=["cbr:vaults:get"])
    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE="strict")

    assert {finding.verdict.reason for finding in findings(done, "CBR-408")} == {"a permission is missing"}
    assert {finding.facts.get("permission") for finding in findings(done, "CBR-408")} == {"not documented"}
    assert outcomes(done, "CBR-408") == {Outcome.UNKNOWN}
    assert any(gap.startswith("storage usage: ") and "cbr:vaults:get" in gap for gap in done.report.collection.gaps)
    result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
    assert (result.differing, result.reasons) == ((), ())


def test_usage_whose_count_does_not_settle_is_a_gap(tmp_path: Path) -> None:
    few = json_response({"storage_usage": [], "resource_count": 3})
    done, _ = a_run(tmp_path, USAGE, "healthy", intercept=answering("/storage_usage", few))

    assert outcomes(done, "CBR-408") == {Outcome.UNKNOWN}
    assert any("the cloud says it has 3" in gap for gap in done.report.collection.gaps)


def test_usage_without_its_own_count_is_no_list(tmp_path: Path) -> None:
    other = json_response({"storage_usage": [], "count": 0})
    done, _ = a_run(tmp_path, USAGE, "healthy", intercept=answering("/storage_usage", other))

    assert outcomes(done, "CBR-408") == {Outcome.UNKNOWN}
    assert any('states no "resource_count"' in gap for gap in done.report.collection.gaps)
