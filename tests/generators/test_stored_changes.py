"""docs/format.md and schemas/ hold for all that the watch stores, too."""

import json
from base64 import b64decode

import pytest

from audit.evidence.chain import Unsigned
from audit.evidence.store import LATEST
from audit.watch.change_store import StoredChange
from tests.builders import NOW
from tests.evidence.chains import Shelf
from tests.generators.test_stored_forms import layout, validators, values
from tests.watch.stored import EVENT, judged

PROJECT = "0" * 32


@pytest.fixture(scope="module")
def objects() -> dict[str, bytes]:
    """What is stored of two changes, of which people were told, and of an event that nothing confirmed."""
    store = Shelf()
    for trace in ("t-1", "t-2"):
        judged(store, trace, Unsigned(), project_id=PROJECT).mark_told(NOW)
    unconfirmed = StoredChange(store, PROJECT, "t-3")
    unconfirmed.begin(EVENT)
    unconfirmed.mark_told_unconfirmed(NOW)
    return store.objects


def test_every_object_of_a_change_is_named_by_the_page_and_fits_its_schema(objects: dict[str, bytes]) -> None:
    rows = layout("Changes")
    fit = {title: validators(title) for title in rows.values()}
    used = set()
    for key, data in objects.items():
        matching = [pattern for pattern in rows if pattern.fullmatch(key)]
        assert len(matching) == 1, f"docs/format.md (Changes) names {key} in {len(matching)} rows"
        used.add(matching[0])
        for number, value in values(key, data) if fit[rows[matching[0]]] else ():
            fit[rows[matching[0]]][number].validate(value)

    assert used == set(rows)


def test_a_change_is_written_in_the_order_of_the_page() -> None:
    store = Shelf()
    judged(store, "t-1", project_id=PROJECT).mark_told(NOW)
    rows = [*layout("Changes")]
    places = [number for key in store.objects for number, pattern in enumerate(rows) if pattern.fullmatch(key)]

    assert places == sorted(places)
    assert len(places) == len(store.objects)


def test_the_json_of_changes_is_canonical(objects: dict[str, bytes]) -> None:
    sparse = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digests = [b64decode(json.loads(data)["payload"]) for key, data in objects.items() if "/digest/" in key]
    names = ("manifest.json", "told.json", "unconfirmed.json")
    others = [data for key, data in objects.items() if key.endswith(names) or "/change-" in key]

    assert (len(digests), len(others)) == (2, 7)
    assert f"{PROJECT}/changes/{LATEST}" in objects
    assert [data for data in (*digests, *others) if sparse.encode(json.loads(data)).encode() != data] == []
