"""Keys that sign digests and check signatures.

Signing with a key file needs cryptography, which the zip of the function leaves out. A key in Huawei KMS never leaves
it. To check signatures, either cryptography or openssl is enough (docs/verify-by-hand.md).
"""

from typing import Any, Protocol

from msgspec import Struct

from audit.errors import ChainError, MissingPackageError, SettingsError
from audit.evidence.chain.fingerprint import fingerprint


class Signer(Protocol):
    """Signs the bytes of an envelope."""

    @property
    def key_id(self) -> str:
        """The id of the key, empty if nothing is signed."""

    @property
    def algorithm(self) -> str:
        """none, Ed25519 or ECDSA_SHA_256."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature; empty bytes if nothing is signed.

        Raises:
            SigningError: the holder of the key did not sign.
        """


class Unsigned(Struct, frozen=True):
    """No key: the chain then shows changes only to someone who noted a later digest."""

    key_id: str = ""
    algorithm: str = "none"

    def sign(self, _data: bytes) -> bytes:
        """Return empty bytes."""
        return b""


class Ed25519Signer:
    """A private key in PEM (PKCS#8)."""

    algorithm = "Ed25519"

    def __init__(self, pem: bytes) -> None:
        """Read the key.

        Raises:
            MissingPackageError: cryptography is not installed.
            SettingsError: the text is not an Ed25519 key.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # not in the zip
            from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # not in the zip
        except ModuleNotFoundError as error:
            raise MissingPackageError("signing with a key file needs cryptography; install it with pip") from error
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise SettingsError("the signing key is not a private key in PEM without a password") from error
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise SettingsError("the signing key is not an Ed25519 key; make one: openssl genpkey -algorithm ed25519")
        self._key = key
        self.key_id = fingerprint(_spki(key.public_key()))

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes of an envelope."""
        return self._key.sign(data)


class PublicKey:
    """A public key in PEM that checks signatures: Ed25519, or ECDSA over P-256."""

    def __init__(self, pem: bytes) -> None:
        """Read the key.

        Raises:
            MissingPackageError: cryptography is not installed.
            SettingsError: the text is not such a key.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415  # not in the zip
            from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415  # not in the zip
        except ModuleNotFoundError as error:
            raise MissingPackageError("checking signatures needs cryptography; install it with pip") from error
        try:
            self._key: Any = load_pem_public_key(pem)
        except ValueError as error:
            raise SettingsError("the file is not a public key in PEM") from error
        self._is_ed25519 = isinstance(self._key, ed25519.Ed25519PublicKey)
        is_p256 = isinstance(self._key, ec.EllipticCurvePublicKey) and isinstance(self._key.curve, ec.SECP256R1)
        if not (self._is_ed25519 or is_p256):
            raise SettingsError("the public key is neither an Ed25519 key nor one over P-256")
        self.fingerprint = fingerprint(_spki(self._key))

    def check(self, data: bytes, signature: bytes) -> None:
        """Check a signature.

        Raises:
            ChainError: this key did not sign these bytes.
        """
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # not in the zip
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415  # not in the zip
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # not in the zip

        try:
            if self._is_ed25519:
                self._key.verify(signature, data)
            else:
                self._key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise ChainError("the signature does not fit this key and these bytes") from error


def _spki(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # not in the zip

    data: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return data
