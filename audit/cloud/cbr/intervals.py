"""Intervals of time that are requested of a list, and where a list is cut into them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from audit.collection import Kind, Requested
from audit.timestamps import instant, shown

OVERLAP: Final = timedelta(seconds=1)
"""What two neighbours share, so that it does not matter whether the cloud counts the ends as within."""

LOOKED_BESIDE: Final = timedelta(days=1)
"""How far before and after a list is looked at; more than any two time zones differ."""


class Interval(NamedTuple):
    """The times of a request, in whole seconds; None where it is open."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The query parameters."""
        ends = (("start_time", self.since), ("end_time", self.until))
        return tuple((name, shown(end)) for name, end in ends if end is not None)

    @property
    def words(self) -> str:
        """The interval for people."""
        since = f" from {shown(self.since)}" if self.since else ""
        return f"created{since}{f' to {shown(self.until)}' if self.until else ''}"

    @property
    def cuts(self) -> tuple[datetime, ...]:
        """Where a longer interval is cut so that this one is among its parts."""
        since = () if self.since is None else (self.since + OVERLAP,)
        return since if self.until is None else (*since, self.until)

    @property
    def can_be_cut(self) -> bool:
        """Whether a whole second parts it into two shorter ones."""
        return self.since is None or self.until is None or self.until - self.since > 2 * OVERLAP

    def beside(self, by: timedelta) -> tuple["Interval", ...]:
        """Return the time before and after it; nothing if one of its ends is open."""
        if self.since is None or self.until is None:
            return ()
        return Interval(self.since - by, self.since), Interval(self.until, self.until + by)

    def surely_holds(self, moment: datetime, late: timedelta) -> bool:
        """Whether a time is in it, whatever its first second means, and some time before its end."""
        is_late = self.until is not None and moment > self.until - late
        return not is_late and (self.since is None or moment >= self.since + OVERLAP)

    def beginning_with(self, others: Iterable["Interval"]) -> "Interval":
        """Return it from the beginning of another one in which it begins, if there is one."""
        since = [other.since for other in others if self.since and other.since and other.is_cut_by(self.since)]
        return self._replace(since=min(since)) if since else self

    def holds(self, moment: datetime) -> bool:
        """Whether a time is in it, to the second."""
        return (self.since is None or moment > self.since - OVERLAP) and (
            self.until is None or moment < self.until + OVERLAP
        )

    def parts(self, cuts: Iterable[datetime]) -> list["Interval"]:
        """Cut it into shorter intervals; cuts that leave one of them as long as before are left out."""
        inside = sorted({cut for cut in cuts if self.is_cut_by(cut)})
        starts = (self.since, *(cut - OVERLAP for cut in inside))
        return [Interval(*ends) for ends in zip(starts, (*inside, self.until), strict=True)]

    def cut_near(self, moment: datetime) -> datetime:
        """Return the whole second nearest to a time at which it can be cut, if there is one."""
        cut = moment.replace(microsecond=0)
        if self.since is not None:
            cut = max(cut, self.since + 2 * OVERLAP)
        return cut if self.until is None else min(cut, self.until - OVERLAP)

    def is_cut_by(self, cut: datetime) -> bool:
        """Whether a time parts it into two shorter ones."""
        return (self.since is None or self.since < cut - OVERLAP) and (self.until is None or cut < self.until)


def cuts_of(requests: Iterable[Requested], kind: Kind, most: int) -> tuple[datetime, ...]:
    """Find where an earlier run cut a list, so that what did not change comes in the same bytes again.

    A wrong cut does no harm: each answer proves itself, and all together are compared with the whole.

    Args:
        requests: what the run requested.
        kind: the list.
        most: the rows of a slice; neighbours that hold no more become one.
    """
    starts, ends = dict[datetime, int](), dict[datetime, int]()
    for request in requests:
        if request.kind == kind and "status" not in request.params and request.params.get("offset", "0") == "0":
            for name, rows in (("start_time", starts), ("end_time", ends)):
                if name in request.params:
                    rows[instant(request.params[name])] = request.rows
    cuts = sorted(end for end in ends if end - OVERLAP in starts)
    kept, held = [], ends[cuts[0]] if cuts else 0
    for cut in cuts:
        following = starts[cut - OVERLAP]
        if held + following > most:
            kept.append(cut)
            held = 0
        held += following
    return tuple(kept)
