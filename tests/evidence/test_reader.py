import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.errors import StoreError
from audit.evidence.reader import read_report, read_run
from audit.evidence.store import Store, open_store
from tests.evidence.chains import a_chain, facts, publish
from tests.evidence.forging import edit, put_back

RUN = facts(2).id
FOLDER = f"p1/2026/11/23/{RUN}"
CHAIN = a_chain(2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two runs of one project."""
    put_back(CHAIN, tmp_path)
    return open_store(str(tmp_path))


@pytest.mark.parametrize("where", ["", "p1", FOLDER])
def test_a_report_is_found_from_the_store_the_project_or_the_run(store: Store, tmp_path: Path, where: str) -> None:
    del store
    found = read_report(open_store(str(tmp_path / where)))

    assert (found.report["run"]["id"], found.url) == (RUN, (tmp_path / FOLDER).as_uri())
    assert bool(found.note) == (where == FOLDER)


def test_a_report_is_found_by_the_id_of_its_run(store: Store) -> None:
    assert read_run(store, facts(1).id).report["run"]["id"] == facts(1).id
    for other in ("20261123T120000Z-000000000000", "nonsense", "../../etc"):
        with pytest.raises(StoreError, match="has no run"):
            read_run(store, other)


def test_of_several_projects_one_must_be_named(store: Store, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "p1", tmp_path / "p2")

    with pytest.raises(StoreError, match="several projects; choose one with --project-id: p1, p2"):
        read_report(store)
    assert read_report(store, "p1").report["run"]["project_id"] == "p1"
    with pytest.raises(StoreError, match=r"p2/latest\.json leads to no run of the chain"):
        read_report(store, "p2")


def test_a_store_without_a_report_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no report; run an audit first"):
        read_report(open_store(str(tmp_path / "elsewhere")))
    with pytest.raises(StoreError, match="has no report of the project p9"):
        read_report(store, "p9")


def test_without_the_pointer_the_newest_run_is_found_by_its_digest(store: Store, tmp_path: Path) -> None:
    (tmp_path / "p1" / "latest.json").unlink()

    for place in (store, open_store(str(tmp_path / "p1"))):
        assert (read_report(place).report["run"]["id"], read_report(place).note[:11]) == (RUN, "latest.json")


def test_a_later_run_that_judged_an_earlier_time_is_not_the_latest() -> None:
    shelf = CHAIN.copy()
    publish(shelf, 3, judged=1)

    assert read_report(shelf, "p1").report["run"]["id"] == RUN


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("report.json", None, "report.json is not the one that manifest.json names"),
        ("report.json", b"{}", "report.json is not the one that manifest.json names"),
        ("manifest.json", None, "manifest.json is missing"),
        ("manifest.json", b"{}", "manifest.json was changed"),
    ],
)
def test_a_run_that_was_changed_is_refused(
    store: Store, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / FOLDER / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    for place in (store, open_store(str(tmp_path / "p1"))):
        with pytest.raises(StoreError, match=words):
            read_report(place)


@pytest.mark.parametrize("changed", [None, {}, [], {"objects": 5}, {"objects": [5]}, {"objects": []}])
def test_a_manifest_that_names_no_report_is_refused(store: Store, tmp_path: Path, changed: Any) -> None:
    del store
    path = tmp_path / FOLDER / "manifest.json"
    manifest = orjson.loads(path.read_bytes())
    path.unlink()
    if changed is not None:
        path.write_bytes(orjson.dumps({**manifest, **changed} if changed else changed))

    with pytest.raises(StoreError, match=r"is not the one that manifest\.json names|manifest\.json is damaged|broken"):
        read_report(open_store(str(path.parent)))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("prefix", "../elsewhere", "is damaged"),
        ("prefix", 5, "is damaged"),
        ("as_of", None, "is damaged"),
        ("digest", "p1/digest/x.json", "leads to no run of the chain"),
        ("digest_sha256", "0" * 64, "leads to no run of the chain"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_refused(tmp_path: Path, name: str, value: Any, words: str) -> None:
    shelf = CHAIN.copy()
    edit(shelf, "p1/latest.json", lambda pointer: pointer.update({name: value}))
    put_back(shelf, tmp_path)

    with pytest.raises(StoreError, match=rf"p1/latest\.json {words}"):
        read_report(open_store(str(tmp_path)))
