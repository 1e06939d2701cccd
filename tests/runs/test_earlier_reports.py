"""A report.json of the form of version 0.1 is shown, compared, continued and made again like one of today."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from click.testing import CliRunner

from audit.app.replay import replay
from audit.cli.commands import main
from audit.errors import ChainError
from audit.reports import open_reports
from tests.evidence.forging import Change, forge, put_back, scope_of, shelf_of
from tests.pretend import AS_OF, a_simulator, audit, whole_report
from tests.report.estate import former_findings, former_resource

FINDINGS = "findings.ndjson.gz"
PROFILE = "scope: {exclude: [{resources: ['*-01']}]}"


class Stores(NamedTuple):
    """The same two runs in two stores; the first of ``former`` has a report of the earlier form."""

    now: Path
    former: Path
    runs: tuple[str, str]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    now, former = (tmp_path_factory.mktemp(name) for name in ("now", "former"))
    simulator = a_simulator("failing")
    first = audit(simulator, now, as_of=AS_OF - timedelta(hours=1), CBR_AUDIT_PROFILE=PROFILE)
    shutil.copytree(now, former, dirs_exist_ok=True)
    whole = whole_report(now / first.prefix)
    put_back(forge(shelf_of(former), 1, report=as_former(whole), manifest=without_findings), former)
    (former / first.prefix / FINDINGS).unlink()
    runs = [audit(simulator, folder, CBR_AUDIT_PROFILE=PROFILE).report.run.id for folder in (now, former)]
    assert len({*runs}) == 1
    return Stores(now, former, (first.report.run.id, runs[0]))


def as_former(whole: dict[str, Any]) -> Change:
    def change(report: dict[str, Any]) -> None:
        assert report.pop("out_of_scope")
        resources = [*map(former_resource, report["resources"])]
        report.update(schema_version=1, resources=resources, findings=former_findings(whole["findings"]))

    return change


def without_findings(manifest: dict[str, Any]) -> None:
    manifest["objects"] = [each for each in manifest["objects"] if each["name"] != FINDINGS]


def said(*words: str | Path) -> str:
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_it_is_continued_as_if_it_had_the_form_of_today(stores: Stores) -> None:
    (*_, now), (*_, former) = (open_reports(str(folder)) for folder in (stores.now, stores.former))

    assert former.report.changes
    assert former.read("report.json") == now.read("report.json")


def test_programs_read_it_as_if_it_had_the_form_of_today(stores: Stores) -> None:
    (now, _), (former, _) = (open_reports(str(folder)) for folder in (stores.now, stores.former))

    assert orjson.loads(former.read("report.json"))["schema_version"] == 1
    assert (former.report, [*former.findings()]) == (now.report, [*now.findings()])


@pytest.mark.parametrize(
    "words", [("show", "{0}"), ("show", "{0}", "--csv"), ("diff", "{0}", "{1}"), ("diff", "{1}", "{0}")], ids=" ".join
)
def test_commands_say_the_same_of_it(stores: Stores, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for folder in (stores.now, stores.former):
        monkeypatch.setenv("CBR_AUDIT_STORE", str(folder))
        told.append(said(*(word.format(*stores.runs) for word in words)).replace(str(folder), ""))

    assert told[0] == told[1]
    assert len(told[0]) > 100


def test_it_follows_from_its_evidence(stores: Stores) -> None:
    shelf = shelf_of(stores.former)
    result = replay(shelf, scope_of(shelf), stores.runs[0])

    assert (result.differing, "report.json" in result.identical) == ((), True)


@pytest.mark.parametrize("change", [lambda report: report["findings"].pop(), lambda report: report.clear()])
def test_it_differs_where_it_says_something_else(stores: Stores, change: Change) -> None:
    shelf = forge(shelf_of(stores.former), 1, report=change)

    assert replay(shelf, scope_of(shelf), stores.runs[0]).differing == ("report.json",)


def test_a_report_of_today_without_its_findings_contradicts_its_run(stores: Stores) -> None:
    shelf = forge(shelf_of(stores.now), 1, manifest=without_findings)
    (run, _) = open_reports(shelf, scope_of(shelf))

    with pytest.raises(ChainError, match=r"it leaves out what passed, and the manifest names no findings\.ndjson\.gz"):
        _ = run.report
