"""The files of a roll-up."""

from typing import Any

import pytest

from audit.fleet.finishing import render
from audit.fleet.forms import FleetPlan
from audit.fleet.roll_up import roll_up
from audit.report import INDEX
from tests.fleet.builders import SHA, a_plan, a_target


@pytest.mark.parametrize(
    ("changes", "shown"),
    [({}, b'<html lang="en">'), ({"language": "zh", "timezone": "Asia/Shanghai"}, b'<html lang="zh-')],
)
def test_pages_have_the_language_and_zone_of_the_plan(changes: dict[str, Any], shown: bytes) -> None:
    plan = a_plan(a_target(), **changes)
    files = render(plan, roll_up(plan, SHA, {}))

    assert {"fleet.html", "fleet.csv", "fleet.prom", INDEX} == files.keys()
    for name in ("fleet.html", INDEX):
        assert shown in files[name]
        assert (b"12:00" in files[name]) == bool(changes)


def test_a_plan_says_only_what_is_not_usual_of_the_page() -> None:
    unusual = a_plan(language="zh", timezone="Asia/Shanghai")

    assert b"language" not in a_plan().dump()
    assert FleetPlan.load(unusual.dump(), "plan.json") == unusual
