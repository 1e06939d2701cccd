"""What the run before knew of the inventory: the API shows only the present, so each run passes on what it saw.

It tells a policy that was changed, or a resource that was added, from one that has been so all the time: what was due
before cannot be held against it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.collection import shown
from audit.records import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the report of an earlier run says.

    Attributes:
        run: the id of that run.
        until: the end of its window.
        policies: of each policy, a mark that changes with its schedule, its switch or its vaults, and since when it
            has had it; None where the first run of all saw it so.
        resources: of each resource that a vault held, since when it is known to be held; None as above.
    """

    run: str
    until: datetime
    policies: Mapping[str, tuple[str, datetime | None]]
    resources: Mapping[str, datetime | None]


def mark(policy: Policy) -> str:
    """A short hash of what decides when a policy runs, and for which vaults."""
    start = shown(policy.start_time) if policy.start_time else ""
    parts = (str(policy.enabled), start, *sorted(policy.patterns), "", *sorted(policy.vault_ids))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
