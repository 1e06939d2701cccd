"""The name of a key."""

import hashlib


def fingerprint(spki: bytes) -> str:
    """Return the SHA-256 of a public key in DER form (SubjectPublicKeyInfo)."""
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"
