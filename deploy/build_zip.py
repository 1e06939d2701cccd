"""``make zip``: write build/cbr-audit.zip, the same bytes each time, and the same files to the folder build/function/.

The zip holds handler.py, every module of ours that it can reach, the schemas, the templates of the pages as modules,
the locked wheels of build/wheels/, unpacked, and the bytecode of all of them, without which a cold start takes four
times as long. Console and Terraform take the zip; Serverless Devs takes the folder.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from importlib.metadata import version
from modulefinder import ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from audit.controls import module_of
from audit.fleet import fleet_page
from audit.judging.control_catalogue import NAMES
from audit.report import index_page
from audit.report.formats import html_report
from audit.report.page.templates import module
from deploy.pythons import FUNCTION_PYTHON, find
from deploy.wheels import LOCK, ROOT, WHEELS

ZIP: Final = ROOT / "build" / "cbr-audit.zip"
FOLDER: Final = ROOT / "build" / "function"
NO_COMPILER: Final = (
    f"It holds no bytecode, because no Python {FUNCTION_PYTHON} is on this machine to make it. It works all the same; "
    "only each cold start takes four times as long."
)
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3
_LEFT_OUT: Final = (
    *(
        "*.dist-info/RECORD",
        "*.dist-info/WHEEL",
        "*.dist-info/INSTALLER",
        "*.dist-info/sboms/*",
    ),  # of no use when unpacked
    *("*.pyi", "*/py.typed", "*/tests/*", "*/benchmarks/*"),  # for those who develop with them
    *("pydantic/v1/*", "pydantic/mypy.py", "urllib3/contrib/emscripten/*"),  # for other programs and platforms
    *("charset_normalizer/*", "charset_normalizer-*/METADATA"),  # handler.py hides it from requests
    *("tzdata/zoneinfo/*.tab", "tzdata/zoneinfo/*.zi"),  # lists of zones; each zone has a file of its own
    *("isal/igzip.py", "isal/igzip_threaded.py", "isal/isa-l/CMakeLists.txt", "isal/isa-l/Release_notes.txt"),
    *("urllib3/contrib/pyopenssl.py", "urllib3/contrib/socks.py"),  # for a Python without TLS names, and for proxies
    *("dateutil/tz/win.py", "annotated_types/test_cases.py"),  # for Windows, and for tests
    *("jinja2/ext.py", "jinja2/meta.py", "jinja2/nativetypes.py", "jinja2/sandbox.py"),  # for other templates than ours
    *("idna/cli.py", "jsonschema/cli.py", "structlog/twisted.py"),  # for terminals, and for another framework
    "yaml/_yaml.*",  # PyYAML's parser in C, 0.8 MB: profiles are small, and safe_load does not use it
)
_FOR_TYPE_CHECKERS: Final = ("audit.evidence.stored_forms", "audit.report.formats.ocsf_form")  # no run imports them
_SOURCES_OF_SCHEMAS: Final = (".documented.json", ".amendments.json")  # rows are checked against what they make


class BuildError(Exception):
    """The zip cannot be built; the text says why and what to do."""


def files(wheels: Path, *, compiler: str | None) -> dict[str, bytes]:
    """Collect everything that belongs into the zip, by its name there.

    Args:
        wheels: the folder with the wheels.
        compiler: the Python that makes the bytecode, of the version that the zip is for; None to leave it out.

    Raises:
        BuildError: a wheel is missing or was changed, or two sources hold the same file.
    """
    found: dict[str, bytes] = {}
    packages = (entry for wheel in locked(wheels) for entry in _unpacked(wheel))
    for name, data in (*_own(), *_schemas(), *_templates(), *packages):
        if name in found:
            raise BuildError(f"{name} comes from two places; one would hide the other")
        found[name] = data
    return found | (compiled(found, compiler) if compiler else {})


def locked(folder: Path) -> list[Path]:
    """Find the wheel of every locked package, by its hash.

    Raises:
        BuildError: one is missing.
    """
    pins = _pins()
    hashes = set(re.findall(r"sha256:([0-9a-f]{64})", LOCK.read_text(encoding="utf-8")))
    wheels = {_package(path): path for path in sorted(folder.glob("*.whl")) if _sha256(path.read_bytes()) in hashes}
    missing = [f"{name} {version}" for name, version in pins if (name, version) not in wheels]
    if missing:
        raise BuildError(f"{folder} lacks the locked wheels of {', '.join(missing)}; run make wheels")
    return [wheels[pin] for pin in pins]


def _pins() -> list[tuple[str, str]]:
    """Name the locked packages and their versions."""
    return re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)


def write(contents: Mapping[str, bytes], path: Path) -> str:
    """Write a zip whose bytes depend on its contents alone, and return its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr, entry.create_system, entry.compress_type = _MODE, _UNIX, zipfile.ZIP_DEFLATED
            archive.writestr(entry, contents[name], compresslevel=9)
    return _sha256(path.read_bytes())


def unpack(path: Path, folder: Path) -> None:
    """Unpack the zip to a folder, as the platform does; whatever was there is removed: old bytecode would be used."""
    if folder.exists():
        shutil.rmtree(folder)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


def compiled(sources: Mapping[str, bytes], python: str) -> dict[str, bytes]:
    """Compile every module in a fresh interpreter; the bytecode says by itself that it is never stale (PEP 552)."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, data in sources.items():
            if name.endswith(".py"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        command = [
            python,
            "-m",
            "compileall",
            "-q",
            "-s",
            temporary,
            "--invalidation-mode",
            "unchecked-hash",
            temporary,
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        subprocess.run(command, check=True, env={**environment, "PYTHONHASHSEED": "0"})  # noqa: S603  # a Python that was found
        made = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pyc")}
    modules = sum(name.endswith(".py") for name in sources)
    if len(made) != modules:
        raise BuildError(f"{python} made bytecode of {len(made)} modules, and there are {modules}")
    return made


def _own() -> Iterator[tuple[str, bytes]]:
    """Our modules that handler.py and the controls can reach, at whatever depth, and the data of their packages."""
    finder = ModuleFinder([str(ROOT)], excludes=_FOR_TYPE_CHECKERS)
    finder.run_script(str(ROOT / "handler.py"))
    for control_id, name in NAMES.items():
        finder.import_hook(module_of(control_id, name))  # named by a table, not by an import
    modules = {Path(str(vars(module)["__file__"])) for module in finder.modules.values() if vars(module)["__file__"]}
    folders = {path.parent for path in modules}
    data = {path for path in _data() if path.parent in folders and path.suffix != ".jinja"}  # those are compiled
    for path in sorted({*modules, *data, ROOT / "LICENSE"}):
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def _schemas() -> Iterator[tuple[str, bytes]]:
    """The schemas that rows are checked against, where an installation has them too."""
    for path in sorted((ROOT / "schemas" / "cbr").glob("*.json")):
        if not path.name.endswith(_SOURCES_OF_SCHEMAS):
            yield f"audit/schemas/cbr/{path.name}", path.read_bytes()


def _templates() -> Iterator[tuple[str, bytes]]:
    """The templates of the pages as modules, made by the Jinja that will run them."""
    ours, needed = version("jinja2"), dict(_pins())["jinja2"]
    if ours != needed:
        raise BuildError(f"the zip is for jinja2 {needed}, and jinja2 {ours} is installed here")
    made = {
        module(name, page.environment()) for page in (html_report, index_page, fleet_page) for name in page.TEMPLATES
    }
    yield from ((f"audit/report/page/{name}", text.encode()) for name, text in sorted(made))


def _data() -> Iterator[Path]:
    """The files beside our modules that an installation has too."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    return (
        path for package, globs in patterns.items() for pattern in globs for path in ROOT.glob(f"{package}/{pattern}")
    )


def _unpacked(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if ".data/" in name:
                raise BuildError(f"{wheel.name} holds {name}, which needs more than unpacking")
            if not name.endswith("/") and not any(fnmatch(name, pattern) for pattern in _LEFT_OUT):
                yield name, archive.read(name)


def _package(wheel: Path) -> tuple[str, str]:
    name, version, *_ = wheel.name.split("-")
    return name.lower().replace("_", "-"), version


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    """Build, unpack, and say what was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source-only", action="store_true", help="leave the bytecode out: smaller, and slow to start")
    is_wanted = not parser.parse_args().source_only
    compiler = find(FUNCTION_PYTHON) if is_wanted else None
    try:
        contents = files(WHEELS / FUNCTION_PYTHON, compiler=compiler)
    except BuildError as error:
        sys.exit(f"make zip: {error}")
    digest = write(contents, ZIP)
    unpack(ZIP, FOLDER)
    size = ZIP.stat().st_size / 1_000_000
    print(f"{ZIP.relative_to(ROOT)}  {size:.1f} MB, {len(contents)} files, sha256 {digest}")  # noqa: T201  # what make shows
    if is_wanted and not compiler:
        print(NO_COMPILER)  # noqa: T201  # what make shows


if __name__ == "__main__":
    main()
