"""P-256 with nothing but numbers: reading a public key, and holding a signature against it.

A signature that a key service makes is checked before it is written, because nobody could check a wrong one later; the
function has no cryptography for that. Only public values are worked with: nothing here can sign.

Sources: SEC 1 (checking a signature), SP 800-186 (the curve), RFC 5480 (the form of a key), RFC 3279 (the form of a
signature: DER, a sequence of r and s).
"""

import base64
import hashlib
import re
from typing import Final

from audit.evidence.chain.fingerprint import fingerprint

_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BASE: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_KEY_BEGINS: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_KEY_BYTES: Final = 91
_PLAIN_BYTES: Final = 64  # r and s, 32 bytes each
_LONGEST_DER: Final = 72
_SHORTEST_DER: Final = 8
_PEM: Final = re.compile(r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")

_Point = tuple[int, int] | None  # None is the point at infinity


class P256Key:
    """A public key, named by the SHA-256 of its DER form as every key of a chain is."""

    def __init__(self, pem: str) -> None:
        """Read a key in PEM.

        Raises:
            ValueError: it is no such key.
        """
        text = _PEM.fullmatch(pem)
        if text is None:
            raise ValueError("it is not in PEM (BEGIN PUBLIC KEY)")
        der = base64.b64decode(text[1])
        if len(der) != _KEY_BYTES or not der.startswith(_KEY_BEGINS):
            raise ValueError("it is not a key over P-256")
        x, y = (int.from_bytes(part) for part in (der[-64:-32], der[-32:]))
        if max(x, y) >= _P or (y * y - (x * x * x - 3 * x + _B)) % _P:
            raise ValueError("it is not a point of P-256")
        self._point = x, y
        self.fingerprint = fingerprint(der)

    def fits(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature in DER was made with this key over the SHA-256 of these bytes."""
        numbers = _read(signature)
        if numbers is None or not all(0 < number < _ORDER for number in numbers):
            return False
        r, s = numbers
        hashed, inverse = int.from_bytes(hashlib.sha256(data).digest()), pow(s, -1, _ORDER)
        point = _add(_times(hashed * inverse % _ORDER, _BASE), _times(r * inverse % _ORDER, self._point))
        return point is not None and point[0] % _ORDER == r


def in_der(signature: bytes) -> bytes:
    """Give a signature the form that every tool reads: DER stays as it is, plain r and s are wrapped.

    Raises:
        ValueError: it is neither.
    """
    if _read(signature):
        return signature
    if len(signature) != _PLAIN_BYTES:
        raise ValueError(f"{len(signature)} bytes, neither DER nor r and s")
    return _written(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def _read(der: bytes) -> tuple[int, int] | None:
    """Take r and s out of a signature; None where it is not written as DER demands."""
    if not _SHORTEST_DER <= len(der) <= _LONGEST_DER:
        return None
    end = 4 + der[3]
    numbers = int.from_bytes(der[4:end]), int.from_bytes(der[end + 2 :])
    return numbers if _written(*numbers) == der else None


def _written(*numbers: int) -> bytes:
    parts = [number.to_bytes(number.bit_length() // 8 + 1) for number in numbers]
    inner = b"".join(b"\x02%c%b" % (len(part), part) for part in parts)
    return b"\x30%c%b" % (len(inner), inner)


def _times(factor: int, point: _Point) -> _Point:
    result: _Point = None
    for bit in f"{factor:b}":
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x, y), (u, v) = one, other
    if x == u and (y + v) % _P == 0:
        return None
    slope = (3 * x * x - 3) * pow(2 * y, -1, _P) if one == other else (v - y) * pow(u - x, -1, _P)
    across = (slope * slope - x - u) % _P
    return across, (slope * (x - across) - y) % _P
