"""`python -m bench.running CLOUD STORE PROFILE TIME…`: one measured process, with a run for each time; prints a line.

CLOUD is what bench.growing printed. Modules are imported before anything is counted.
"""

import logging
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from audit.app import run
from audit.app.execute import execute
from audit.app.garbage import look_rarely, sweep
from audit.app.request import request_from_settings
from audit.report.formats import csv_report, html_report, json_report
from bench.memory import now_mb, peak_mb
from bench.steps import Watch

_STAGES: Final = {
    "prepare": "read what the run before left",
    "collect": "receive, store and merge",
    "arrange": "arrange",
    "evaluate": "evaluate",
    "compose": "compose",
    "publish": "render and store",
}
_FORMATS: Final = (csv_report, html_report, json_report)  # imported by now, which is not counted


def main(cloud: str, store: str, profile: str, *times: str) -> None:
    """Carry out the runs."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    look_rarely()  # as the function and the command do
    at = orjson.loads(cloud)
    variables = {
        "CBR_AUDIT_PROFILE": profile,
        "CBR_AUDIT_ENDPOINT": at["url"],
        "HUAWEICLOUD_SDK_PROJECT_ID": at["project_id"],
        "CBR_AUDIT_TOKEN": at["token"],
        "CBR_AUDIT_STORE": store,
    }
    watch, sizes = Watch(), []
    with ExitStack() as watched:
        for name, stage in _STAGES.items():
            watched.enter_context(watch.over(run, name, stage))
        started = time.process_time()
        for each in times:
            done = execute(request_from_settings(variables, as_of=each), lambda _progress: None)
            manifest = orjson.loads((Path(store) / done.prefix / "manifest.json").read_bytes())
            found = _told(manifest, done)
            del done
            sweep()  # as the function does
            sizes.append(now_mb())
        spent = time.process_time() - started
    rest = spent - sum(watch.seconds.values())
    stages = {**watch.seconds, "the rest": rest}
    told = {"cpu": spent, "stages": stages, "peak_mb": peak_mb(), "sizes_mb": sizes, **found}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


def _told(manifest: Mapping[str, Any], done: run.Done) -> Mapping[str, Any]:
    """Say what was seen, so that nobody measures the wrong thing.

    ``once`` is the size of all different answers, and ``packed`` that of the objects that hold them, old and new.
    """
    sizes = {stored["name"]: stored["size"] for stored in manifest["objects"]}
    return {
        "packed": sum(sizes[name] for name in {page["name"] for page in manifest["pages"]}),
        "once": sum({page["sha256"]: page["size"] for page in manifest["pages"]}.values()),
        "rows": sum(reading.distinct for reading in done.report.collection.readings),
        "resources": done.report.summary.resources,
        "gaps": done.report.collection.gaps,
        "previous": manifest["run"]["previous"],
        "window": manifest["run"]["window"],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
