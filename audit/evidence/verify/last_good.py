"""The last good verification, as somebody keeps it outside of the store: what it covered need not be read again."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from audit.evidence.chain import Digest, PublicKey
from audit.evidence.read_forms import Key, Sha256, read_form
from audit.evidence.verify.result import Verification


class LastGood(Struct, frozen=True, kw_only=True):
    """A verification that found no fault.

    Attributes:
        project: the project.
        digest: the key of the newest digest, and its hash (``sha256``).
        number: its number.
        older: how many digests had a smaller number.
        key_id: the fingerprint of the key that signatures were checked with; None if they were not.
        replayed: whether every run was judged again.
        changes: the same of the chain of the project's changes; None if it had none.
    """

    schema_version: Annotated[int, Meta(ge=1, le=1)] = 1
    project: str
    digest: Key
    sha256: Sha256
    number: Annotated[int, Meta(ge=1)]
    older: Annotated[int, Meta(ge=0)]
    key_id: str | None
    replayed: bool
    changes: "LastGood | None" = None

    def covers(self, key: PublicKey | None, *, is_replayed: bool) -> bool:
        """Whether it checked as much as is asked for now, also of the changes."""
        is_enough = (key is None or key.fingerprint == self.key_id) and (self.replayed or not is_replayed)
        return is_enough and (self.changes is None or self.changes.covers(key, is_replayed=is_replayed))

    def dump(self) -> bytes:
        """Write it as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def read_last_good(data: bytes, name: str) -> LastGood:
    """Read what ``dump`` wrote.

    Raises:
        ChainError: it is something else.
    """
    return read_form(data, name, LastGood)


def last_good(result: Verification, head: Digest, key: PublicKey | None) -> LastGood:
    """Note a verification that found no fault."""
    return LastGood(
        project=result.scope,
        digest=head.digest_object,
        sha256=result.head_sha256,
        number=head.seq,
        older=result.older,
        key_id=key.fingerprint if key else None,
        replayed=result.replayed is not None,
    )
