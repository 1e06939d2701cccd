"""The pipeline step by step: the functions that a run calls, each with a watch beside it."""

import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from audit import subjects
from audit.answers.intake import Intake
from audit.answers.kinds import ANSWERS
from audit.answers.quick.rows import QuickRows
from audit.answers.sorting import Sorting, one_by_one
from audit.app import run
from audit.collection import Kind, Page, Reading, Sheet
from audit.evidence import publish
from audit.evidence.chain import Unsigned
from audit.evidence.publish import Publication
from audit.evidence.store import open_store
from audit.evidence.store.folder import Folder as Store
from audit.profile.applied import controls_of, lists_of
from audit.records import Task
from audit.report.contents import Report
from audit.report.formats import FORMATS
from bench.folder import WINDOW, Folder, facts_for, parsed, profile_for
from bench.pipeline import told

STEPS: Final = (
    *("parse", "validate", "rows", "merge", "arrange", "evaluate", "compose", "render"),
    *("compress", "hash", "write", "history and manifest"),
)


class Watch:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, step: str) -> Iterator[None]:
        """Count the time of the block for a step."""
        started = time.process_time()
        try:
            yield
        finally:
            self.seconds[step] += time.process_time() - started

    def over(self, owner: object, name: str, step: str) -> Any:
        """Count the time of a function for a step, wherever it is called."""
        function: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.on(step):
                return function(*args, **kwargs)

        return patch.object(owner, name, watched)


def steps(folder: Path) -> Mapping[str, Any]:
    """Measure every step; what a step takes of the one before is taken off."""
    watch, intake, profile = Watch(), Intake(), profile_for(folder)
    entered = Sorting()
    for file in sorted(folder.glob(f"{Kind.TASKS.key}-*.json")):
        _page(watch, intake, entered, file)
    others = [Folder(folder).read(kind, WINDOW) for kind in lists_of(profile) if kind is not Kind.TASKS]
    for listed in others:
        with watch.on("other lists"):
            for page in listed:
                intake.accept(page)
    tasks = Folder(folder).read(Kind.TASKS, WINDOW)
    for _ in tasks:
        pass
    readings = (tasks.reading(), *(listed.reading() for listed in others))
    with _publication(folder) as publication:
        with watch.on("publish"):
            publication.remember(intake.tasks, WINDOW.since)
        report = _judged(watch, folder, intake, readings)
        with watch.on("publish"):
            run.publish(publication, profile, report)
    watch.seconds["history and manifest"] = watch.seconds.pop("publish") - watch.seconds["render"]
    return {"steps": _apart(watch.seconds) | _kept(folder)}


def judging(folder: Path) -> Mapping[str, Any]:
    """Measure arrange, evaluate and render alone, after everything was read."""
    watch, intake, profile = Watch(), Intake(), profile_for(folder)
    lists = [Folder(folder).read(kind, WINDOW) for kind in lists_of(profile)]
    for listed in lists:
        for page in listed:
            intake.accept(page)
    tasks = len(intake.tasks)
    report = _judged(watch, folder, intake, tuple(listed.reading() for listed in lists))
    evaluated = sum(watch.seconds[step] for step in ("evaluate", "compose", "render"))
    return {
        **told(tasks, intake, report),
        "steps": watch.seconds,
        "evaluated": evaluated,
        "controls": len(controls_of(profile)),
    }


def _judged(watch: Watch, folder: Path, intake: Intake, readings: tuple[Reading, ...]) -> Report:
    profile = profile_for(folder)
    with (
        watch.over(subjects, "arrange", "arrange"),
        watch.over(run, "evaluate", "evaluate"),
        watch.over(run, "compose", "compose"),
    ):
        report = run.assess(facts_for(profile), profile, intake, readings)
        for name in profile.written:
            with watch.on("render"):
                sum(map(len, FORMATS[name](report)))
    return report


def _page(watch: Watch, intake: Intake, entered: Sorting, file: Path) -> None:
    body = file.read_bytes()
    with watch.on("parse"):
        page = parsed(Kind.TASKS, body)
    answer, rest = ANSWERS[Kind.TASKS], page.envelope
    rows = page.rows.page.odd.items() if isinstance(page.rows, QuickRows) else [*enumerate(page.rows)]  # not packed yet
    with watch.on("validate"):
        entered.enter(answer, rows, rest, one_by_one(lambda _row: True), sheet=Sheet(1))
    with watch.on("rows"):
        entered.enter(answer, rows, rest, one_by_one(_made), sheet=Sheet(1))
    with watch.on("merge"):
        intake.accept(page)


def _made(row: Any) -> bool:
    Task.from_row(row)
    return True


def _apart(seconds: Mapping[str, float]) -> dict[str, float]:
    """Each of these steps was measured with the ones before it."""
    merge, rows, validate = seconds["merge"], seconds["rows"], seconds["validate"]
    return {**seconds, "merge": merge - rows, "rows": rows - validate}


def evidence(folder: Path) -> Mapping[str, Any]:
    """Keep every page; the pages are read and parsed outside of what is counted."""
    kept = _kept(folder)
    return {"cpu": sum(kept.values()), "parts": kept}


def _kept(folder: Path) -> dict[str, float]:
    watch = Watch()
    with (
        _publication(folder) as publication,
        watch.over(publish, "_sha256", "hash"),
        watch.over(Store, "create", "write"),
    ):
        for kind in lists_of(profile_for(folder)):
            for page in Folder(folder).read(kind, WINDOW):
                _keep(watch, publication, page)
    whole = watch.seconds.pop("keep")
    return {"compress": whole - watch.seconds["hash"] - watch.seconds["write"], **watch.seconds}


def _keep(watch: Watch, publication: Publication, page: Page) -> None:
    with watch.on("keep"):
        publication.keep(page)


@contextmanager
def _publication(folder: Path) -> Iterator[Publication]:
    with ExitStack() as cleared:
        place = tempfile.mkdtemp(dir=folder.parent)
        cleared.callback(shutil.rmtree, place)
        yield Publication(open_store(place), facts_for(profile_for(folder)), head=None, signer=Unsigned())
