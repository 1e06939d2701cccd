"""A signer whose private key is in Huawei KMS: it requests each signature.

If cryptography is installed, each signature is checked before it is used. The zip of the function does not contain
cryptography: there, the signature is used as KMS sends it, and only ``cbr-audit verify`` shows whether it is valid.

Sources: "Signing Data" (POST /v1.0/{project_id}/kms/sign) and "Querying a Public Key" (…/kms/get-publickey) of the DEW
API reference.
"""

import base64
import hashlib
from typing import Final

import orjson
import requests
from msgspec import Struct

from audit.cloud.http.transport import Credentials, Transport
from audit.cloud.permissions import SIGN as _ACTIONS
from audit.errors import ChainError, MissingPackageError, SettingsError, SigningError
from audit.evidence.chain import PublicKey, fingerprint, pae
from audit.evidence.kms.forms import in_der, p256_key

SIGN, PUBLIC_KEY = _ACTIONS
_TRIAL: Final = pae(
    "text/plain", b"cbr-audit tries whether this key can sign"
)  # the type keeps it from passing for a digest


class _PublicHalf(Struct, frozen=True):
    """What is known of the public key; without cryptography there is no key to check with."""

    fingerprint: str
    key: PublicKey | None


class KmsSigner:
    """Signs with ECDSA over P-256; the key id is the fingerprint of the public key, as for every other key."""

    algorithm = "ECDSA_SHA_256"

    def __init__(
        self, transport: Transport, credentials: Credentials, *, endpoint: str, project_id: str, key: str
    ) -> None:
        """Store the arguments; nothing is sent yet.

        Args:
            transport: sends the requests; its dialect is that of KMS. Retrying a signature request is harmless.
            credentials: authenticates them.
            endpoint: the KMS endpoint, without a path.
            project_id: the project of the key.
            key: the id of the key.
        """
        self._transport = transport
        self._credentials = credentials
        self._url = f"{endpoint}/v1.0/{project_id}/kms"
        self._key = key
        self._public: _PublicHalf | None = None

    @property
    def key_id(self) -> str:
        """The fingerprint of the public key.

        Raises:
            SigningError: KMS does not return the key, or its kind is not EC_P256.
        """
        return self._public_key().fingerprint

    @property
    def checks(self) -> bool:
        """Whether each signature is checked before it is used.

        Raises:
            SigningError: as for ``key_id``.
        """
        return self._public_key().key is not None

    def prove(self) -> None:
        """Check that the key can sign, before hours are spent on reading.

        Raises:
            SigningError: it cannot.
        """
        self.sign(_TRIAL)

    def sign(self, data: bytes) -> bytes:
        """Sign the SHA-256 of the bytes; the signature is DER, as openssl expects.

        Raises:
            SigningError: KMS does not sign, or its signature is invalid.
        """
        public = self._public_key()
        message = base64.b64encode(hashlib.sha256(data).digest()).decode()
        asked = {"message": message, "signing_algorithm": self.algorithm, "message_type": "DIGEST"}
        text = self._ask("sign", asked, "signature", SIGN)
        try:
            signature = in_der(base64.b64decode(text, validate=True))
        except ValueError as error:
            raise SigningError(f"what KMS sent is no signature: {error}; check CBR_AUDIT_KMS_ENDPOINT") from error
        if public.key:
            try:
                public.key.check(data, signature)
            except ChainError as error:
                words = f"what KMS sent is no signature of its key {public.fingerprint}: nobody could check it"
                raise SigningError(words) from error
        return signature

    def _public_key(self) -> _PublicHalf:
        """Request the public key, once."""
        if self._public is None:
            pem = self._ask("get-publickey", {}, "public_key", PUBLIC_KEY)
            try:
                self._public = _PublicHalf(fingerprint(p256_key(pem)), _checking(pem))
            except (SettingsError, ValueError) as error:
                remedy = "CBR_AUDIT_SIGNING_KMS_KEY must name a key of the kind EC_P256"
                raise SigningError(f"the public key that KMS sent cannot be used: {error}; {remedy}") from error
        return self._public

    def _ask(self, path: str, body: dict[str, str], wanted: str, action: str) -> str:
        request = requests.Request("POST", f"{self._url}/{path}", json={"key_id": self._key, **body})
        answer = self._transport.ask(request, self._credentials, action=action)
        try:
            found = orjson.loads(answer.body)[wanted]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            found = None
        if not isinstance(found, str):
            raise SigningError(f"{self._url}/{path} answered without {wanted}; check CBR_AUDIT_KMS_ENDPOINT")
        return found


def _checking(pem: str) -> PublicKey | None:
    try:
        return PublicKey(pem.encode())
    except MissingPackageError:
        return None
