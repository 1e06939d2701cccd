"""Which of the operations that take backups or protection away are an alarm, and how bad that is.

A control asks this of all traces of a time, and the watch of one event and what happened just before it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from audit.judging.findings import Severity
from audit.records import DESTRUCTIVE, Actor, Deed, Trace

AT_ONCE: Final = timedelta(hours=1)
_GOING: Final = frozenset({Deed.DELETE_BACKUP, Deed.DELETE_VAULT, Deed.TAKE_AWAY})
"""What many of at once are worse than one."""
_BLINDING: Final = frozenset({Deed.UNLOCK_VAULT, Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH})
"""What prepares for worse: each one is critical."""
_NO_NAME: Final = re.compile(r".*[/:].*|[0-9A-Fa-f-]{32,36}", re.DOTALL)
_SESSION: Final = re.compile(r"(sts::[^/]+:assumed-agency:[^/]+)/.*", re.DOTALL)


class Destruction(Struct, frozen=True, kw_only=True):
    """What was done, each trace in one of these; what failed or is harmless is in none.

    Attributes:
        alarming: nothing excuses it.
        trusted: by somebody whom the profile trusts.
        by_cloud: backups that the cloud itself deleted, because they had expired.
        in_maintenance: in a maintenance window of the profile.
        out_of_scope: to what the profile leaves out.
        severity: of what is alarming; None if nothing is.
    """

    alarming: tuple[Trace, ...]
    trusted: tuple[Trace, ...]
    by_cloud: tuple[Trace, ...]
    in_maintenance: tuple[Trace, ...]
    out_of_scope: tuple[Trace, ...]
    severity: Severity | None


def weigh(
    traces: Iterable[Trace],
    trusted: Collection[str],
    in_scope: Callable[[Trace], bool],
    in_maintenance: Callable[[datetime], object],
    mass: int,
) -> Destruction:
    """Sort what was done by what excuses it; what may have failed counts as done.

    Args:
        traces: one for each id.
        trusted: the actors whom the profile trusts.
        in_scope: whether the profile is about what a trace was done to.
        in_maintenance: something true if a time is in a maintenance window.
        mass: how many deletions by one actor within an hour are critical.
    """
    sorted_out = defaultdict[str, list[Trace]](list)
    for trace in traces:
        if trace.deed in DESTRUCTIVE and trace.succeeded is not False:
            sorted_out[_place(trace, trusted, in_scope, in_maintenance)].append(trace)
    places = {name: tuple(sorted_out[name]) for name in Destruction.__struct_fields__ if name != "severity"}
    return Destruction(**places, severity=_severity(places["alarming"], mass))


def is_in_scope(trace: Trace, left_out: Collection[str], watched: Collection[str]) -> bool:
    """Whether a profile is about what a trace was done to; what it was done to must be known to be left out.

    Args:
        trace: what was done.
        left_out: the ids that the profile leaves out, in lower case.
        watched: names of functions that the profile watches, or parts of them.
    """
    if trace.deed == Deed.TOUCH_WATCH:
        return not _is_another_function(trace, watched)
    return trace.resource_id is None or trace.resource_id.lower() not in left_out


def most_at_once(traces: Iterable[Trace]) -> int:
    """Return the greatest number of deletions by one actor within an hour; those by nobody known count as one's."""
    of_actor = defaultdict[str, list[datetime]](list)
    for trace in traces:
        if trace.deed in _GOING:
            of_actor[trace.actor.key].append(trace.at)
    return max((_most_within(sorted(moments)) for moments in of_actor.values()), default=0)


def is_trusted(actor: Actor, trusted: Collection[str]) -> bool:
    """Whether a profile trusts an actor; never whom a trace does not name, nor who has a name like another's id."""
    return any(each in trusted for each in _handles(actor))


def is_plain_name(text: str) -> bool:
    """Whether a text can be nothing but a name: it cannot be taken for an account and a name, a URN or an id."""
    return not _NO_NAME.fullmatch(text)


def _place(
    trace: Trace,
    trusted: Collection[str],
    in_scope: Callable[[Trace], bool],
    in_maintenance: Callable[[datetime], object],
) -> str:
    """Name the first excuse."""
    if not in_scope(trace):
        return "out_of_scope"
    if trace.actor.is_cloud and trace.deed == Deed.DELETE_BACKUP:
        return "by_cloud"
    if in_maintenance(trace.at):
        return "in_maintenance"
    return "trusted" if is_trusted(trace.actor, trusted) else "alarming"


def _is_another_function(trace: Trace, watched: Collection[str]) -> bool:
    """Whether a trace names a function, which the profile does not watch; a trigger's name says nothing of whose it is.

    No document says whether the name has a package, a version or a URN around it.
    """
    kinds = (trace.operation, trace.resource_type or "")
    if not trace.resource_name or any("trigger" in kind.lower() for kind in kinds):
        return False
    return not any(each.lower() in trace.resource_name.lower() for each in watched)


def _severity(alarming: Collection[Trace], mass: int) -> Severity | None:
    if not alarming:
        return None
    is_critical = any(trace.deed in _BLINDING for trace in alarming) or most_at_once(alarming) >= mass
    return Severity.CRITICAL if is_critical else Severity.HIGH


def _most_within(moments: list[datetime]) -> int:
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] > AT_ONCE:
            first += 1
        most = max(most, last - first + 1)
    return most


def _handles(actor: Actor) -> Iterator[str]:
    """Yield what a profile may call an actor; of a session, also the agency alone."""
    yield from filter(None, (actor.id, actor.urn))
    if session := _SESSION.fullmatch(actor.urn or ""):
        yield session[1]
    if actor.name and is_plain_name(actor.name):
        yield actor.name
        yield from (f"{account}/{actor.name}" for account in (actor.account, actor.account_id) if account)
