"""How OBS, like every S3 store, reports errors: XML with a code, and what to do about each.

Source: "Error Codes" in the OBS API reference. The status matters if the response has no body, as with HEAD.
"""

from typing import Final

from audit.cloud.http.dialect import Dialect
from audit.errors import ChainError, StoreError, StoreRefusedError, StoreUnreachableError
from audit.evidence.store.plain_xml import XmlError, root_of, texts

NO_SUCH_KEY: Final = "NoSuchKey"
_DAMAGED: Final = "the object was damaged on its way, several times; check the network and what is between"
_OTHER_REGION: Final = "the bucket is in another region; set CBR_AUDIT_OBS_ENDPOINT to its endpoint"
_PERMISSION: Final = "allow the action {action} on the place of CBR_AUDIT_STORE, and check the bucket's policy"
_KEYS: Final = "check the access keys; temporary ones need HUAWEICLOUD_SDK_SECURITY_TOKEN too"
_ENDED: Final = "the temporary access keys have ended; get new ones"
_ARGUMENT: Final = "check CBR_AUDIT_OBS_KMS_KEY and CBR_AUDIT_OBS_LOCK_DAYS"
_PASSING: Final = ("BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout", "OperationAborted")
_BY_CODE: Final = {
    "NoSuchBucket": "check the bucket's name in CBR_AUDIT_STORE, and its region",
    "AccessDenied": _PERMISSION,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": "check the secret key, and the region of the bucket",
    "RequestTimeTooSkewed": "set this machine's clock: it is more than 15 minutes off",
    "ExpiredToken": _ENDED,
    "InvalidToken": _KEYS,
    "PermanentRedirect": _OTHER_REGION,
    "TemporaryRedirect": _OTHER_REGION,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "IllegalLocationConstraintException": _OTHER_REGION,
    "VirtualHostDomainRequired": "name the endpoint in CBR_AUDIT_OBS_ENDPOINT by its host name, not by an address",
    "BadDigest": _DAMAGED,
    "XAmzContentSHA256Mismatch": _DAMAGED,
    "InvalidArgument": _ARGUMENT,
    "InvalidRequest": _ARGUMENT,
    "ObjectLockConfigurationNotFoundError": "switch WORM on for the bucket, or unset CBR_AUDIT_OBS_LOCK_DAYS",
    "InsufficientStorageSpace": "raise the bucket's quota, or remove old reports",
    "InArrearOrInsufficientBalance": "settle the account",
}
_BY_STATUS: Final = {
    401: _KEYS,
    403: f"check the access keys and this machine's clock, and {_PERMISSION}",
    404: "check the bucket's name in CBR_AUDIT_STORE, its region and CBR_AUDIT_OBS_ENDPOINT",
}


def _read(body: bytes) -> tuple[str, str]:
    """Return the code and message, with the right endpoint if OBS names it."""
    try:
        root = root_of(body, "Error")
    except XmlError:
        return "", ""
    code, message, endpoint = ("".join(texts(root, name)) for name in ("Code", "Message", "Endpoint"))
    return code, f"{message} {endpoint}".strip()


def _remedy(status: int, code: str, action: str) -> str:
    if code.upper().startswith("KMS"):
        return "check CBR_AUDIT_OBS_KMS_KEY, and allow the use of that key (kms:dek:create, kms:dek:crypto)"
    words = _BY_CODE.get(code) or _BY_STATUS.get(status, "see the error codes of OBS")
    return words.format(action=action)


OBS: Final = Dialect(
    read=_read,
    remedy=_remedy,
    failed=StoreError,
    unreachable=StoreUnreachableError,
    unusable=StoreError,
    oversized=ChainError,
    refused=StoreRefusedError,
    passing=frozenset(_PASSING),
)
