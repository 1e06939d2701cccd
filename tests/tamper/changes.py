"""Tampering with the chain of changes: every object of a change, in each way that leaves the rest as it was."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from itertools import pairwise
from random import Random
from typing import Final

import orjson

from audit.watch.change_verify import verify_changes
from tests.evidence.chains import Shelf
from tests.tamper.flips import flipped
from tests.tamper.signers import ed25519_pair
from tests.watch.stored import PROJECT, judged

SCOPE: Final = f"{PROJECT}/changes/"
_PAIR: Final = ed25519_pair()


@cache
def a_chain_of_changes() -> Shelf:
    """Three signed changes; the last one is proven by what somebody noted."""
    shelf = Shelf()
    for number in (1, 2, 3):
        judged(shelf, f"t-{number}", _PAIR.signer)
    return shelf


def evidence(shelf: Shelf) -> tuple[str, ...]:
    """Name everything that does not move."""
    return tuple(key for key in shelf.keys(SCOPE) if not key.endswith("/latest.json"))


def flip_a_bit(shelf: Shelf, chance: Random) -> Iterator[Shelf]:
    for key in evidence(shelf):
        other = shelf.copy()
        other.objects[key] = flipped(shelf.objects[key], chance.randrange(8 * len(shelf.objects[key])))
        yield other


def remove(shelf: Shelf, _chance: Random) -> Iterator[Shelf]:
    for key in evidence(shelf):
        other = shelf.copy()
        del other.objects[key]
        yield other


def swap_with_the_next(shelf: Shelf, _chance: Random) -> Iterator[Shelf]:
    keys = evidence(shelf)
    for one, two in pairwise(keys):
        other = shelf.copy()
        other.objects |= {one: shelf.objects[two], two: shelf.objects[one]}
        if other.objects != shelf.objects:
            yield other


def hash_the_manifest_anew(shelf: Shelf, _chance: Random) -> Iterator[Shelf]:
    """Put another object in the place of one, and let the manifest name it; the digest still names the old one."""
    for key in evidence(shelf):
        folder, _, name = key.rpartition("/")
        manifest = orjson.loads(shelf.objects.get(f"{folder}/manifest.json", b"null"))
        for listed in manifest["objects"] if manifest else ():
            if listed["name"] == name:
                other = shelf.copy()
                other.objects[key] = data = shelf.objects[key] + b" "
                listed |= {"size": len(data), "sha256": sha256(data).hexdigest()}
                other.objects[f"{folder}/manifest.json"] = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
                yield other


def add(shelf: Shelf, _chance: Random) -> Iterator[Shelf]:
    for key in evidence(shelf):
        other = shelf.copy()
        other.objects[f"{key}.copy"] = shelf.objects[key]
        yield other


KINDS: Final[tuple[Callable[[Shelf, Random], Iterator[Shelf]], ...]] = (
    flip_a_bit,
    remove,
    swap_with_the_next,
    hash_the_manifest_anew,
    add,
)


def try_changes(number: int, seed: int) -> Counter[str]:
    """Try one kind of tampering wherever it can be; count what was tried, and what the verifier told."""
    counts = Counter[str]()
    for shelf in KINDS[number](a_chain_of_changes(), Random(seed)):  # noqa: S311  # repeatable
        counts.update(tried=1, found=bool(verify_changes(shelf, PROJECT, key=_PAIR.public).faults))
    return counts
