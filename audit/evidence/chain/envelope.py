"""The envelope of a digest: DSSE, which binds a signature to the type of what is signed.

Source: Dead Simple Signing Envelope, protocol v1 (secure-systems-lab/dsse).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct

from audit.errors import ChainError

if TYPE_CHECKING:
    from audit.evidence.stored_forms import EnvelopeForm


class Signature(Struct, frozen=True):
    """One signature; the id of the key is a hint and proves nothing by itself."""

    key_id: str
    value: bytes


class Envelope(Struct, frozen=True):
    """A payload, its type, and who signed both; no signature where the chain is not signed."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def signature(self) -> str:
        """The first signature in base64, an empty text where there is none."""
        return _text(self.signatures[0].value) if self.signatures else ""

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return pae(self.payload_type, self.payload)

    def dump(self) -> bytes:
        """Write the envelope as JSON, in one way only."""
        values: EnvelopeForm = {
            "payload": _text(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": signature.key_id, "sig": _text(signature.value)} for signature in self.signatures],
        }
        return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def load(cls, data: bytes) -> "Envelope":
        """Read an envelope; only bytes that ``dump`` writes are taken, so that no bit may differ.

        Raises:
            ChainError: the bytes are no such envelope.
        """
        try:
            values = orjson.loads(data)
            envelope = cls(
                payload_type=_string(values, "payloadType"),
                payload=_bytes(_string(values, "payload")),
                signatures=tuple(
                    Signature(_string(item, "keyid"), _bytes(_string(item, "sig"))) for item in values["signatures"]
                ),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ChainError(f"not an envelope: {error}") from error
        if envelope.dump() != data:
            raise ChainError("not an envelope as it was written: something was changed or added")
        return envelope


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE: lengths before contents, so that nothing can be read in two ways."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def _string(values: Mapping[str, Any], key: str) -> str:
    value = values[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value
