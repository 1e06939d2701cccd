import ast
import gzip
import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import grimp
import pytest
from click.testing import CliRunner
from jinja2 import Environment

from audit.cli.commands import main as command
from audit.report import index_page
from audit.report.formats import html_report
from audit.report.page import templates
from audit.simulator import Simulator, build_company, build_estate, serve
from deploy.build_zip import BuildError, compiled, files, locked, main, unpack, write
from deploy.pythons import find
from deploy.wheels import ROOT, WHEELS
from tests.deploy.conftest import Built
from tests.pretend import AS_OF, a_simulator
from tests.report.test_html_report import GOLDEN, full
from tests.report.test_index_page import full as an_index
from tests.test_handler import BY_HAND, TIMER
from tests.test_handler import call as call_source

SECONDS = 120
PLATFORM = Path(__file__).with_name("platform.py")


def call(built: Built, simulator: Simulator, store: Path, event: Any, **data: Any) -> Any:
    """Start a Python that knows nothing but the zip, and let it audit a simulator over HTTP."""
    with serve(simulator) as served:
        values = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_STORE": str(store),
            "AK": simulator.ak,
            "SK": simulator.sk,
            "SECONDS": 60,
            **({"CBR_AUDIT_KMS_ENDPOINT": served.url} if "CBR_AUDIT_SIGNING_KMS_KEY" in data else {}),
            **data,
        }
        return play(built, event, values)


def play(built: Built, event: Any, values: dict[str, Any]) -> Any:
    command = [built.python, "-I", "-S", str(PLATFORM), str(built.folder), json.dumps(event), json.dumps(values)]
    done = subprocess.run(command, cwd=built.folder.parent, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("event", [TIMER, BY_HAND], ids=["timer", "by hand"])
def test_a_whole_audit_needs_nothing_but_the_zip(built: Built, tmp_path: Path, event: Any) -> None:
    answer = call(built, a_simulator("failing"), tmp_path, event)

    assert answer["strangers"] == []
    assert answer["python"].startswith(f"{built.version}.")
    assert answer["returned"]["conclusion"] == "non_compliant"
    assert all((tmp_path / key).is_file() for key in answer["returned"]["keys"])


def test_a_fleet_needs_nothing_but_the_zip(built: Built, tmp_path: Path) -> None:
    company = build_company(("audit", "shop"), resources=2, days=3, as_of=AS_OF)
    queue, shop = company.home.invoke_later(), company["shop"]
    company.home.plug_in(lambda _event: {})
    fleet = {
        "home": company.auditor.id,
        "agency": "iam::{account}:agency:cbr-audit",
        "discovery": {"projects": False},
        "targets": [{"account": shop.id, "region": "sim-1", "project": shop.projects["sim-1"].project_id}],
    }
    with serve(company) as served:
        settings = {
            **dict.fromkeys(("CBR_AUDIT_STS_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT"), served.url),
            **dict.fromkeys(("CBR_AUDIT_ENDPOINT", "CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT"), served.url),
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
            "CBR_AUDIT_STORE": str(tmp_path),
            "CBR_AUDIT_FLEET": json.dumps(fleet),
            "SECONDS": 60,
            "AK": company.auditor.login.ak,
            "SK": company.auditor.login.sk,
            "TOKEN": "",
        }
        started = play(built, {"fleet": "start", "as_of": AS_OF.isoformat()}, settings)
        assert (started["strangers"], started["returned"]["accepted"]) == ([], 1)
        queue.run(lambda event: play(built, event, settings), Random(1))  # noqa: S311  # the order of events

    done = CliRunner().invoke(command, ["fleet", "show", str(tmp_path)])
    assert done.output.startswith("COMPLIANT: 1 of 1 target was audited.")
    assert CliRunner().invoke(command, ["fleet", "verify", str(tmp_path)]).exit_code == 0


def test_what_kms_signs_for_the_zip_is_checked_by_the_command(built: Built, tmp_path: Path) -> None:
    simulator, store, key = a_simulator(), tmp_path / "store", tmp_path / "key.pem"
    key.write_text(simulator.key.pem)
    answer = call(built, simulator, store, BY_HAND, CBR_AUDIT_SIGNING_KMS_KEY=simulator.key.id)
    checked = CliRunner().invoke(command, ["verify", str(store), "--public-key", str(key)])

    assert "cryptography" not in {name.partition("/")[0] for name in built.contents}
    assert answer["returned"]["keys"]
    assert (checked.exit_code, "Every digest was signed with the given key." in checked.stdout) == (0, True)


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_the_zip_and_the_source_judge_alike(built: Built, tmp_path: Path) -> None:
    simulator = a_simulator("drifting")
    done = call(built, simulator, tmp_path / "zip", BY_HAND)["returned"]
    ours = call_source(simulator, tmp_path / "source", BY_HAND)

    assert done["kinds_of_drift"] > 0
    segments = [sorted(path.name for path in tmp_path.glob(f"{place}/**/*.history")) for place in ("zip", "source")]
    assert segments[0] == segments[1] != []
    for name in ("findings.ndjson.gz", "profile.json"):
        places = ((tmp_path / "zip", done), (tmp_path / "source", ours))
        texts = [(place / told["prefix"] / name, told["run"].encode()) for place, told in places]
        of_zip, of_source = (unpacked(path).replace(run, b"RUN") for path, run in texts)
        assert of_zip == of_source, name


def test_a_cloud_that_is_too_slow_is_left_in_time_with_an_honest_report(built: Built, tmp_path: Path) -> None:
    estate = build_estate("healthy", seed=1, resources=200, days=30, as_of=AS_OF)
    slow = Simulator(estate, latency=timedelta(seconds=0.5))

    answer = call(built, slow, tmp_path, TIMER, SECONDS=10, CBR_AUDIT_WORKERS="1")

    assert answer["seconds_left"] > 0
    assert answer["raised"].startswith("IncompleteError: the audit is incomplete; its report is stored under ")
    run = tmp_path / answer["raised"].rpartition(" ")[2]
    report = json.loads((run / "report.json").read_bytes())
    assert (run / "manifest.json").is_file()
    assert report["conclusion"] == "incomplete"
    assert any("is used up" in gap or "did not answer" in gap for gap in report["collection"]["gaps"])


def test_two_builds_have_the_same_bytes(built: Built, tmp_path: Path) -> None:
    assert write(files(WHEELS / built.version, compiler=built.python), tmp_path / "again.zip") == built.sha256
    assert (tmp_path / "again.zip").read_bytes() == built.path.read_bytes()


def test_every_module_has_its_bytecode_the_same_in_whatever_order_it_is_made(built: Built) -> None:
    modules = {name: data for name, data in built.contents.items() if name.endswith(".py")}
    bytecode = {name: data for name, data in built.contents.items() if name.endswith(".pyc")}

    assert len(bytecode) == len(modules)
    assert compiled(dict(reversed(modules.items())), built.python) == bytecode


def test_the_bytecode_is_what_runs(built: Built, tmp_path: Path) -> None:
    folder = tmp_path / "code"
    unpack(built.path, folder)
    for path in folder.rglob("*.py"):
        path.write_text("raise SystemExit('the bytecode was not used')")

    assert call(replace(built, folder=folder), a_simulator(), tmp_path / "store", BY_HAND)["returned"]


def test_pages_come_from_the_templates_that_were_compiled_in_advance(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_environment: Environment, _source: object, *_names: object) -> None:
        raise AssertionError("a template was compiled")

    monkeypatch.setattr(templates, "_FOLDER", built.folder / "audit" / "report" / "page")
    monkeypatch.setattr(Environment, "compile", refuse)
    for page in (html_report, index_page):
        monkeypatch.setattr(page, "environment", page.environment.__wrapped__)

    assert html_report.render(full()) == GOLDEN.read_bytes()
    assert b"</html>" in index_page.render(an_index())


def test_the_templates_are_compiled_by_the_jinja_that_runs_them(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.build_zip.version", lambda _package: "1.0")

    with pytest.raises(BuildError, match=r"and jinja2 1\.0 is installed here"):
        files(WHEELS / built.version, compiler=None)


def test_without_bytecode_it_holds_the_same_sources_and_they_work(built: Built, tmp_path: Path) -> None:
    contents = files(WHEELS / built.version, compiler=None)
    folder = tmp_path / "code"
    shutil.copytree(built.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))

    assert contents == {name: data for name, data in built.contents.items() if not name.endswith(".pyc")}
    assert contents.keys() == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert call(replace(built, folder=folder), a_simulator(), tmp_path / "store", BY_HAND)["returned"]


def test_the_build_says_so_where_nothing_can_make_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced = {"ROOT": tmp_path, "ZIP": tmp_path / "cbr-audit.zip", "FOLDER": tmp_path / "function"}
    for name, place in replaced.items():
        monkeypatch.setattr(f"deploy.build_zip.{name}", place)
    monkeypatch.setattr("deploy.build_zip.find", lambda _version: None)
    monkeypatch.setattr("deploy.build_zip.files", lambda _wheels, *, compiler: {"compiler": repr(compiler).encode()})
    monkeypatch.setattr("sys.argv", ["build_zip"])
    main()
    assert "no bytecode, because no Python 3.12 is on this machine" in capsys.readouterr().out
    assert (tmp_path / "function" / "compiler").read_text() == "None"

    monkeypatch.setattr("sys.argv", ["build_zip", "--source-only"])
    main()
    assert "no bytecode" not in capsys.readouterr().out


def test_the_entries_say_nothing_about_the_machine(built: Built) -> None:
    with zipfile.ZipFile(built.path) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == sorted(built.contents)
    assert {(entry.date_time, entry.external_attr, entry.create_system) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3)
    }
    assert not any(entry.filename.endswith("~") or entry.filename.startswith(("/", "..")) for entry in entries)


def test_the_zip_is_small(built: Built) -> None:
    assert built.path.stat().st_size <= 15_000_000  # the console takes 40 MB; a fleet takes 0.2 MB, the watch as much


def test_it_holds_the_handler_at_its_root_and_exactly_the_modules_that_this_reaches(built: Built) -> None:
    graph = grimp.build_graph("audit", exclude_type_checking_imports=True, cache_dir=None)
    code = ast.parse(built.contents["handler.py"])
    named = {node.module for node in ast.walk(code) if isinstance(node, ast.ImportFrom)} | {"audit.log"}
    named |= graph.find_children("audit.controls")  # by a table, not by imports
    reached = {module for module in graph.modules & named if module != "audit"}
    reached |= {module for name in list(reached) for module in graph.find_upstream_modules(name)}
    reached |= {name.rpartition(".")[0] for name in reached if "." in name}
    places = [name.replace(".", "/") for name in reached]
    paths = {f"{place}/__init__.py" if (ROOT / place).is_dir() else f"{place}.py" for place in places}

    modules = {name for name in built.contents if name.startswith("audit/") and name.endswith(".py")}
    templates = {name for name in modules if name.startswith("audit/report/page/compiled/")}
    assert modules - templates == paths
    assert len(templates) == len(list((ROOT / "audit/report/page").glob("*.jinja")))


def test_it_holds_no_terminal_no_simulator_and_no_test(built: Built) -> None:
    strangers = {"click", "cryptography", "rich", "responses", "schemas", "tests", "deploy", "bench", "pytest"}

    assert not strangers & {name.partition("/")[0] for name in built.contents}
    assert not [
        name for name in built.contents if name.startswith(("audit/cli", "audit/simulator", "audit/generators"))
    ]


def test_it_holds_every_licence_that_a_package_brings(built: Built) -> None:
    brought = set()
    for wheel in locked(WHEELS / built.version):
        with zipfile.ZipFile(wheel) as archive:
            names = (name for name in archive.namelist() if not name.endswith("/"))
            brought |= {name for name in names if re.search(r"dist-info/.*(licen|copying)", name.lower())}

    assert len(brought) > 15
    assert {*brought, "LICENSE"} <= built.contents.keys()


def test_the_function_is_locked_to_the_versions_that_are_tested() -> None:
    ours, tested = (
        set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements-function.lock", "requirements-dev.lock")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[^a-z0-9-]", line)[0] for line in project["dependencies"]}

    left_out = set((ROOT / "deploy" / "left_out.txt").read_text().splitlines()[1:])
    assert left_out <= needed
    assert ours <= tested
    assert needed - left_out <= {name for name, _ in ours}
    assert not left_out & {name for name, _ in ours}


def test_a_wheel_that_is_missing_or_was_changed_is_named(tmp_path: Path, built: Built) -> None:
    for wheel in (WHEELS / built.version).glob("*.whl"):
        (tmp_path / wheel.name).write_bytes(wheel.read_bytes())
    (changed,) = tmp_path.glob("requests-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    for lost in tmp_path.glob("orjson-*.whl"):
        lost.unlink()

    with pytest.raises(
        BuildError, match=r"lacks the locked wheels of orjson [0-9.]+, requests [0-9.]+; run make wheels"
    ):
        locked(tmp_path)


def test_a_wheel_that_cannot_simply_be_unpacked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("odd-1.0.data/scripts/odd", "")
    monkeypatch.setattr("deploy.build_zip.locked", lambda _folder: [path])

    with pytest.raises(BuildError, match=r"odd-1\.0-\S+ holds odd-1\.0\.data/scripts/odd, which needs more"):
        files(tmp_path, compiler=None)


def test_no_file_hides_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("handler.py", "")
    monkeypatch.setattr("deploy.build_zip.locked", lambda _folder: [path])

    with pytest.raises(BuildError, match=r"handler\.py comes from two places"):
        files(tmp_path, compiler=None)


def test_a_python_that_does_not_run_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python9.9"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find("9.9") is None

    real = tmp_path / "pyenv" / "versions" / "9.9.1" / "bin" / "python"
    real.parent.mkdir(parents=True)
    real.write_text("#!/bin/sh\necho 9.9\n")
    real.chmod(0o755)
    assert find("9.9") == str(real)
