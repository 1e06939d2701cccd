"""Removes what must never be stored: lists of protectable resources contain user data, passwords and addresses.

Only the fields that the audit judges by are kept, in the format of a response. That is the evidence for this list.
"""

from typing import Any, Final

import orjson

from audit.errors import SourceAnswerError

_KEPT: Final = ("id", "name", "type", "status", "size")


def without_private_parts(body: bytes) -> bytes:
    """Reduce a response of ListProtectable to ids, names, types and where each resource is protected.

    A field of an unexpected type becomes null, so that validation sees it and rejects the row.

    Raises:
        SourceAnswerError: the body is not a JSON object.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SourceAnswerError("the answer for protectable resources is not JSON") from error
    if not isinstance(answer, dict):
        raise SourceAnswerError("the answer for protectable resources is not a JSON object")
    instances = answer.get("instances")
    rows = [_reduced(item) for item in instances] if isinstance(instances, list) else None
    count = answer.get("count", len(rows or ()))  # undocumented, but present in every recorded response
    return orjson.dumps({"instances": rows, "count": count}, option=orjson.OPT_APPEND_NEWLINE)


def _reduced(item: Any) -> Any:
    if not isinstance(item, dict):
        return None
    kept = {name: item[name] for name in _KEPT if isinstance(item.get(name), str | int)}
    return {**kept, "children": _parts(item.get("children")), "protectable": _protection(item.get("protectable"))}


def _parts(items: Any) -> list[Any]:
    """Keep the ids of a server's disks: they need no vault of their own."""
    disks = items if isinstance(items, list) else []
    return [{"id": disk["id"]} for disk in disks if isinstance(disk, dict) and isinstance(disk.get("id"), str)]


def _protection(item: Any) -> Any:
    if not isinstance(item, dict):
        return None
    vault = item.get("vault")
    held = {"id": vault.get("id"), "name": vault.get("name")} if isinstance(vault, dict) else None
    return {"result": item.get("result"), "vault": held}
