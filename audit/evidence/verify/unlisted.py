"""Looks for objects that no manifest lists; those of an interrupted run prove nothing and do no harm.

A shared object that is what its name says cannot be taken for another one.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from audit.evidence.chain import folder_of
from audit.evidence.layout import CHANGES, hash_in
from audit.evidence.store import LATEST, InspectedStore
from audit.evidence.store.keys import UNFINISHED
from audit.evidence.stored_runs import read_hashed
from audit.evidence.verify.result import Found, Verification
from audit.evidence.verify.runs import RUN_FOLDER
from audit.report import INDEX

_MOVING: Final = frozenset({LATEST, INDEX})


def check_unlisted(store: InspectedStore, listed: set[str], found: Iterable[Found], result: Verification) -> None:
    """Check that every object of the project is listed, or belongs to a run without a digest.

    Changes have a chain of their own, and are not looked at here.
    """
    committed = {each.prefix for each in found}
    broken_off: set[str] = set()
    unneeded = Counter[str]()
    digests = folder_of(result.scope)
    for key in store.keys(f"{result.scope}/"):
        name = key.removeprefix(f"{result.scope}/")
        if key in listed or key.startswith((digests, f"{result.scope}/{CHANGES}/")) or name in _MOVING:
            continue
        folder = RUN_FOLDER.match(name)
        if result.passed_over and _is_passed_over(key, folder[0] if folder else "", result):
            continue
        if folder and f"{result.scope}/{folder[0]}" not in committed:
            broken_off.add(folder[0].rstrip("/"))
        elif (named := hash_in(key)) and read_hashed(store, key, named) is not None:
            unneeded[key.rpartition("/")[0]] += 1
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
    result.notes += [
        f"{folder}: no run needs {number:,} of these objects; they are left of interrupted or removed runs"
        for folder, number in unneeded.items()
    ]


def _is_passed_over(key: str, folder: str, result: Verification) -> bool:
    """Whether an object belongs to a run that was verified before, or may be shared by such runs."""
    return f"{result.scope}/{folder}" in result.passed_over or hash_in(key) is not None
