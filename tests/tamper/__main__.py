"""``make tamper``: the campaigns whose figures tell what the verifier is worth."""

import logging
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import structlog

from tests.tamper.changes import KINDS as KINDS_OF_CHANGES
from tests.tamper.changes import try_changes
from tests.tamper.clean import try_clean
from tests.tamper.flips import WAYS, flip_bits
from tests.tamper.forms import cases, try_form
from tests.tamper.kinds import HARMLESS, KINDS, try_kind
from tests.tamper.replays import PROJECTS, try_replays

LENGTH: Final = 4
SHARES: Final = 64
SEEDS: Final = 20
CHAINS: Final = 1000
EACH: Final = 5


def main() -> int:
    """Run every campaign on every core, and print a table; 1 where anything was not as it must be."""
    started = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), initializer=be_quiet) as pool:
        wrong = [*flips(pool), *kinds(pool), *changes(pool), *clean(pool), *replays(pool), *forms(pool)]
    sys.stdout.write(f"{len(wrong)} wrong, {time.monotonic() - started:.0f} s\n")
    sys.stdout.write("".join(f"  {each}\n" for each in wrong[:20]))
    return 1 if wrong else 0


def be_quiet() -> None:
    """Let thousands of audits log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def line(name: str, *figures: str) -> None:
    sys.stdout.write(f"{name:<44}{'  '.join(f'{figure:>22}' for figure in figures)}\n")
    sys.stdout.flush()


def flips(pool: ProcessPoolExecutor) -> list[str]:
    wrong = []
    for way in WAYS:
        parts = pool.map(flip_bits, [way] * SHARES, [LENGTH] * SHARES, range(SHARES), [SHARES] * SHARES)
        counts = sum(parts, Counter[str]())
        missed = counts["tried"] - counts["found"]
        line(f"flipped bit ({way.name})", f"{counts['tried']:,} tried", f"{counts['found']:,} found")
        wrong += [f"{missed} flipped bits were not found ({way.name})"] if missed else []
    return wrong


def kinds(pool: ProcessPoolExecutor) -> list[str]:
    wrong = []
    for number, kind in enumerate(KINDS):
        counts = sum(pool.map(try_kind, [number] * SEEDS, range(SEEDS)), Counter[str]())
        name, tried, found = kind.__name__, counts["tried"], counts["found"]
        expected = 0 if name in HARMLESS else tried
        told = f"{found:,} found" if expected else "nothing rests on it"
        line(name.replace("_", " "), f"{tried:,} tried", told)
        wrong += [f"{name}: {found} of {tried} found"] if found != expected else []
    return wrong


def changes(pool: ProcessPoolExecutor) -> list[str]:
    wrong = []
    for number, kind in enumerate(KINDS_OF_CHANGES):
        counts = sum(pool.map(try_changes, [number] * SEEDS, range(SEEDS)), Counter[str]())
        tried, found = counts["tried"], counts["found"]
        name = f"{kind.__name__.replace('_', ' ')} (changes)"
        line(name, f"{tried:,} tried", f"{found:,} found")
        wrong += [f"{name}: {found} of {tried} found"] if found != tried else []
    return wrong


def clean(pool: ProcessPoolExecutor) -> list[str]:
    counts, wrong = Counter[str](), []
    for found, told in pool.map(try_clean, range(CHAINS), chunksize=10):
        counts += found
        wrong += told
    line("clean chains", f"{counts['chains']:,} tried", f"{counts['wrong']:,} false alarms")
    rest = {name: count for name, count in sorted(counts.items()) if name not in {"chains", "wrong"}}
    sys.stdout.write(f"  of {', '.join(f'{count:,} {name}' for name, count in rest.items())}\n")
    return wrong


def replays(pool: ProcessPoolExecutor) -> list[str]:
    counts, wrong = Counter[str](), []
    for found, told in pool.map(try_replays, *zip(*PROJECTS, strict=True)):
        counts += found
        wrong += told
    line("recomputed runs", f"{counts['runs']:,} tried", f"{counts['identical']:,} identical")
    sys.stdout.write(f"  of {len(PROJECTS):,} projects, {counts['objects']:,} objects compared\n")
    return [*wrong, *([f"{counts['faults']} faults in the stores"] if counts["faults"] else [])]


def forms(pool: ProcessPoolExecutor) -> list[str]:
    counts, wrong = Counter[str](), []
    for found, told in pool.map(try_form, cases()[::EACH], chunksize=10):
        counts += found
        wrong += told
    line("parts of another form", f"{counts['tried']:,} tried", f"{counts['broken']:,} broken")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
