"""What must not change a verdict, or not for the better: whole audits of the same project, told in another way."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson

from audit.judging.findings import Outcome
from audit.simulator import Estate, build_estate
from tests.pretend import AS_OF
from tests.verdicts.truths import SIZES, Pair, report_of

Row = dict[str, Any]
Verdicts = Mapping[Pair, str]
TOLD: Final = ("healthy", "mixed", "failing")
SAME_CALENDAR: Final = timedelta(days=4_018)
"""Eleven years: the dates of 2015 fall on the same days of the week as those of 2026."""
OF_FRESHNESS: Final = frozenset({"CBR-101", "CBR-102", "CBR-103", "CBR-104", "CBR-105"})
_SETTLED: Final = timedelta(hours=2)
_RANK: Final = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.NOT_APPLICABLE: 2, Outcome.PASS: 2}
_MOMENT: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}")
_LISTS: Final = (
    "policies", "vaults", "tasks", "backups", "protectables", "agents", "members", "organisation_policies",
    "deployments", "storage_usage",
)  # fmt: skip


@dataclass(frozen=True)
class Relation:
    """A way to tell a project otherwise.

    Attributes:
        retell: makes the other project; None where this one has nothing that could be changed so.
        allows: whether a subject whose verdict was the first may have the second.
        controls: those that it holds for; None for all.
    """

    retell: Callable[[Estate, Random], Estate | None]
    allows: Callable[[str, str], bool]
    controls: frozenset[str] | None = None


def try_relation(name: str, scenario: str, seed: int) -> tuple[Counter[str], list[str]]:
    """Audit one project as it is and told otherwise; count the verdicts, and tell those that must not be."""
    relation, rng = RELATIONS[name], Random(f"{name} {seed}")  # noqa: S311  # repeatable
    as_of = AS_OF - seed * timedelta(hours=31, minutes=7)
    estate = build_estate(scenario, seed=seed, resources=SIZES[seed % len(SIZES)], days=8 + seed % 25, as_of=as_of)
    other = relation.retell(estate, rng)
    if other is None:
        return Counter({"left out": 1}), []
    before, after = _verdicts(estate), _verdicts(other)
    wrong = [
        f"{scenario} {name}, seed {seed}: {' '.join(pair)} was {before[pair]} and is {after.get(pair, 'not judged')}"
        for pair in sorted(before)
        if relation.controls is None or pair[0] in relation.controls
        if pair not in after or not relation.allows(before[pair], after[pair])
    ]
    return Counter({"projects": 1, "verdicts": len(before), "broken": len(wrong)}), wrong


def _verdicts(estate: Estate) -> Verdicts:
    """Judge a project in a first run."""
    with tempfile.TemporaryDirectory(prefix="cbr-audit-verdicts-") as folder:
        findings = report_of(estate, Path(folder)).findings
    return {(each.control, each.kind, each.id): each.outcome for each in findings}


def same(before: str, after: str) -> bool:
    return before == after


def no_better(before: str, after: str) -> bool:
    return _RANK[Outcome(after)] <= _RANK[Outcome(before)]


def no_worse(before: str, after: str) -> bool:
    return no_better(after, before)


def _copied(estate: Estate, change: Callable[[bytes], bytes] = lambda data: data) -> Estate:
    """Copy the rows of an estate, and change the text that they are sent as."""
    return replace(estate, **{name: orjson.loads(change(orjson.dumps(getattr(estate, name)))) for name in _LISTS})


def _moved(data: bytes, by: timedelta) -> bytes:
    """Move every moment in a text."""

    def move(found: re.Match[bytes]) -> bytes:
        moment = datetime.fromisoformat(found[0].decode()) + by
        return moment.isoformat(sep=chr(found[0][10])).encode()

    return _MOMENT.sub(move, data)


def _newest_first(estate: Estate) -> Estate:
    for rows in (estate.tasks, estate.backups):
        rows.sort(key=lambda row: str(row["created_at"]), reverse=True)
    return estate


def at_another_time(estate: Estate, _rng: Random) -> Estate:
    """Everything happened eleven years earlier."""
    moved = _copied(estate, lambda data: _moved(data, -SAME_CALENDAR))
    return replace(moved, as_of=estate.as_of - SAME_CALENDAR)


def in_another_order(estate: Estate, rng: Random) -> Estate:
    """Lists that have no order come in another one."""
    told = _copied(estate)
    for rows in (told.policies, told.vaults, told.backups, *(vault["resources"] for vault in told.vaults)):
        rng.shuffle(rows)
    return told


def by_other_ids(estate: Estate, rng: Random) -> Estate:
    """Tasks have other ids."""
    told = _copied(estate)
    for row in told.tasks:
        row["id"] = _an_id(rng)
    return told


def beside_another(estate: Estate, rng: Random) -> Estate:
    """The project holds what another one holds, too."""
    other = build_estate("mixed", seed=rng.randrange(1000, 2000), resources=5, days=12, as_of=estate.as_of)
    told = _copied(estate)
    for name in ("policies", "vaults", "tasks", "backups", "agents", "storage_usage"):
        getattr(told, name).extend(getattr(other, name))
    for kind, rows in other.protectables.items():
        told.protectables.setdefault(kind, []).extend(rows)
    return _newest_first(told)


def with_a_success_more(estate: Estate, rng: Random) -> Estate | None:
    """A resource was backed up once more, by hand."""
    told = _copied(estate)
    made = _successes(told)
    if not made:
        return None
    task, backup = rng.choice(made)
    newest = estate.as_of.astimezone(UTC).replace(tzinfo=None) - _SETTLED
    later = rng.random() * (newest - datetime.fromisoformat(task["created_at"]))
    text = _moved(orjson.dumps([task, backup]), timedelta(seconds=later // timedelta(seconds=1)))
    for each in (task["id"], backup["id"]):
        text = text.replace(each.encode(), _an_id(rng).encode())
    again, point = orjson.loads(text)
    told.tasks.append(again | {"policy_id": None})
    told.backups.append(point | {"expired_at": None, "extend_info": {**point["extend_info"], "auto_trigger": False}})
    return _newest_first(told)


def with_a_success_less(estate: Estate, rng: Random) -> Estate | None:
    """One backup of a resource was never made."""
    told = _copied(estate)
    made = _successes(told)
    if not made:
        return None
    _task, backup = rng.choice(made)
    told.tasks[:] = [row for row in told.tasks if backup["id"] not in str(row["extra_info"])]
    told.backups[:] = [row for row in told.backups if backup["id"] not in {row["id"], row["parent_id"]}]
    return told


def _successes(estate: Estate) -> list[tuple[Row, Row]]:
    """The tasks that made a backup that is there, each beside it."""
    there = {row["id"]: row for row in estate.backups}
    made = [row for row in estate.tasks if row["operation_type"] == "backup" and row["status"] == "success"]
    ids = [(row, (row["extra_info"].get("backup") or {}).get("backup_id")) for row in made]
    return [(row, there[each]) for row, each in ids if each in there]


def _an_id(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


RELATIONS: Final[Mapping[str, Relation]] = {
    "eleven years earlier": Relation(at_another_time, same),
    "in another order": Relation(in_another_order, same),
    "under other ids": Relation(by_other_ids, same),
    "beside another": Relation(beside_another, same),
    "one success more": Relation(with_a_success_more, no_worse, OF_FRESHNESS),
    "one success less": Relation(with_a_success_less, no_better, OF_FRESHNESS),
}
