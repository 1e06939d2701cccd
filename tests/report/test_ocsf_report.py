from dataclasses import replace
from typing import Any

import jsonschema
import orjson
import pytest
from msgspec import structs
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.cloud import Cloud

from audit.judging.findings import Outcome
from audit.judging.witnesses import Attribution, Witnessed
from audit.records import Actor
from audit.report.contents import Report
from audit.report.facts import AuditedAccount
from audit.report.formats.ocsf_report import VERSION, render
from audit.subjects import Waiver
from deploy.wheels import ROOT
from tests.builders import DAY, NOW, a_backup, a_protected, a_trace, a_vault, arranged, findings_of
from tests.report.estate import GOLDEN, a_report
from tests.report.payloads import PAYLOADS


def events(report: Report | None = None) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in render(report or a_report()).splitlines()]


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(a_report()) == (GOLDEN / "findings.ocsf.ndjson").read_bytes()


def test_every_line_is_a_compliance_finding_as_the_library_of_prowler_reads_it() -> None:
    for event in events():
        found = ComplianceFinding.model_validate(event)
        assert (found.class_uid, found.type_uid) == (2003, 200301)


def test_there_is_one_line_for_each_finding_in_order() -> None:
    report = a_report()

    assert [(event["compliance"]["control"], event["resources"][0]["uid"]) for event in events()] == [
        (
            next(f"{control.id} {control.name}" for control in report.controls if control.id == finding.control),
            finding.id,
        )
        for finding in report.findings.by_subject()
    ]


@pytest.mark.parametrize(
    ("outcome", "status", "state"),
    [(Outcome.PASS, 1, 4), (Outcome.FAIL, 3, 1), (Outcome.UNKNOWN, 0, 0), (Outcome.NOT_APPLICABLE, 99, 4)],
)
def test_an_outcome_has_its_status_a_failure_is_new_and_missing_evidence_resolves_nothing(
    outcome: Outcome, status: int, state: int
) -> None:
    found = [event for event in events() if event["compliance"]["status"] == outcome]

    assert found
    assert {(event["compliance"]["status_id"], event["status_id"]) for event in found} == {(status, state)}


def test_only_a_failure_has_the_severity_of_its_control() -> None:
    for event in events():
        assert (event["severity_id"] > 1) == (event["compliance"]["status"] == "fail")


def test_a_waived_failure_is_suppressed_and_stays_a_failure() -> None:
    report = a_report()
    waiver = Waiver(control="CBR-101", subject="*", owner="o", reason="r", until=NOW + DAY)
    accepted = findings_of(structs.replace(finding, waiver=waiver) for finding in report.findings)
    waived = replace(report, findings=accepted)

    assert {event["status_id"] for event in events(waived)} == {3}
    assert {event["compliance"]["status"] for event in events(waived)} == {outcome.value for outcome in Outcome}


def test_times_are_milliseconds_and_a_failure_says_since_when() -> None:
    failing = [event for event in events() if "first_seen_time" in event["finding_info"]]

    assert {event["time"] for event in events()} == {1795406400000}
    assert failing
    assert all(event["finding_info"]["first_seen_time"] < event["time"] for event in failing)
    assert {event["metadata"]["version"] for event in events()} == {VERSION}


def test_a_finding_has_the_same_id_in_every_run_and_each_its_own() -> None:
    ids = [event["finding_info"]["uid"] for event in events()]

    assert len(set(ids)) == len(ids)
    assert ids == [event["finding_info"]["uid"] for event in events()]


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.no_cover
def test_a_name_stays_a_name(name: str) -> None:
    subjects = arranged([a_backup(DAY)], vaults=[a_vault(resources=(a_protected(name=name),))])
    data = render(a_report(subjects))

    assert len(data.splitlines()) == len(a_report(subjects).findings)
    assert {event["resources"][0]["name"] for event in map(orjson.loads, data.splitlines())} >= {name}
    assert not any(byte < 0x20 and byte != 0x0A for byte in data)


def test_a_run_by_another_profile_is_labelled() -> None:
    report = a_report()
    other = replace(report, run=structs.replace(report.run, is_what_if=True, profile_changes=("preset",)))

    assert {tuple(event["metadata"]["labels"]) for event in events(other)} == {("what-if", "profile-changed")}
    assert not any("labels" in event["metadata"] for event in events(report))


@pytest.mark.parametrize(
    ("account", "named", "organization"),
    [
        (AuditedAccount(id="a1"), "a1", None),
        (AuditedAccount(id="a1", name="the bank", unit="Root"), "the bank", {"name": "Root"}),
        (AuditedAccount(id="a1", unit="Root/prod/eu"), "a1", {"name": "Root", "ou_name": "prod/eu"}),
    ],
)
def test_the_account_and_its_organisation_are_told_as_far_as_they_are_known(
    account: AuditedAccount, named: str, organization: dict[str, str] | None
) -> None:
    report = a_report()
    of_account = replace(report, run=structs.replace(report.run, account=account))
    schema = orjson.loads((ROOT / "schemas" / "ocsf" / "v1.json").read_bytes())
    event = events(of_account)[0]

    jsonschema.Draft202012Validator(schema).validate(event)
    assert event["cloud"]["account"] == {"uid": "a1", "name": named, "type": "Huawei Cloud account", "type_id": 99}
    assert event["cloud"].get("org") == organization
    assert event["cloud"]["region"] == report.run.region
    found = Cloud.model_validate(event["cloud"]).account
    assert (found.uid, found.name) == ("a1", named)


@pytest.mark.parametrize(
    ("actor", "written"),
    [
        (
            Actor(name="eve", id="u1", account="acme", account_id="a1", source_ip="192.0.2.7"),
            {"user": {"name": "eve", "uid": "u1", "account": {"name": "acme", "uid": "a1"}}},
        ),
        (Actor(urn="iam::a1:user:eve"), {"user": {"uid": "iam::a1:user:eve", "uid_alt": "iam::a1:user:eve"}}),
        (Actor(access_key_id="AK"), {"user": {"uid": "AK", "credential_uid": "AK"}}),
        (
            Actor(name="eve", id="u1", invoked_by="obs"),
            {"user": {"name": "eve", "uid": "u1"}, "app_name": "obs"},
        ),
        (Actor(is_cloud=True), {"app_name": "Huawei Cloud"}),
        (Actor(), None),
    ],
)
def test_who_did_it_is_evidence(actor: Actor, written: dict[str, Any] | None) -> None:
    report = a_report()
    failure = next(report.findings.having(Outcome.FAIL))
    known = Attribution(named=(Witnessed(a_trace(actor=actor), "run-1"),), more=2, why_not="page 2 is missing")
    event = next(
        event
        for event in events(replace(report, attributions={(failure.control, failure.kind, failure.id): known}))
        if "evidences" in event
    )

    assert event["compliance"]["control"].startswith(failure.control)
    assert event["evidences"] == [
        {
            "uid": "trace-1",
            "api": {"operation": "deleteVault"},
            "data": {
                "time": 1795402800000,
                "service": "CBR",
                "run": "run-1",
                "resource_uid": "vault-1",
                "resource_name": "blue",
            },
            **({"actor": written} if written else {}),
            **({"src_endpoint": {"ip": "192.0.2.7"}} if actor.source_ip else {}),
        }
    ]
    assert (event["unmapped"]["actors_more"], event["unmapped"]["actors_why_not"]) == (2, "page 2 is missing")
    schema = orjson.loads((ROOT / "schemas" / "ocsf" / "v1.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(event)
    ComplianceFinding.model_validate(event)


def test_a_finding_for_which_nobody_is_looked_for_says_nothing_of_actors() -> None:
    told = [event for event in events(replace(a_report(), attributions={})) if "evidences" in event]

    assert told == []
