"""What profiles let go, by age: the objects of older runs may be missing, their digests may not.

`cbr-audit prune` follows the profile of the newest run. What the profile of an earlier run let go stays gone. The chain
covers these profiles. So whoever checks the chain knows what may be missing, whoever removed it, and a removal needs no
record of its own. A shorter retention is a change of the profile, which every report shows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from audit.evidence.chain import Digest, find_head
from audit.evidence.layout import SHARED
from audit.evidence.publish import PROFILE, WATCHED
from audit.evidence.store import Readable, Searchable
from audit.evidence.stored_runs import EARLIER_HISTORY, going_back, latest_links, read_object

_EVIDENCE: Final = ("raw/", SHARED, EARLIER_HISTORY, WATCHED)
_Days = Annotated[int, Meta(ge=1, le=36_500)]  # as a profile may say; with more, no time can be calculated


class KeptDays(Struct, frozen=True):
    """The days for which a profile keeps what runs stored; None is for ever."""

    evidence_days: _Days | None = None
    reports_days: _Days | None = None


class _Profile(Struct, frozen=True):
    retention: KeptDays | None = None


class Kept(Struct, frozen=True):
    """What is kept: the evidence, and the rest, of runs that judged these times or later ones; None is everything."""

    evidence_since: datetime | None = None
    reports_since: datetime | None = None

    def has_evidence(self, digest: Digest) -> bool:
        """Whether the evidence of a run is kept."""
        return self.evidence_since is None or digest.until >= self.evidence_since

    def has_reports(self, digest: Digest) -> bool:
        """Whether its manifest, profile and reports are kept."""
        return self.reports_since is None or digest.until >= self.reports_since

    def lets_go(self, digest: Digest, name: str) -> bool:
        """Whether an object of a run, by its name in the manifest, is not kept."""
        return not (self.has_evidence(digest) if is_evidence(name) else self.has_reports(digest))


def is_evidence(name: str) -> bool:
    """Whether an object of a run, by its name in the manifest, is of no use but to judge the run again."""
    return name.startswith(_EVIDENCE)


def kept_since(store: Readable, digests: Sequence[Digest], now: datetime | None = None) -> Kept:
    """Read what the newest run that counts keeps.

    Args:
        store: the store.
        digests: the digests, in order.
        now: a run may have judged a time in the future; what is removed is not older than from here.
    """
    newest = next((digest for digest in reversed(digests) if not digest.kind.is_beside), None)
    data = read_object(store, newest, PROFILE) if newest else None
    if newest is None or data is None:
        return Kept()
    try:
        kept = msgspec.json.decode(data, type=_Profile).retention or KeptDays()
    except msgspec.DecodeError:
        return Kept()
    end = min(newest.until, now) if now else newest.until
    since = [end - timedelta(days=days) if days else None for days in (kept.evidence_days, kept.reports_days)]
    return Kept(*since)


def ever_kept(store: Readable, digests: Sequence[Digest], now: datetime | None = None) -> Kept:
    """Read what every run still kept: a retention that was made longer or ended brings nothing back."""
    kept = [kept_since(store, [digest], now) for digest in digests]
    return Kept(
        max((each.evidence_since for each in kept if each.evidence_since), default=None),
        max((each.reports_since for each in kept if each.reports_since), default=None),
    )


def is_pruned(store: Searchable, digest: Digest, now: datetime) -> bool:
    """Whether the evidence of a run need not be there any more."""
    head = find_head(store, digest.scope, None)
    digests = [each for _, each in going_back(store, latest_links(head) if head else ()) if each]
    return not ever_kept(store, digests, now).has_evidence(digest)
