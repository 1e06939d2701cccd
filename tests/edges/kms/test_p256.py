"""Signatures over P-256 are judged as cryptography judges them, which shares no code with us."""

import base64
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.evidence.chain import P256Key, PublicKey, in_der

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIVATE = ec.derive_private_key(20261123, ec.SECP256R1())
DATA = b"signed"
SIGNATURE = PRIVATE.sign(DATA, ec.ECDSA(hashes.SHA256()))


def pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def in_pem(der: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


KEY = P256Key(pem(PRIVATE.public_key()))


def theirs(data: bytes, signature: bytes) -> bool:
    try:
        PRIVATE.public_key().verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("seed", range(25))
def test_a_good_signature_fits_and_one_over_other_bytes_does_not(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable
    private = ec.derive_private_key(chance.randrange(1, ORDER), ec.SECP256R1())
    data = chance.randbytes(seed)
    signature = private.sign(data, ec.ECDSA(hashes.SHA256()))
    key = P256Key(pem(private.public_key()))

    assert key.fits(data, signature)
    assert not key.fits(data + b"x", signature)
    assert not KEY.fits(data, signature)


def test_flipped_bits_of_a_signature_are_judged_as_cryptography_does() -> None:
    for bit in range(0, 8 * len(SIGNATURE), 5):
        changed = bytearray(SIGNATURE)
        changed[bit // 8] ^= 1 << bit % 8
        assert KEY.fits(DATA, bytes(changed)) is theirs(DATA, bytes(changed)) is False, bit


@pytest.mark.parametrize("r", [0, 1, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER - 1, ORDER, 2**256 - 1])
def test_numbers_at_the_edge_are_judged_as_cryptography_does(r: int, s: int) -> None:
    signature = utils.encode_dss_signature(r, s)
    assert KEY.fits(DATA, signature) is theirs(DATA, signature) is False


def test_the_other_square_root_is_a_signature_too() -> None:
    """(r, -s) fits whenever (r, s) does; a chain holds each digest by the bytes of its signature all the same."""
    r, s = utils.decode_dss_signature(SIGNATURE)
    signature = utils.encode_dss_signature(r, ORDER - s)
    assert KEY.fits(DATA, signature) is theirs(DATA, signature) is True


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"\x30",
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        b"\x31" + SIGNATURE[1:],
        bytes(64),
        bytes(73),
        b"0\x06\x02\x7f" + bytes(5),
    ],
    ids=["empty", "short", "cut", "long", "a set", "zeros", "too long", "a length beyond the end"],
)
def test_what_is_not_in_der_does_not_fit(odd: bytes) -> None:
    assert not KEY.fits(DATA, odd)


def test_a_sum_that_is_no_point_does_not_fit() -> None:
    """With the key -hash/r · G both halves cancel out."""
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(DATA)
    number = int.from_bytes(hashed.finalize())
    private = ec.derive_private_key(-number * pow(7, -1, ORDER) % ORDER, ec.SECP256R1())

    assert not P256Key(pem(private.public_key())).fits(DATA, utils.encode_dss_signature(7, 5))


def test_a_point_is_doubled_where_both_halves_are_the_same() -> None:
    """With the key hash/r · G both halves are one point; such a signature is made from the number that it hides."""
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(DATA)
    number = int.from_bytes(hashed.finalize())
    secret = 5
    r = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers().x % ORDER
    private = ec.derive_private_key(number * pow(r, -1, ORDER) % ORDER, ec.SECP256R1())
    signature = utils.encode_dss_signature(r, 2 * number * pow(secret, -1, ORDER) % ORDER)

    private.public_key().verify(signature, DATA, ec.ECDSA(hashes.SHA256()))
    assert P256Key(pem(private.public_key())).fits(DATA, signature)


def test_both_forms_of_a_signature_become_der() -> None:
    r, s = utils.decode_dss_signature(SIGNATURE)

    assert in_der(SIGNATURE) == SIGNATURE
    assert in_der(r.to_bytes(32) + s.to_bytes(32)) == SIGNATURE
    with pytest.raises(ValueError, match="63 bytes, neither DER nor r and s"):
        in_der(bytes(63))


def test_a_key_is_named_as_public_keys_are() -> None:
    text = pem(PRIVATE.public_key())
    assert P256Key(text.replace("\n", "\r\n")).fingerprint == PublicKey(text.encode()).fingerprint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----", "padding"),
        (pem(rsa.generate_private_key(65537, 2048).public_key()), "not a key over P-256"),
        (pem(ed25519.Ed25519PrivateKey.generate().public_key()), "not a key over P-256"),
        (pem(ec.generate_private_key(ec.SECP384R1()).public_key()), "not a key over P-256"),
        (pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "not a key over P-256"),
        (in_pem(base64.b64decode(pem(PRIVATE.public_key())[27:-26])[:-1] + b"\0"), "not a point of P-256"),
        (in_pem(base64.b64decode(pem(PRIVATE.public_key())[27:-26])[:-64] + b"\xff" * 64), "not a point of P-256"),
    ],
)
def test_what_is_no_such_key_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        P256Key(text)
