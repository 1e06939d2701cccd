from typing import Any

import orjson
import pytest

from audit.errors import StoreError
from audit.evidence.chain import Digest, DigestKind, Link, Unsigned, commit, digest_key
from audit.evidence.publish import Publication
from audit.evidence.watched import committed
from tests.evidence.test_publish import FACTS, PREFIX, Recording

SCOPE = "p1/changes"


def a_commit(store: Any, trace: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "scope": SCOPE,
        "seq": 1,
        "kind": DigestKind.NORMAL,
        "run": trace,
        "digest_object": digest_key(SCOPE, 1, trace),
        "digest_start_time": 1,
        "digest_end_time": 2,
        "conclusion": "non_compliant",
        "complete": True,
        "manifest": Link(object=f"{SCOPE}/{trace}/manifest.json", sha256="0" * 64),
        "previous": None,
    }
    digest = Digest(**{**values, **changes})
    commit(store, digest, Unsigned())
    return digest.digest_object


def seen(store: Recording, *traces: str) -> set[str]:
    return {*committed(store, "p1", traces)}


def test_what_the_watch_committed_is_seen_if_it_is_asked_for() -> None:
    store = Recording()
    for trace in ("trace-1", "trace-2"):
        a_commit(store, trace)

    assert seen(store, "trace-1", "trace-3") == {"trace-1"}
    assert seen(Recording(), "trace-1") == set()


@pytest.mark.parametrize("data", [b"", b"{", b'{"payload": ""}'])
def test_an_object_that_is_no_digest_commits_nothing(data: bytes) -> None:
    store = Recording()
    store.objects = {a_commit(store, "trace-1"): data, f"{SCOPE}/trace-1/event.json": b"{}"}

    assert seen(store, "trace-1") == set()


def test_a_digest_commits_only_what_it_names_in_its_own_place() -> None:
    store = Recording()
    other = store.objects.pop(a_commit(store, "trace-2"))
    store.objects[digest_key(SCOPE, 1, "trace-1")] = other
    of_runs = Recording()
    a_commit(of_runs, "trace-1", scope="p1", manifest=Link(object="p1/x/manifest.json", sha256="0" * 64))
    unnumbered = Recording()
    unnumbered.objects[f"{SCOPE}/digest/trace-1.json"] = other

    assert [seen(each, "trace-1") for each in (store, of_runs, unnumbered)] == [set(), set(), set()]


def test_a_run_stores_what_it_saw_of_the_watch() -> None:
    store = Recording()
    for trace in ("trace-2", "trace-1"):
        a_commit(store, trace)
    publication = Publication(store, FACTS, head=None, signer=Unsigned())

    assert publication.look_at_watch(["trace-1", "trace-2", "trace-3"]) == frozenset({"trace-1", "trace-2"})
    assert orjson.loads(store.objects[f"{PREFIX}/watched.json"]) == {
        "schema_version": 1,
        "traces": ["trace-1", "trace-2"],
    }


def test_a_store_that_cannot_be_listed_shows_nothing_of_the_watch() -> None:
    class Silent(Recording):
        def keys(self, prefix: str) -> tuple[str, ...]:
            raise StoreError(f"cannot list {prefix}")

    store = Silent()

    assert Publication(store, FACTS, head=None, signer=Unsigned()).look_at_watch(["trace-1"]) is None
    assert store.objects == {}
