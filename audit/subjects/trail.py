"""What Cloud Trace Service shows of who did what, and how far back."""

from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from audit.records import Deed, Trace

KEPT: Final = timedelta(days=7)
"""For how long Cloud Trace Service shows a trace. Source: "Querying Traces" of the CTS API."""
SURELY_KEPT: Final = KEPT - timedelta(days=1)
"""For how long at least a run asks for traces, which it does by whole days."""


class Trail(Struct, frozen=True, kw_only=True):
    """The traces that a run read.

    Attributes:
        traces: one for each id, oldest first.
        since: from when on all that were there were read, until the end of the window; None if nothing is sure.
        why_not: why they could not be read, or not all of them; empty if they were.
    """

    traces: tuple[Trace, ...] = ()
    since: datetime | None = None
    why_not: str = ""

    @property
    def note(self) -> str:
        """What to tell of it; nothing where nobody asked, or where whoever judges a time long ago knows it anyway."""
        return "" if self.why_not in {NO_TRAIL.why_not, TOO_LATE} else self.why_not

    @classmethod
    def of(cls, traces: Iterable[Trace], since: datetime | None, why_not: str = "") -> "Trail":
        """Sort traces, of which the same may have come more than once."""
        distinct = {trace.id: trace for trace in traces}
        ordered = sorted(distinct.values(), key=lambda trace: (trace.at, trace.id))
        return cls(traces=tuple(ordered), since=since, why_not=why_not)

    def naming(
        self, ids: AnyOf[str], deeds: AnyOf[Deed], since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Trace]:
        """Return the traces of such deeds that name one of these ids, and did not fail, oldest first.

        Args:
            ids: of vaults, policies, backups or resources.
            deeds: what may have been done.
            since: the earliest time; None for any.
            until: the latest time; None for any.
        """
        wanted = {each.lower() for each in ids}
        return [
            trace
            for trace in self.traces
            if trace.deed in deeds
            and trace.succeeded is not False
            and not trace.ids.isdisjoint(wanted)
            and (since is None or trace.at >= since)
            and (until is None or trace.at <= until)
        ]


TOO_LATE: Final = "the run was too late: Cloud Trace Service shows nothing of its time any more"
NO_TRAIL: Final = Trail(why_not="the traces of Cloud Trace Service were not read")
