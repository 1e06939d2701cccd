"""By which rules a policy kept its backups, and when: a new rule dates new backups, and no older ones.

Source: "Why the New Retention Rule Is Not Applied" of the CBR user guide: after a change of days, backups that are
there keep the end that they have.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from audit.records import Policy

_MOST: Final = 100


class Terms(Struct, frozen=True):
    """The rules of a policy over a time.

    Attributes:
        since: the time of the first run that saw it so.
        until: the time of the last run that saw it so.
        days: the age at which backups were deleted; None where age did not matter.
        number: how many were kept; None where their number did not matter.
    """

    since: datetime
    until: datetime
    days: int | None
    number: int | None

    @classmethod
    def of(cls, policy: Policy, moment: datetime) -> "Terms":
        """The rules of a policy, as one run saw it."""
        days = policy.retention_days if policy.keeps_by_age else None
        return cls(moment, moment, days, policy.max_backups if policy.keeps_by_number else None)


class PastRules(Struct, frozen=True):
    """By which rules a policy kept the backups of a vault that it is not applied to any more.

    Attributes:
        policy: its id.
        terms: the oldest first.
        until: the time of the first run that found it taken off.
    """

    policy: str
    terms: tuple[Terms, ...]
    until: datetime


def in_force(terms: Sequence[Terms], since: datetime, until: datetime) -> Sequence[Terms]:
    """By which rules was kept what was there between two times: both where they were changed and nobody saw when.

    Before the first run that saw them, as that one did; there must be some.
    """
    first, last = _place(terms, since), _place(terms, until)
    is_open = first > 0 and since < terms[first].since
    return terms[first - is_open : last + 1]


def continued(past: Sequence[Terms], policy: Policy, now: datetime) -> tuple[Terms, ...]:
    """Add what this run sees to what earlier ones saw, the oldest first."""
    last = Terms.of(policy, now)
    if past and (past[-1].days, past[-1].number) == (last.days, last.number):
        return (*past[:-1], replace(past[-1], until=now))
    return (*past[1 - _MOST :], last)


def _place(terms: Sequence[Terms], moment: datetime) -> int:
    """Which rules a run saw that looked at a time or, if none did, next after it; the newest where there was none."""
    return next((place for place, each in enumerate(terms) if moment <= each.until), len(terms) - 1)
