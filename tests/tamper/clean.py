"""Chains of every shape that nobody tampered with: the verifier must find no fault in any."""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from audit.evidence.chain import Signer
from audit.evidence.verify import verify
from tests.builders import a_collection, a_reading
from tests.evidence.chains import HOUR, SCOPE, Shelf, a_report, facts, publish
from tests.tamper.signers import PAIRS

LONGEST: Final = 14
MOST_AT_ONCE: Final = 3


@dataclass(frozen=True)
class Clean:
    """A chain, what it is signed with, and how many runs of each sort it has."""

    shelf: Shelf
    signed: str
    sorts: Counter[str]


def make(seed: int) -> Clean:
    """Make one chain: normal, empty and late runs, runs that overlapped, and runs that were broken off."""
    chance = Random(seed)  # noqa: S311  # repeatable
    signed = chance.choice([*PAIRS])
    shelf, sorts, signer = Shelf(), Counter[str](), PAIRS[signed].signer
    number, length = 0, chance.randint(1, LONGEST)
    while number < length:
        sort = chance.choice(("normal", "normal", "normal", "empty", "backfill", "overlapping", "broken off"))
        if sort == "overlapping":
            number = overlap(shelf, signer, number, chance.randint(2, MOST_AT_ONCE))
        elif sort == "broken off":
            break_off(shelf, chance)
        else:
            number += 1
            write(shelf, signer, number, sort, chance)
        sorts[sort] += 1
    if chance.random() < 1 / 4:
        shelf.objects.pop(f"{SCOPE}/latest.json", None)
        sorts["no pointer"] += 1
    return Clean(shelf, signed, sorts)


def write(shelf: Shelf, signer: Signer, number: int, sort: str, chance: Random) -> None:
    nothing = replace(a_report(), collection=a_collection(readings=(a_reading(distinct=0, pages=1),)))
    judged = chance.randint(0, number) if sort == "backfill" else None
    publish(shelf, number, signer, report=nothing if sort == "empty" else None, judged=judged)


def overlap(shelf: Shelf, signer: Signer, number: int, runs: int) -> int:
    """Let several runs follow the same digest, and a later one record all but that which it follows."""
    begun = [shelf.copy() for _ in range(runs)]
    for place, each in enumerate(begun, 1):
        publish(each, number + place, signer)
    for each in begun:
        shelf.objects.update(each.objects)
    publish(shelf, number + runs + 1, signer)
    return number + runs + 1


def break_off(shelf: Shelf, chance: Random) -> None:
    """Leave what a run had written when it was killed: anything but its digest."""
    run = facts(100 + chance.randrange(100))
    prefix = f"{SCOPE}/{run.as_of:%Y/%m/%d}/{run.id}"
    answer = chance.randbytes(20)
    shelf.objects[f"{SCOPE}/shared/2026-11/{hashlib.sha256(answer).hexdigest()}.json.gz"] = answer
    for name in ("history", "manifest.json")[: chance.randint(0, 2)]:
        shelf.objects[f"{prefix}/{name}"] = chance.randbytes(20)


def try_clean(seed: int) -> tuple[Counter[str], list[str]]:
    """Check one chain as strictly as can be, and a part of it; count it, and tell every fault."""
    chain = make(seed)
    newest = chain.shelf.keys(f"{SCOPE}/digest/")[-1]
    head = hashlib.sha256(chain.shelf.objects[newest]).hexdigest()
    key = PAIRS[chain.signed].public
    whole = verify(chain.shelf, SCOPE, key=key, expected_head=head)
    part = verify(chain.shelf, SCOPE, since=facts(3).as_of, until=facts(6).as_of + HOUR)
    told = [f"seed {seed}: {fault.object}: {fault.problem}" for fault in (*whole.faults, *part.faults)]
    counts = Counter({"chains": 1, "digests": whole.digests, chain.signed: 1, "wrong": bool(told)})
    return counts + chain.sorts, told
