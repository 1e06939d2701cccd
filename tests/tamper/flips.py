"""Every single bit of every digest and manifest, turned over one at a time."""

from collections import Counter
from dataclasses import dataclass

from audit.evidence.verify import verify
from tests.evidence.chains import SCOPE, Shelf, a_chain
from tests.tamper.signers import PAIRS


@dataclass(frozen=True)
class Way:
    """How a chain is signed, and what the verifier is given beside the store."""

    signed: str
    with_key: bool

    @property
    def name(self) -> str:
        return f"{self.signed}, {'by the key' if self.with_key else 'by hashes'}"


WAYS = (Way("none", with_key=False), Way("Ed25519", with_key=True), Way("ECDSA_SHA_256", with_key=True))


def bits(shelf: Shelf) -> list[tuple[str, int]]:
    """Name every bit of every digest and manifest."""
    named = [key for key in shelf.keys(f"{SCOPE}/") if "/digest/" in key or key.endswith("manifest.json")]
    return [(key, bit) for key in named for bit in range(8 * len(shelf.objects[key]))]


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def a_shelf(way: Way, length: int) -> Shelf:
    """Make a chain; with a key, its moving pointer is taken away, so that nothing but the chain speaks."""
    shelf = a_chain(length, PAIRS[way.signed].signer)
    if way.with_key:
        del shelf.objects[f"{SCOPE}/latest.json"]
    return shelf


def flip_bits(way: Way, length: int, share: int, shares: int) -> Counter[str]:
    """Flip each bit of one share of a chain; count the bits, those found, and those whose object was named."""
    shelf, counts = a_shelf(way, length), Counter[str]()
    key_given = PAIRS[way.signed].public if way.with_key else None
    for key, bit in bits(shelf)[share::shares]:
        changed = shelf.copy()
        changed.objects[key] = flipped(shelf.objects[key], bit)
        faults = verify(changed, SCOPE, key=key_given).faults
        counts.update(tried=1, found=bool(faults), named=any(fault.object == key for fault in faults))
    return counts
