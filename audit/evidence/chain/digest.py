"""One digest: which run, which window, which manifest, and which digest came before."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit.errors import ChainError
from audit.evidence.chain.envelope import Envelope

PAYLOAD_TYPE: Final = "application/vnd.cbr-audit.digest.v1+json"
_SHA256: Final = r"^[0-9a-f]{64}$"
_KEY: Final = r"^[A-Za-z0-9._=/-]{1,512}$"


class DigestKind(StrEnum):
    """What a digest stands for."""

    NORMAL = "normal"
    EMPTY = "empty"  # no task was read in the window: the digest proves that somebody looked
    BACKFILL = "backfill"  # its scope was judged at that time or later before: judged again, or late
    WHAT_IF = "what_if"  # judged by a profile other than the configured one: no later run goes on from it

    @property
    def is_beside(self) -> bool:
        """The run stands beside the others: later ones pass it over, and it does not move the latest time on."""
        return self in {DigestKind.BACKFILL, DigestKind.WHAT_IF}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Link(_Part):
    """Another object of the chain, by key and by hash."""

    object: str = Field(pattern=_KEY)
    sha256: str = Field(pattern=_SHA256)
    signature: str = Field(default="", description="Of a digest: its signature in base64, empty where it has none.")


class Digest(_Part):
    """What a run commits to. Times are whole seconds since the epoch; names follow CTS where it has them."""

    schema_version: int = Field(default=1, ge=1, le=1)
    scope: str = Field(description="The project.")
    seq: int = Field(ge=1, description="One more than that of the digest before.")
    kind: DigestKind = Field(strict=False)
    run: str
    digest_object: str = Field(pattern=_KEY, description="Where this digest lies.")
    digest_start_time: int = Field(description="Start of the window that was read.")
    digest_end_time: int = Field(description="End of that window, and the time of judgement.")
    conclusion: str
    complete: bool
    manifest: Link
    previous: Link | None = Field(description="The digest before; null for the first one.")
    siblings: tuple[Link, ...] = Field(default=(), strict=False, description="Others that follow the same one: forks.")
    key_id: str = Field(default="", description="Of the key that signs, empty where none does.")
    algorithm: str = Field(default="none", description="How it is signed.")

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
        return digest


def folder_of(scope: str) -> str:
    """Where the digests of a project lie."""
    return f"{scope}/digest/"


def digest_key(scope: str, seq: int, run: str) -> str:
    """The key of a digest: in order of its number; two runs that follow the same one cannot overwrite each other."""
    return f"{folder_of(scope)}{seq:010d}-{run}.json"
