"""What every store must do, run on a local folder and on a real S3 server that checks signatures."""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Transport
from audit.errors import SettingsError, StoreError
from audit.evidence.store import Access, InspectedStore, ProbedStore, Store, open_store
from audit.evidence.store.obs_dialect import OBS
from audit.settings import STORES, StoreKind, StoreSettings, scheme_of
from tests.evidence.store.s3_server import AK, SK, S3Server

KEY = "p1/2026/11/23/run-1/report.json"


def in_folder(request: pytest.FixtureRequest) -> ProbedStore:
    folder: Path = request.getfixturevalue("tmp_path")
    return open_store((folder / "store").as_uri())


def in_bucket(request: pytest.FixtureRequest) -> ProbedStore:
    server: S3Server = request.getfixturevalue("s3")
    settings = StoreSettings.read(server.variables(f"contract/{uuid.uuid4()}"))
    return open_store(settings.store, Access(settings, Fresh(lambda: Keys(AK, SK)), Transport(dialect=OBS)))


MADE: dict[str, Callable[[pytest.FixtureRequest], ProbedStore]] = {"file": in_folder, "obs": in_bucket}
"""A store of each kind; another kind joins the contract here."""


@pytest.fixture(params=MADE)
def store(request: pytest.FixtureRequest) -> ProbedStore:
    return MADE[request.param](request)


def test_what_was_written_is_read(store: Store) -> None:
    store.create(KEY, b"\x00report")
    store.create(KEY + ".gz", b"")

    assert store.read(KEY) == b"\x00report"
    assert store.read(KEY + ".gz") == b""


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.read(KEY) is None


def test_the_same_bytes_may_be_written_again(store: Store) -> None:
    store.create(KEY, b"report")
    store.create(KEY, b"report")

    assert store.read(KEY) == b"report"


def test_other_bytes_are_refused_and_the_old_ones_stay(store: Store) -> None:
    store.create(KEY, b"old")

    with pytest.raises(StoreError, match=r"report.json exists already with other contents"):
        store.create(KEY, b"new")

    assert store.read(KEY) == b"old"


def test_of_writers_at_the_same_time_exactly_one_wins(store: Store) -> None:
    writers = 8
    for number in range(20):
        key = f"p1/{number}/report.json"
        together = threading.Barrier(writers)
        refused: list[StoreError] = []
        threads = [
            threading.Thread(target=_compete, args=(store, key, b"%d" % writer, together, refused))
            for writer in range(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(refused) == writers - 1
        assert store.read(key) in {b"%d" % writer for writer in range(writers)}


def _compete(store: Store, key: str, data: bytes, together: threading.Barrier, refused: list[StoreError]) -> None:
    together.wait(10)
    try:
        store.create(key, data)
    except StoreError as error:
        refused.append(error)


def test_an_object_that_moves_can_be_replaced(store: Store) -> None:
    store.replace("p1/latest.json", b"1")
    store.replace("p1/latest.json", b"2")

    assert store.read("p1/latest.json") == b"2"


def test_projects_are_those_that_have_a_pointer_or_a_digest(store: Store) -> None:
    assert store.projects() == ()
    store.replace("p2/latest.json", b"{}")
    store.replace("p1/latest.json", b"{}")
    store.create("p3/2026/11/23/run-1/report.json", b"{}")
    store.create("p4/digest/0000000001-run-1.json", b"{}")

    assert store.projects() == ("p1", "p2", "p4")


def test_what_was_tried_out_can_be_removed_and_is_gone(store: ProbedStore) -> None:
    store.replace("p1/latest.json", b"{}")
    store.replace("p1/probe", b"1")

    for _ in range(2):
        store.remove("p1/probe")

    assert store.read("p1/probe") is None
    assert store.read("p1/latest.json") == b"{}"


def test_large_objects_keep_every_byte(store: Store) -> None:
    data = bytes(range(256)) * 20_000
    store.create("p1/large.gz", data)
    store.create("p1/mapped.gz", memoryview(data))
    store.create("p1/mapped.gz", memoryview(data))

    assert store.read("p1/large.gz") == data
    assert store.read("p1/mapped.gz") == data


def test_a_store_of_objects_has_nothing_odd(store: InspectedStore) -> None:
    store.create(KEY, b"report")

    assert store.oddities("") == ()


def test_what_belongs_to_no_project_is_told(store: InspectedStore) -> None:
    assert store.beside() == ()
    store.create("p1/digest/0000000001-run-1.json", b"{}")
    store.create("P1/2026/11/23/run-1/report.json", b"{}")
    store.create("note.txt", b"{}")

    told = {odd.place: odd.what for odd in store.beside()}
    assert told["P1"] == "a folder that belongs to no project"
    assert told["note.txt"].endswith(" that belongs to no project")
    assert len(told) == 2


def test_a_store_says_its_address(store: Store) -> None:
    assert store.url.startswith(f"{scheme_of(store.url)}://")


@pytest.mark.parametrize("kind", [kind for kind in STORES.values() if kind.service])
def test_a_store_in_the_cloud_is_not_opened_without_access_keys(kind: StoreKind) -> None:
    with pytest.raises(SettingsError, match="cannot be opened without access keys"):
        open_store(kind.example)
