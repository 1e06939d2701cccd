"""Pages of realistic tasks, about 1 KB each, made from a seed: the simulator grows one estate, and copies of it vary.

A copy has other ids, other names and times that are shifted by less than half a second, the same in all its lists, so
that what belongs together still does. Copies are made of bytes, row by row: a million tasks take seconds, and no list
of them is ever held. Pages of tasks overlap by a row, as those do that the audit asks the cloud for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from audit.cloud.cbr.paging import OVERLAP
from bench.spoiling import drifting, spoilt

AS_OF: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAYS: Final = 30
PAGE_SIZE: Final = 1000
STRIDE: Final = PAGE_SIZE - OVERLAP
RESOURCES: Final = 100  # of the estate that is copied
SEED: Final = 7
TASKS: Final = "operation_logs"
_UUID: Final = rb"(?P<uuid>[0-9a-f]{8})(?P<rest>-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_FRACTION: Final = rb"(?<=T[0-9]{2}:[0-9]{2}:[0-9]{2}\.)(?P<fraction>[0-9]{6})"
_HALF_A_SECOND: Final = 500_000
_IDS: Final = 1 << 32


class Variant(StrEnum):
    """What is wrong with the tasks: nothing, one row in a thousand cannot be used, or every row differs a little."""

    CLEAN = "clean"
    BAD = "bad"
    DRIFTING = "drifting"


@dataclass(frozen=True, slots=True)
class Copy:
    """What sets one copy of the estate apart from the others."""

    number: int
    ids: int
    shift: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row with gaps for what differs between copies."""

    text: bytes
    gaps: tuple[tuple[str, int], ...]

    def row(self, copy: Copy) -> bytes:
        """Fill the gaps."""
        return self.text % tuple(_value(kind, original, copy) for kind, original in self.gaps)


def _value(kind: str, original: int, copy: Copy) -> int:
    if kind == "uuid":
        return (original + copy.ids) % _IDS
    return copy.number if kind == "name" else original + copy.shift


def write(folder: Path, tasks: int, variant: Variant = Variant.CLEAN, *, seed: int = SEED) -> None:
    """Write one file for each page of tasks, and those of policies and vaults.

    Args:
        folder: is made.
        tasks: how many; they come newest first, and the oldest ones beyond that are left out.
        variant: what is wrong with them.
        seed: another one gives other ids, names and times.
    """
    made = _copies(copies_for(tasks), seed)
    _write(folder, made, tasks, variant, ("policies", "vaults"))


def write_estate(folder: Path, resources: int, *, seed: int = SEED) -> None:
    """Write every list of an estate of so many resources, a multiple of 100, with all their tasks and backups."""
    made = _copies(resources // RESOURCES, seed)
    tasks = len(made) * len(_patterns()[TASKS])
    _write(folder, made, tasks, Variant.CLEAN, ("policies", "vaults", "backups", "instances"))


def _write(folder: Path, made: Sequence[Copy], tasks: int, variant: Variant, others: Iterable[str]) -> None:
    folder.mkdir(parents=True)
    rows = islice(task_rows(made, variant), tasks)
    for number, page in enumerate(_cut(rows, OVERLAP)):
        whole = spoilt(page, number) if variant is Variant.BAD else page
        (folder / f"{TASKS}-{number:05d}.json").write_bytes(answer(TASKS, whole, tasks, number * STRIDE))
    for name in others:
        patterns = _patterns()[name]
        count = len(patterns) * len(made)
        for number, page in enumerate(_cut(_filled(patterns, made))):
            (folder / f"{name}-{number:05d}.json").write_bytes(answer(name, page, count, number * PAGE_SIZE))


def estate_rows(resources: int, days: int) -> Mapping[str, Iterator[bytes]]:
    """Give the rows of every list of an estate: of a small one as it is made, of a larger one as copies of 100."""
    of_one = min(resources, RESOURCES)
    made = _copies(resources // of_one, SEED)
    return {name: _filled(patterns, made) for name, patterns in _patterns(of_one, days).items()}


def copies_for(tasks: int) -> int:
    """How many copies of the estate have that many tasks."""
    return -(-tasks // len(_patterns()[TASKS]))


def task_rows(copies: Iterable[Copy], variant: Variant = Variant.CLEAN) -> Iterator[bytes]:
    """Give the tasks of every copy, newest first."""
    patterns = _patterns()[TASKS]
    if variant is Variant.DRIFTING:
        patterns = tuple(Pattern(drifting(pattern.text), pattern.gaps) for pattern in patterns)
    return _filled(patterns, copies)


def first_rows(tasks: int, seed: int = SEED) -> list[bytes]:
    """Give the newest tasks of just enough copies as a list."""
    return list(islice(task_rows(_copies(copies_for(tasks), seed)), tasks))


def answer(name: str, rows: Iterable[bytes], count: int, offset: int) -> bytes:
    """Write an answer of the cloud."""
    place = "" if name == "instances" else f',"limit":{PAGE_SIZE},"offset":{offset}'  # that list states no place
    tail = f'],"count":{count}{place}}}'
    return f'{{"{name}":['.encode() + b",".join(rows) + tail.encode()


def _cut(rows: Iterator[bytes], overlap: int = 0) -> Iterator[tuple[bytes, ...]]:
    """Cut rows into pages, each of which begins with the last rows of the one before."""
    page = new = tuple(islice(rows, PAGE_SIZE))
    while new:
        yield page
        new = tuple(islice(rows, PAGE_SIZE - overlap))
        page = page[len(page) - overlap :] + new


def _copies(number: int, seed: int) -> tuple[Copy, ...]:
    rng = Random(seed)  # noqa: S311  # repeatable, not secret
    return tuple(Copy(each, rng.randrange(_IDS), rng.randrange(_HALF_A_SECOND)) for each in range(number))


def _filled(patterns: Iterable[Pattern], copies: Iterable[Copy]) -> Iterator[bytes]:
    made = tuple(copies)
    return (pattern.row(copy) for pattern in patterns for copy in made)


@cache
def _patterns(resources: int = RESOURCES, days: int = DAYS) -> Mapping[str, tuple[Pattern, ...]]:
    """Grow the estate that is copied, and find in each row what a copy changes."""
    from audit.simulator import build_estate  # noqa: PLC0415  # what is measured must not load the simulator

    estate = build_estate("mixed", resources=resources, days=days, as_of=AS_OF)
    lists = {
        TASKS: estate.tasks,
        "policies": estate.policies,
        "vaults": estate.vaults,
        "backups": estate.backups,
        "instances": [row for rows in estate.protectables.values() for row in rows],
    }
    kept = {row["provider_id"].encode() for row in estate.tasks}
    names = {row["name"] for name in ("policies", "vaults", "instances") for row in lists[name]}
    changing = _changing(names)
    return {name: tuple(_pattern(row, changing, kept) for row in rows) for name, rows in lists.items()}


def _changing(names: Iterable[str]) -> re.Pattern[bytes]:
    """Match whatever differs between copies."""
    known = b"|".join(re.escape(name.encode()) for name in sorted(names))
    return re.compile(_UUID + b"|" + _FRACTION + b'|"(?P<name>' + known + b')"')


def _pattern(row: Mapping[str, Any], changing: re.Pattern[bytes], kept: set[bytes]) -> Pattern:
    gaps: list[tuple[str, int]] = []

    def gap(found: re.Match[bytes]) -> bytes:
        if found["uuid"]:
            if found[0] in kept:
                return found[0]
            gaps.append(("uuid", int(found["uuid"], 16)))
            return b"%08x" + found["rest"]
        if found["fraction"]:
            gaps.append(("fraction", int(found["fraction"]) // 2))
            return b"%06d"
        gaps.append(("name", 0))
        return b'"' + found["name"] + b'-%04d"'

    text = changing.sub(gap, orjson.dumps(row).replace(b"%", b"%%"))
    return Pattern(text, tuple(gaps))
