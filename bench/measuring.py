"""Everything that ``make bench`` measures, in rounds, as one object of results."""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import collecting, continued, machine, peers
from bench.pages import Variant, write, write_estate
from bench.processes import job, ratio
from bench.starting import Starts, start
from bench.steps import STEPS

_CORE: Final = {
    "orjson": ("orjson", Variant.CLEAN),
    "orjson, drifting": ("orjson", Variant.DRIFTING),
    "json": ("json", Variant.CLEAN),
    "pipeline": ("pipeline", Variant.CLEAN),
    "pipeline, bad": ("pipeline", Variant.BAD),
    "pipeline, drifting": ("pipeline", Variant.DRIFTING),
    "evidence": ("evidence", Variant.CLEAN),
    "sdk": ("sdk", Variant.CLEAN),
}
_OTHERS: Final = {name: (name, Variant.CLEAN) for name in ("run", "steps", "jsonschema", "pydantic")}
_MILLION: Final = 1_000_000
_TEN_THOUSAND: Final = 10_000
_MOST_MB: Final = 6000  # a machine that others use too is not filled up


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: each runs every job once; ``other_rounds`` of them those too that are only beside the point.
        resources: of the estate that every control is applied to.
        peaks: tasks at which the peak of memory is taken.
        cells: pairs of latency in milliseconds and workers.
        walks: how often the one of them that has a goal is walked.
        continued: resources and days of history of estates whose continued runs are measured.
        continued_peaks: resources at which the peak of a continued run is taken.
        warm_runs: in one process.
    """

    tasks: int
    rounds: int
    other_rounds: int
    resources: int
    peaks: Sequence[int]
    cells: Sequence[tuple[int, int]]
    walks: int
    tasks_a_worker: int
    starts: int
    continued: Sequence[tuple[int, int]]
    continued_peaks: Sequence[int]
    warm_runs: int


FULL: Final = Size(
    tasks=200_000,
    rounds=5,
    other_rounds=3,
    resources=_TEN_THOUSAND,
    peaks=(10_000, 100_000, _MILLION),
    cells=[(latency, workers) for latency in collecting.LATENCIES for workers in collecting.WORKERS],
    walks=5,
    tasks_a_worker=50_000,
    starts=11,
    continued=[(50, 90), (500, 90), (5000, 30)],
    continued_peaks=(1400, _TEN_THOUSAND),
    warm_runs=300,
)
QUICK: Final = Size(
    tasks=50_000,
    rounds=2,
    other_rounds=1,
    resources=500,
    peaks=(50_000,),
    cells=(),
    walks=2,
    tasks_a_worker=12_500,
    starts=3,
    continued=[(50, 30)],
    continued_peaks=(),
    warm_runs=0,
)


def measure(size: Size, *, quick: bool) -> dict[str, Any]:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as place:
        root = Path(place)
        for variant in Variant:
            write(root / variant, size.tasks, variant)
        write_estate(root / "estate", size.resources)
        rounds = [_round(root, size, number) for number in range(size.rounds)]
        _say("10,000 resources")
        judging = job("judging", root / "estate")
        peaks = _peaks(root, size.peaks)
    _say("collecting")
    goal = collecting.collect([collecting.DEFAULT] * size.walks, tasks_a_worker=size.tasks_a_worker)
    cells = collecting.collect(size.cells, tasks_a_worker=size.tasks_a_worker) if size.cells else goal[:1]
    _say("cold start")
    starts = start(size.starts)
    _say("continued runs")
    runs = [continued.continue_runs(resources, days) for resources, days in size.continued]
    others = rounds[: size.other_rounds]
    return {
        "quick": quick,
        "tasks": size.tasks,
        "rounds": size.rounds,
        "machine": machine.describe(),
        "versions": machine.versions(),
        "ratios": {
            **_ratios(rounds),
            **_other_ratios(others),
            "collect_over_ideal": _rounded(statistics.median(cell.over_ideal for cell in goal)),
            "cold_start_over_requests": _rounded(starts.over_requests("first request")),
            "handler_import_over_requests": _rounded(starts.over_requests("handler")),
        },
        "peak_mb_1m": peaks.get(str(_MILLION), {}).get("run"),
        "peak_mb": peaks,
        "evaluate_10k_s": _rounded(judging["evaluated"] * _TEN_THOUSAND / judging["resources"]),
        "evaluate_10k_measured_resources": judging["resources"],
        "judging_s": {step: _rounded(seconds) for step, seconds in judging["steps"].items()},
        "steps_over_orjson": {step: _rounded(_step(others, step)) for step in STEPS},
        "microseconds_a_task": {name: _microseconds(rounds, name, size.tasks) for name in _CORE},
        "seen": {name: _seen(rounds[0][name]) for name in ("pipeline", "pipeline, bad", "pipeline, drifting")},
        "collecting": [_cell(cell) for cell in cells],
        "cold_start": _cold_start(starts),
        "continued": {str(each["resources"]): _rounded_all(each["ratios"]) for each in runs},
        "continued_peak_mb": {str(each): continued.peak_mb(each)["continued"] for each in size.continued_peaks},
        "warm_growth_mb": _rounded(continued.warm_growth(size.warm_runs)) if size.warm_runs else None,
    }


def _cell(cell: collecting.Cell) -> Mapping[str, float]:
    return {
        "latency_ms": cell.latency,
        "workers": cell.workers,
        "pages": cell.pages,
        "over_ideal": _rounded(cell.over_ideal),
        "cpu_ms_a_page": _rounded(cell.cpu_a_page),
        "peak_mb": round(cell.peak_mb),
    }


def _cold_start(starts: Starts) -> Mapping[str, Any]:
    imported = [
        {
            "name": each.name,
            "own_ms": _rounded(each.own),
            "with_its_imports_ms": _rounded(each.whole),
            "modules": each.modules,
            "reason": each.reason,
        }
        for each in starts.imported
        if each.is_slow
    ]
    spent = {name: round(starts.milliseconds(name)) for name in ("first request", "handler", "requests")}
    return {"of": starts.words, "milliseconds": spent, "imported": imported}


def _round(root: Path, size: Size, number: int) -> dict[str, Any]:
    """Run every job once, in turn."""
    jobs = _CORE | (_OTHERS if number < size.other_rounds else {})
    _say(f"round {number + 1} of {size.rounds}")
    measured = {name: job(work, root / variant) for name, (work, variant) in jobs.items()}
    return measured | (peers.questions(root / Variant.CLEAN) if number < size.other_rounds else {})


def _ratios(rounds: Sequence[dict[str, Any]]) -> dict[str, float]:
    pairs = {
        "pipeline_over_orjson": ("pipeline", "orjson"),
        "bad_over_orjson": ("pipeline, bad", "orjson"),  # which refuses bad pages as a whole
        "drifting_over_orjson": ("pipeline, drifting", "orjson, drifting"),
        "evidence_over_orjson": ("evidence", "orjson"),
        "pipeline_over_sdk": ("pipeline", "sdk"),
        "json_over_orjson": ("json", "orjson"),
        "sdk_over_orjson": ("sdk", "orjson"),
    }
    return {name: _over(rounds, above, below, "cpu") for name, (above, below) in pairs.items()}


def _other_ratios(rounds: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Compare what is not measured in every round; programs that are no Python are compared as whole processes."""
    ours = {f"{name}_over_orjson": _over(rounds, name, "orjson", "cpu") for name in ("run", "jsonschema", "pydantic")}
    asked = {
        f"{name}_over_orjson": _over(rounds, name, "orjson", "process")
        for name in ("duckdb", "jq")
        if all(name in each for each in rounds)
    }
    return ours | asked


def _over(rounds: Sequence[dict[str, Any]], above: str, below: str, what: str) -> float:
    return _rounded(ratio(rounds, lambda each: each[above][what], lambda each: each[below][what]))


def _step(rounds: Sequence[dict[str, Any]], step: str) -> float:
    return ratio(rounds, lambda each: each["steps"]["steps"].get(step, 0.0), lambda each: each["orjson"]["cpu"])


def _peaks(root: Path, sizes: Sequence[int]) -> dict[str, dict[str, int]]:
    """Take the peak of the whole process, with evidence and without, as long as it can be expected to fit."""
    peaks: dict[str, dict[str, int]] = {}
    before, last = 0, 0
    for tasks in sizes:
        if before and last * tasks / before > _MOST_MB:
            _say(f"memory at {tasks:,} tasks is not measured: it would take more than {_MOST_MB:,} MB")
            continue
        _say(f"memory at {tasks:,} tasks")
        folder = root / f"memory-{tasks}"
        write(folder, tasks)
        peaks[str(tasks)] = {name: round(job(name, folder)["peak_mb"]) for name in ("pipeline", "run")}
        shutil.rmtree(folder)
        before, last = tasks, peaks[str(tasks)]["run"]
    return peaks


def _seen(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in ("tasks", "resources", "findings", "rejected", "drift")}


def _microseconds(rounds: Sequence[dict[str, Any]], name: str, tasks: int) -> float:
    return _rounded(1e6 * statistics.median(each[name]["cpu"] for each in rounds) / tasks)


def _rounded_all(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(figure) for name, figure in figures.items()}


def _rounded(number: float) -> float:
    return round(number, 2)


def _say(words: str) -> None:
    print(f"… {words}", file=sys.stderr, flush=True)
