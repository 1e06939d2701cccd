"""The examples of docs/consume.md, run as they stand there on the store of a demo."""

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.evidence.chain import Unsigned
from audit.evidence.store import open_store
from audit.fleet.publication import begin
from audit.fleet.target_run import what_was_found
from audit.judging.findings import Severity
from tests.docs.pages import code_of
from tests.fleet.builders import PROFILES, a_plan, a_receipt, a_target
from tests.pretend import a_simulator, audit
from tests.report.estate import GOLDEN

PAGE = "consume.md"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, named as that of the demo."""
    folder = tmp_path_factory.mktemp("consumer")
    audit(a_simulator("failing"), folder / "cbr-audit-demo")
    return folder


def problems(place: Path) -> list[dict[str, Any]]:
    (report,) = place.rglob("report.json")
    found: list[dict[str, Any]] = orjson.loads(report.read_bytes())["problems"]
    assert found
    return found


def run(place: Path, *command: str) -> list[str]:
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.splitlines()


def test_python_shows_every_run_with_its_problems(place: Path) -> None:
    lines = run(place, sys.executable, "-c", code_of(PAGE, "Python"))

    assert lines[0].endswith(" non_compliant")
    assert [line.split(":")[0].split()[1] for line in lines[1:]] == [
        problem["subject"]["name"] for problem in problems(place)
    ]


def test_python_shows_what_a_fleet_saw_and_what_not(tmp_path: Path) -> None:
    simulator, folder = a_simulator("failing"), tmp_path / "cbr-audit-demo"
    done = audit(simulator, folder)
    seen, unseen = a_target(project_id=simulator.project_id), a_target(2)
    fleet = begin(open_store(str(folder)), a_plan(seen, unseen), PROFILES)
    fleet.leave(a_receipt(seen, audited=what_was_found(done)))
    fleet.roll_up(Unsigned(), lambda _report: {})
    first, *lines = run(tmp_path, sys.executable, "-c", code_of(PAGE, "Fleets"))

    assert first.endswith(" non_compliant incomplete")
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == ["audited", "never"]
    assert done.report.problems[0].name in lines[0]


@pytest.mark.skipif(shutil.which("jq") is None, reason="the example is for jq, which this machine lacks")
def test_jq_shows_what_needs_action(place: Path) -> None:
    lines = run(place, "bash", "-c", code_of(PAGE, "jq"))
    counted = [line.split() for line in lines if "\t" in line and line.startswith(" ")]
    listed = [line.split("\t") for line in lines if line.partition("\t")[0] in {*map(str, Severity)}]

    assert [cells[2] for cells in listed] == [problem["reason"] for problem in problems(place)]
    assert {("CBR-101", outcome) for outcome in ("fail", "pass")} <= {(words[1], words[2]) for words in counted}


def test_sql_names_columns_and_files_that_there_are(place: Path) -> None:
    query = code_of(PAGE, "SQL")
    pattern = re.search(r"read_ndjson\('([^']+)'", query)
    assert pattern is not None
    (table,) = place.glob(pattern[1])
    line = orjson.loads(gzip.decompress(table.read_bytes()).splitlines()[0])

    assert {"run", "as_of", "collection_complete", "outcome"} <= set(line) & set(re.findall(r"\w+", query))


@pytest.mark.skipif(shutil.which("jq") is None, reason="the example is for jq, which this machine lacks")
def test_jq_shows_what_changed(place: Path, tmp_path: Path) -> None:
    subject = {"kind": "resource", "id": "r", "name": "web-1"}
    change = {"control": "CBR-101", "subject": subject, "since": "2026-11-20T04:00:00Z", "outcome": "fail"}
    changes = {"against": "r0", "as_of": "2026-11-22T04:00:00Z", "new": [], "still": [change], "resolved": []}
    report = tmp_path / "report.json"
    report.write_bytes(orjson.dumps({"changes": changes}))
    query = code_of(PAGE, "jq").split("jq -r '.changes", 1)[1]

    lines = run(place, "bash", "-c", f"report={report}\njq -r '.changes{query}")

    assert lines == ["still\tCBR-101\tweb-1\t2026-11-20T04:00:00Z"]


def test_sql_over_ocsf_names_fields_that_there_are() -> None:
    line = orjson.loads((GOLDEN / "findings.ocsf.ndjson").read_bytes().split(b"\n")[0])
    fields = re.findall(r"(metadata|compliance)\.(\w+)", code_of(PAGE, "SQL over OCSF"))

    assert {name for _, name in fields} == {"correlation_uid", "control", "status"}
    assert all(name in line[part] for part, name in fields)
