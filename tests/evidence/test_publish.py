import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import time_machine
from isal import isal_zlib
from msgspec.structs import replace

from audit.answers.intake import Intake
from audit.app.run import assess
from audit.collection import Kind, Page, Reading, Window
from audit.errors import StoreError
from audit.evidence.chain import Unsigned
from audit.evidence.layout import key_of, shared_folder
from audit.evidence.publish import Publication, read_latest
from audit.evidence.read_forms import ListedObject
from audit.evidence.store import Store, open_store
from audit.evidence.store.buffered_object import Data
from audit.log import REDACTOR
from audit.profile import Profile
from audit.report.contents import Report
from audit.report.facts import RunFacts
from tests.pretend import AS_OF

FACTS = RunFacts(
    id="20261123T120000Z-0123456789ab",
    as_of=AS_OF,
    window=Window(AS_OF - timedelta(days=30), AS_OF),
    read=Window(AS_OF - timedelta(days=30), AS_OF),
    project_id="p1",
    region="eu-west-101",
    tool_version="0.1.0",
    profile_sha256=Profile().sha256,
    timezone="UTC",
)
PREFIX = f"p1/2026/11/23/{FACTS.id}"
DIGEST = f"p1/digest/0000000001-{FACTS.id}.json"


BODY = b'{"vaults": []}'
ANSWER = f"{shared_folder(datetime.now(UTC))}{hashlib.sha256(isal_zlib.compress(BODY, 1, 31)).hexdigest()}.json.gz"
POINTER = {
    **dict.fromkeys(("as_of", "stored_at"), "2026-11-23T12:00:00Z"),
    **dict.fromkeys(("manifest_sha256", "digest_sha256"), "0" * 64),
    "run": "r",
    "conclusion": "compliant",
    "prefix": "p1/x",
    "digest": "p1/digest/x.json",
}


@pytest.fixture
def _the_day_after() -> Iterator[None]:
    with time_machine.travel(AS_OF + timedelta(hours=12), tick=False):
        yield


class Recording:
    """A store that remembers what was written, in order; ``broken`` names the end of a key that cannot be written."""

    url = "recording:"

    def __init__(self, broken: str = "\n") -> None:
        self.objects: dict[str, bytes] = {}
        self._broken = broken

    def create(self, key: str, data: Data) -> None:
        assert self.objects.get(key, data) == data
        self.replace(key, data)

    def replace(self, key: str, data: Data) -> None:
        if key.endswith(self._broken):
            raise StoreError(f"cannot write {key}")
        self.objects.pop(key, None)
        self.objects[key] = bytes(data)

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.objects if key.startswith(prefix)))

    def projects(self) -> tuple[str, ...]:
        return ()


def a_page(rows: int = 2) -> Page:
    return Page(
        kind=Kind.VAULTS,
        path="/v3/p1/vaults",
        params=(("limit", "1000"), ("offset", "0")),
        body=BODY,
        request_id="r-1",
        received_at=AS_OF,
        rows=[{}] * rows,
        envelope={"count": rows},
    )


def a_report(facts: RunFacts = FACTS) -> Report:
    readings = tuple(
        Reading(kind=kind, pages=1, passes=1, count_first=0, count_last=0, distinct=0, duplicates=0, gaps=())
        for kind in Kind
    )
    return assess(facts, Profile(), Intake(), readings)


def publish(store: Store, facts: RunFacts = FACTS) -> Publication:
    publication = Publication(store, facts, head=None, signer=Unsigned())
    publication.keep(a_page())
    publication.put("report.json", b"{}")
    publication.finish(a_report(facts))
    return publication


def test_the_manifest_is_written_after_everything_then_the_digest_and_the_pointer_last() -> None:
    store = Recording()
    publication = publish(store)

    assert list(store.objects) == [
        f"p1/{ANSWER}",
        f"{PREFIX}/report.json",
        f"{PREFIX}/manifest.json",
        DIGEST,
        "p1/latest.json",
    ]
    assert publication.keys == tuple(store.objects)


@pytest.mark.usefixtures("_the_day_after")
def test_the_page_of_the_last_runs_moves_with_the_pointer() -> None:
    store = Recording()
    pages: tuple[tuple[int, Callable[[], bytes] | None], ...]
    pages = ((1, lambda: b"newer"), (0, lambda: b"older"), (2, None))
    for hours, page in pages:
        run = replace(FACTS, id=f"run-{hours}", as_of=AS_OF + timedelta(hours=hours))
        Publication(store, run, head=None, signer=Unsigned()).finish(a_report(run), page)

    assert store.objects["p1/index.html"] == b"newer"
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == "run-2"


def test_the_manifest_lists_every_object_with_its_size_and_hash() -> None:
    store = Recording()
    publish(store)
    manifest = orjson.loads(store.objects[f"{PREFIX}/manifest.json"])

    listed = {stored["name"]: ListedObject(**stored) for stored in manifest["objects"]}
    assert set(listed) == {ANSWER, "report.json"}
    for name, stored in listed.items():
        data = store.objects[key_of(PREFIX, name)]
        assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["conclusion"] == "incomplete"
    assert manifest["run"]["window"] == {"since": "2026-10-24T12:00:00Z", "until": "2026-11-23T12:00:00Z"}


def test_an_answer_is_packed_with_neither_name_nor_time() -> None:
    store = Recording()
    publish(store)
    packed = store.objects[f"p1/{ANSWER}"]

    no_flags, no_time = 0, bytes(4)
    assert packed[:8] == bytes((0x1F, 0x8B, zlib.DEFLATED, no_flags)) + no_time


def test_a_page_is_kept_as_received_beside_what_was_asked() -> None:
    store = Recording()
    publish(store)
    manifest = orjson.loads(store.objects[f"{PREFIX}/manifest.json"])

    body = gzip.decompress(store.objects[f"p1/{ANSWER}"])
    assert body == a_page().body
    assert manifest["pages"] == [
        {
            "number": 1,
            "name": ANSWER,
            "kind": "vaults",
            "path": "/v3/p1/vaults",
            "params": {"limit": "1000", "offset": "0"},
            "request_id": "r-1",
            "received_at": "2026-11-23T12:00:00Z",
            "rows": 2,
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
    ]


@pytest.mark.usefixtures("_the_day_after")
def test_the_pointer_names_the_run_and_the_hash_of_its_manifest() -> None:
    store = Recording()
    publish(store)

    pointer = orjson.loads(store.objects["p1/latest.json"])
    assert pointer.pop("stored_at") == "2026-11-24T00:00:00Z"
    assert pointer == {
        "schema_version": 1,
        "run": FACTS.id,
        "as_of": "2026-11-23T12:00:00Z",
        "conclusion": "incomplete",
        "prefix": PREFIX,
        "manifest_sha256": hashlib.sha256(store.objects[f"{PREFIX}/manifest.json"]).hexdigest(),
        "digest": DIGEST,
        "digest_sha256": hashlib.sha256(store.objects[DIGEST]).hexdigest(),
    }


@pytest.mark.parametrize("broken", [".json.gz", "report.json", "manifest.json"])
def test_without_all_of_its_objects_a_run_does_not_exist(broken: str) -> None:
    store = Recording(broken)

    with pytest.raises(StoreError):
        publish(store)

    assert f"{PREFIX}/manifest.json" not in store.objects
    assert "p1/latest.json" not in store.objects


@pytest.mark.usefixtures("_the_day_after")
def test_the_pointer_never_moves_back_to_an_older_run() -> None:
    store = Recording()
    newer = replace(FACTS, id="newer", as_of=AS_OF + timedelta(hours=1))
    again = replace(FACTS, id="again", as_of=AS_OF + timedelta(hours=1))

    publish(store, newer)
    publish(store, FACTS)
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == "newer"
    assert f"{PREFIX}/manifest.json" in store.objects, "the older run is published all the same"

    publish(store, again)
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == "again"


@pytest.mark.usefixtures("_the_day_after")
def test_a_run_that_judges_the_future_does_not_stay_the_latest_for_ever() -> None:
    store = Recording()
    publish(store, replace(FACTS, id="future", as_of=AS_OF + timedelta(days=4000)))
    publish(store, replace(FACTS, id="older"))
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == "future"

    with time_machine.travel(AS_OF + timedelta(days=2), tick=False):
        publish(store, replace(FACTS, id="tomorrow", as_of=AS_OF + timedelta(days=2)))
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == "tomorrow"


def test_the_same_answer_is_stored_once_and_named_each_time() -> None:
    store = Recording()
    publication = Publication(store, FACTS, head=None, signer=Unsigned())

    assert publication.keep(a_page())
    assert not publication.keep(a_page())
    publication.finish(a_report())

    manifest = orjson.loads(store.objects[f"{PREFIX}/manifest.json"])
    assert [(page["number"], page["name"]) for page in manifest["pages"]] == [(1, ANSWER)] * 2
    assert len(manifest["objects"]) == 1


@pytest.mark.parametrize(
    "data",
    [b'{"gap": "a-secret-of-this-test"}', [b'{"gap": "a-secret-', b'of-this-test"}']],
    ids=["whole", "in pieces"],
)
def test_a_secret_is_kept_out_of_what_is_published(data: bytes | list[bytes]) -> None:
    REDACTOR.learn(["a-secret-of-this-test"])
    store = Recording()
    publication = Publication(store, FACTS, head=None, signer=Unsigned())

    stored = publication.put("report.json", data)

    assert store.objects[f"{PREFIX}/report.json"] == b'{"gap": "***"}'
    assert stored.size == 14


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `run`"),
        (orjson.dumps({**POINTER, "as_of": 5}), r"as_of"),
        (orjson.dumps({**POINTER, "stored_at": None}), r"stored_at"),
        (orjson.dumps({**POINTER, "stored_at": "9999-11-23T12:00:00Z"}), "outside of the years 2000 to 2199"),
        (orjson.dumps({**POINTER, "prefix": "../elsewhere"}), r"prefix"),
    ],
)
def test_a_damaged_pointer_is_reported_and_mended_by_the_next_run(pointer: bytes, words: str) -> None:
    store = Recording()
    store.objects["p1/latest.json"] = pointer

    with pytest.raises(StoreError, match=f"p1/latest.json is damaged .*{words}"):
        read_latest(store, "p1")

    publish(store)
    assert orjson.loads(store.objects["p1/latest.json"])["run"] == FACTS.id


def test_a_pointer_of_the_future_does_not_stay() -> None:
    store = Recording()
    later = dict.fromkeys(("as_of", "stored_at"), "2199-01-01T00:00:00Z")
    store.objects["p1/latest.json"] = orjson.dumps({**POINTER, **later})
    publish(store)

    assert orjson.loads(store.objects["p1/latest.json"])["run"] == FACTS.id


@pytest.mark.parametrize("project", ["..", ".", "../p1", "/etc", "p1/../..", "p 1", "p1\n", "", "p1/.hidden", "é"])
def test_no_object_ever_leaves_the_root(tmp_path: Path, project: str) -> None:
    root = tmp_path / "a" / "root"
    publication = Publication(open_store(str(root)), replace(FACTS, project_id=project), head=None, signer=Unsigned())

    for write in (
        lambda: publication.put("report.json", b"{}"),
        lambda: publication.keep(a_page()),
        lambda: publication.finish(a_report()),
    ):
        with pytest.raises(StoreError, match="cannot be the name of an object"):
            write()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "/x", "x/../../y", ".x", "a b", "x\n", "", "a//b"])
def test_a_name_outside_the_alphabet_is_refused(name: str) -> None:
    store = Recording()

    with pytest.raises(StoreError, match="cannot be the name of an object"):
        Publication(store, FACTS, head=None, signer=Unsigned()).put(name, b"")

    assert store.objects == {}


@pytest.mark.parametrize("forgotten", ["manifest.json", DIGEST])
def test_nothing_points_to_what_the_store_did_not_keep(forgotten: str) -> None:
    store = Forgetting(forgotten)

    with pytest.raises(StoreError, match=f"{forgotten} was written, but is not there or reads back different"):
        publish(store)

    assert "p1/latest.json" not in store.objects
    assert (DIGEST in store.objects) == (forgotten == DIGEST)


class Forgetting(Recording):
    """A store that says that it wrote an object, and did not."""

    def __init__(self, forgotten: str) -> None:
        super().__init__()
        self._forgotten = forgotten

    def read(self, key: str) -> bytes | None:
        return None if key.endswith(self._forgotten) else super().read(key)
