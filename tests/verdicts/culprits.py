"""Whole audits of simulated projects, and whether they name who did it, and nobody else."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from audit.controls import CONTROLS
from audit.judging.findings import Outcome
from audit.judging.witnesses import Attribution
from audit.records import Actor
from audit.report.contents import Report
from audit.simulator import TAMPERED, Estate, Simulator, respell_traces, tamper
from audit.subjects import SubjectKind
from tests.pretend import audit
from tests.verdicts.truths import Pair, estate_of

Telling = Callable[[Estate, int], Sequence[Estate]]
UNSURE: Final = "named for another change"
"""To the very vault: what was changed is in the request, which Cloud Trace Service may leave out."""
RIGHT: Final = frozenset({"named", "named, but no actor", UNSURE, "said why not"})
NOT_GRANTED: Final = "without the grant"
_SIZES: Final = (3, 8, 13, 21, 34, 55)
"""Small projects have too few policies for most of what people may change."""
_BROKEN: Final = ("mixed", "failing")
_ASKING: Final = frozenset(control.id for control in CONTROLS if control.deeds)


def _oddly(estate: Estate, seed: int) -> Sequence[Estate]:
    odd = replace(estate, traces=deepcopy(estate.traces))
    respell_traces(Random(seed), odd.traces)  # noqa: S311  # repeatable
    return [odd]


CULPRITS: Final[Mapping[str, tuple[Sequence[str], Telling]]] = {
    "as it is": (_BROKEN, lambda estate, _seed: [estate]),
    "tampered with": (TAMPERED, lambda estate, seed: [estate, tamper(estate, seed=seed)]),
    "told oddly": (_BROKEN, _oddly),
    NOT_GRANTED: (_BROKEN, lambda estate, _seed: [replace(estate, culprits=())]),
}


def try_culprits(telling: str, scenario: str, seed: int) -> tuple[Counter[str], list[str]]:
    """Audit one project; count who is named for what fails in the last run, and tell where that is not right."""
    told = CULPRITS[telling][1](estate_of(scenario, seed, _SIZES), seed)
    denied = ["cts:trace:list"] if telling == NOT_GRANTED else []
    with tempfile.TemporaryDirectory(prefix="cbr-audit-verdicts-") as folder:
        reports = [_report(each, Path(folder), denied) for each in told]
    counts, wrong = Counter[str](projects=1), list[str]()
    for pair, attribution in _failing(reports[-1]):
        planted = {each.trace: each.actor for each in told[-1].culprits if each[:3] == pair and each.trace}
        became = _judged(planted, attribution, pair[2])
        counts += Counter({became: 1, "planted": bool(planted), "wrong": became not in RIGHT})
        wrong += [] if became in RIGHT else [f"{scenario} {telling}, seed {seed}: {became}: {' '.join(pair)}"]
    return counts, wrong


def _report(estate: Estate, folder: Path, denied: Sequence[str]) -> Report:
    simulator = Simulator(estate, clock=lambda: estate.as_of, denied=denied)
    return audit(simulator, folder, as_of=estate.as_of, CBR_AUDIT_PROFILE="{preset: strict, formats: []}").report


def _failing(report: Report) -> Iterator[tuple[Pair, Attribution]]:
    """Yield what fails of vaults, policies and resources, with what is said of who did it."""
    for each in report.findings:
        if each.outcome == Outcome.FAIL and each.control in _ASKING and each.kind != SubjectKind.COLLECTION:
            pair = (each.control, each.kind, each.id)
            yield pair, report.attributions.get(pair, Attribution())


def _judged(planted: Mapping[str, str], attribution: Attribution, subject: str) -> str:
    """Say what became of one failure."""
    named = {each.trace.id: each.trace.actor for each in attribution.named}
    people = {trace: actor for trace, actor in named.items() if not actor.is_cloud}
    if not people and not planted:
        return "said why not" if attribution.why_not or named else "not said why not"
    if not planted.keys() <= named.keys():
        return "not named"
    if not planted:
        own = all(each.trace.resource_id == subject for each in attribution.named if not each.trace.actor.is_cloud)
        return UNSURE if own else "somebody else named"
    if any(_told(named[trace]) != actor for trace, actor in planted.items()):
        return "called by another's name"
    return "named" if any(planted.values()) else "named, but no actor"


def _told(actor: Actor) -> str:
    """Return what tells who it was, the most exact first."""
    return actor.urn or actor.access_key_id or actor.name or ""
