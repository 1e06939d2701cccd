"""Runs over simulated projects, each recomputed from its evidence: the bytes must be the same."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final

from audit.app.replay import replay
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.simulator import PRESETS, SCENARIOS
from tests.pretend import AS_OF, a_simulator, audit

RUNS: Final = 3
PROFILE: Final = "preset: {preset}\nformats: [report.html, findings.csv, findings.ocsf.ndjson, metrics.prom]"


def try_replays(scenario: str, seed: int) -> tuple[Counter[str], list[str]]:
    """Audit one project several times into one store, and recompute every run."""
    folder = Path(tempfile.mkdtemp(prefix="cbr-audit-replays-"))
    counts, told = Counter[str](), list[str]()
    try:
        simulator = a_simulator(scenario, seed=seed, resources=4 + seed % 5, days=3 + seed % 20)
        profile = PROFILE.format(preset=[*PRESETS][seed % len(PRESETS)])
        for hours in range(-12 * (RUNS - 1), 1, 12):
            audit(simulator, folder, as_of=AS_OF + timedelta(hours=hours), CBR_AUDIT_PROFILE=profile)
        store = open_store(str(folder))
        for run in (path.parent.name for path in sorted(folder.rglob("manifest.json"))):
            result = replay(store, simulator.project_id, run)
            counts.update(runs=1, identical=not result.differing, objects=len(result.identical))
            told += [f"{scenario}, seed {seed}, {run}: {name} differs" for name in result.differing]
        counts["faults"] += len(verify(store, simulator.project_id).faults)
    finally:
        shutil.rmtree(folder)
    return counts, told


PROJECTS: Final = tuple((scenario, seed) for seed in range(1, 21) for scenario in SCENARIOS)
