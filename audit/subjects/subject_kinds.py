"""What a control can judge, and how something that was judged was removed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubjectKind(StrEnum):
    """What a control can judge."""

    RESOURCE = "resource"
    POLICY = "policy"
    VAULT = "vault"
    COLLECTION = "collection"
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How a resource or vault was removed: the task that shows it."""

    at: datetime
    task_id: str
    operation: str
