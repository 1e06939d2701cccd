"""Estates whose truth is recounted by other code, by limits on either side of those of the presets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit.simulator import PRESETS, Estate, build_estate
from tests.simulator.recount import Limits, Recount
from tests.simulator.rows import DAY, HOUR, Pair

WINDOWS = (2, 3, 5, 8, 14, 20, 30, 45, 95)
SIZES = (1, 2, 3, 5, 8, 13, 18, 26)
NARROW = Limits(
    grace=5 * HOUR,
    rate=0.955,
    stuck=22 * HOUR,
    skipped=8 * DAY,
    restored=80 * DAY,
    deleted_late=2 * HOUR,
    planned=8 * DAY,
    window=5 * HOUR,
    lag=20 * HOUR,
    kept=9 * DAY,
    usage=70,
    overstay=1.75 * DAY,
    silence=12 * HOUR,
    restore=10 * HOUR,
)
WIDE = Limits(
    grace=7 * HOUR,
    rate=0.945,
    stuck=26 * HOUR,
    skipped=6 * DAY,
    restored=95 * DAY,
    retained=0.8,
    planned=6.3 * DAY,
    window=8 * HOUR,
    lag=28 * HOUR,
    interval=9 * DAY,
    kept=4.5 * DAY,
    usage=88,
    overstay=4 * DAY,
    silence=48 * HOUR,
    restore=14 * HOUR,
    explained=0.7,
    by_tasks=True,
    by_longest_gap=True,
)
STRICT_NARROW = replace(NARROW, interval=24 * HOUR, kept=39 * DAY, kept_at_most=2500 * DAY, weeks=6, months=18)
STRICT_WIDE = replace(WIDE, interval=30 * HOUR, kept=30 * DAY, kept_at_most=4500 * DAY, weeks=3, months=10)
# The limits of each preset lie between these; one that is met by both is met by whatever is between.
AROUND = {"default": (NARROW, WIDE), "strict": (STRICT_NARROW, STRICT_WIDE)}


def an_estate(scenario: str, seed: int) -> tuple[Estate, int]:
    days = WINDOWS[seed % len(WINDOWS)]
    resources = SIZES[seed % (len(SIZES) if days < 45 else 5)]
    as_of = datetime(2026, 9, 1, 6, 30, 0, 250_000, tzinfo=UTC) + seed * timedelta(hours=31, minutes=7)
    return build_estate(scenario, seed=seed, resources=resources, days=days, as_of=as_of), days


def expected(estate: Estate, preset: str) -> list[Pair]:
    return [
        (entry["control"], entry["subject"]["kind"], entry["subject"]["id"])
        for entry in estate.truth(preset)["expected"]
        if entry["outcome"] == "fail"
    ]


def disagreements(scenario: str, seed: int) -> list[str]:
    """Name what truth and recount do not agree on, wherever the limits lie."""
    estate, days = an_estate(scenario, seed)
    recount = Recount(estate, days)
    told = []
    for preset in PRESETS:
        for limits in AROUND[preset]:
            found = recount.failures(preset, limits)
            if scenario == "gapped":  # whatever backups show cannot be judged where some are hidden
                found = {pair for pair in found if pair[0] != "CBR-403"}
            differing = sorted(found.symmetric_difference(expected(estate, preset)))
            told += [f"{scenario}, seed {seed}, {preset}: {' '.join(pair)}" for pair in differing]
    return told
