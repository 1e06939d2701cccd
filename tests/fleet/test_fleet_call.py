"""What a program is told of a fleet that has changed, as its schema promises."""

from typing import Any

import jsonschema
import orjson

from audit.fleet.fleet_call import MOST_TARGETS, content
from audit.fleet.fleet_change import FleetChange, compare
from audit.fleet.forms import Status
from deploy.wheels import ROOT
from tests.fleet.builders import a_plan, a_receipt, a_target
from tests.fleet.test_fleet_change import DENIED, FINE, ONE, THREE, TWO, a_problem, a_report, failing

URL = "obs://reports/cbr/fleet-all/index.html"


def told(change: FleetChange) -> dict[str, Any]:
    schema = orjson.loads((ROOT / "schemas" / "fleet-webhook" / "v1.json").read_bytes())
    body: dict[str, Any] = orjson.loads(orjson.dumps(content(change, URL)))
    jsonschema.Draft202012Validator(schema).validate(body)
    return body


def test_a_program_is_told_everything() -> None:
    now = a_report(failing(ONE, a_problem()), a_receipt(TWO, Status.DENIED), before=a_plan(ONE, TWO, THREE))
    body = told(compare(now, DENIED))
    targets = body["targets"]

    assert (body["conclusion"], body["conclusion_before"], body["complete"]) == ("non_compliant", "incomplete", False)
    assert [(each["target"]["account"], each["condition"], each["new"], each["problems"]) for each in targets] == [
        ("account-1", "failing", True, 1),
        ("account-2", "not seen", False, None),
    ]
    assert [problem["name"] for problem in targets[0]["new_problems"]] == ["db-1"]
    assert [(each["target"]["account"], each["reason"]) for each in body["gone"]] == [("account-3", "")]
    assert (body["page"], body["targets_count"]) == (URL, 2)


def test_the_first_roll_up_has_no_conclusion_before() -> None:
    assert told(compare(FINE, None))["conclusion_before"] is None


def test_a_program_is_never_told_more_than_200_targets() -> None:
    body = content(compare(a_report(targets=tuple(map(a_target, range(300)))), None), URL)

    assert (body["targets_count"], len(body["targets"])) == (300, MOST_TARGETS)
