"""What a policy planned, and when: the API shows only the present, so each run passes on what it saw of it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from audit.records import Policy

_COUNTS: Final = re.compile(r"INTERVAL=0*(?!1\b)[0-9]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """What decides when a policy runs, and where, as one run or several saw it.

    Attributes:
        patterns: in order, whatever order the answer had.
        seen: the time of the first run that saw it.
        since: from when on it is known to have been in force; None where the first run of all saw it.
        until: up to when it is known to have been so; None of the present one.
        clear_since: when another plan takes its place, what was due before is not judged any more, because its runs
            came at other times; None where they did not.
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
        """The policy still plans so."""
        return replace(self, since=None, until=None, clear_since=None) == plan_of(policy, self.seen)

    def runs_as(self, other: "KeptPlan") -> bool:
        """The other one runs at the same times; where no rule counts from the start time, that makes no difference."""
        is_same = (self.enabled, self.patterns) == (other.enabled, other.patterns)
        return is_same and (self.start_time == other.start_time or not any(map(_COUNTS.search, self.patterns)))

    def followed_by(self, policy: Policy, *, last_seen: datetime, now: datetime) -> tuple["KeptPlan", "KeptPlan"]:
        """Say until when it was in force and what took its place, which this run is the first to see.

        The start time tells when a policy was saved. Where it tells no time between the two runs, nobody knows.
        """
        present = plan_of(policy, now, since=now)
        saved = present.start_time
        former = replace(self, until=last_seen, since=self.clear_since or self.since)
        if saved is None or saved == self.start_time or not last_seen < saved <= now:
            return former, present
        return replace(former, until=saved), replace(present, since=saved)


def plan_of(policy: Policy, seen: datetime, since: datetime | None = None) -> KeptPlan:
    """Return what a policy plans now."""
    return KeptPlan(
        patterns=tuple(sorted(policy.patterns)),
        start_time=policy.start_time and policy.start_time.replace(microsecond=0),
        start_window=policy.start_window,
        enabled=policy.enabled,
        vault_ids=policy.vault_ids,
        seen=seen,
        since=since,
    )
