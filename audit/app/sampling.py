"""Which backups are asked for their members: that is a call each, so that only a sample is.

The same backups give the same sample. What was asked for stands in the paths of the evidence, so that an audit that is
recomputed looks at the same ones, whatever its profile says.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

from audit.records import Backup

_BY_AGE: Final = attrgetter("created_at", "id")


def newest_of_each(backups: Iterable[Backup], most: int) -> Sequence[str]:
    """Name the newest whole backup of each resource, the newest of them first, up to a number."""
    whole = (backup for backup in backups if backup.parent_id is None and backup.is_lasting)
    newest = {backup.resource_id: backup for backup in sorted(whole, key=_BY_AGE)}
    return [backup.id for backup in sorted(newest.values(), key=_BY_AGE, reverse=True)[:most]]
