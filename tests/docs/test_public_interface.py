"""docs/consume.md names what programs may import; it is what the modules offer, and all that a program needs.

Of cbr-audit, this file imports only that.
"""

import re
import runpy
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import audit.controls
import audit.reports
import audit.simulator
from audit.controls import CONTROLS, Control, Outcome, Severity, SubjectKind, Verdict, failed, passed
from audit.reports import ChainError, Conclusion, ReportFile, Store, latest_report, open_reports
from audit.simulator import mock_cbr
from tests.docs.pages import code_of

AS_OF = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "consume.md"


class Copies:
    """A store of one's own: everything that another one holds, in memory."""

    url = "memory"

    def __init__(self, folder: Path) -> None:
        files = (path for path in folder.rglob("*") if path.is_file())
        self.objects = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def create(self, key: str, data: bytes | memoryview) -> None:
        assert self.objects.setdefault(key, bytes(data)) == data

    def replace(self, key: str, data: bytes | memoryview) -> None:
        self.objects[key] = bytes(data)

    def keys(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.objects if key.startswith(prefix)))

    def projects(self) -> tuple[str, ...]:
        return tuple(sorted({key.partition("/")[0] for key in self.objects}))


def run_command(*words: str) -> int:
    """Do what ``python -m audit`` does, in this process, which is where the mock is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["cbr-audit", *words])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("audit", run_name="__main__")
    return int(ended.value.code or 0)


def promised(module: ModuleType) -> set[str]:
    """The names in the rows of a module; a row without one goes on with that before."""
    table = PAGE.read_text().partition("## What programs may import")[2].partition("\n\nA patch")[0]
    rows = re.sub(r"\n\| \| ", " ", table)
    (row,) = re.findall(rf"^\| `{re.escape(module.__name__)}` (.*)$", rows, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize("module", [audit.reports, audit.controls], ids=lambda module: module.__name__)
def test_the_page_names_everything_that_a_module_offers(module: Any) -> None:
    assert promised(module) == {*module.__all__}
    assert all(hasattr(module, name) for name in module.__all__)


def test_the_page_names_what_the_simulator_offers_to_other_programs() -> None:
    assert promised(audit.simulator) < {*audit.simulator.__all__}


def test_this_program_imports_nothing_else() -> None:
    imports = re.findall(r"^from (audit\S*) import (.+)$", Path(__file__).read_text(), re.MULTILINE)

    assert imports
    for module, names in imports:
        assert set(names.split(", ")) <= promised(sys.modules[module])


def test_the_example_of_a_pretend_cloud_shows_what_signs_in(capsys: pytest.CaptureFixture[str]) -> None:
    exec(code_of("consume.md", "What programs may import"), {})  # noqa: S102  # the page's own code is what is tested

    assert len(capsys.readouterr().out.split()) == 2


def test_a_program_audits_a_pretend_cloud_and_reads_the_report_from_a_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_REGION", "sim-1")
    with mock_cbr("failing", resources=3, days=7, as_of=AS_OF) as simulator:
        monkeypatch.setenv("CBR_AUDIT_TOKEN", simulator.token)
        monkeypatch.setenv("HUAWEICLOUD_SDK_PROJECT_ID", simulator.project_id)
        assert run_command("run", "--store", str(tmp_path), "--as-of", AS_OF.isoformat()) == 10  # not compliant

    copies = Copies(tmp_path)
    store: Store = copies
    (run,) = open_reports(store)
    report: ReportFile = run.report
    assert (run.as_of, run.conclusion) == (AS_OF, Conclusion.NON_COMPLIANT)
    assert {control.id for control in report.controls} <= {control.id for control in CONTROLS}

    copies.replace(f"{run.prefix}/report.json", b"{}")
    with pytest.raises(ChainError, match=r"report\.json is missing or was changed"):
        _ = latest_report(store).report


def test_a_program_writes_a_control_of_its_own() -> None:
    def judge(names: list[str], _limits: object) -> Verdict:
        return passed("it has a name", names=len(names)) if names else failed("it has no name")

    own: Control[Any] = Control(
        id="ORG-1",
        name="named",
        title="Vaults have a name",
        severity=Severity.LOW,
        doc="Why it matters …",
        kinds=(SubjectKind.VAULT,),
        judge=judge,
    )

    limits: Any = None
    assert own.judge([], limits).outcome is Outcome.FAIL
    assert own.judge(["a"], limits) == Verdict(Outcome.PASS, "it has a name", (("names", 1),), ())
