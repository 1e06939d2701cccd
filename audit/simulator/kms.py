"""KMS with one asymmetric signing key whose private half is never shown.

Sources: "Signing Data", "Querying a Public Key" and "Error Codes" of the DEW API reference. The response for a key of
another usage and the format of a signature are not documented; here they are KMS.0401 and DER.
"""

import base64
import hashlib
import json
from http import HTTPStatus
from typing import Any, Final

from audit.simulator.answers import RequestRefusedError, good
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.messages import Request, Response
from audit.simulator.signing_key import Key

_KNOWN: Final = {"key_id", "message", "signing_algorithm", "message_type", "sequence"}
_HASHES: Final = {"EC_P256": "ECDSA_SHA_256", "EC_P384": "ECDSA_SHA_384"}
_BYTES: Final = {"ECDSA_SHA_256": 32, "ECDSA_SHA_384": 48}
_MOST_BYTES: Final = 4096
_STATES: Final = {
    "disabled": ("KMS.0209", "The key has been disabled."),
    "pending deletion": ("KMS.0210", "The key is in Scheduled deletion state and cannot be used."),
}


def get_public_key(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """Return the public key."""
    key, _asked = _key(cloud, request, {"key_id", "sequence"})
    return good({"key_id": key.id, "public_key": key.pem})


def sign(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """Sign a message, or the digest of one; the default is a digest."""
    key, asked = _key(cloud, request, _KNOWN)
    if key.state in _STATES:
        raise _refused(*_STATES[key.state])
    if key.usage != "SIGN_VERIFY":
        raise _refused("KMS.0401", "The key usage does not allow this operation.")
    algorithm = _HASHES[key.spec]
    message, kind = _message(asked.get("message")), asked.get("message_type", "DIGEST")
    if asked.get("signing_algorithm") != algorithm or kind not in {"DIGEST", "RAW"}:
        raise _refused("KMS.0204", "The signing algorithm or the message type does not fit the key.")
    digest = hashlib.new(f"sha{algorithm[-3:]}", message).digest() if kind == "RAW" else message
    if len(digest) != _BYTES[algorithm]:
        raise _refused("KMS.0204", "The message is no digest of this algorithm.")
    return good({"key_id": key.id, "signature": base64.b64encode(key.sign(digest)).decode()})


def _key(cloud: SimulatedCloud, request: Request, known: set[str]) -> tuple[Key, dict[str, Any]]:
    try:
        asked = json.loads(request.body)
        name, is_known = asked["key_id"], asked.keys() <= known
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _refused("KMS.0202", "Invalid JSON format of the request message.") from error
    if not is_known:
        raise _refused("KMS.0204", "The request message has an unknown parameter.")
    if name != cloud.key.id:
        raise _refused("KMS.0205", "Invalid key ID.")
    return cloud.key, asked


def _message(text: object) -> bytes:
    try:
        message = base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise _refused("KMS.0204", "The message is not in Base64.") from error
    if not 0 < len(message) < _MOST_BYTES:
        raise _refused("KMS.0203", "Request message too long.")
    return message


def _refused(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, code, message)
