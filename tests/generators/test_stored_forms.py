"""docs/format.md and schemas/ hold for all that runs store: today, and in stores that earlier versions wrote.

store-of-0.1.0.tar.xz and store-of-0.2.tar.xz hold two runs of their version over a simulated project; the second
continues the first and is signed. That of 0.2 cannot use some rows.
"""

import gzip
import io
import json
import re
import shutil
import tarfile
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.answers.quick import packed_backups
from audit.app.execute import execute
from audit.app.request import request_from_settings
from audit.collection import About, Kind, Rejected, Window
from audit.evidence.reader import RUN_ID
from audit.evidence.store.folder import Folder
from audit.evidence.stored_forms import AboutForm, AlikeForm, AskedForm, OpeningForm, PartForm, RejectedForm, TaskForm
from audit.evidence.verify import verify
from audit.generators.published_schemas import PUBLISHED
from audit.history import History
from audit.history.lines import line_of
from audit.profile import parse_profile
from audit.records import Task
from audit.report.formats import FORMATS
from audit.report.formats.csv_report import COLUMNS
from audit.reports import open_reports
from audit.simulator import mock_cbr
from deploy.wheels import ROOT

PAGE: Final = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
SECTIONS: Final = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
SCHEMA: Final = r"^Schema: \[schemas/(\S+)\].*\n"
SCHEMAS: Final = {title: re.findall(SCHEMA, text, re.MULTILINE) for title, text in SECTIONS.items()}
FIELDS: Final = rf"{SCHEMA}\n\| field \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)"
STORED: Final = sorted(name for names in SCHEMAS.values() for name in names)
NAMED: Final = {part for name in re.findall(r"`([\w.]+)`", PAGE) for part in name.split(".")}
FORMER: Final = {"report/v1.json"}
"""Schemas of what only earlier versions stored."""
NOT_STORED: Final = {
    "fleet-file/v1.json",
    "fleet-webhook/v1.json",
    "change-webhook/v1.json",
    "webhook/v1.json",
    "event/timer.json",
    "event/manual.json",
    "event/fleet.json",
}
PLACEHOLDERS: Final = {
    "PROJECT": "[0-9a-f]{32}",
    "FLEET": "fleet-[a-z0-9-]{1,32}",
    "TARGET": r"[\w-]+\.[a-z0-9-]+\.[\w-]+",
    "YYYY": "[0-9]{4}",
    "MM": "[0-9]{2}",
    "DD": "[0-9]{2}",
    "RUN": RUN_ID.pattern,
    "TRACE": "(?!digest/)[A-Za-z0-9_-]{1,64}",
    "NUMBER": "(?:[0-9]{5}|[0-9]{10})",
    "SHA256": "[0-9a-f]{64}",
    "KIND": f"(?:{'|'.join(Kind)})",
}
AS_OF: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOON: Final = AS_OF + timedelta(hours=1)
LATER: Final = AS_OF + timedelta(hours=2)


def layout(*parts: str) -> dict[re.Pattern[str], str]:
    """The keys that parts of the page name, in their order, and the title of the section that each leads to."""
    titles = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-"): title for title in SECTIONS}
    text = "".join(SECTIONS[part] for part in parts)
    rows = re.findall(r"^\| `((?:PROJECT|FLEET)/.+)` \|.+\(#([\w-]+)\) \|$", text, re.MULTILINE)
    return {re.compile(_pattern(key)): titles[anchor] for key, anchor in rows}


def _pattern(key: str) -> str:
    return re.sub("|".join(PLACEHOLDERS), lambda found: PLACEHOLDERS[found[0]], re.escape(key))


def validators(title: str) -> list[jsonschema_rs.Validator]:
    return [jsonschema_rs.validator_for(schema_of(name), validate_formats=True) for name in SCHEMAS[title]]


def values(key: str, data: bytes) -> Iterator[tuple[int, Any]]:
    """What of an object a schema describes, and which of those in its section."""
    text = gzip.decompress(data) if key.endswith((".gz", ".history")) else data
    parts = text.splitlines() if "ndjson" in key else lines_of(text) if key.endswith(".history") else [text]
    for part in parts:
        value = orjson.loads(part)
        is_former = "history.ndjson" in key or (key.endswith("/report.json") and value["schema_version"] == 1)
        yield int(is_former), value
        if "payload" in value:
            yield 1, orjson.loads(b64decode(value["payload"], validate=True))


def lines_of(history: bytes) -> Iterator[bytes]:
    """The JSON of a history, without the columns."""
    file = io.BytesIO(history)
    for line in iter(file.readline, b""):
        yield line
        file.seek(76 * orjson.loads(line).get("tasks", 0), io.SEEK_CUR)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The stores of earlier versions, and one of two runs of today; its second is signed and cannot use some rows."""
    old = {version: tmp_path_factory.mktemp(version) for version in ("0.1.0", "0.2")}
    for version, folder in old.items():
        with tarfile.open(Path(__file__).with_name(f"store-of-{version}.tar.xz")) as archive:
            archive.extractall(folder, filter="data")
    now = tmp_path_factory.mktemp("now")
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packed_backups, "FEWEST", 1)
        audit(now, "mixed", AS_OF)
        audit(now, "unusable", SOON, CBR_AUDIT_SIGNING_KEY=key.decode())
    return {**old, "now": now}


def audit(folder: Path, scenario: str, as_of: datetime, **more: str) -> tuple[str, ...]:
    """Audit a simulated project, and return the keys of what was written, in order."""
    with mock_cbr(scenario, resources=12, days=3, as_of=as_of) as simulator:
        variables = {
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_TOKEN": simulator.token,
            "CBR_AUDIT_STORE": str(folder),
            **more,
        }
        profile = parse_profile(f"controls: [default, CBR-117, CBR-503]\nformats: [{', '.join(FORMATS)}]", "here")
        demanded = request_from_settings(variables, as_of=as_of.isoformat(), profile=profile, official=True)
        return execute(demanded, lambda _progress: None).keys


def objects(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("version", ["0.1.0", "0.2", "now"])
def test_every_stored_object_is_named_by_the_page_and_fits_its_schema(stores: dict[str, Path], version: str) -> None:
    rows = layout("Layout") if version == "now" else layout("Layout", "Earlier versions")
    fit = {title: validators(title) for title in rows.values()}
    for key, data in objects(stores[version]).items():
        titles = [title for pattern, title in rows.items() if pattern.fullmatch(key)]
        assert len(titles) == 1, f"docs/format.md (Layout) names {key} in {len(titles)} rows"
        for number, value in values(key, data) if fit[titles[0]] else ():
            fit[titles[0]][number].validate(value)


def test_a_run_writes_every_row_of_the_layout_in_its_order(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packed_backups, "FEWEST", 1)
        keys = audit(tmp_path, "healthy", AS_OF)
    rows = layout("Layout")
    places = [number for key in keys for number, pattern in enumerate(rows) if pattern.fullmatch(key)]
    others = [place for place in places if place != 1]

    assert others == sorted(others)
    assert min(place for place in places if place) == 1, "packed backups come beside their raw pages"
    assert {*places} == {*range(len(rows))}


def test_the_store_has_a_first_run_and_a_signed_one_that_continues_it(stores: dict[str, Path]) -> None:
    first, second = open_reports(str(stores["now"]))
    signatures = [
        orjson.loads(data)["signatures"] for key, data in sorted(objects(stores["now"]).items()) if "/digest/" in key
    ]

    assert [first.manifest.origin, second.manifest.origin and second.manifest.origin.run] == [None, first.id]
    assert [len(each) for each in signatures] == [0, 1]


def test_a_row_that_could_not_be_used_is_where_the_history_says(stores: dict[str, Path]) -> None:
    kept = objects(stores["now"])
    lines = [value for key in kept if key.endswith(".history") for _, value in values(key, kept[key])]
    rejected = [row for line in lines for row in line.get("rejected", ())]

    assert rejected
    for row in rejected:
        (run,) = [run for run in open_reports(str(stores["now"])) if run.id == row["run"]]
        (name,) = {page.name for page in run.manifest.pages if page.number == row["page"]}
        answer = orjson.loads(gzip.decompress(run.read(name)))
        assert answer["operation_logs"][row["row"]]["id"] == row["id"]


@pytest.mark.parametrize(("version", "told"), [("0.1.0", "0.1.0"), ("0.2", "0.2.0.dev0")])
def test_a_store_of_an_earlier_version_is_read_continued_and_verified(
    stores: dict[str, Path], tmp_path: Path, version: str, told: str
) -> None:
    shutil.copytree(stores[version], tmp_path, dirs_exist_ok=True)
    audit(tmp_path, "failing", LATER)
    *old, last = open_reports(str(tmp_path))

    assert [(run.manifest.tool_version, run.manifest.schema_version) for run in old] == [(told, 1), (told, 1)]
    assert last.manifest.origin
    assert last.manifest.origin.run == old[-1].id
    assert [run.report.run.previous.run for run in (*old, last)] == [None, *(run.id for run in old)]
    assert (last.report.run.previous.trouble, last.report.run.previous.notes) == (None, [])
    assert not verify(Folder(tmp_path), last.digest.scope).faults


def laid_out(value: Any, margin: str = "\n") -> str:
    """Write each key of an object, and each row of a list, on a line."""
    within = f"{margin}  "
    if isinstance(value, dict):
        parts = (f'"{name}": {laid_out(part, within)}' for name, part in value.items())
        return f"{{{','.join(within + part for part in parts)}{margin}}}"
    row = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, list) and value:
        return f"[{','.join(within + row.encode(each) for each in value)}{margin}]"
    return row.encode(value)


@pytest.mark.parametrize("version", ["0.1.0", "0.2", "now"])
def test_json_is_written_as_the_page_says(stores: dict[str, Path], version: str) -> None:
    sparse = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    indented = json.JSONEncoder(ensure_ascii=False, indent=2)
    ordered = json.JSONEncoder(ensure_ascii=False, indent=2, sort_keys=True)

    for key, data in objects(stores[version]).items():
        value: Any = json.loads(data) if key.endswith(".json") else None
        if "/digest/" in key:
            payload = b64decode(value["payload"])
            assert ordered.encode(value).encode() + b"\n" == data
            assert sparse.encode(json.loads(payload)).encode() == payload
        elif key.endswith("/profile.json"):
            assert ordered.encode(value).encode() == data
        elif value is not None and value["schema_version"] == 2:
            assert f"{laid_out(value)}\n".encode() == data
        elif value is not None:
            assert indented.encode(value).encode() + b"\n" == data


def test_the_page_links_the_schema_of_everything_that_is_stored() -> None:
    assert sorted({*PUBLISHED, *FORMER} - NOT_STORED) == STORED


def test_the_sources_list_every_published_schema() -> None:
    page = (ROOT / "schemas" / "SOURCES.md").read_text(encoding="utf-8")

    assert [name for name in PUBLISHED if f"`{name}`" not in page] == []


def test_the_page_explains_the_fields_that_there_are() -> None:
    for name, rows in re.findall(FIELDS, PAGE, re.MULTILINE):
        schema = schema_of(name)
        named = {field for row in rows.splitlines() for field in re.findall(r"`([\w.]+)`", row.split(" | ")[0])}
        paths = set(fields(schema, schema))

        assert named <= paths, name
        assert {path for path in paths if "." not in path} <= named, name


@pytest.mark.parametrize("name", STORED)
def test_every_field_of_a_schema_is_explained_in_it_or_on_the_page(name: str) -> None:
    schema = schema_of(name)
    parts = (schema, *schema.get("$defs", {}).values())
    silent = {
        field
        for part in parts
        for field, value in part.get("properties", {}).items()
        if "description" not in {**definition(schema, value), **value} and field not in NAMED
    }

    assert silent == set(), "docs/format.md, or the model of the schema"


def schema_of(name: str) -> Any:
    return orjson.loads((ROOT / "schemas" / name).read_bytes())


def definition(schema: Any, part: Any) -> Any:
    """What a part of a schema refers to, if it does."""
    return schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else {}


def fields(schema: Any, part: Any, depth: int = 2) -> Iterator[str]:
    """The fields of a part of a schema, and those inside them, with a dot before each."""
    nested = (*part.get("anyOf", ()), *([part["items"]] if "items" in part else ()), definition(schema, part))
    for each in filter(None, nested):
        yield from fields(schema, each, depth)
    for name, inner in part.get("properties", {}).items():
        yield name
        yield from (f"{name}.{field}" for field in (fields(schema, inner, depth - 1) if depth > 1 else ()))


def test_the_history_writes_the_fields_of_its_form_and_no_others() -> None:
    values: dict[str, Any] = {
        **dict.fromkeys(Task.__struct_fields__, "text"),
        **dict.fromkeys(("created_at", "updated_at", "started_at", "ended_at"), AS_OF),
        "incremental": True,
        **dict.fromkeys(("synced", "failures"), 1),
        "removed": ("r-1",),
    }
    task = Task(**values)
    opening, group = map(orjson.loads, lines_of(gzip.decompress(History([task]).dump())))

    assert set(opening) == set(OpeningForm.__annotations__)
    assert set(group) == set(PartForm.__annotations__)
    assert set(group["alike"][0]) == AlikeForm.__required_keys__ | AlikeForm.__optional_keys__
    assert set(orjson.loads(line_of(task))) == TaskForm.__required_keys__ | TaskForm.__optional_keys__
    assert [*RejectedForm.__annotations__] == [*Rejected.__struct_fields__]
    assert [*AboutForm.__annotations__] == [*About.__struct_fields__]
    assert [*AskedForm.__annotations__] == [*Window.__struct_fields__]


def test_the_page_names_the_columns_of_the_csv_and_the_metrics(stores: dict[str, Path]) -> None:
    columns = SECTIONS["findings.csv"].partition("The columns are")[2].partition(".\n")[0]
    (metrics, *_) = [data.decode() for key, data in objects(stores["now"]).items() if key.endswith("metrics.prom")]

    assert re.findall(r"`(\w+)`", columns) == [*COLUMNS]
    assert re.findall(r"`(cbr_audit_\w+)`", SECTIONS["metrics.prom"]) == re.findall(r"# TYPE (\w+)", metrics)
