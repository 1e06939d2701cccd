"""Keys and signatures have one form, whatever form KMS sends them in."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.evidence.chain import PublicKey, fingerprint
from audit.evidence.kms.forms import in_der, p256_key

PRIVATE = ec.derive_private_key(20261123, ec.SECP256R1())
SIGNATURE = PRIVATE.sign(b"signed", ec.ECDSA(hashes.SHA256()))


def pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_key_has_the_name_that_verify_gives_it() -> None:
    text = pem(PRIVATE.public_key())

    assert fingerprint(p256_key(text.replace("\n", "\r\n"))) == PublicKey(text.encode()).fingerprint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----", "padding"),
        (pem(rsa.generate_private_key(65537, 2048).public_key()), "not a key over P-256"),
        (pem(ed25519.Ed25519PrivateKey.generate().public_key()), "not a key over P-256"),
        (pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "not a key over P-256"),
    ],
    ids=["empty", "no base64", "rsa", "ed25519", "another curve"],
)
def test_what_is_no_such_key_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        p256_key(text)


@pytest.mark.parametrize("number", [1, 127, 128, 255, 1 << 248, (1 << 256) - 1])
def test_plain_numbers_are_written_in_der_as_cryptography_writes_them(number: int) -> None:
    r, s = utils.decode_dss_signature(SIGNATURE)
    der = utils.encode_dss_signature(number, s)

    assert in_der(number.to_bytes(32) + s.to_bytes(32)) == der
    assert in_der(der) == der
    assert in_der(r.to_bytes(32) + s.to_bytes(32)) == in_der(SIGNATURE) == SIGNATURE


@pytest.mark.parametrize(
    "odd",
    [b"", b"0", SIGNATURE[:-1], SIGNATURE + b"\0", b"1" + SIGNATURE[1:], bytes(73), b"0\x06\x02\x7f" + bytes(5)],
    ids=["empty", "short", "cut", "long", "a set", "too long", "a length beyond the end"],
)
def test_what_is_in_neither_form_is_refused(odd: bytes) -> None:
    with pytest.raises(ValueError, match=f"{len(odd)} bytes, neither DER nor r and s"):
        in_der(odd)
