import json
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import jsonschema
import orjson
import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.findings import Outcome
from audit.report.baseline import Baseline, recall
from audit.report.changes import Change, Changes
from audit.report.formats.json_report import SCHEMA_VERSION, render
from audit.report.models import PlannedPart
from deploy.wheels import ROOT
from tests.builders import (
    DAY,
    NOW,
    a_backup,
    a_collection,
    a_drift,
    a_point,
    a_policy,
    a_rejected,
    a_vault,
    a_waiver,
    arranged,
    findings_of,
    run_facts,
)
from tests.report.estate import GOLDEN, a_report

OLD = a_point(40 * DAY)
REPORT: dict[str, Any] = json.loads(render(a_report()))


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(a_report()) == (GOLDEN / "report.json").read_bytes()


@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1001, 2000])
def test_findings_that_are_written_in_parts_read_as_one_list(number: int) -> None:
    some = [*islice(cycle(a_report().findings.having(Outcome.FAIL, Outcome.UNKNOWN)), number)]
    written = render(replace(a_report(), findings=findings_of(some)))
    whole = orjson.loads(written)

    assert [found["subject"]["id"] for found in whole["findings"]] == [each.id for each in some]
    assert [line.strip(b" ,") for line in written.splitlines()[-number - 2 : -2]] == [
        orjson.dumps(found) for found in whole["findings"]
    ]


def test_the_report_fits_its_published_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "report" / f"v{SCHEMA_VERSION}.json").read_bytes())

    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(REPORT)


def test_every_outcome_of_every_finding_is_counted() -> None:
    outcomes = [finding.outcome.value for finding in a_report().findings]

    assert REPORT["summary"]["outcomes"] == {
        outcome: outcomes.count(outcome) for outcome in ("pass", "fail", "unknown", "not_applicable")
    }
    assert all(outcomes.count(outcome) for outcome in REPORT["summary"]["outcomes"])
    assert sum(sum(control["outcomes"].values()) for control in REPORT["controls"]) == len(outcomes)


def test_only_findings_that_fail_or_are_unknown_are_listed_and_all_are_counted() -> None:
    listed = [(finding["control"], finding["subject"]["id"]) for finding in REPORT["findings"]]
    open_ones = {Outcome.FAIL, Outcome.UNKNOWN}

    assert listed == [(each.control, each.id) for each in a_report().findings if each.outcome in open_ones]
    assert 0 < len(listed) == sum(REPORT["summary"]["outcomes"][outcome] for outcome in open_ones)


def test_what_is_waived_is_listed_apart_and_its_outcome_stays() -> None:
    waiver = a_waiver(subject="name of *", ticket="")
    report = json.loads(render(a_report(arranged(vaults=[a_vault()], backups=[OLD]), waivers=(waiver,))))
    shown = {
        "subject": "name of *",
        "owner": "Ana",
        "reason": "rebuilt every night",
        "until": "2026-12-23T04:00:00Z",
        "ticket": None,
    }

    (waived,) = report["waived"]
    assert waived["waiver"] == shown
    assert (waived["control"], waived["subject"]["id"], waived["outcome"]) == ("CBR-101", "server-1", "fail")
    (marked,) = (finding for finding in report["findings"] if finding["waiver"])
    assert (marked["waiver"], marked["outcome"]) == (shown, "fail")
    assert "CBR-101" not in {problem["control"] for problem in report["problems"]}
    assert (report["summary"]["waived"], REPORT["summary"]["waived"], REPORT["waived"]) == (1, 0, [])


def test_every_control_is_listed_even_without_a_finding() -> None:
    assert [control["id"] for control in json.loads(render(a_report(arranged())))["controls"]] == [
        control.id for control in CONTROLS
    ]


def test_it_says_how_complete_the_evidence_was() -> None:
    collection = REPORT["collection"]

    assert (collection["complete"], collection["rejected"], len(collection["gaps"])) == (False, 1, 1)
    assert [reading["kind"] for reading in collection["readings"]] == [Kind.TASKS, Kind.POLICIES, Kind.VAULTS]
    assert collection["rejected_rows"][0]["message"] == "None is not of type 'string'"
    assert collection["drift"][0]["example"] == '"blue"'


def test_drift_says_since_when_it_is_known() -> None:
    known = a_drift(path="known")
    previous = Baseline(run="r0", as_of=NOW - DAY, drift={(str(Kind.TASKS), "known", "unknown field"): NOW - 9 * DAY})
    collection = a_collection(drift=(a_drift(), known))
    report = json.loads(render(replace(a_report(arranged(collection=collection)), run=run_facts(previous=previous))))

    assert [(each["path"], each["since"], each["is_new"]) for each in report["collection"]["drift"]] == [
        ("colour", "2026-11-23T04:00:00Z", True),
        ("known", "2026-11-14T04:00:00Z", False),
    ]
    assert report["run"]["previous"] == {
        "run": "r0",
        "as_of": "2026-11-22T04:00:00Z",
        "trouble": None,
        "is_lost": False,
        "notes": [],
    }
    assert recall(report).drift == {
        ("operation_logs", "colour", "unknown field"): NOW,
        ("operation_logs", "known", "unknown field"): NOW - 9 * DAY,
    }


def test_what_is_not_known_is_null_and_never_an_empty_text() -> None:
    policies = [a_policy(), a_policy("policy-2", enabled=False, vault_ids=frozenset({"elsewhere"}))]
    problems = json.loads(render(a_report(arranged(policies=policies, vaults=[a_vault()], backups=[OLD]))))["problems"]

    assert {problem["task"] for problem in problems} == {problem["error"] for problem in problems} == {None}
    assert {problem["since"] for problem in problems} >= {"2026-10-24T04:00:00Z", None}


def test_a_failure_under_its_cause_is_named_with_its_subject() -> None:
    subjects = arranged(policies=[a_policy(enabled=False)], vaults=[a_vault()], backups=[OLD])
    problem = next(
        problem for problem in json.loads(render(a_report(subjects)))["problems"] if problem["control"] == "CBR-201"
    )

    assert (problem["subject"]["id"], problem["severity"]) == ("policy-1", "critical")
    assert [(each["control"], each["subject"]["id"]) for each in problem["explains"][:2]] == [
        ("CBR-101", "server-1"),
        ("CBR-301", "vault-1"),
    ]


def test_it_holds_whole_numbers_only() -> None:
    def refuse(number: str) -> None:
        pytest.fail(f"a fraction: {number}")

    json.loads(render(a_report()), parse_float=refuse)


def test_odd_names_survive() -> None:
    name = 'a"\\\n\t\u2028<script>\x00é\U0001f4be'
    subjects = arranged(
        [a_backup(DAY)],
        vaults=[a_vault(name=name)],
        collection=a_collection(rejected=(a_rejected(message=name),), drift=(a_drift(example=name),)),
    )
    report = json.loads(render(a_report(subjects)))

    assert report["resources"][0]["vaults"] == [name]
    assert report["collection"]["rejected_rows"][0]["message"] == name
    assert report["collection"]["drift"][0]["example"] == name


def test_what_changed_since_the_run_before_is_told() -> None:
    subject = {"kind": "resource", "id": "server-1", "name": "web-1"}
    change = Change(control="CBR-101", since=NOW - DAY, outcome="fail", **subject)
    changes = Changes(against="run-1", as_of=NOW - DAY, new=(change,), still=(), resolved=(), disappeared=())
    written = json.loads(render(replace(a_report(), changes=changes)))["changes"]

    assert (written["against"], written["as_of"], written["still"]) == ("run-1", "2026-11-22T04:00:00Z", [])
    told = {"control": "CBR-101", "subject": subject, "since": "2026-11-22T04:00:00Z", "outcome": "fail"}
    assert written["new"] == [told]


def test_a_report_that_was_read_is_written_without_counts_of_zero_again() -> None:
    assert PlannedPart(on_time=3, late=0).model_dump() == {"on_time": 3}
