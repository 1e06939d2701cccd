"""The key that KMS signs with.

Only this module imports cryptography, and only when the key is used.
"""

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Key:
    """The only key of a project; a test may change its attributes.

    Attributes:
        spec: EC_P256, or EC_P384 for a key of the wrong kind.
        usage: SIGN_VERIFY, or ENCRYPT_DECRYPT for a key that cannot sign.
        state: enabled, disabled or pending deletion.
    """

    id: str
    spec: str = "EC_P256"
    usage: str = "SIGN_VERIFY"
    state: str = "enabled"

    @property
    def pem(self) -> str:
        """The public key, with the line ends that KMS sends."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above

        public = self._private().public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        text: str = public.public_bytes(serialization.Encoding.PEM, form).decode()
        return text.replace("\n", "\r\n")

    def sign(self, digest: bytes) -> bytes:
        """Sign a digest."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - see above

        kind = hashes.SHA256() if self.spec == "EC_P256" else hashes.SHA384()
        signature: bytes = self._private().sign(digest, ec.ECDSA(utils.Prehashed(kind)))
        return signature

    def _private(self) -> Any:
        """Return the same private key for the same id, so that a simulator can be restarted."""
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

        curve = ec.SECP256R1() if self.spec == "EC_P256" else ec.SECP384R1()
        secret = int.from_bytes(hashlib.sha256(f"only simulated {self.id}".encode()).digest()[:31])
        return ec.derive_private_key(secret, curve)


def key_of(project_id: str) -> Key:
    """Return the key of a project."""
    name = hashlib.sha256(f"key of {project_id}".encode()).hexdigest()
    return Key("-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:32])))
