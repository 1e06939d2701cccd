"""The formats in which KMS returns public keys and signatures, and those that a digest contains.

Sources: RFC 5480 (a key over P-256: DER in PEM), RFC 3279 (a signature in DER: a sequence of r and s). The KMS
documents do not say in which format an ECDSA signature comes.
"""

import base64
import re
from typing import Final

_KEY_BEGINS: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_KEY_BYTES: Final = 91
_PLAIN_BYTES: Final = 64  # r and s, 32 bytes each
_LONGEST_DER: Final = 72
_SHORTEST_DER: Final = 8
_PEM: Final = re.compile(r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")


def p256_key(pem: str) -> bytes:
    """Return a public key over P-256 as DER.

    Raises:
        ValueError: it is not such a key.
    """
    text = _PEM.fullmatch(pem)
    if text is None:
        raise ValueError("it is not in PEM (BEGIN PUBLIC KEY)")
    der = base64.b64decode(text[1])
    if len(der) != _KEY_BYTES or not der.startswith(_KEY_BEGINS):
        raise ValueError("it is not a key over P-256")
    return der


def in_der(signature: bytes) -> bytes:
    """Return a signature in the format that every tool reads: DER is kept, plain r and s are wrapped.

    Raises:
        ValueError: it is neither.
    """
    if _is_der(signature):
        return signature
    if len(signature) != _PLAIN_BYTES:
        raise ValueError(f"{len(signature)} bytes, neither DER nor r and s")
    return _written(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def _is_der(signature: bytes) -> bool:
    if not _SHORTEST_DER <= len(signature) <= _LONGEST_DER:
        return False
    end = 4 + signature[3]
    return _written(int.from_bytes(signature[4:end]), int.from_bytes(signature[end + 2 :])) == signature


def _written(*numbers: int) -> bytes:
    parts = [number.to_bytes(number.bit_length() // 8 + 1) for number in numbers]
    inner = b"".join(b"\x02%c%b" % (len(part), part) for part in parts)
    return b"\x30%c%b" % (len(inner), inner)
