"""The template, Terraform, the README and the code say the same."""

import importlib
import re
from typing import Any
from zoneinfo import available_timezones

import pytest
import yaml

from audit.app.event import asked_of_fleet
from audit.settings import VARIABLES, Settings
from deploy.build_zip import FOLDER
from deploy.pythons import FUNCTION_PYTHON
from deploy.wheels import ROOT
from tests.deploy.conftest import Built
from tests.test_handler import TIMER

TEMPLATE = (ROOT / "template.yaml").read_text()
PROPS: Any = yaml.safe_load(TEMPLATE)["services"]["cbr-audit"]["props"]
FUNCTION = PROPS["function"]
ABROAD = {"CBR_AUDIT_EXTERNAL_ID"}  # in place of others: there is no room for all
SECRETS = {"CBR_AUDIT_PROXY", "CBR_AUDIT_WEBHOOK_URL", "CBR_AUDIT_WEBHOOK_SECRET", "CBR_AUDIT_PING_URL", *ABROAD}
MOST_VARIABLES = 20
MEMORY = (128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 8192, 10240)
FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 6),
)


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:CBR_AUDIT|HUAWEICLOUD_SDK)_[A-Z_]+\b", text))


def schedule_faults(schedule: str) -> list[str]:
    """What is wrong with a schedule of six fields, as FunctionGraph reads it."""
    zone, *fields = schedule.split()
    faults = [] if zone.removeprefix("CRON_TZ=") in available_timezones() - {zone} else ["zone"]
    if len(fields) != len(FIELDS):
        return [*faults, "fields"]
    for text, (name, least, most) in zip(fields, FIELDS, strict=True):
        numbers = [int(number) for number in re.findall(r"[0-9]+", text)]
        is_free = text in {"*", "?"} and (text == "*" or name in {"day", "weekday"})
        is_list = re.fullmatch(r"(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?(,[0-9]+(-[0-9]+)?)*", text)
        if not is_free and not (is_list and all(least <= number <= most for number in numbers)):
            faults.append(name)
    return faults


def test_every_setting_is_named_in_the_template_and_the_readme_and_no_other() -> None:
    assert named(TEMPLATE) == {*VARIABLES}
    assert named((ROOT / "README.md").read_text()) == {*VARIABLES}


def test_the_settings_that_are_set_are_complete_and_can_be_read() -> None:
    given = {**FUNCTION["environmentVariables"], "HUAWEICLOUD_SDK_PROJECT_ID": "of-the-function"}
    keys = {"HUAWEICLOUD_SDK_AK": "of-the-agency", "HUAWEICLOUD_SDK_SK": "of-the-agency"}

    settings = Settings.read({**given, **keys})
    assert settings.store.startswith("obs://")
    assert settings.region == PROPS["region"]
    assert all(isinstance(value, str) for value in given.values())


def test_every_setting_that_is_commented_out_can_be_put_in_place() -> None:
    lines = re.sub(r"# (encryptedUserData:|  CBR_AUDIT_\w+:)", r"\1", TEMPLATE)
    lines = re.sub(r"# ((?:CBR_AUDIT|HUAWEICLOUD_SDK)_[A-Z_]+: \S+)", r"\1", lines)
    function = yaml.safe_load(lines)["services"]["cbr-audit"]["props"]["function"]

    assert {*function["encryptedUserData"]} == SECRETS - ABROAD
    others = (
        r"_(AK|SK|TOKEN|USER|PASSWORD|DOMAIN|DOMAIN_ID|FOLDER_ACCESS|SIGNING_KEY|(CTS|IAM|KMS|SMN|STS)_ENDPOINT"
        r"|AGENCY|SESSION_NAME|HOME_PROJECT_ID|HOME_REGION|ACCOUNT_(ID|NAME|UNIT)|FLEET|HTTP_CALLERS"
        r"|(ORGANIZATIONS|FUNCTIONGRAPH)_ENDPOINT)$"
    )
    assert {*function["environmentVariables"]} == {
        name for name in {*VARIABLES} - SECRETS if not re.search(others, name)
    }
    number = len(function["environmentVariables"]) + len(function["encryptedUserData"])
    assert number <= MOST_VARIABLES, "template.yaml: leave out one that few need (above, with the others)"


def test_the_second_timer_of_a_fleet_can_be_put_in_place() -> None:
    text = TEMPLATE.replace("      function:\n", "      function: &function\n")
    text = re.sub(r"^  # (cbr-audit-roll-up:|  )", r"  \1", text, flags=re.MULTILINE)
    services = yaml.safe_load(text)["services"]
    second = services["cbr-audit-roll-up"]["props"]

    assert second["function"] == FUNCTION
    assert asked_of_fleet({**TIMER, "user_event": second["trigger"]["eventData"]["userEvent"]}) is not None
    assert schedule_faults(second["trigger"]["eventData"]["schedule"]) == []
    assert second["trigger"]["eventData"]["name"] != PROPS["trigger"]["eventData"]["name"]


def test_handler_and_initializer_are_in_the_code() -> None:
    for entry in ("handler", "initializerHandler"):
        module, _, name = FUNCTION[entry].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_the_function_runs_on_the_python_that_the_zip_is_made_for(built: Built) -> None:
    assert FUNCTION["runtime"] == f"Python{FUNCTION_PYTHON}"
    assert ROOT / FUNCTION["code"]["codeUri"] == FOLDER
    assert "handler.py" in built.contents


def test_memory_and_times_are_ones_that_functiongraph_knows() -> None:
    assert FUNCTION["memorySize"] in MEMORY
    assert 3 <= FUNCTION["timeout"] <= 900
    assert 1 <= FUNCTION["initializerTimeout"] <= 300


def test_the_template_is_of_the_edition_that_the_component_understands() -> None:
    template = yaml.safe_load(TEMPLATE)

    assert template["edition"] == "1.0.0"
    assert template["services"]["cbr-audit"]["component"] == "fgs"
    assert PROPS["trigger"]["triggerTypeCode"] == "TIMER"
    assert PROPS["trigger"]["status"] == "ACTIVE"
    assert PROPS["trigger"]["eventData"]["scheduleType"] == "Cron"


def test_the_schedule_has_six_fields_and_a_zone() -> None:
    assert schedule_faults(PROPS["trigger"]["eventData"]["schedule"]) == []


@pytest.mark.parametrize(
    ("schedule", "faults"),
    [
        ("CRON_TZ=Europe/Berlin 0 0,30 1-5 */2 * ?", []),
        ("0 30 4 * * ?", ["zone", "fields"]),
        ("CRON_TZ=UTC 30 4 * * ?", ["fields"]),
        ("CRON_TZ=UTC 0 60 24 0 13 7", ["minute", "hour", "day", "month", "weekday"]),
        ("CRON_TZ=UTC ? 0 4 * * MON", ["second", "weekday"]),
    ],
)
def test_the_check_of_schedules_finds_mistakes(schedule: str, faults: list[str]) -> None:
    assert schedule_faults(schedule) == faults
