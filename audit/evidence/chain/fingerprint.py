"""How a key is named."""

import hashlib


def fingerprint(spki: bytes) -> str:
    """Name a public key by the SHA-256 of its DER form (SubjectPublicKeyInfo)."""
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"
