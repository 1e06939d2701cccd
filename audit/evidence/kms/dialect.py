"""How KMS reports errors, and what to do about each.

Source: "Error Codes" of the DEW API reference. It has no code for a key of the wrong kind: that is a plain 400.
"""

from typing import Final

from msgspec.structs import replace

from audit.cloud.http.dialect import JSON
from audit.errors import SigningError, SigningRefusedError

_KEY: Final = "check CBR_AUDIT_SIGNING_KMS_KEY: the key must be in this project and region"
_PERMISSION: Final = "allow the user or agency the action {action} (deploy/iam/kms-sign.json), and check the project id"
_SIGN_IN: Final = "sign in with valid credentials for the key's project, and check that this machine's clock is right"
_BY_CODE: Final = {
    "KMS.0205": _KEY,
    "KMS.0207": _KEY,
    "KMS.0209": "enable the key CBR_AUDIT_SIGNING_KMS_KEY, which is disabled",
    "KMS.0210": "cancel the deletion of the key CBR_AUDIT_SIGNING_KMS_KEY and enable it, or name another key",
    "KMS.0211": "name a key of your own in CBR_AUDIT_SIGNING_KMS_KEY: default keys cannot sign",
    "KMS.0301": _SIGN_IN,
    "KMS.0303": _SIGN_IN,
    "KMS.0306": _PERMISSION,
}
_BY_STATUS: Final = {
    400: "the key CBR_AUDIT_SIGNING_KMS_KEY must be enabled, of the kind EC_P256, and made for SIGN_VERIFY",
    401: _SIGN_IN,
    403: _PERMISSION,
    404: f"{_KEY}; check the project id and CBR_AUDIT_KMS_ENDPOINT",
}


def _remedy(status: int, code: str, action: str) -> str:
    words = _BY_CODE.get(code) or _BY_STATUS.get(status, "see the error codes of KMS")
    return words.format(action=action)


KMS: Final = replace(
    JSON,
    remedy=_remedy,
    failed=SigningError,
    unreachable=SigningError,
    unusable=SigningError,
    oversized=SigningError,
    refused=SigningRefusedError,
)
