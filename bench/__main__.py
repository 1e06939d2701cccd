"""``make bench``: measures, prints one table, keeps it, and compares it with what was committed."""

import argparse
import sys

import orjson

from bench import comparison, document, table
from bench.measuring import FULL, QUICK, measure
from bench.processes import ROOT


def main() -> None:
    """Measure, print, keep, compare."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="50,000 tasks, and less of everything else")
    quick = arguments.parse_args().quick
    results = measure(QUICK if quick else FULL, quick=quick)
    before = comparison.committed()
    (ROOT / comparison.RESULTS).write_bytes(
        orjson.dumps(results, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    lines = list(table.lines(results))
    print("\n".join(lines))
    if not quick:
        document.put(ROOT / "docs" / "performance.md", lines)
    moves = comparison.moved(before, results) if before else ()
    print("\n".join(table.moves(before, results, moves)))
    if any(move.is_regression for move in moves):
        sys.exit(1)


if __name__ == "__main__":
    main()
