"""What pip installs: one package that works wherever it is put, the same bytes whoever builds it."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from importlib.metadata import packages_distributions
from pathlib import Path
from re import findall, split

import grimp
import pytest

from audit import __version__
from deploy import dist
from deploy.dist import DistError, build, check, install
from deploy.wheels import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ANSWER = ROOT / "tests" / "schemas" / "vaults" / "accept"
PROGRAM = """
import json, sys
from audit.reports import latest_report
run = latest_report(sys.argv[1])
print(json.dumps([sys.modules["audit"].__file__, run.conclusion, len(run.report.findings), "schemas" in sys.modules]))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, Path]) -> Path:
    return built[1]


def test_the_wheel_holds_one_package_with_every_module_and_the_schemas_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = [path for folder in ("audit", "schemas") for path in (ROOT / folder).rglob("*") if path.is_file()]
    ours = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}

    assert names == {name if name.startswith("audit/") else f"audit/{name}" for name in ours}


def test_the_metadata_tells_the_version_and_has_no_link_that_leads_nowhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = BytesParser().parsebytes(archive.read(name))

    assert metadata["Version"] == __version__
    assert metadata.get_all("Provides-Extra") == ["simulator"]
    assert "cbr-audit demo" in str(metadata.get_payload())
    assert findall(r"\]\((?!https://)[^)]*\)", str(metadata.get_payload())) == []


def test_the_package_asks_for_exactly_what_its_modules_import() -> None:
    graph = grimp.build_graph("audit", include_external_packages=True, exclude_type_checking_imports=True)
    foreign = {name for name in graph.modules if not name.startswith("audit")} - sys.stdlib_module_names
    needed = {split(r"[^a-z0-9-]", line)[0] for line in PROJECT["dependencies"]}
    names = packages_distributions()

    assert {names[name][0].lower().replace("_", "-") for name in foreign} == needed | {"responses"}


def test_it_works_among_other_packages_that_are_called_schemas(wheel: Path, tmp_path: Path) -> None:
    site, mine = tmp_path / "site", tmp_path / "mine"
    install(wheel, site)
    for folder in (site / "schemas", mine / "schemas"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("raise AssertionError('this is not for cbr-audit')")

    def said(*command: str | Path) -> str:
        environment = {**os.environ, "PYTHONPATH": f"{mine}{os.pathsep}{site}"}
        return subprocess.run(command, cwd=mine, env=environment, capture_output=True, text=True, check=True).stdout

    module = (sys.executable, "-m", "audit")
    assert said(*module, "check", *ANSWER.glob("*.json"))
    assert "COMPLIANT" in said(site / "bin" / "cbr-audit", "demo", "--scenario", "healthy", "--out", "store")
    (line,) = said(sys.executable, "-c", PROGRAM, "store").splitlines()
    assert line.startswith(f'["{site}/audit/__init__.py", "compliant", ')
    assert line.endswith(", false]")


def test_who_builds_it_and_what_else_lies_about_changes_no_byte(built: tuple[Path, Path], tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    for name in ("audit", "schemas", "docs"):
        shutil.copytree(ROOT / name, root / name, copy_function=shutil.copyfile)
    for name in ("LICENSE", "README.md", "handler.py", "pyproject.toml", "setup.py"):
        shutil.copyfile(ROOT / name, root / name)
    for name in ("audit/cli/screen.py.orig", "build/lib/audit/old.py", "cbr_audit.egg-info/SOURCES.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("handler.py\n")
    before = os.umask(0o077)
    try:
        again = build(root, tmp_path / "dist")
    finally:
        os.umask(before)

    assert [path.name for path in again] == [path.name for path in built]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_a_build_that_is_not_repeatable_or_does_not_start_is_refused(
    built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist, wheel = built
    monkeypatch.setattr(dist, "build", lambda _root, _dist: built)
    check(sdist, wheel, ROOT)
    with pytest.raises(DistError, match="a second build made other bytes"):
        check(wheel, sdist, ROOT)

    monkeypatch.setattr(dist, "__version__", "9.9.9")
    monkeypatch.setattr(dist, "install", lambda _wheel, _folder: None)
    with pytest.raises(DistError, match=rf"does not start as version 9\.9\.9: .*, version {__version__}"):
        check(sdist, wheel, ROOT)


def test_what_stops_the_build_is_told(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("raise ValueError('no such package')")

    with pytest.raises(DistError, match=r"(?s)^build_sdist: .*ValueError: no such package$"):
        build(tmp_path, tmp_path / "dist")
