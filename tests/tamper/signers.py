"""Keys that are the same in every process, and the signers that hold them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audit.evidence.chain import Ed25519Signer, PublicKey, Signer, Unsigned


@dataclass(frozen=True)
class EcdsaSigner:
    """Signs as KMS does, but the same bytes alike each time: all shares of a campaign must see one chain."""

    key: ec.EllipticCurvePrivateKey
    key_id: str
    algorithm: str = "ECDSA_SHA_256"

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


@dataclass(frozen=True)
class Pair:
    """A signer and what checks it; None where nothing is signed."""

    signer: Signer
    public: PublicKey | None


def _pem(key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> PublicKey:
    return PublicKey(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@cache
def ed25519_pair(name: str = "") -> Pair:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"only tested {name}".encode()).digest())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(Ed25519Signer(private), _pem(key.public_key()))


@cache
def ecdsa_pair() -> Pair:
    key = ec.derive_private_key(20261123, ec.SECP256R1())
    public = _pem(key.public_key())
    return Pair(EcdsaSigner(key, public.fingerprint), public)


PAIRS: Final[Mapping[str, Pair]] = {
    "none": Pair(Unsigned(), None),
    "Ed25519": ed25519_pair(),
    "ECDSA_SHA_256": ecdsa_pair(),
}
