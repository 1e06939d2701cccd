"""One field of one row at a time becomes something that nobody understands: that is never good news, and no alarm.

A failure must not become a pass, and nothing may fail that did not, unless the odd value has a plain meaning: an id
that names something else is not odd, and neither is an empty list.
"""

import copy
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import pytest

from audit.answers.intake import Intake, read_envelope
from audit.app.run import assess
from audit.collection import Kind, Page, Window
from audit.judging.findings import Outcome
from audit.profile import Profile
from audit.report.contents import Report
from audit.report.formats.json_report import render
from audit.simulator import build_estate
from tests.builders import DAY, a_reading, run_facts

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)
WINDOW = Window(AS_OF - 14 * DAY, AS_OF)
ODD: tuple[Any, ...] = (None, [], {}, [None], "odd", 2**63, 2**64 - 1, 1e300)
PLAIN = {"id", "vault_id", "resource_id", "policy_id", "backup_id", "resources", "associated_vaults", "pattern"}

Rows = Mapping[Kind, list[Any]]
Place = tuple[str | int, ...]


@cache
def rows_of(scenario: str) -> Rows:
    estate = build_estate(scenario, resources=2, days=14, as_of=AS_OF)
    lists = {
        Kind.TASKS: estate.tasks,
        Kind.POLICIES: estate.policies,
        Kind.VAULTS: estate.vaults,
        Kind.BACKUPS: estate.backups,
    }
    return {kind: orjson.loads(orjson.dumps(rows)) for kind, rows in lists.items()}


def audited(rows: Rows, **counts: int) -> Report:
    """Take rows in as the cloud would answer them, and judge them; the report must be one that can be written."""
    intake, readings = Intake(), []
    for kind, found in rows.items():
        body = orjson.dumps({kind.key: found, "count": counts.get(kind, len(found))})
        parsed, envelope = read_envelope(kind, body)
        page = Page(kind, "/x", (), body, "", AS_OF, parsed, envelope)
        intake.accept(page)
        readings.append(a_reading(kind, count_first=page.count, count_last=page.count))
    report = assess(run_facts(as_of=AS_OF, window=WINDOW, read=WINDOW), Profile(), intake, tuple(readings))
    assert render(report)
    return report


def outcomes(report: Report) -> dict[tuple[str, str, str], Outcome]:
    return {(each.control, each.kind, each.id): each.outcome for each in report.findings}


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*place, key)
        yield from places(inner, (*place, key))


def changed(rows: Rows, chance: random.Random, kind: Kind) -> tuple[Rows, Place, Any]:
    number = chance.randrange(len(rows[kind]))
    row = copy.deepcopy(rows[kind][number])
    place = chance.choice([place for place in places(row) if PLAIN.isdisjoint(place)])
    holder: Any = row
    for key in place[:-1]:
        holder = holder[key]
    old = holder[place[-1]]
    odd = chance.choice([*ODD, old.upper()] if isinstance(old, str) else ODD)
    holder[place[-1]] = odd
    return {**rows, kind: [*rows[kind][:number], row, *rows[kind][number + 1 :]]}, place, odd


@pytest.mark.parametrize("kind", [Kind.TASKS, Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS])
@pytest.mark.parametrize("scenario", ["healthy", "failing"])
@pytest.mark.no_cover
def test_an_odd_value_is_neither_good_news_nor_an_alarm(scenario: str, kind: Kind) -> None:
    chance = random.Random(f"{scenario} {kind}")  # noqa: S311  # repeatable
    rows = rows_of(scenario)
    before = outcomes(audited(rows))

    for _ in range(15):
        odd_rows, place, odd = changed(rows, chance, kind)
        report = audited(odd_rows)
        if report.collection.rejected:  # the row is not used at all, which is another matter
            continue
        after = outcomes(report)
        for subject in before.keys() & after.keys():
            was, now = before[subject], after[subject]
            assert now is not Outcome.FAIL or was is Outcome.FAIL, (subject, place, odd)
            assert was is not Outcome.FAIL or now in {Outcome.FAIL, Outcome.UNKNOWN}, (subject, place, odd)
        assert not any("the control itself failed" in each.verdict.reason for each in report.findings), (place, odd)


@pytest.mark.parametrize("kind", [Kind.TASKS, Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS])
@pytest.mark.parametrize("count", [2**53, 2**63, 2**64 - 1])
def test_no_count_keeps_a_report_from_being_written(kind: Kind, count: int) -> None:
    report = audited(rows_of("healthy"), **{kind: count})

    assert report.findings
