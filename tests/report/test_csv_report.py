import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.judging.findings import Finding, Outcome, Severity, Verdict
from audit.report.formats.csv_report import COLUMNS, render
from audit.subjects import SubjectKind, Subjects
from tests.builders import DAY, a_backup, a_point, a_protected, a_vault, a_waiver, arranged, findings_of
from tests.report.estate import GOLDEN, a_report

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def read(subjects: Subjects | None = None) -> list[dict[str, str]]:
    text = render(a_report(subjects)).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def an_estate_with(name: str) -> Subjects:
    return arranged([a_backup(DAY)], vaults=[a_vault(name=name, resources=(a_protected(name=name),))])


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(a_report()) == (GOLDEN / "findings.csv").read_bytes()


def test_there_is_one_line_for_each_finding_in_order() -> None:
    report = a_report()

    assert [(line["control"], line["subject_kind"], line["subject_id"], line["outcome"]) for line in read()] == [
        (finding.control, finding.kind, finding.id, finding.outcome) for finding in report.findings.by_subject()
    ]


def test_every_line_says_which_run_it_is_of_and_how_complete_it_was() -> None:
    assert {(line["run"], line["as_of"], line["collection_complete"]) for line in read()} == {
        ("20261123T040000Z-abc", "2026-11-23T04:00:00Z", "false")
    }
    assert {line["collection_complete"] for line in read(an_estate_with("web"))} == {"true"}


@given(name=st.text(), reason=st.text(), task=st.text(), fact=st.text())
@pytest.mark.no_cover
def test_cells_are_quoted_as_the_csv_module_does(name: str, reason: str, task: str, fact: str) -> None:
    report = a_report()
    verdict = Verdict(Outcome.FAIL, reason, (("a", fact),), (task, task))
    found = Finding("CBR-101", SubjectKind.RESOURCE, "server-1", name, Severity.LOW, verdict)
    line = render(replace(report, findings=findings_of([found]))).decode().split("\r\n", 1)[1]
    (cells,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    written = io.StringIO(newline="")
    csv.writer(written).writerow(cells)

    assert [cell.removeprefix("'") for cell in (cells[6], cells[9], cells[11])] == [
        each.removeprefix("'") for each in (name, reason, f"{task} {task}")
    ]
    assert line == written.getvalue()


def test_a_waived_finding_says_who_accepts_it_and_until_when() -> None:
    waiver = a_waiver(owner="=cmd()")
    text = render(a_report(arranged(vaults=[a_vault()], backups=[a_point(40 * DAY)]), waivers=(waiver,))).decode()
    by_control = {line["control"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}
    cells = ("outcome", "waived_until", "waiver_owner", "waiver_reason", "waiver_ticket")

    assert [by_control["CBR-101"][cell] for cell in cells] == [
        *["fail", "2026-12-23T04:00:00Z", "'=cmd()", "rebuilt every night", "OPS-1"]
    ]
    assert [by_control["CBR-301"][cell] for cell in cells] == ["fail", "", "", "", ""]


def test_a_line_names_the_enterprise_projects_of_its_subject() -> None:
    lines = read(arranged([a_backup(DAY)], vaults=[a_vault(enterprise_project_id="=e1", resources=(a_protected(),))]))
    found = {line["subject_kind"]: line["enterprise_projects"] for line in lines}

    assert found == {"resource": "'=e1", "vault": "'=e1", "collection": ""}


def test_the_facts_are_json() -> None:
    assert {type(json.loads(line["facts"])) for line in read()} == {dict}


@pytest.mark.parametrize("start", STARTS, ids=ascii)
def test_a_name_never_runs_as_a_formula(start: str) -> None:
    name = f'{start}cmd|" /C calc"!A0'
    names = [line["subject_name"] for line in read(an_estate_with(name)) if line["subject_kind"] != "collection"]

    assert set(names) == {f"'{name}"}


@pytest.mark.parametrize("start", STARTS, ids=ascii)
def test_no_cell_at_all_begins_like_a_formula(start: str) -> None:
    odd = f"{start}1"
    subjects = arranged([a_backup(DAY, task_id=odd, resource_id=odd)], vaults=[a_vault(odd, odd, name=odd)])

    assert not [cell for line in read(subjects) for cell in line.values() if cell.startswith(STARTS)]


@pytest.mark.parametrize(
    "name", ['say "yes"', "a,b;c", "two\r\nlines", "cr\ronly", "lf\nonly", " blanks ", "é\U0001f4be", "nul\0"]
)
def test_every_other_name_is_read_back_as_it_was(name: str) -> None:
    names = {line["subject_name"] for line in read(an_estate_with(name)) if line["subject_kind"] == "resource"}

    assert names == {name}


def test_lines_end_as_rfc_4180_wants() -> None:
    first, _, rest = render(a_report()).partition(b"\r\n")

    assert first.decode() == ",".join(COLUMNS)
    assert rest.endswith(b"\r\n")


def test_without_findings_there_is_only_the_head() -> None:
    assert {line["subject_kind"] for line in read(arranged())} == {"collection"}
