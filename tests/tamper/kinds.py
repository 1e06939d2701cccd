"""The kinds of tampering, each tried wherever it can be, on a bucket that keeps versions and metadata.

The last four are tried on a chain that nobody signed, and hash it anew: only contradictions give them away.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, pairwise
from random import Random
from typing import Any, Final

import orjson

from audit.evidence.chain import Envelope, Signature
from audit.evidence.verify import verify
from tests.evidence.chains import SCOPE, Shelf, a_chain, publish
from tests.evidence.forging import Change, point_to
from tests.evidence.forging import forge as hash_anew
from tests.tamper.flips import flipped
from tests.tamper.signers import PAIRS, ed25519_pair

LENGTH: Final = 6
PAIR: Final = PAIRS["ECDSA_SHA_256"]
POINTER: Final = f"{SCOPE}/latest.json"


@dataclass
class Bucket(Shelf):
    """A store whose objects have versions, of which the last one is read, and metadata."""

    versions: dict[str, list[bytes | None]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def put(self, key: str, data: bytes | None) -> None:
        """Write a newer version; None is a delete marker."""
        self.versions.setdefault(key, [self.objects[key]]).append(data)
        if data is None:
            del self.objects[key]
        else:
            self.objects[key] = data


Deed = Callable[[Bucket], object]


def a_bucket(signed: Shelf) -> Bucket:
    return Bucket(dict(signed.objects))


def overwrite(bucket: Bucket, objects: Mapping[str, bytes]) -> None:
    bucket.objects.update(objects)


def remove(bucket: Bucket, key: str) -> None:
    del bucket.objects[key]


def describe(bucket: Bucket, key: str) -> None:
    bucket.metadata[key] = "signature=forged"


def evidence(shelf: Shelf) -> list[str]:
    """Name everything that does not move."""
    return [key for key in shelf.keys(f"{SCOPE}/") if key != POINTER]


def digests(shelf: Shelf) -> list[str]:
    return [key for key in evidence(shelf) if "/digest/" in key]


def flip_one_bit(shelf: Shelf, chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        data = flipped(shelf.objects[key], chance.randrange(8 * len(shelf.objects[key])))
        yield partial(overwrite, objects={key: data})


def truncate(shelf: Shelf, chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        data = shelf.objects[key][: chance.randrange(len(shelf.objects[key]))]
        yield partial(overwrite, objects={key: data})


def delete(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        yield partial(remove, key=key)


def swap(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Exchange two objects of the same name, such as the reports of two runs."""
    for one, other in combinations([key for key in evidence(shelf) if "/digest/" not in key], 2):
        if one.rpartition("/")[2] == other.rpartition("/")[2]:
            yield exchanged(shelf, one, other)


def reorder(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Exchange two digests."""
    for one, other in combinations(digests(shelf), 2):
        yield exchanged(shelf, one, other)


def exchanged(shelf: Shelf, one: str, other: str) -> Deed:
    return partial(overwrite, objects={one: shelf.objects[other], other: shelf.objects[one]})


def add(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Put something beside each object."""
    for key in (f"{each}.new" for each in evidence(shelf)):
        yield partial(overwrite, objects={key: b"{}"})


def replay(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Show an older digest, manifest or object in the place of a newer one, or again at the end."""
    same: dict[str, list[str]] = {}
    for key in evidence(shelf):
        same.setdefault("digest" if "/digest/" in key else key.rpartition("/")[2], []).append(key)
    for one, other in (pair for keys in same.values() for pair in pairwise(keys)):
        yield partial(overwrite, objects={other: shelf.objects[one]})
    for key in digests(shelf):
        again = f"{SCOPE}/digest/{LENGTH + 1:010d}-{key.partition('-')[2]}"
        yield partial(overwrite, objects={again: shelf.objects[key]})


def sign_with_another_key(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Change what a digest concludes, and sign it and every later one anew, so that all links fit again."""
    keys = digests(shelf)
    for first in range(len(keys)):
        yield partial(forge, keys=keys, first=first)


def forge(bucket: Bucket, keys: list[str], first: int) -> None:
    other, link = ed25519_pair("thief").signer, None
    for key in keys[first:]:
        values: dict[str, Any] = orjson.loads(Envelope.load(bucket.objects[key]).payload)
        values |= {"conclusion": "compliant", "key_id": other.key_id, "algorithm": other.algorithm}
        values["previous"] = link or values["previous"]
        bare = Envelope(
            Envelope.load(bucket.objects[key]).payload_type, orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        )
        sealed = Envelope(bare.payload_type, bare.payload, (Signature(other.key_id, other.sign(bare.signed)),))
        bucket.objects[key] = sealed.dump()
        link = {"object": key, "sha256": sha256(bucket.objects[key]), "signature": sealed.signature}
    point_to(bucket, keys[-1])


def change_metadata(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        yield partial(describe, key=key)


def put_another_version(shelf: Shelf, chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        data = flipped(shelf.objects[key], chance.randrange(8 * len(shelf.objects[key])))
        yield partial(Bucket.put, key=key, data=data)


def put_a_delete_marker(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    for key in evidence(shelf):
        yield partial(Bucket.put, key=key, data=None)


def fork(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Let somebody who has the key go on from an older digest; beside the newest one it looks as if runs overlapped."""
    for number, key in enumerate(digests(shelf)[:-2]):
        yield partial(beside, number=number, key=key)


def beside(bucket: Bucket, number: int, key: str) -> None:
    publish(bucket, LENGTH + 10 + number, PAIR.signer, on=key)


def cut_the_end(_shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    """Take the last runs away without a trace, and let the pointer say so."""
    for left in range(1, LENGTH):
        yield partial(cut, left=left)


def cut(bucket: Bucket, left: int) -> None:
    keys = digests(bucket)
    for run in (key.partition("-")[2].removesuffix(".json") for key in keys[left:]):
        for key in [key for key in bucket.objects if run in key]:
            del bucket.objects[key]
    point_to(bucket, keys[left - 1])


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rewritten(bucket: Bucket, number: int, where: str, change: Change) -> None:
    """Change one thing that a run says of itself, and every hash that follows from it."""
    changes: dict[str, Change] = {where: change}
    hash_anew(
        bucket,
        number,
        report=changes.get("report"),
        manifest=changes.get("manifest"),
        digest=changes.get("digest"),
    )


def everywhere(shelf: Shelf, where: str, *told: dict[str, Any]) -> Iterator[Deed]:
    for number, _ in enumerate(digests(shelf), 1):
        for each in told:
            yield partial(rewritten, number=number, where=where, change=partial(dict[str, Any].update, **each))


def flip_what_a_digest_says(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    yield from everywhere(
        shelf, "digest", {"conclusion": "compliant"}, {"complete": True}, {"kind": "what_if"}, {"kind": "empty"}
    )


def flip_what_a_manifest_says(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    told: tuple[dict[str, Any], ...] = (
        {"conclusion": "compliant"},
        {"complete": True},
        {"readings": []},
        {"rejected": None},
        {"schema_version": 1},
    )
    yield from everywhere(shelf, "manifest", *told)


def flip_what_a_request_says(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    parts = ({"path": "/v3/p2/vaults"}, {"kind": "vaults"}, {"rows": 0}, {"size": 1}, {"number": 7})
    params = (
        {"offset": "9"},
        {"status": "running"},
        {"enterprise_project_id": "0"},
        {"end_time": "2026-11-01T00:00:00Z"},
    )
    for number, _ in enumerate(digests(shelf), 1):
        for page, asked in (*((each, {}) for each in parts), *(({}, each) for each in params)):
            yield partial(rewritten, number=number, where="manifest", change=partial(ask, page=page, params=asked))


def ask(manifest: dict[str, Any], page: dict[str, Any], params: dict[str, str]) -> None:
    """Say something else of the request to which the first response came."""
    manifest["pages"][0].update(page)
    manifest["pages"][0]["params"].update(params)


def take_a_page_away(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    yield from everywhere(shelf, "manifest", {"pages": []})


def flip_what_a_report_says(shelf: Shelf, _chance: Random) -> Iterator[Deed]:
    yield from everywhere(shelf, "report", {"conclusion": "compliant"}, {"findings": []}, {"trend": []})


Kind = Callable[[Shelf, Random], Iterator[Deed]]
KINDS: Final[tuple[Kind, ...]] = (
    flip_one_bit,
    truncate,
    delete,
    swap,
    reorder,
    add,
    replay,
    sign_with_another_key,
    change_metadata,
    put_another_version,
    put_a_delete_marker,
    fork,
    cut_the_end,
    flip_what_a_digest_says,
    flip_what_a_manifest_says,
    take_a_page_away,
    flip_what_a_request_says,
    flip_what_a_report_says,
)
HASHED_ANEW: Final = KINDS[-5:]
HARMLESS: Final = frozenset({change_metadata.__name__})  # signatures and hashes lie in the objects: nothing reads it


def try_kind(number: int, seed: int) -> Counter[str]:
    """Try one kind wherever it can be; count what was tried, and what the verifier told."""
    pair = PAIRS["none"] if KINDS[number] in HASHED_ANEW else PAIR
    shelf, counts = a_chain(LENGTH, pair.signer), Counter[str]()
    head = sha256(shelf.objects[digests(shelf)[-1]]) if pair is PAIR else None
    for deed in KINDS[number](shelf, Random(seed)):  # noqa: S311  # repeatable
        bucket = a_bucket(shelf)
        deed(bucket)
        counts.update(tried=1, found=bool(verify(bucket, SCOPE, key=pair.public, expected_head=head).faults))
    return counts
