from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_505_agent_alive import CONTROL, judge
from audit.judging.control_catalogue import OPT_IN
from audit.judging.findings import Outcome, Verdict
from audit.records import Agent
from tests.builders import HOUR, TICK, a_resource, a_vault, an_agent, facts_of, limits


def judged(agent: Agent | None = None, **changes: Any) -> Verdict:
    return judge(a_resource(agent=agent, **{"agents_complete": True, **changes}), limits(max_agent_silence=8 * HOUR))


def test_an_agent_that_was_active_recently_passes() -> None:
    verdict = judged(an_agent(HOUR))

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"agent_status": "normal", "last_active": "2026-11-23T03:00:00Z", "limit_hours": 8}


@pytest.mark.parametrize(
    ("silent_for", "outcome"),
    [(8 * HOUR, Outcome.PASS), (8 * HOUR + TICK, Outcome.FAIL), (-HOUR, Outcome.PASS), (400 * HOUR, Outcome.FAIL)],
)
def test_the_limit_itself_is_still_accepted(silent_for: timedelta, outcome: Outcome) -> None:
    assert judged(an_agent(silent_for)).outcome is outcome


def test_a_silent_one_fails_since_it_fell_silent() -> None:
    assert facts_of(judged(an_agent(72 * HOUR)))["since"] == "2026-11-20T04:00:00Z"


@pytest.mark.parametrize("changes", [{}, {"last_active": None}])
def test_an_abnormal_one_fails_however_lately_it_was_active(changes: dict[str, Any]) -> None:
    assert judged(an_agent(HOUR, status="abnormal", **changes)).outcome is Outcome.FAIL


@pytest.mark.parametrize("status", ["uninstall", "sleeping", None])
@pytest.mark.parametrize(("silent_for", "outcome"), [(HOUR, Outcome.UNKNOWN), (9 * HOUR, Outcome.FAIL)])
def test_a_state_that_may_mean_anything_is_unknown_until_it_is_silent_for_too_long(
    status: str | None, silent_for: timedelta, outcome: Outcome
) -> None:
    assert judged(an_agent(silent_for, status=status)).outcome is outcome


def test_one_that_does_not_say_when_it_was_active_is_unknown() -> None:
    assert judged(an_agent(last_active=None)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("agent", [None, an_agent(HOUR), an_agent(90 * HOUR)])
def test_it_is_unknown_where_the_agents_were_not_read_completely(agent: Agent | None) -> None:
    assert judged(agent, agents_complete=False).outcome is Outcome.UNKNOWN


def test_what_has_no_agent_is_not_judged_unless_its_vault_needs_one() -> None:
    assert judged().outcome is Outcome.NOT_APPLICABLE
    assert judged(vaults=(a_vault(object_type="file"),)).outcome is Outcome.UNKNOWN


def test_it_is_applied_only_where_a_profile_asks_for_it() -> None:
    assert CONTROL.id in OPT_IN
