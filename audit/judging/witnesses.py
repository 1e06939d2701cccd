"""What is said of who did it. It imports no more than a trace: a run compares with the one before before it judges."""

from typing import Final

from msgspec import Struct

from audit.records import Trace

TOO_OLD: Final = "it may be older than the seven days that Cloud Trace Service keeps"
UNEXPLAINED: Final = "no trace of Cloud Trace Service explains it"
Pair = tuple[str, str, str]  # control, kind and id of a subject


class Witnessed(Struct, frozen=True):
    """A trace, and the id of the newest run that read it."""

    trace: Trace
    run: str


class Attribution(Struct, frozen=True, kw_only=True):
    """Who may have done what a finding shows.

    Attributes:
        named: the traces that fit, oldest first.
        more: how many others fit.
        why_not: why nobody is named, or why others may be missing; empty if neither.
    """

    named: tuple[Witnessed, ...] = ()
    more: int = 0
    why_not: str = ""
