"""What a cold start imports before the first request, when nothing has been learned from the cloud yet."""

import json
import subprocess
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
NEVER = {"audit.cli", "audit.app.doctor", "audit.simulator", "click", "cryptography", "responses", "rich"}
FOR_ANSWERS = {"jsonschema", "jsonschema_rs", "referencing", "rpds", "attr"}
FOR_JUDGING = {
    "audit.app.assess",
    "audit.controls",
    "audit.judging.evaluate",
    "audit.judging.frameworks",
    "audit.subjects",
    "dateutil",
}
FOR_RUNNING = {
    "audit.cloud.cbr",
    "audit.evidence.chain",
    "audit.app.continued_run",
    "audit.evidence.publish",
    "audit.records",
    "audit.app.run",
}
FOR_REPORTS = {"audit.report.contents", "audit.report.html_report", "audit.report.json_report", "jinja2", "markupsafe"}
UNUSED = {"asyncio", "audit.evidence.kms", "audit.notify", "chardet", "charset_normalizer", "idna", "simplejson"}
LATER = NEVER | FOR_ANSWERS | FOR_JUDGING | FOR_REPORTS | UNUSED


def imported(built: Built, store: str, event: Any, **settings: str) -> set[str]:
    """The modules that are there when the first connection is about to be made."""
    data = {**SETTINGS, "CBR_AUDIT_STORE": store, **settings}
    command = [built.python, "-I", "-S", str(PLATFORM), str(built.folder), json.dumps(event), json.dumps(data)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert not done.stderr, "a warning would stand in every log"
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("event", [TIMER, BY_HAND], ids=["timer", "by hand"])
@pytest.mark.parametrize("store", ["obs://a-bucket/prefix", "a folder"])
def test_what_comes_later_is_imported_later(built: Built, tmp_path: Path, store: str, event: Any) -> None:
    modules = imported(built, store if "://" in store else str(tmp_path), event)

    assert {"handler", "requests", "audit.app.wiring"} <= modules
    assert not modules & (LATER | {"yaml"})


def test_a_store_is_asked_before_anything_else_is_imported(built: Built, tmp_path: Path) -> None:
    assert not imported(built, "obs://a-bucket/prefix", TIMER) & FOR_RUNNING
    assert imported(built, str(tmp_path), TIMER) >= FOR_RUNNING


def test_only_a_profile_in_yaml_needs_yaml(built: Built, tmp_path: Path) -> None:
    modules = imported(built, str(tmp_path), TIMER, CBR_AUDIT_PROFILE="look_back: 30d\nskip: [CBR-101]\n")

    assert "yaml" in modules
    assert not modules & LATER
