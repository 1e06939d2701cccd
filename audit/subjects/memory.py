"""What the run before knew of the inventory: the API shows only the present, so each run passes on what it saw.

It tells a policy that was changed, or a resource that was added, from one that has been so all the time: what was due
before cannot be held against it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.collection import shown
from audit.records import Policy

Known = tuple[str, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the report of an earlier run says.

    Attributes:
        run: the id of that run.
        until: up to when the task log is known; the end of the run's window where its log was complete.
        policies: of each policy, a mark that changes with its schedule or its switch, and since when it has had it;
            None where the first run of all saw it so.
        resources: of each resource that a vault held, a mark that changes with the policies that it follows, and since
            when it is known to have it; None as above.
    """

    run: str
    until: datetime
    policies: Mapping[str, Known]
    resources: Mapping[str, Known]


def mark(policy: Policy) -> str:
    """A short hash of what decides when a policy runs."""
    start = shown(policy.start_time) if policy.start_time else ""
    return _short(str(policy.enabled), start, *sorted(policy.patterns))


def mark_of_followed(policies: Iterable[Policy]) -> str:
    """A short hash of which policies a resource follows."""
    return _short(*sorted(policy.id for policy in policies))


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
