"""Many tasks at once, packed as far as they can be without the table that they go to."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from audit.history.commons import Common


class Batch(NamedTuple):
    """Tasks by column; in packed columns, values stand one after the other. All ids are UUIDs.

    Attributes:
        places: of the rows that they came in, for who has to name one.
        keys: ids, sixteen bytes each.
        created: times, ten bytes each; so are the other times.
        started: where it has not begun, ten zeros, as below where it has not ended.
        backup_keys: sixteen bytes each, zeros where it names no backup.
        oddities: for each, whether it names no backup (layout.py).
        where: the fields of Task from resource_id to policy_id, as they were read.
        how: the other fields, as they were read.
        plain_where: makes of them what a task has, and leaves what it has made as it is.
    """

    places: Sequence[int]
    keys: bytes
    created: bytes
    updated: bytes
    started: bytes
    ended: bytes
    backup_keys: bytes
    oddities: bytes
    where: Sequence[Common]
    how: Sequence[Common]
    plain_where: Callable[[Common], Common]
    plain_how: Callable[[Common], Common]
