"""Looks for objects that no manifest lists; those of an interrupted run prove nothing and do no harm."""

from collections.abc import Iterable
from typing import Final

from audit.evidence.chain import folder_of
from audit.evidence.store import LATEST, InspectedStore
from audit.evidence.store.keys import UNFINISHED
from audit.evidence.verify.result import Found, Verification
from audit.evidence.verify.runs import RUN_FOLDER
from audit.report import INDEX

_MOVING: Final = frozenset({LATEST, INDEX})


def check_unlisted(store: InspectedStore, listed: set[str], found: Iterable[Found], result: Verification) -> None:
    """Check that every object of the project is listed, or belongs to a run without a digest."""
    committed = {each.prefix for each in found}
    broken_off: set[str] = set()
    digests = folder_of(result.scope)
    for key in store.keys(f"{result.scope}/"):
        name = key.removeprefix(f"{result.scope}/")
        if key in listed or key.startswith(digests) or name in _MOVING:
            continue
        folder = RUN_FOLDER.match(name)
        if folder and f"{result.scope}/{folder[0]}" not in committed:
            broken_off.add(folder[0].rstrip("/"))
        else:
            result.fault(key, "no manifest lists this object")
    for odd in (*store.oddities(f"{result.scope}/"), *store.oddities(f"{UNFINISHED}/")):
        if odd.is_leftover:
            result.notes.append(f"{odd.place}: {odd.what}")
        else:
            result.fault(odd.place, f"{odd.what}: cbr-audit does not write such")
    result.notes += [f"{odd.place}: {odd.what}" for odd in store.beside()]
    result.notes += [
        f"{folder}: a run without a digest: it was interrupted and does not count" for folder in sorted(broken_off)
    ]
