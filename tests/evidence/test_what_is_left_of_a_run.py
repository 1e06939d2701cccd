"""What is taken of a run before, where an object of it has its hash and is no use all the same."""

import hashlib
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from audit.evidence.former_lists import told_of_lists
from audit.evidence.run_before import _profile


@pytest.mark.parametrize("report", [None, {}, {"collection": 5}])
def test_a_report_of_no_known_form_calls_no_list_complete(report: Any) -> None:
    assert told_of_lists(report).complete == frozenset()


@pytest.mark.parametrize("data", [b"{", b"[]"])
def test_a_profile_of_no_known_form_is_none(data: bytes) -> None:
    listed = {"name": "profile.json", "sha256": hashlib.sha256(data).hexdigest()}
    manifest = orjson.dumps({**dict.fromkeys(("run", "origin", "readings", "pages")), "objects": [listed]})
    store: Any = SimpleNamespace(read={"p/run/manifest.json": manifest, "p/run/profile.json": data}.get)
    link = SimpleNamespace(object="p/run/manifest.json", sha256=hashlib.sha256(manifest).hexdigest())
    digest: Any = SimpleNamespace(manifest=link)

    assert _profile(store, digest) is None
