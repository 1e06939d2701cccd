"""Whole jobs: from the pages of a folder to reports, by the functions that a run calls."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from audit.answers.intake import Intake
from audit.app.collect import collect
from audit.app.run import assess, audit
from audit.collection import Page, Reading
from audit.evidence.chain import Unsigned
from audit.evidence.publish import Publication
from audit.evidence.store import open_store
from audit.profile.applied import lists_of
from audit.report.contents import Report
from audit.report.formats import FORMATS, html_report
from bench.folder import WINDOW, Folder, Walked, facts_for, profile_for

for module in ("jsonschema_rs", "audit.report.formats.csv_report", "audit.report.formats.json_report"):
    import_module(module)  # what is imported, and read once, is not counted
for name in html_report.TEMPLATES:
    html_report.environment().get_template(name)


class KeepsNothing:
    """A publication without evidence, for what is measured without it."""

    def keep(self, _page: Page) -> bool:
        """Say that the page is new."""
        return True


def pipeline(folder: Path) -> Mapping[str, Any]:
    """Parse, validate, remember, arrange, evaluate and render."""
    profile = profile_for(folder)
    intake, readings = collected(folder)
    tasks = len(intake.tasks)
    started = time.process_time()
    report = assess(facts_for(profile), profile, intake, readings)
    size = sum(len(piece) for name in profile.written for piece in FORMATS[name](report))
    return {**told(tasks, intake, report), "judging": time.process_time() - started, "rendered": size}


def collected(folder: Path) -> tuple[Intake, tuple[Reading, ...]]:
    """Parse, validate and remember."""
    intake = Intake()
    publication = cast("Publication", KeepsNothing())
    lists = lists_of(profile_for(folder))
    return intake, collect(Folder(folder), lists, WINDOW, publication, lambda _progress: None, intake)


def whole_run(folder: Path) -> Mapping[str, Any]:
    """Carry out a run as the function does, into a folder that is removed again; only nothing is received."""
    profile = profile_for(folder)
    facts = facts_for(profile)
    place = tempfile.mkdtemp(dir=folder.parent)
    try:
        publication = Publication(open_store(place), facts, head=None, signer=Unsigned())
        done = audit(facts, profile, Walked(folder), publication, lambda _progress: None)
        found = done.report
        return {
            "resources": found.summary.resources,
            "complete": found.collection.complete,
            "objects": len(done.keys),
        }
    finally:
        shutil.rmtree(place)


def told(tasks: int, intake: Intake, report: Report) -> Mapping[str, Any]:
    """Say what was seen, so that nobody measures the wrong thing."""
    return {
        "tasks": tasks,
        "resources": report.summary.resources,
        "rejected": len(report.collection.rejected),
        "drift": len(intake.drift),
        "findings": sum(report.summary.outcomes.values()),
    }
