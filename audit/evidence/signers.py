"""The signer of digests: a given key, a key in Huawei KMS, or none."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from audit.errors import SettingsError
from audit.evidence.chain import Ed25519Signer, Signer, Unsigned
from audit.settings import Settings

if TYPE_CHECKING:
    from audit.evidence.kms import KmsSigner

_UNCHECKED: Final = "cryptography is not installed here; check the digests with cbr-audit verify --public-key"
_LOG = structlog.get_logger()


def ready_signer(settings: Settings, kms: "KmsSigner | None") -> Signer:
    """Prepare the signer, and check that it can sign before anything is read from the cloud.

    If KMS signatures are stored without a check, that is logged.

    Raises:
        SettingsError: the given key cannot be read or used.
        SigningError: the key in KMS cannot sign.
    """
    if kms:
        kms.prove()
        if not kms.checks:
            _LOG.info("signature.unchecked", key_id=kms.key_id, remedy=_UNCHECKED)
        return kms
    if settings.signing_key is None:
        return Unsigned()
    written = settings.signing_key.get_secret_value()
    if "PRIVATE KEY" in written:
        return Ed25519Signer(written.encode())
    try:
        return Ed25519Signer(Path(written).read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise SettingsError(
            f"cannot read the key of CBR_AUDIT_SIGNING_KEY: {reason}; give its PEM text, or the path of a file"
        ) from None
