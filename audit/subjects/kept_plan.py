"""What a policy planned, and when. The API shows only the present, so each run passes on what it saw."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from audit.records import Policy

_COUNTS: Final = re.compile(r"INTERVAL=0*(?!1\b)[0-9]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """What decides when and where a policy runs, as one or several runs saw it.

    Attributes:
        patterns: sorted, whatever order the response had.
        seen: the time of the first run that saw it.
        since: the time from which it is known to have been in force; None if the very first run saw it.
        until: the time up to which it is known to have been in force; None for the current plan.
        clear_since: if another plan follows, the time before which nothing is judged, because the runs came at other
            times; None if they did not.
    """

    patterns: tuple[str, ...]
    start_time: datetime | None
    start_window: timedelta
    enabled: bool
    vault_ids: frozenset[str]
    seen: datetime
    since: datetime | None = None
    until: datetime | None = None
    clear_since: datetime | None = None

    def is_of(self, policy: Policy) -> bool:
        """Whether the policy still has this plan."""
        return replace(self, since=None, until=None, clear_since=None) == plan_of(policy, self.seen)

    def runs_as(self, other: "KeptPlan") -> bool:
        """Whether the other plan has the same run times; the start time matters only if a rule counts from it."""
        is_same = (self.enabled, self.patterns) == (other.enabled, other.patterns)
        return is_same and (self.start_time == other.start_time or not any(map(_COUNTS.search, self.patterns)))

    def followed_by(self, policy: Policy, *, last_seen: datetime, now: datetime) -> tuple["KeptPlan", "KeptPlan"]:
        """Return the plan with the end of its validity, and the plan that follows, which this run is the first to see.

        The start time tells when a policy was saved. If it is not between the two runs, that time is unknown.
        """
        present = plan_of(policy, now, since=now)
        saved = present.start_time
        former = replace(self, until=last_seen, since=self.clear_since or self.since)
        if saved is None or saved == self.start_time or not last_seen < saved <= now:
            return former, present
        return replace(former, until=saved), replace(present, since=saved)


def plan_of(policy: Policy, seen: datetime, since: datetime | None = None) -> KeptPlan:
    """Return the current plan of a policy."""
    return KeptPlan(
        patterns=tuple(sorted(policy.patterns)),
        start_time=policy.start_time and policy.start_time.replace(microsecond=0),
        start_window=policy.start_window,
        enabled=policy.enabled,
        vault_ids=policy.vault_ids,
        seen=seen,
        since=since,
    )
