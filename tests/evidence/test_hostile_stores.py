"""A folder into which somebody put what no run writes: every command ends, and says which object is wrong."""

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from audit.app.replay import replay
from audit.errors import StoreError
from audit.evidence.chain import Envelope
from audit.evidence.publish import newest
from audit.evidence.reader import read_report, read_run
from audit.evidence.run_before import read_run_before
from audit.evidence.store.folder import Folder
from audit.evidence.store.keys import UNFINISHED, largest
from audit.evidence.verify import verify
from audit.reports import latest_report
from tests.evidence.chains import SCOPE, a_chain, facts

RUN = facts(2)
PREFIX = f"{SCOPE}/{RUN.as_of:%Y/%m/%d}/{RUN.id}"
OBJECTS = a_chain(2).objects
RAW = f"{SCOPE}/{orjson.loads(OBJECTS[f'{PREFIX}/manifest.json'])['pages'][0]['name']}"
DIGEST = next(key for key in OBJECTS if f"digest/0000000002-{RUN.id}" in key)
EACH = (f"{SCOPE}/latest.json", DIGEST, f"{PREFIX}/manifest.json", f"{PREFIX}/report.json", RAW)


def a_folder(root: Path) -> Folder:
    for key, data in OBJECTS.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(data)
    return Folder(root)


def link_to_the_same(path: Path) -> None:
    other = path.parent.parent / "elsewhere"
    path.rename(other)
    path.symlink_to(other)


def link_to_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(largest(path.as_posix()) + 1)


@pytest.mark.parametrize("plant", [link_to_the_same, link_to_a_device, pipe, huge], ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("key", EACH, ids=lambda key: key.rpartition("/")[2])
def test_verify_names_what_is_no_object_and_no_command_hangs(
    tmp_path: Path, key: str, plant: Callable[[Path], None]
) -> None:
    store = a_folder(tmp_path)
    plant(tmp_path / key)

    found = verify(store, SCOPE)
    for read in (
        lambda: read_report(store),
        lambda: read_run(store, RUN.id),
        lambda: replay(store, SCOPE, RUN.id),
        lambda: latest_report(store).report,
        lambda: read_run_before(
            store, newest(store, SCOPE, None), until=RUN.as_of, look_back=RUN.as_of - RUN.window.since
        ),
    ):
        _ends_well(read)
    assert key in {fault.object for fault in found.faults}


def _ends_well(read: Callable[[], object]) -> None:
    try:
        read()
    except StoreError as error:
        assert error.args  # noqa: PT017  # any error of the store will do, and no other


def reseal(root: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change the last manifest, and make digest and pointer agree with it."""
    manifest = orjson.loads((root / PREFIX / "manifest.json").read_bytes())
    change(manifest)
    (root / PREFIX / "manifest.json").write_bytes(data := orjson.dumps(manifest))
    digest = orjson.loads(Envelope.load(OBJECTS[DIGEST]).payload)
    digest["manifest"]["sha256"] = hashlib.sha256(data).hexdigest()
    payload = orjson.dumps(digest, option=orjson.OPT_SORT_KEYS)
    envelope = Envelope("application/vnd.cbr-audit.digest.v1+json", payload).dump()
    (root / DIGEST).write_bytes(envelope)
    pointer = orjson.loads(OBJECTS[f"{SCOPE}/latest.json"])
    sealed = {
        "manifest_sha256": hashlib.sha256(data).hexdigest(),
        "digest_sha256": hashlib.sha256(envelope).hexdigest(),
    }
    (root / SCOPE / "latest.json").write_bytes(orjson.dumps({**pointer, **sealed}))


def test_a_response_that_unpacks_to_too_much_is_a_fault(tmp_path: Path) -> None:
    store, bomb = a_folder(tmp_path), gzip.compress(bytes(70_000_000))
    sha256 = hashlib.sha256(bomb).hexdigest()
    name = f"shared/2026-11/{sha256}.json.gz"
    (tmp_path / SCOPE / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / SCOPE / name).write_bytes(bomb)
    page = orjson.loads(OBJECTS[f"{PREFIX}/manifest.json"])["pages"][0]
    listed = {"name": name, "size": len(bomb), "sha256": sha256}
    reseal(tmp_path, lambda manifest: manifest.update(objects=[listed], pages=[{**page, "name": name}]))

    faults = {fault.object: fault.problem for fault in verify(store, SCOPE).faults}
    assert faults[f"{SCOPE}/{name}"].startswith("the response inside is not the one that the manifest names")
    with pytest.raises(StoreError):
        replay(store, SCOPE, RUN.id)


@pytest.mark.parametrize("name", ["../../../../../../etc/hostname", "/etc/hostname", "/dev/zero", "raw/../x", "a\\b"])
def test_a_manifest_that_names_what_is_elsewhere_is_a_fault_and_nothing_is_read(tmp_path: Path, name: str) -> None:
    store = a_folder(tmp_path)
    listed = {"name": name, "size": 1, "sha256": "0" * 64}
    reseal(tmp_path, lambda manifest: manifest.update(objects=[listed]))

    problems = [fault.problem for fault in verify(store, SCOPE).faults if fault.object == f"{PREFIX}/manifest.json"]
    assert [
        problem.startswith("the manifest is damaged or was written by a later version") for problem in problems
    ] == [True]
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        replay(store, SCOPE, RUN.id)


def test_the_page_of_recent_runs_may_be_no_object_too(tmp_path: Path) -> None:
    store = a_folder(tmp_path)
    os.mkfifo(tmp_path / SCOPE / "index.html")

    (fault,) = {fault.object for fault in verify(store, SCOPE).faults}
    assert fault == f"{SCOPE}/index.html"


def test_the_rest_of_an_interrupted_write_is_noted_and_no_fault(tmp_path: Path) -> None:
    store = a_folder(tmp_path)
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / UNFINISHED / f"{1:016x}").write_bytes(b"half")
    found = verify(store, SCOPE)

    assert (found.faults, found.notes) == (
        [],
        [f"{UNFINISHED}/{1:016x}: the rest of an interrupted write, 0.0 days old"],
    )


def test_a_digest_with_a_number_far_away_does_not_take_for_ever(tmp_path: Path) -> None:
    store = a_folder(tmp_path)
    digest = orjson.loads(Envelope.load(OBJECTS[DIGEST]).payload)
    key = f"{SCOPE}/digest/9999999999-{RUN.id}.json"
    payload = orjson.dumps({**digest, "seq": 9_999_999_999, "digest_object": key}, option=orjson.OPT_SORT_KEYS)
    (tmp_path / key).write_bytes(Envelope("application/vnd.cbr-audit.digest.v1+json", payload).dump())

    assert "9,999,999,996 digests are missing from here on" in {fault.problem for fault in verify(store, SCOPE).faults}
