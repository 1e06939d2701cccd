"""`python -m tests.fuzz [ROWS] [SEED]`: the differential tests on as many rows as there is patience for."""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from audit.collection import Kind
from tests.fuzz.verdicts import DRIFTED, REFUSED, USED, compare
from tests.fuzz.ways import compare_ways

SHARE = 10_000


def main(rows: int = 1_000_000, seed: int = 1) -> int:
    """Mutate and compare on every core, and print what came of it."""
    started = time.monotonic()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    shares = -(-rows // SHARE)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found, told in pool.map(_compare, range(seed * 10**6, seed * 10**6 + shares)):
            counts += found
            wrong += told
            sys.stderr.write(f"\r{counts['rows']:,} of {shares * SHARE:,} rows, {len(wrong)} disagreements ")
    sys.stderr.write("\n")
    verdicts = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in (USED, DRIFTED, REFUSED))
    sys.stdout.write(f"{counts['rows']:,} rows in {counts['pages']:,} pages: {verdicts}; ")
    made = f"{counts[Kind.TASKS]:,} tasks and {counts[Kind.BACKUPS]:,} backups"
    sys.stdout.write(f"{made} of as many rows each were made in one step; ")
    sys.stdout.write(f"{len(wrong)} disagreements, {time.monotonic() - started:.0f} s\n")
    sys.stdout.write("".join(f"  {each}\n" for each in wrong[:20]))
    return 1 if wrong else 0


def _compare(seed: int) -> tuple[Counter[str], list[str]]:
    """Compare the validators, and then both ways to read a list on as many rows again."""
    counts, wrong = compare(seed, SHARE)
    for kind in (Kind.TASKS, Kind.BACKUPS):
        counts_of_ways, wrong_ways = compare_ways(seed, SHARE, kind)
        counts[kind] = counts_of_ways["records"]
        wrong += wrong_ways
    return counts, wrong


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
