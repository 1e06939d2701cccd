"""One digest: which run, which window, which manifest, and which digest came before."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit.errors import ChainError
from audit.evidence.chain.envelope import Envelope
from audit.evidence.store.keys import PLAIN

PAYLOAD_TYPE: Final = "application/vnd.cbr-audit.digest.v1+json"
_SHA256: Final = r"^[0-9a-f]{64}$"
_KEY: Final = rf"^{PLAIN}$"
_LONGEST_KEY: Final = 512
_LAST_SECOND: Final = 7_258_118_399  # of the year 2199


class DigestKind(StrEnum):
    """The kind of run that a digest commits.

    empty: no task was read; the digest proves that somebody looked. backfill: an earlier run had already judged that
    time or a later one. what_if: the profile was not the configured one. No run continues the last two.
    """

    NORMAL = "normal"
    EMPTY = "empty"
    BACKFILL = "backfill"
    WHAT_IF = "what_if"

    @property
    def is_beside(self) -> bool:
        """The run stands beside the others: later ones pass it over, and it does not move the latest time on."""
        return self in {DigestKind.BACKFILL, DigestKind.WHAT_IF}


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,
        json_schema_serialization_defaults_required=True,  # every field is written
    )


class Link(_Part):
    """Another object of the chain, by key and by hash."""

    object: str = Field(pattern=_KEY, max_length=_LONGEST_KEY, description="Its key.")
    sha256: str = Field(pattern=_SHA256, description="SHA-256 of its bytes, as stored.")
    signature: str = Field(default="", description="Of a digest: its signature in base64, empty if it has none.")


class Digest(_Part):
    """What a run commits to. Times are whole seconds since the epoch; names follow CTS where it has them."""

    schema_version: int = Field(default=1, ge=1, le=1, description="Version of this form.")
    scope: str = Field(description="The project.")
    seq: int = Field(ge=1, description="Number in the chain, counted from 1.")
    kind: DigestKind = Field(strict=False, description="The kind of run that it commits.")
    run: str = Field(description="Id of the run.")
    digest_object: str = Field(pattern=_KEY, max_length=_LONGEST_KEY, description="Key of this digest.")
    digest_start_time: int = Field(
        ge=0, le=_LAST_SECOND, description="Start of the window, in seconds since 1970-01-01T00:00:00Z."
    )
    digest_end_time: int = Field(
        ge=0, le=_LAST_SECOND, description="End of the window, which is the time of judgement."
    )
    conclusion: str = Field(description="compliant, non_compliant or incomplete.")
    complete: bool = Field(description="Whether everything could be read.")
    manifest: Link = Field(description="The manifest of the run.")
    previous: Link | None = Field(description="The digest that this one follows; null for the first.")
    siblings: tuple[Link, ...] = Field(
        default=(), strict=False, description="The other digests with the number of the one before."
    )
    key_id: str = Field(
        default="", description="sha256: and the SHA-256 of the public key in DER; empty if nothing signs."
    )
    algorithm: str = Field(default="none", description="none, Ed25519 or ECDSA_SHA_256.")

    def dump(self) -> bytes:
        """Write the digest in one way only: sorted keys, no spaces, no floats."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)

    @property
    def until(self) -> datetime:
        """The end of the window."""
        return datetime.fromtimestamp(self.digest_end_time, UTC)

    @classmethod
    def open(cls, envelope: Envelope) -> "Digest":
        """Read the digest in an envelope.

        Raises:
            ChainError: the envelope holds something else.
        """
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ChainError(f"the envelope holds {envelope.payload_type!r} and no digest")
        try:
            values: Any = orjson.loads(envelope.payload)
            digest = cls.model_validate(values)
        except (ValidationError, orjson.JSONDecodeError) as error:
            raise ChainError("the envelope holds no digest of a known form") from error
        if digest.dump() != envelope.payload:
            raise ChainError("the digest is not written as digests are")
        links = (digest.manifest, *digest.siblings, *((digest.previous,) if digest.previous else ()))
        if not all(link.object.startswith(f"{digest.scope}/") for link in links):
            raise ChainError("the digest names objects outside of its project")
        return digest


def folder_of(scope: str) -> str:
    """Where the digests of a project lie."""
    return f"{scope}/digest/"


def digest_key(scope: str, seq: int, run: str) -> str:
    """The key of a digest: in order of its number; two runs that follow the same one cannot overwrite each other."""
    return f"{folder_of(scope)}{seq:010d}-{run}.json"
