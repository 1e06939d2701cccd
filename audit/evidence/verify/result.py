"""What a verification found."""

from dataclasses import dataclass, field

from audit.evidence.chain import Digest, Envelope
from audit.evidence.publish import MANIFEST


@dataclass(frozen=True, slots=True)
class Fault:
    """An object that differs from what was published, and what is wrong with it."""

    object: str
    problem: str


@dataclass(frozen=True, slots=True)
class Found:
    """A digest as it is in the store."""

    key: str
    sha256: str
    envelope: Envelope
    digest: Digest

    @property
    def prefix(self) -> str:
        """The start of the keys of its run's objects."""
        return self.digest.manifest.object.removesuffix(MANIFEST)


@dataclass(slots=True)
class Verification:
    """What was checked, and the result.

    Attributes:
        head: the newest digest and its hash, or None if there is none.
        hashes: the hashes of the digests that were read, where they are asked for.
        has_key: whether a public key was given, so that signatures were checked.
        signed: the number of digests whose signature was checked.
        unchecked: the number of signed digests that were not checked, because no key was given.
        unread: the number of runs whose objects were not read: they are outside of the given time, or were removed.
        older: the number of digests with a smaller number than the newest one.
        passed_over: the prefixes of the runs that were verified before, and are not read again.
        pruned: the ids of the runs of which something is missing that the profile lets go.
        runs: the digests of the runs whose objects are as published.
        replayed: the number of them that were judged again to the same bytes; None if that was not requested.
        others: the number of them that another version made and that this one judges to other bytes.
        notes: what is not a fault but worth knowing.
    """

    scope: str
    has_key: bool = False
    digests: int = 0
    objects: int = 0
    size: int = 0
    signed: int = 0
    unchecked: int = 0
    unread: int = 0
    first: Digest | None = None
    head: Digest | None = None
    head_sha256: str = ""
    hashes: frozenset[str] = frozenset()
    older: int = 0
    passed_over: frozenset[str] = frozenset()
    pruned: set[str] = field(default_factory=set)
    runs: list[Digest] = field(default_factory=list)
    replayed: int | None = None
    others: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def signatures(self) -> str:
        """What was done about signatures; an unchecked one proves nothing."""
        if self.has_key:
            return "checked"
        return "not checked" if self.unchecked else "none"

    def fault(self, key: str, problem: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(key, problem))
