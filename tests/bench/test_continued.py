"""That continued runs are measured as what they are; how long they take is for ``make bench``."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from audit.simulator import Request, Simulator, build_estate
from bench.continued import AN_HOUR, LAST, growing, lines, ratios
from bench.growing import Growing, Rows
from bench.pages import AS_OF, estate_rows

DAYS = 3
A_DAY = timedelta(days=1)
PATHS = {"operation_logs": "operation-logs", "backups": "backups"}


def shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


PLACE = {"limit": "7", "offset": "3"}
INTERVAL = {"start_time": shown(AS_OF - 2 * A_DAY), "end_time": shown(AS_OF - A_DAY)}
QUERIES = [
    ("operation_logs", {**PLACE, **INTERVAL, "enterprise_project_id": "all_granted_eps"}),
    ("operation_logs", {"limit": "1000", "offset": "0", "status": "success"}),
    ("operation_logs", {"limit": "1000", "offset": "0", "end_time": shown(AS_OF - 40 * A_DAY)}),
    ("backups", {**PLACE, "show_replication": "true"}),
    ("backups", {**PLACE, **INTERVAL, "sort": "created_at:asc", "show_replication": "true"}),
]


@pytest.fixture(scope="module")
def made() -> Mapping[str, list[bytes]]:
    return {name: list(rows) for name, rows in estate_rows(10, DAYS).items()}


@pytest.fixture(scope="module")
def grown(made: Mapping[str, list[bytes]]) -> Iterator[Growing]:
    estate = build_estate("healthy", resources=1, days=2, as_of=AS_OF)
    with tempfile.TemporaryFile() as tasks, tempfile.TemporaryFile() as backups:
        files = {"operation_logs": tasks, "backups": backups}
        yield Growing(estate, {name: Rows(made[name], file) for name, file in files.items()})


def asked(cloud: Simulator, name: str, query: Mapping[str, str]) -> dict[str, Any]:
    url = f"https://cbr/v3/{cloud.project_id}/{PATHS[name]}?{urlencode(query)}"
    answer: dict[str, Any] = orjson.loads(cloud.dispatch(Request("GET", url, {"X-Auth-Token": cloud.token}, b"")).body)
    return answer


@pytest.mark.parametrize(("name", "query"), QUERIES)
def test_rows_of_files_are_answered_as_the_simulator_answers(
    grown: Growing, made: Mapping[str, list[bytes]], name: str, query: dict[str, str]
) -> None:
    lists = {name: [orjson.loads(row) for row in made[name]] for name in ("vaults", *PATHS)}
    lists["backups"].sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    estate = build_estate("healthy", resources=1, days=2, as_of=AS_OF)
    simulator = Simulator(
        replace(estate, vaults=lists["vaults"], tasks=lists["operation_logs"], backups=lists["backups"])
    )

    assert asked(grown, name, query) == asked(simulator, name, query)


def test_what_is_younger_than_the_time_is_not_there_yet(grown: Growing) -> None:
    query = {"limit": "1000", "offset": "0"}
    late = asked(grown, "backups", query)["backups"]
    grown.now = AS_OF - A_DAY
    early = asked(grown, "backups", query)["backups"]
    grown.now = AS_OF

    assert 0 < len(early) < len(late)
    assert early == late[len(late) - len(early) :]


@pytest.mark.parametrize("query", [{"vault_id": "v"}, {"sort": "name:asc"}, {"enterprise_project_id": "0"}])
def test_a_query_that_it_cannot_answer_is_refused(grown: Growing, query: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="does not know how to answer"):
        asked(grown, "backups", {**PLACE, **query})


def test_runs_go_on_from_the_ones_before_them(tmp_path: Path) -> None:
    with growing(10, DAYS) as cloud:
        first, second = (cloud.audit(tmp_path, moment) for moment in (LAST, LAST + AN_HOUR))

    assert (first["previous"]["run"], bool(second["previous"]["run"])) == (None, True)
    assert first["window"]["since"] == "2026-10-23T10:00:00Z"
    assert 0 < second["once"] <= second["received"] < first["received"]
    assert 0 < second["by_sort"]["answers"] < second["stored"]
    found = ratios(first, second, second, second)
    assert all(figure > 0 for figure in found.values())
    told = {
        "resources": 10,
        "days": DAYS,
        "ratios": found,
        "runs": dict(zip("abcd", [first, *3 * [second]], strict=True)),
    }
    assert len([line for line in lines(told) if "cpu" in line]) == 3
