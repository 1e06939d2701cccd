"""Goals, and what moved since the results that were committed last."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bench.processes import ROOT

NOTED: Final = 0.10
WORSE: Final = 0.25
RESULTS: Final = "bench/results.json"
Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that must not be greater than its goal.

    Attributes:
        place: where the figure stands in the results, such as ``ratios.pipeline_over_orjson``.
    """

    place: str
    words: str
    most: float


GOALS: Final = (
    Goal("ratios.pipeline_over_orjson", "parse to rendered report, clean pages / orjson.loads", 7.0),
    Goal("ratios.evidence_over_orjson", "keeping the evidence / orjson.loads", 1.5),
    Goal("ratios.drifting_over_orjson", "parse to rendered report, every row drifting / orjson.loads", 15.0),
    Goal("ratios.pipeline_over_sdk", "parse to rendered report / official SDK reading the pages", 0.35),
    Goal("peak_mb_1m", "peak memory at 1,000,000 tasks, MB", 384),
    Goal("ratios.collect_over_ideal", "collecting / (pages x latency / workers)", 1.15),
    Goal("ratios.cold_start_over_requests", "cold start to the first request / import requests", 2.0),
    Goal("evaluate_10k_s", "10,000 resources x all controls, evaluate and render, s", 2.0),
    Goal("continued.500.cpu_over_first", "an hour later, 90 days known: CPU / first run", 0.30),
    Goal("continued.500.stored_over_first", "an hour later: bytes stored / first run", 0.08),
    Goal("continued.500.received_over_once", "an hour later: bytes received / all different answers", 1.05),
    Goal("continued.500.cpu_day_90_over_day_2", "an hour later: CPU with 90 days known / with 30", 1.3),
    Goal("continued.500.stored_over_answers_a_year", "hourly runs: bytes stored / answers received, packed", 1.5),
    Goal("continued_peak_mb.10000", "10,000 resources an hour later, peak, MB", 512),
    Goal("continued_peak_mb.1400", "150,000 tasks and 40,000 backups an hour later, peak, MB", 200),
    Goal("warm_growth_mb", "growth of a process in the last 200 of 300 runs, MB", 1.0),
)


@dataclass(frozen=True, slots=True)
class Move:
    """A figure that is not what it was."""

    place: str
    before: float
    now: float

    @property
    def by(self) -> float:
        """The change, as a part of what it was; every figure is better when it is smaller."""
        return self.now / self.before - 1

    @property
    def is_regression(self) -> bool:
        """It has a goal, and is worse by more than noise."""
        return self.by > WORSE and self.place in {goal.place for goal in GOALS}


def figure(results: Results, place: str) -> float | None:
    """Look a figure up, None where it was not measured."""
    found: Any = results
    for name in place.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) else None


def moved(before: Results, now: Results) -> Sequence[Move]:
    """Name every ratio and every figure with a goal that moved by more than a tenth."""
    places = dict.fromkeys([goal.place for goal in GOALS] + [f"ratios.{name}" for name in now.get("ratios", {})])
    pairs = ((place, figure(before, place), figure(now, place)) for place in places)
    moves = [Move(place, was, present) for place, was, present in pairs if was and present]
    return [move for move in moves if abs(move.by) > NOTED]


def committed() -> Results | None:
    """Read the results that were committed last, None where there are none, or no git."""
    try:
        told = subprocess.run(["git", "show", f"HEAD:{RESULTS}"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607  # whichever git there is
        found: Results = orjson.loads(told.stdout)
    except (OSError, orjson.JSONDecodeError):
        return None
    return found
