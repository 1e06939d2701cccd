"""What a cold start imports before the first request, when nothing has been learned from the cloud yet."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Built
from tests.test_handler import BY_HAND, TIMER

PLATFORM = Path(__file__).with_name("platform.py")
NOWHERE = "http://127.0.0.1:9"
SETTINGS = {
    "CBR_AUDIT_ENDPOINT": NOWHERE,
    "CBR_AUDIT_OBS_ENDPOINT": NOWHERE,
    "HUAWEICLOUD_SDK_PROJECT_ID": "a-project",
    "AK": "access-key-of-a-function",
    "SK": "secret-key-of-a-function",
    "SECONDS": 60,
    "STOP": True,
}
NEVER = {
    "audit.cli",
    "audit.app.doctor",
    "audit.app.http_event",
    "audit.app.itself",
    "audit.fleet",
    "audit.watch",
    "audit.simulator",
    "click",
    "cryptography",
    "responses",
    "rich",
}
ABSENT = {"chardet", "charset_normalizer", "simplejson"}
FOR_SOME_RUNS = {
    "audit.report.formats.html_report",
    "audit.report.formats.json_report",
    "jinja2",
    "jsonschema",
    "referencing",
    "yaml",
}
FOR_WHAT_FOLLOWS = {
    "audit.answers.kinds",
    "audit.app.run",
    "audit.cloud.cbr",
    "audit.controls",
    "audit.history",
    "audit.judging.evaluate",
    "audit.report.contents",
    "audit.subjects",
    "dateutil",
    "jsonschema_rs",
}


def imported(built: Built, store: str, event: Any, **settings: str) -> set[str]:
    """The modules that are there when the first connection is about to be made."""
    data = {**SETTINGS, "CBR_AUDIT_STORE": store, **settings}
    command = [built.python, "-I", "-S", str(PLATFORM), str(built.folder), json.dumps(event), json.dumps(data)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert not done.stderr, "a warning would stand in every log"
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("event", [TIMER, BY_HAND], ids=["timer", "by hand"])
def test_the_store_is_asked_before_what_follows_is_imported(built: Built, event: Any) -> None:
    modules = imported(built, "obs://a-bucket/prefix", event)

    assert {"handler", "requests", "audit.app.execute"} <= modules
    assert not modules & (NEVER | ABSENT | FOR_SOME_RUNS | FOR_WHAT_FOLLOWS)


def test_what_only_some_runs_need_is_imported_by_them_alone(built: Built, tmp_path: Path) -> None:
    modules = imported(built, str(tmp_path), TIMER)

    assert modules >= FOR_WHAT_FOLLOWS
    assert not modules & (NEVER | ABSENT | FOR_SOME_RUNS)


def test_only_a_profile_in_yaml_needs_yaml(built: Built, tmp_path: Path) -> None:
    modules = imported(built, str(tmp_path), TIMER, CBR_AUDIT_PROFILE="look_back: 30d\nskip: [CBR-101]\n")

    assert modules & FOR_SOME_RUNS == {"yaml"}


def test_requests_takes_nothing_that_the_platform_has(tmp_path: Path) -> None:
    for name in ABSENT:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the platform has it, and the zip has not')\n")
    code = f"import sys; sys.path.insert(1, {str(tmp_path)!r}); import handler; print(*{ABSENT} & sys.modules.keys())"

    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
