"""Whole audits of simulated projects over HTTP, held against what the simulator says is true of them."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from audit.judging.findings import Finding, Outcome
from audit.report.contents import Report
from audit.simulator import (
    SCENARIOS,
    TAMPERED,
    Estate,
    Simulator,
    add_undocumented_answers,
    add_unlisted_vaults,
    build_estate,
    replan,
    tamper,
)
from tests.pretend import AS_OF, audit

Pair = tuple[str, str, str]
Telling = Callable[[Estate, int], Sequence[Estate]]
"""Makes of an estate what each run finds, the last of which is held against its truth."""

SIZES: Final = (1, 2, 3, 5, 8, 13, 21)
_NAMED: Final = re.compile(r"([0-9a-f-]{36}) \(")
WINDOWS: Final = (2, 4, 7, 12, 20, 25, 30)
"""Days: a first run looks back no further, and the truth is that of whoever sees all of it."""
TELLINGS: Final[dict[str, tuple[Iterable[str], Telling]]] = {
    "as it is": (SCENARIOS, lambda estate, _seed: [estate]),
    "tampered with": (TAMPERED, lambda estate, seed: [estate, tamper(estate, seed=seed)]),
    "planned anew": (("healthy",), lambda estate, seed: replan(estate, seed=seed)),
    "with ghosts": (("healthy",), lambda estate, seed: [add_unlisted_vaults(estate, seed=seed)]),
    "with riddles": (("healthy",), lambda estate, seed: [add_undocumented_answers(estate, seed=seed)]),
}


def try_truth(telling: str, scenario: str, seed: int) -> tuple[Counter[str], list[str]]:
    """Audit one project as often as it is told; count what was planted and found in the last run, and tell the rest."""
    estate = estate_of(scenario, seed)
    try:
        told = TELLINGS[telling][1](estate, seed)
    except ValueError:  # too small for this telling
        return Counter({"left out": 1}), []
    with tempfile.TemporaryDirectory(prefix="cbr-audit-verdicts-") as folder:
        reports = [report_of(each, Path(folder)) for each in told]
    return _compared(f"{scenario} {telling}, seed {seed}", reports[-1], told[-1].truth())


def estate_of(scenario: str, seed: int, sizes: Sequence[int] = SIZES) -> Estate:
    """Build one of many different projects."""
    return build_estate(
        scenario,
        seed=seed,
        resources=sizes[seed % len(sizes)],
        days=WINDOWS[seed // 2 % len(WINDOWS)],
        as_of=AS_OF - seed * timedelta(hours=31, minutes=7),
    )


def report_of(estate: Estate, folder: Path) -> Report:
    """Audit a project at its last moment."""
    simulator = Simulator(estate, clock=lambda: estate.as_of)
    return audit(simulator, folder, as_of=estate.as_of, CBR_AUDIT_PROFILE="formats: []").report


def _compared(name: str, report: Report, truth: Any) -> tuple[Counter[str], list[str]]:
    failing, planted = _pairs(report.findings, Outcome.FAIL), _stated(truth, "expected")
    open_, unknowable = _pairs(report.findings, Outcome.UNKNOWN), _stated(truth, "unknown")
    wrong: dict[str, set[Any]] = {
        "missed": planted - failing,
        "false alarm": failing - planted,
        "known by nobody": unknowable - open_,
        "left open": open_ - unknowable if truth["conclusion"] != "incomplete" and not truth.get("hidden") else set(),
        "wrongly hidden or shown": _wrongly_hidden(report, truth),
    }
    told = [f"{name}: {what}: {' '.join(pair)}" for what, pairs in wrong.items() for pair in sorted(pairs)]
    if report.conclusion != truth["conclusion"]:
        told.append(f"{name}: concludes {report.conclusion}, and {truth['conclusion']} is right")
    counts = Counter({what: len(pairs) for what, pairs in wrong.items()})
    return counts + Counter(projects=1, planted=len(planted), found=len(planted & failing)), told


def _pairs(findings: Iterable[Finding], outcome: Outcome) -> set[Pair]:
    """Name what was judged so, but for the controls on the audit itself."""
    return {
        (each.control, each.kind, each.id)
        for each in findings
        if each.outcome == outcome and not each.control.startswith("CBR-9")
    }


def _wrongly_hidden(report: Report, truth: Any) -> set[tuple[str, ...]]:
    """Name the vaults that hide and are not said to, and the other way round, where the truth knows which hide."""
    named = {vault_id for gap in report.collection.gaps for vault_id in _NAMED.findall(gap)}
    return {(vault_id,) for vault_id in named ^ set(truth.get("hidden", named))}


def _stated(truth: Any, part: str) -> set[Pair]:
    return {
        (each["control"], each["subject"]["kind"], each["subject"]["id"])
        for each in truth.get(part, ())
        if part != "expected" or each["outcome"] == Outcome.FAIL
    }
