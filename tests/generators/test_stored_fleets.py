"""docs/format.md and schemas/ hold for all that a fleet stores, too."""

import json
import re
from base64 import b64decode
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from audit.evidence.chain import Unsigned
from audit.evidence.store import LATEST, open_store
from audit.fleet import fleet_tables
from audit.fleet.finishing import render
from audit.fleet.forms import Discovery, EnterpriseProject, FleetPlan, NotAudited, Status
from audit.fleet.publication import FleetRun, begin, previous_run
from audit.fleet.roll_up import roll_up
from tests.fleet.builders import AS_OF, PROFILES, a_plan, a_receipt, a_target, what_was_found
from tests.fleet.test_fleet_change import a_problem
from tests.fleet.test_publication import FOUND, RESPONSE
from tests.generators.test_stored_forms import SECTIONS, layout, objects, validators, values

ONE = a_target(1, unit=("Root", "prod"), tags={"tier": "gold"}, owner="ann", agency="iam::account-1:agency:cbr-audit")
TWO, THREE, FOUR = (a_target(number) for number in (2, 3, 4))
FLEET = "Fleets"


def rolled_up(folder: Path, plan: FleetPlan) -> FleetRun:
    """Store a fleet run with a target of each kind: failing, denied, without a receipt."""
    run = begin(open_store(str(folder)), plan, PROFILES, {FOUND.name: RESPONSE})
    found = what_was_found(
        ONE,
        conclusion="non_compliant",
        problems=1,
        by_severity={"high": 1},
        worst=(a_problem(since=AS_OF),),
        groups=(EnterpriseProject(id="0", resources=10, failing=1, failures=1, unknown=0),),
    )
    run.leave(a_receipt(ONE, fleet_run=plan.run, audited=found))
    run.leave(a_receipt(TWO, Status.DENIED, fleet_run=plan.run, caller=None))
    run.roll_up(Unsigned(), partial(render, plan))
    return run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two days of a fleet; on the second, a target is gone."""
    folder = tmp_path_factory.mktemp("fleet")
    for day, last in enumerate((FOUR, THREE)):
        as_of = AS_OF + timedelta(days=day)
        plan = a_plan(
            *(ONE, TWO, last),
            run=f"{as_of:%Y%m%dT%H%M%SZ}-0123456789ab",
            as_of=as_of,
            discovery=Discovery(accounts=4, troubles=("the list of accounts broke off",), evidence=(FOUND,)),
            left_out=(NotAudited(account="account-9", reason="the account is suspended"),),
            previous=previous_run(open_store(str(folder)), "all", as_of).link,
        )
        rolled_up(folder, plan)
    return folder


def test_every_object_of_a_fleet_is_named_by_the_page_and_fits_its_schema(store: Path) -> None:
    rows = layout(FLEET)
    fit = {title: validators(title) for title in rows.values()}
    used = set()
    for key, data in objects(store).items():
        matching = [pattern for pattern in rows if pattern.fullmatch(key)]
        assert len(matching) == 1, f"docs/format.md (Fleets) names {key} in {len(matching)} rows"
        used.add(matching[0])
        for number, value in values(key, data) if fit[rows[matching[0]]] else ():
            fit[rows[matching[0]]][number].validate(value)

    assert used == set(rows)


def test_the_json_of_a_fleet_is_canonical(store: Path) -> None:
    sparse = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    written = {key: data for key, data in objects(store).items() if key.endswith(".json") and "/profiles/" not in key}
    digests = [b64decode(json.loads(data)["payload"]) for key, data in written.items() if "/digest/" in key]
    others = [data for key, data in written.items() if "/digest/" not in key and not key.endswith(f"/{LATEST}")]

    assert len(digests) == 2
    assert [data for data in (*digests, *others) if sparse.encode(json.loads(data)).encode() != data] == []


def test_the_page_names_the_columns_and_the_metrics_of_a_fleet() -> None:
    text = SECTIONS["Tables and pages of a fleet"]
    columns = text.partition("The columns are")[2].partition(".\n")[0].partition(". Units")[0]
    metrics = fleet_tables.render_metrics(roll_up(a_plan(ONE), "0" * 64, {})).decode()

    assert re.findall(r"`(\w+)`", columns) == [*fleet_tables.COLUMNS]
    assert re.findall(r"`(cbr_audit_\w+)`", text) == re.findall(r"# TYPE (\w+)", metrics)
