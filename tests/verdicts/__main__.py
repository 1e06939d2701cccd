"""``make verdicts``: whether verdicts agree with what is true, over many seeds, and stay the same where they must."""

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

import structlog

from audit.simulator import SCENARIOS
from tests.simulator.recounting import disagreements
from tests.verdicts.culprits import CULPRITS, RIGHT, try_culprits
from tests.verdicts.faults import SWEEPS, try_faults
from tests.verdicts.relations import RELATIONS, TOLD, try_relation
from tests.verdicts.truths import TELLINGS, try_truth

SEEDS: Final = range(1, 51)
SEEDS_OF_RELATIONS: Final = range(1, 21)
_Try = Callable[..., tuple[Counter[str], list[str]]]


def main() -> int:
    """Run every campaign on every core, and print a table; 1 where anything was not as it must be."""
    started = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), initializer=be_quiet) as pool:
        wrong = [*recounts(pool), *truths(pool), *culprits(pool), *relations(pool), *faults(pool)]
    sys.stdout.write(f"{len(wrong)} wrong, {time.monotonic() - started:.0f} s\n")
    sys.stdout.write("".join(f"  {each}\n" for each in wrong[:20]))
    return 1 if wrong else 0


def be_quiet() -> None:
    """Let thousands of audits log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def recounts(pool: ProcessPoolExecutor) -> Iterable[str]:
    """Recount what the simulator says is true."""
    projects = [(scenario, seed) for scenario in SCENARIOS for seed in SEEDS]
    wrong = [each for told in pool.map(disagreements, *zip(*projects, strict=True)) for each in told]
    _line("recounted truth", f"{len(projects):,} projects", f"{len(wrong):,} differ")
    return wrong


def truths(pool: ProcessPoolExecutor) -> Iterable[str]:
    """Hold what is found against what was planted."""
    for telling, (scenarios, _tell) in TELLINGS.items():
        for scenario in scenarios:
            counts, wrong = _summed(pool, try_truth, [(telling, scenario, seed) for seed in SEEDS])
            recall = _percent(counts["found"], counts["planted"])
            precision = _percent(counts["found"], counts["found"] + counts["false alarm"])
            told = (f"{counts['projects']:,} projects", f"{counts['planted']:,} planted")
            _line(f"{scenario} {telling}", *told, f"recall {recall}", f"precision {precision}")
            yield from wrong


def culprits(pool: ProcessPoolExecutor) -> Iterable[str]:
    """Hold who is named for what fails against who did it."""
    for telling, (scenarios, _tell) in CULPRITS.items():
        seeds = [(telling, scenario, seed) for scenario in scenarios for seed in SEEDS]
        counts, wrong = _summed(pool, try_culprits, seeds)
        told = (f"{counts['projects']:,} projects", f"{counts['planted']:,} planted")
        figures = (f"{counts[each]:,} {each}" for each in (*sorted(RIGHT), "wrong"))
        _line(f"who did it, {telling}", *told, *figures)
        yield from wrong


def relations(pool: ProcessPoolExecutor) -> Iterable[str]:
    """Tell projects otherwise, and compare the verdicts."""
    for name in RELATIONS:
        seeds = [(name, scenario, seed) for scenario in TOLD for seed in SEEDS_OF_RELATIONS]
        counts, wrong = _summed(pool, try_relation, seeds)
        told = (f"{counts['projects']:,} projects", f"{counts['verdicts']:,} verdicts")
        _line(name, *told, f"{counts['broken']:,} broken")
        yield from wrong


def faults(pool: ProcessPoolExecutor) -> Iterable[str]:
    """Let every single answer go wrong in every way."""
    counts, wrong = _summed(pool, try_faults, SWEEPS)
    _line("a fault at any request", f"{counts['audits']:,} audits", f"{counts['broken']:,} broken")
    yield from wrong


def _summed(
    pool: ProcessPoolExecutor, attempt: _Try, arguments: Sequence[tuple[Any, ...]]
) -> tuple[Counter[str], list[str]]:
    counts, wrong = Counter[str](), list[str]()
    for found, told in pool.map(attempt, *zip(*arguments, strict=True)):
        counts += found
        wrong += told
    return counts, wrong


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def _line(name: str, *figures: str) -> None:
    sys.stdout.write(f"{name:<28}{'  '.join(f'{figure:>17}' for figure in figures)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
