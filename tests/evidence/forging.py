"""Forging: changing what a run of an unsigned chain says, and hashing everything anew so that all links fit again."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from audit.evidence.chain import PAYLOAD_TYPE, Envelope
from audit.evidence.publish import sha256_of
from tests.evidence.chains import Shelf

Change = Callable[[dict[str, Any]], object]


def forge(
    shelf: Shelf,
    number: int,
    *,
    report: Change | None = None,
    manifest: Change | None = None,
    digest: Change | None = None,
) -> Shelf:
    """Change report, manifest or digest of the n-th run; nobody could tell by a hash."""
    digests = shelf.keys(f"{scope_of(shelf)}/digest/")
    told = _digest(shelf, digests[number - 1])
    place = told["manifest"]["object"]
    listed = orjson.loads(shelf.objects[place])
    if report:
        key = place.replace("manifest.json", "report.json")
        edit(shelf, key, report)
        for item in listed["objects"]:
            if item["name"] == "report.json":
                item.update(size=len(shelf.objects[key]), sha256=_hash(shelf, key))
    if manifest:
        manifest(listed)
    shelf.objects[place] = orjson.dumps(listed)
    told["manifest"]["sha256"] = _hash(shelf, place)
    if digest:
        digest(told)
    _seal(shelf, digests[number - 1], told)
    for before, key in pairwise(digests[number - 1 :]):
        _go_on_from(shelf, before, key)
    point_to(shelf, digests[-1])
    return shelf


def _go_on_from(shelf: Shelf, before: str, key: str) -> None:
    """Let a run continue the forged one."""
    later, origin = _digest(shelf, key), _digest(shelf, before)["manifest"]["sha256"]
    place = later["manifest"]["object"]
    edit(shelf, place, lambda listed: listed["origin"].update(manifest_sha256=origin))
    later["manifest"]["sha256"] = _hash(shelf, place)
    later["previous"]["sha256"] = _hash(shelf, before)
    _seal(shelf, key, later)


def edit(shelf: Shelf, key: str, change: Change) -> None:
    """Change a JSON object and nothing else."""
    values = orjson.loads(shelf.objects[key])
    change(values)
    shelf.objects[key] = orjson.dumps(values)


def point_to(shelf: Shelf, key: str) -> None:
    """Let the pointer name a digest."""
    told = _digest(shelf, key)
    edit(
        shelf,
        f"{told['scope']}/latest.json",
        lambda pointer: pointer.update(
            run=told["run"],
            as_of=f"{datetime.fromtimestamp(told['digest_end_time'], UTC):%Y-%m-%dT%H:%M:%SZ}",
            conclusion=told["conclusion"],
            prefix=told["manifest"]["object"].removesuffix("/manifest.json"),
            digest=key,
            digest_sha256=_hash(shelf, key),
            manifest_sha256=told["manifest"]["sha256"],
        ),
    )


def shelf_of(folder: Path) -> Shelf:
    """Read a folder."""
    return Shelf(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    )


def put_back(shelf: Shelf, folder: Path) -> None:
    """Write every object into a folder."""
    for key, data in shelf.objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(data)


def scope_of(shelf: Shelf) -> str:
    return next(key for key in shelf.objects if "/digest/" in key).partition("/")[0]


def _digest(shelf: Shelf, key: str) -> dict[str, Any]:
    values: dict[str, Any] = orjson.loads(Envelope.load(shelf.objects[key]).payload)
    return values


def _seal(shelf: Shelf, key: str, values: dict[str, Any]) -> None:
    shelf.objects[key] = Envelope(PAYLOAD_TYPE, orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).dump()


def _hash(shelf: Shelf, key: str) -> str:
    return sha256_of((shelf.objects[key],))
