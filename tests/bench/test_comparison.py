import pytest

from bench.comparison import GOALS, Goal, figure, moved
from bench.table import moves, verdict

BEFORE = {"quick": False, "ratios": {"pipeline_over_orjson": 2.0, "jq_over_orjson": 5.0}, "peak_mb_1m": 200}


def now(**changes: float) -> dict[str, object]:
    ratios = {name: changes.pop(name, value) for name, value in BEFORE["ratios"].items()}  # type: ignore[attr-defined]  # a mapping
    return {**BEFORE, "ratios": ratios, **changes}


def test_what_stayed_alike_did_not_move() -> None:
    assert moved(BEFORE, now(pipeline_over_orjson=2.19, peak_mb_1m=185)) == []


@pytest.mark.parametrize(("ratio", "is_regression"), [(2.21, False), (2.5, False), (2.51, True), (1.0, False)])
def test_what_moved_is_told_and_fails_only_where_it_is_far_worse(ratio: float, is_regression: bool) -> None:  # noqa: FBT001  # an expectation
    (move,) = moved(BEFORE, now(pipeline_over_orjson=ratio))

    assert (move.place, move.before, move.now) == ("ratios.pipeline_over_orjson", 2.0, ratio)
    assert move.is_regression is is_regression
    told = "\n".join(moves(BEFORE, now(), [move]))
    assert ("make bench fails" in told) is is_regression
    assert f"{ratio / 2 - 1:+.0%}" in told


def test_a_figure_without_a_goal_never_fails() -> None:
    (move,) = moved(BEFORE, now(jq_over_orjson=50.0))

    assert not move.is_regression


def test_a_figure_with_a_goal_outside_of_the_ratios_can_fail_too() -> None:
    (move,) = moved(BEFORE, now(peak_mb_1m=300))

    assert move.is_regression


def test_what_was_not_measured_is_not_compared() -> None:
    assert moved({}, now()) == []
    assert moved(BEFORE, {"ratios": {"new_over_orjson": 3.0}}) == []
    assert figure({"ratios": None}, "ratios.a") is None
    assert "No results were committed" in "\n".join(moves(None, now(), []))


def test_another_size_is_told() -> None:
    assert "QUICK=1" in "\n".join(moves(BEFORE, {**now(), "quick": True}, []))


def test_a_goal_is_met_up_to_its_bound() -> None:
    goal = Goal("ratios.a", "a", 2.0)

    assert [verdict(goal, found) for found in (1.0, 2.0, 3.0, None)] == ["met", "met", "missed, 1.50x", "not measured"]


def test_every_goal_has_a_place_of_its_own() -> None:
    assert len({goal.place for goal in GOALS}) == len(GOALS) == 16
