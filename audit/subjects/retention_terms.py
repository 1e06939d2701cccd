"""The retention rules of a policy, and when: a new rule applies to new backups, not to existing ones.

Source: "Why the New Retention Rule Is Not Applied" of the CBR user guide: after a change of days, existing backups keep
their expiry.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from audit.records import Policy

_MOST: Final = 100


class Terms(Struct, frozen=True):
    """The rules of a policy over a period.

    Attributes:
        since: the time of the first run that saw them.
        until: the time of the last run that saw them.
        days: the age at which backups were deleted; None if age did not matter.
        number: how many were kept; None if their number did not matter.
    """

    since: datetime
    until: datetime
    days: int | None
    number: int | None

    @classmethod
    def of(cls, policy: Policy, moment: datetime) -> "Terms":
        """Return the rules of a policy, as one run saw them."""
        days = policy.retention_days if policy.keeps_by_age else None
        return cls(moment, moment, days, policy.max_backups if policy.keeps_by_number else None)


class PastRules(Struct, frozen=True):
    """The retention rules of a policy that is no longer applied to a vault.

    Attributes:
        policy: its id.
        terms: its rules, oldest first.
        until: the time of the first run that found it removed.
    """

    policy: str
    terms: tuple[Terms, ...]
    until: datetime


def in_force(terms: Sequence[Terms], since: datetime, until: datetime) -> Sequence[Terms]:
    """Return the rules for what existed in a period: both sets if they changed and nobody saw when.

    Before the first run that saw them, the rules are those of that run; there must be some.
    """
    if len(terms) == 1:  # nearly always
        return terms
    first, last = _place(terms, since), _place(terms, until)
    is_open = first > 0 and since < terms[first].since
    return terms[first - is_open : last + 1]


def continued(past: Sequence[Terms], policy: Policy, now: datetime) -> tuple[Terms, ...]:
    """Add what this run sees to what earlier ones saw, oldest first."""
    last = Terms.of(policy, now)
    if past and (past[-1].days, past[-1].number) == (last.days, last.number):
        return (*past[:-1], replace(past[-1], until=now))
    return (*past[1 - _MOST :], last)


def _place(terms: Sequence[Terms], moment: datetime) -> int:
    """Return the index of the rules that a run at a time saw, or else the next run after it, or else the newest run."""
    return next((place for place, each in enumerate(terms) if moment <= each.until), len(terms) - 1)
