"""The pipeline with jsonschema, the authority, on every row: some pages of each list are validated, and scaled up."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jsonschema
import orjson

from audit.answers.intake import Intake, read_slow_path
from audit.app.run import assess
from audit.collection import Kind
from audit.report.formats import FORMATS
from bench.folder import WINDOW, Folder, facts_for, profile_for
from bench.pipeline import told
from deploy.wheels import ROOT

SAMPLE: Final = 5  # pages of each list
_ROWS: Final = {Kind.TASKS: "OperationLog", Kind.POLICIES: "Policy", Kind.VAULTS: "Vault"}


def work(folder: Path) -> Mapping[str, Any]:
    """Parse, validate, remember, arrange, evaluate and render; ``cpu`` counts the rows that were not validated too."""
    started, unvalidated = time.process_time(), 0.0
    profile, intake, lists = profile_for(folder), Intake(), []
    for kind, row in _ROWS.items():
        validator = _validator(kind, row)
        lists.append(Folder(folder, read_slow_path).read(kind, WINDOW))
        validating, pages = 0.0, 0
        for page in lists[-1]:
            pages += 1
            if pages <= SAMPLE:
                validating += _validated(validator, page.rows)
            deque(intake.keeper(kind)(page.rows), maxlen=0)
        unvalidated += validating * (max(pages, SAMPLE) / SAMPLE - 1)
    readings = tuple(listed.reading() for listed in lists)
    tasks = len(intake.tasks)
    report = assess(facts_for(profile), profile, intake, readings)
    rendered = sum(len(piece) for name in profile.written for piece in FORMATS[name](report))
    return {**told(tasks, intake, report), "rendered": rendered, "cpu": time.process_time() - started + unvalidated}


def _validator(kind: Kind, row: str) -> Any:
    schema = orjson.loads((ROOT / "schemas" / "cbr" / f"{kind}.json").read_bytes())
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{row}", "$defs": schema["$defs"]})


def _validated(validator: Any, rows: Sequence[Any]) -> float:
    """Validate rows that are clean, and say how many seconds it took."""
    started = time.process_time()
    if not all(map(validator.is_valid, rows)):
        raise ValueError("the rows are not clean")
    return time.process_time() - started
