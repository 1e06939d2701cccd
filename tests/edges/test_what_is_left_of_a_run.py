"""What is taken of a run before, where an object of it has its hash and is no use all the same."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from audit.predecessor import _complete, _profile


@pytest.mark.parametrize("report", [None, {}, {"collection": 5}])
def test_a_report_of_no_known_form_calls_no_list_complete(report: Any) -> None:
    assert _complete(report) == frozenset()


@pytest.mark.parametrize("data", [b"{", b"[]"])
def test_a_profile_of_no_known_form_is_none(data: bytes) -> None:
    store: Any = SimpleNamespace(read=lambda _key: data)
    digest: Any = SimpleNamespace(manifest=SimpleNamespace(object="p/run/manifest.json"))
    manifest = {"objects": [{"name": "profile.json", "sha256": hashlib.sha256(data).hexdigest()}]}

    assert _profile(store, manifest, digest) is None
