"""The results for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench.comparison import GOALS, NOTED, WORSE, Goal, Move, Results, figure

_RULE: Final = "-" * 100
_RESOURCES: Final = 10_000
_RATIOS: Final = {
    "json_over_orjson": "json.loads",
    "pipeline_over_orjson": "parse to rendered report, clean",
    "bad_over_orjson": "parse to rendered report, 0.1 % bad rows",
    "drifting_over_orjson": "parse to rendered report, every row drifting",
    "evidence_over_orjson": "keeping the evidence",
    "run_over_orjson": "whole run: evidence, reports, history, manifest",
    "jsonschema_over_orjson": "the pipeline with jsonschema on every row (5 pages of each list, scaled)",
    "pydantic_over_orjson": "the pipeline with pydantic models",
    "sdk_over_orjson": "official SDK, merely reading the pages",
    "duckdb_over_orjson": "DuckDB, last success of each resource only (whole process, 1 thread)",
    "jq_over_orjson": "jq, last success of each resource only (whole process)",
}
_CONTINUED: Final = {
    "cpu_over_first": "an hour later: CPU / first run",
    "stored_over_first": "an hour later: bytes stored / first run",
    "received_over_once": "an hour later: bytes received / all different answers",
    "cpu_day_90_over_day_2": "an hour later: CPU / the same with 30 days known",
    "stored_over_answers_a_year": "hourly runs: bytes stored / answers received, packed",
    "stored_gb_a_year": "hourly runs: GB stored in a year",
}


def lines(results: Results) -> Iterator[str]:
    """Write the table."""
    about = results["machine"]
    yield (
        f"Version {results['versions']['cbr-audit']}, Python {results['versions']['python']}, {about['processor']}, "
        f"{about['cores']} cores; {results['tasks']:,} tasks, {results['rounds']} rounds"
    )
    yield from _section("CPU, as a multiple of orjson.loads on the same pages")
    for name, words in _RATIOS.items():
        found = figure(results, f"ratios.{name}")
        yield f"{words:<80}{'left out' if found is None else f'{found:.2f}':>20}"
    yield from _section("The pipeline step by step, as a multiple of orjson.loads")
    for step, found in results["steps_over_orjson"].items():
        yield f"{step:<80}{found:>20.2f}"
    yield from _section("Memory of the whole process, MB: without evidence, and the whole run")
    for tasks, peak in results["peak_mb"].items():
        yield f"{int(tasks):>9,} tasks{'':<65}{peak['pipeline']:>10}{peak['run']:>10}"
    yield from _section("Collecting, as a multiple of pages x latency / workers")
    for cell in results["collecting"]:
        place = f"{cell['latency_ms']} ms, {cell['workers']} workers"
        spent = f"{cell['pages']} pages, {cell['cpu_ms_a_page']:.1f} ms CPU a page, {cell['peak_mb']} MB"
        yield f"{place:<30}{spent:<50}{cell['over_ideal']:>20.2f}"
    yield from _cold_start(results)
    yield from _continued(results.get("continued", {}))
    yield from _section("Goals")
    for goal in GOALS:
        found = figure(results, goal.place)
        verdict = (
            "not measured" if found is None else "met" if found <= goal.most else f"missed, {found / goal.most:.2f}x"
        )
        yield f"{goal.words:<62}{'' if found is None else f'{found:.2f}':>10}{f'<= {goal.most:g}':>12}{verdict:>16}"
    if results["evaluate_10k_measured_resources"] < _RESOURCES:
        yield f"10,000 resources are {results['evaluate_10k_measured_resources']:,} that were measured, scaled up."


def verdict(goal: Goal, found: float | None) -> str:
    """Say whether a goal is met, or by how much it is missed."""
    if found is None:
        return "not measured"
    return "met" if found <= goal.most else f"missed, {found / goal.most:.2f}x"


def _cold_start(results: Results) -> Iterator[str]:
    cold: dict[str, Any] = results["cold_start"]
    yield from _section(f"Cold start, ms beyond a bare Python: {cold['of']}")
    for name, spent in cold["milliseconds"].items():
        yield f"{name:<80}{spent:>20}"
    yield "packages that take more than 5 ms by themselves until then: own ms, ms with their first imports, reason"
    for each in cold["imported"]:
        reason = each["reason"] or "NO REASON IS KNOWN (bench/imports.py)"
        yield f"  {each['name']:<22}{each['own_ms']:>8.1f}{each['with_its_imports_ms']:>8.1f}  {reason}"


def _continued(estates: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield from _section("Continued runs, with 90 days known (5,000 resources: 30); resources:")
    yield f"{'':<60}{''.join(f'{int(resources):>12,}' for resources in estates)}"
    for name, words in _CONTINUED.items():
        yield f"{words:<60}{''.join(f'{figures[name]:>12.2f}' for figures in estates.values())}"


def moves(before: Results | None, now: Results, moved: Sequence[Move]) -> Iterator[str]:
    """Say what moved since the last committed results."""
    if before is None:
        yield "\nNo results were committed yet: nothing to compare with."
        return
    yield from _section(f"Moved by more than {NOTED:.0%} since the committed results")
    if before.get("quick") != now.get("quick"):
        yield "One of the two was measured with QUICK=1: small differences mean little."
    for move in moved:
        mark = f"  WORSE by more than {WORSE:.0%}: make bench fails" if move.is_regression else ""
        yield f"{move.place:<50}{move.before:>10.2f} -> {move.now:<10.2f}{move.by:>+8.0%}{mark}"
    if not moved:
        yield "nothing"


def _section(words: str) -> Iterator[str]:
    yield ""
    yield words
    yield _RULE
