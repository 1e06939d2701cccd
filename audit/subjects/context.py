"""What the profile requires of a subject, and the time of judgement."""

from collections.abc import Callable
from datetime import datetime

from audit.control_limits import NamedLimits
from audit.subjects.drill import Drill


class Limits(NamedLimits, frozen=True, kw_only=True):
    """What controls compare with, beside the limits that audit/control_limits.py lists.

    Attributes:
        maintenance: names the maintenance window that covers a time, or gives an empty text.
        drills: restores that people signed for.
    """

    now: datetime
    maintenance: Callable[[datetime], str] = lambda _moment: ""
    drills: tuple[Drill, ...] = ()
