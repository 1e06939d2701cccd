"""What the simulator says was weakened, where a run in between could use no row of what it would have seen it in."""

from dataclasses import replace
from pathlib import Path
from threading import local
from typing import Any

import orjson

from audit.app.execute import execute
from audit.app.request import request_from_settings
from audit.simulator import Estate, Request, Response, Simulator, build_estate, serve, tamper
from audit.timestamps import shown
from tests.pretend import AS_OF, json_response, variables, whole_report, without_waiting


def audited(estate: Estate, folder: Path, *, is_blind: bool = False) -> Any:
    simulator = Simulator(estate, clock=lambda: estate.as_of)
    if is_blind:
        blind(simulator)
    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, folder)
        done = execute(request_from_settings(settings, as_of=shown(estate.as_of)), lambda _progress: None)
    return whole_report(folder / done.prefix)


def blind(simulator: Simulator) -> None:
    """Answer with lists of policies, vaults and backups of which no row can be used."""
    inside = local()

    def changed(request: Request, _number: int) -> Response | None:
        name = request.url.partition("?")[0].rpartition("/")[2]
        if getattr(inside, "asked", False) or name not in {"policies", "vaults", "backups"}:
            return None
        inside.asked = True
        answer = orjson.loads(simulator.dispatch(request).body)
        inside.asked = False
        answer[name] = [{**row, "name": 5, "created_at": 5, "enabled": 5} for row in answer[name]]
        return json_response(answer)

    simulator.intercept = changed


def test_a_run_in_between_that_can_use_no_row_hides_nothing_of_it(tmp_path: Path) -> None:
    before = build_estate("mixed", seed=4, resources=14, days=30, as_of=AS_OF)
    after = tamper(before, seed=4)
    audited(before, tmp_path)
    hiding = audited(replace(before, as_of=AS_OF + (after.as_of - AS_OF) / 2), tmp_path, is_blind=True)
    report = audited(after, tmp_path)

    assert len(hiding["collection"]["rejected_rows"]) == len(before.policies) + len(before.vaults) + len(before.backups)
    assert {(each["control"], each["subject"]["id"]) for each in report["findings"] if each["outcome"] == "fail"} == {
        (each["control"], each["subject"]["id"]) for each in after.truth()["expected"]
    }
