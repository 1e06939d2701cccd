"""Hostile names in JSON and CSV; OCSF, metrics, the page and the terminal have tests of their own with the same."""

import csv
import io

import orjson
import pytest

from audit.report.contents import Report
from audit.report.formats import csv_report, json_report
from audit.subjects import SubjectKind
from tests.builders import DAY, a_backup, a_protected, a_vault, arranged
from tests.report.estate import a_report
from tests.report.payloads import PAYLOADS

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def a_report_of(name: str) -> Report:
    """A resource and its vault with a name; the vault has no policy, so that there is a problem."""
    return a_report(arranged([a_backup(DAY)], vaults=[a_vault(name=name, resources=(a_protected(name=name),))]))


def test_there_are_at_least_forty_payloads() -> None:
    assert len(set(PAYLOADS)) >= 40


@pytest.mark.parametrize("name", PAYLOADS, ids=ascii)
def test_in_json_a_name_stays_a_name(name: str) -> None:
    data = json_report.render(a_report_of(name))
    report = orjson.loads(data)

    assert {resource["name"] for resource in report["resources"]} == {name}
    assert {problem["subject"]["name"] for problem in report["problems"]} == {name}
    assert not [byte for byte in data if byte < 0x20 and byte != 0x0A]


@pytest.mark.parametrize("name", PAYLOADS, ids=ascii)
def test_in_csv_a_name_stays_a_cell_and_no_formula(name: str) -> None:
    text = csv_report.render(a_report_of(name)).decode()
    lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    shown = f"'{name}" if name.startswith(FORMULAS) else name
    assert {line["subject_name"] for line in lines if line["subject_kind"] == SubjectKind.VAULT} == {shown}
    assert not [cell for line in lines for cell in line.values() if cell.startswith(FORMULAS)]
    assert len(lines) == len(a_report_of(name).findings)
