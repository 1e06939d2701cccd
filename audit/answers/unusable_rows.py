"""What an unusable row seems to concern, read field by field and trusted no further than its fault allows.

A field that cannot be read, or whose value is not documented, may be anything.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, Final

from audit.answers.kinds import ANSWERS, AnswerKind
from audit.collection import About, Kind
from audit.records.fields import block
from audit.records.task import OPEN_STATUSES
from audit.timestamps import instant

_TIMES: Final = ("created_at", "started_at", "ended_at", "updated_at")
_ANYTHING: Final = About()


def glance(answer: AnswerKind, row: Any) -> About:
    """Return what a row seems to concern."""
    look = _LOOKS.get(answer.name)
    return look(row) if look and isinstance(row, dict) else _ANYTHING


def _task(row: Mapping[str, Any]) -> About:
    """Read a task; one that names no resource concerns its vault and everything in it."""
    extra = block(row, "extra_info")
    named = _one(block(extra, "resource").get("id"))
    if "remove_resources" in extra:
        removed = _all(block(extra, "remove_resources").get("resources"), "id")
        named = None if removed is None else (*(named or ()), *removed)
    status = _documented(row, "status")
    return About(
        resources=named,
        vaults=_one(row.get("vault_id")) or _one(row.get("vault_name")),
        operation=_documented(row, "operation_type"),
        status=None if status in OPEN_STATUSES else status,
        at=max(_times(row), default=None),
    )


def _policy(row: Mapping[str, Any]) -> About:
    """Read a policy: null means no vault at all."""
    vaults = row.get("associated_vaults", "")
    return About(vaults=() if vaults is None else _all(vaults, "vault_id"))


def _vault(row: Mapping[str, Any]) -> About:
    return About(resources=_all(row.get("resources"), "id"))


def _backup(row: Mapping[str, Any]) -> About:
    return About(resources=_one(row.get("resource_id")), vaults=_one(row.get("vault_id")))


def _protectable(row: Mapping[str, Any]) -> About:
    """Read a resource, and the disks that are parts of it."""
    own, parts = _one(row.get("id")), _all(row.get("children") or [], "id")
    return About(resources=None if own is None or parts is None else (*own, *parts))


def _agent(row: Mapping[str, Any]) -> About:
    """Read an agent, which vaults hold as a resource under its own id."""
    return About(resources=_one(row.get("agent_id")))


def _usage(row: Mapping[str, Any]) -> About:
    return About(resources=_one(row.get("resource_id")))


_LOOKS: Final[Mapping[str, Callable[[Mapping[str, Any]], About]]] = {
    Kind.TASKS: _task,
    Kind.POLICIES: _policy,
    Kind.VAULTS: _vault,
    Kind.BACKUPS: _backup,
    Kind.PROTECTABLES: _protectable,
    Kind.AGENTS: _agent,
    Kind.STORAGE_USAGE: _usage,
}


def _one(value: object) -> tuple[str, ...] | None:
    return (value,) if isinstance(value, str) and value else None


def _all(value: object, key: str) -> tuple[str, ...] | None:
    """Read the id of each item of a list; None if one cannot be read."""
    items = value if isinstance(value, list) else [None]
    found = [_one(item.get(key)) if isinstance(item, dict) else None for item in items]
    return None if None in found else tuple(one for each in found for one in each or ())


def _documented(row: Mapping[str, Any], field: str) -> str | None:
    """Read a word of a task, if it is documented."""
    return row[field] if row.get(field) in _words(field) else None


@cache
def _words(field: str) -> tuple[str, ...]:
    return tuple(ANSWERS[Kind.TASKS].schema_of_row("")["$defs"]["OperationLog"]["properties"][field]["enum"])


def _times(row: Mapping[str, Any]) -> Iterator[datetime]:
    for value in map(row.get, _TIMES):
        if isinstance(value, str):
            with suppress(ValueError):  # it has another form, and says nothing
                yield instant(value)
