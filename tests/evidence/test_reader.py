import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.errors import StoreError
from audit.evidence.reader import read_report, read_run
from audit.evidence.store import Store, open_store
from tests.evidence.chains import MANIFEST

RUN = "20261123T120000Z-0123456789ab"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORT = {"run": {"id": RUN, "as_of": "2026-11-23T12:00:00Z"}, "collection": {"drift": []}}


def put(store: Store, key: str, content: Any) -> str:
    data = orjson.dumps(content)
    store.replace(key, data)
    return hashlib.sha256(data).hexdigest()


def publish(store: Store, project: str) -> str:
    """Publish a run of a project, and return its prefix."""
    prefix = f"{project}/2026/11/23/{RUN}"
    report = put(store, f"{prefix}/report.json", {"run": project})
    listed = {"name": "report.json", "size": 1, "sha256": report}
    manifest = put(store, f"{prefix}/manifest.json", {**MANIFEST, "objects": [{**listed, "name": "other"}, listed]})
    pointer = {
        **dict.fromkeys(("as_of", "stored_at"), "2026-11-23T12:00:00Z"),
        "prefix": prefix,
        "run": RUN,
        "manifest_sha256": manifest,
        "digest": f"{project}/digest/x.json",
        "digest_sha256": manifest,
    }
    put(store, f"{project}/latest.json", pointer)
    return prefix


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one run of one project."""
    store = open_store(str(tmp_path))
    publish(store, "p1")
    return store


@pytest.mark.parametrize("where", ["", "p1", f"p1/2026/11/23/{RUN}"])
def test_a_report_is_found_from_the_store_the_project_or_the_run(store: Store, tmp_path: Path, where: str) -> None:
    del store
    assert read_report(open_store(str(tmp_path / where))).report["run"] == "p1"


def test_a_report_is_found_by_the_id_of_its_run(store: Store) -> None:
    assert read_run(store, RUN).report["run"] == "p1"
    for other in ("20261123T120000Z-000000000000", "nonsense", "../../etc"):
        with pytest.raises(StoreError, match="has no run"):
            read_run(store, other)


def test_of_several_projects_one_must_be_named(store: Store) -> None:
    publish(store, "p2")

    with pytest.raises(StoreError, match="several projects; choose one with --project-id: p1, p2"):
        read_report(store)
    assert read_report(store, "p2").report["run"] == "p2"


def test_a_store_without_a_report_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no report; run an audit first"):
        read_report(open_store(str(tmp_path / "elsewhere")))
    with pytest.raises(StoreError, match="has no report"):
        read_report(store, "p9")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("report.json", None, "report.json is not the one that manifest.json names"),
        ("report.json", b"{}", "report.json is not the one that manifest.json names"),
        ("manifest.json", None, "has no manifest.json: the run was broken off"),
        ("manifest.json", b"{}", "manifest.json is not the one that latest.json names"),
    ],
)
def test_a_run_that_was_changed_is_refused(
    store: Store, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / "p1/2026/11/23" / RUN / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    for place in (store, open_store(str(tmp_path / "p1"))):
        with pytest.raises(StoreError, match=words):
            read_report(place)


@pytest.mark.parametrize(
    "manifest", [{}, [], {**MANIFEST, "objects": 5}, {**MANIFEST, "objects": [5]}, {**MANIFEST, "objects": []}]
)
def test_a_manifest_that_names_no_report_is_refused(store: Store, tmp_path: Path, manifest: Any) -> None:
    del store
    run = tmp_path / "p1/2026/11/23" / RUN
    (run / "manifest.json").write_bytes(orjson.dumps(manifest))

    with pytest.raises(StoreError, match=r"is not the one that manifest\.json names|manifest\.json is damaged"):
        read_report(open_store(str(run)))


def test_a_pointer_that_leads_out_of_the_store_is_refused(store: Store) -> None:
    for name, value in (("prefix", "../elsewhere"), ("prefix", 5), ("as_of", None)):
        publish(store, "p1")
        pointer = orjson.loads(store.read("p1/latest.json") or b"")
        put(store, "p1/latest.json", {**pointer, name: value})
        with pytest.raises(StoreError, match=r"p1/latest\.json is damaged"):
            read_report(store)
