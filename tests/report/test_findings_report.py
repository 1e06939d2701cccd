import json
from dataclasses import replace

import jsonschema_rs
import orjson
import pytest

from audit.judging.findings import Severity, passed
from audit.judging.findings_table import Findings, Judgement
from audit.report.formats.findings_report import render
from audit.subjects import SubjectKind
from deploy.wheels import ROOT
from tests.builders import DAY, a_backup, a_protected, a_vault, arranged
from tests.report.estate import GOLDEN, a_report


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(a_report()) == (GOLDEN / "findings.ndjson").read_bytes()


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501, 1000])
def test_there_is_one_line_for_each_control_and_subject(number: int) -> None:
    ids, verdicts = [f"r-{each:04}" for each in range(number)], [passed("good")] * number
    judged = [Judgement(name, SubjectKind.RESOURCE, Severity.LOW, ids, ids, verdicts) for name in ("CBR-1", "CBR-2")]
    lines = render(replace(a_report(), findings=Findings(tuple(judged)))).splitlines()

    assert [(line["subject"]["id"], line["control"]) for line in map(orjson.loads, lines)] == [
        (each, control) for each in ids for control in ("CBR-1", "CBR-2")
    ]


def test_every_line_fits_the_published_schema() -> None:
    schema = jsonschema_rs.validator_for(
        json.loads((ROOT / "schemas" / "findings" / "v1.json").read_bytes()), validate_formats=True
    )

    for line in render(a_report()).splitlines():
        schema.validate(orjson.loads(line))


def test_a_line_says_which_run_it_is_of_how_complete_it_was_and_where_its_subject_belongs() -> None:
    vault = a_vault(enterprise_project_id="e1", resources=(a_protected(),))
    lines = [*map(orjson.loads, render(a_report(arranged([a_backup(DAY)], vaults=[vault]))).splitlines())]

    assert {(line["run"], line["as_of"], line["collection_complete"]) for line in lines} == {
        ("20261123T040000Z-abc", "2026-11-23T04:00:00Z", True)
    }
    assert {(line["subject"]["kind"], *line["enterprise_projects"]) for line in lines} == {
        *{("resource", "e1"), ("vault", "e1"), ("collection",)}
    }
