"""The Terraform files are well formed, use arguments that the provider documents, and say what the template says."""

import json
import re
import shutil
import subprocess
from typing import Any

import hcl2
import pytest

from audit.app.event import asked_of_fleet
from audit.cloud.permissions import POLICIES
from audit.fleet.configuration import FleetLimits
from audit.records.deeds import DESTRUCTIVE, Deed, deed_of
from audit.settings import VARIABLES
from deploy.build_zip import ZIP
from deploy.wheels import ROOT
from tests.deploy.test_template import FUNCTION, PROPS, SECRETS, named, schedule_faults
from tests.test_handler import TIMER

FOLDER = ROOT / "deploy" / "terraform"
FOR_PEOPLE = {"function-invoke", "obs-prune"}
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.tf"))}
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
MOST_HOURS_OF_LTS = 24
TERRAFORM = shutil.which("terraform")
# From docs/resources/ of huaweicloud/terraform-provider-huaweicloud: first what is required, then what else is used.
DOCUMENTED = {
    "huaweicloud_identity_role": ({"name", "description", "type", "policy"}, set()),
    "huaweicloud_identity_agency": (
        {"name"},
        {"description", "delegated_service_name", "project_role", "domain_roles", "all_resources_roles"},
    ),
    "huaweicloud_identity_policy": ({"name", "policy_document"}, {"description"}),
    "huaweicloud_identityv5_policy_agency_attach": ({"policy_id", "agency_id"}, set()),
    "huaweicloud_fgs_function": (
        {"name", "memory_size", "runtime", "timeout", "app", "code_type", "handler"},
        {
            *("agency", "description", "initializer_handler", "initializer_timeout", "max_instance_num"),
            *("code_filename", "func_code", "user_data", "encrypted_user_data", "enable_lts_log"),
            *("log_group_id", "log_group_name", "log_stream_id", "log_stream_name"),
        },
    ),
    "huaweicloud_lts_group": ({"group_name", "ttl_in_days"}, set()),
    "huaweicloud_lts_stream": ({"group_id", "stream_name"}, set()),
    "huaweicloud_lts_keywords_alarm_rule": (
        {"name", "keywords_requests", "frequency", "alarm_level"},
        {"send_notifications", "alarm_action_rule_name"},
    ),
    "huaweicloud_fgs_function_trigger": ({"function_urn", "type", "event_data"}, {"status"}),
    "huaweicloud_fgs_async_invoke_configuration": (
        {"function_urn", "max_async_event_age_in_seconds", "max_async_retry_attempts"},
        {"enable_async_status_log", "on_failure"},
    ),
}


def plain(value: Any) -> Any:
    """The parsed form without the quotes of strings and the notes of the parser."""
    if isinstance(value, dict):
        return {str(key).strip('"'): plain(inner) for key, inner in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value[1:-1] if isinstance(value, str) and value.startswith('"') else value


FILES = ("main.tf", "fleet.tf", "watch.tf", "alarms.tf")
PARSED = {name: plain(hcl2.loads(text)) for name, text in TEXTS.items()}
RESOURCES = [
    (kind, name, body)
    for file in FILES
    for block in PARSED[file]["resource"]
    for kind, named_body in block.items()
    for name, body in named_body.items()
]
INPUTS = {name: body for block in PARSED["variables.tf"]["variable"] for name, body in block.items()}


def resource(kind: str) -> Any:
    (body,) = (body for found, _, body in RESOURCES if found == kind)
    return body


@pytest.mark.parametrize(("kind", "name", "body"), RESOURCES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_resource_uses_documented_arguments_and_none_that_it_needs_is_missing(
    kind: str, name: str, body: Any
) -> None:
    del name
    blocks = {label for block in body.get("dynamic", ()) for label in block}
    used = ({*body} | blocks) - {"for_each", "count", "dynamic"}
    required, optional = DOCUMENTED[kind]

    assert required <= used <= required | optional


def test_function_timer_retry_failure_and_agency_are_there() -> None:
    assert {kind for kind, _, _ in RESOURCES} == {*DOCUMENTED}
    (failure,) = resource("huaweicloud_fgs_async_invoke_configuration")["dynamic"]
    assert failure["on_failure"]["content"][0]["destination"] == "SMN"
    assert resource("huaweicloud_identity_agency")["delegated_service_name"] == "op_svc_cff"


def test_every_variable_and_output_is_described_and_used() -> None:
    used = set(re.findall(r"\bvar\.(\w+)", "".join(TEXTS.values())))
    outputs = {name: body for block in PARSED["outputs.tf"]["output"] for name, body in block.items()}

    assert used == {*INPUTS}
    assert all(body["description"].endswith(".") and body["type"] for body in INPUTS.values())
    assert all(body["description"] and body["value"] for body in outputs.values())


def test_what_is_referred_to_is_there() -> None:
    whole = "".join(TEXTS.values())
    locals_ = {name for file in FILES for block in PARSED[file]["locals"] for name in block}

    assert set(re.findall(r"\b(huaweicloud_\w+)\.(\w+)\b", whole)) <= {(kind, name) for kind, name, _ in RESOURCES}
    assert set(re.findall(r"\blocal\.(\w+)", whole)) == locals_
    granted = set(re.findall(r'"([a-z]+-[a-z]+)"', TEXTS["main.tf"] + TEXTS["fleet.tf"]))
    assert granted - {"cbr-audit"} == {*POLICIES} - FOR_PEOPLE


def test_each_policy_of_a_fleet_is_made_by_the_resource_for_its_version() -> None:
    for name in {*POLICIES} - FOR_PEOPLE:
        text = (ROOT / "deploy" / "iam" / f"{name}.json").read_text()
        assert (f'"{name}"' in TEXTS["fleet.tf"]) == (json.loads(text)["Version"] == "5.0"), name


def test_the_two_timers_of_a_fleet_say_what_the_function_understands() -> None:
    asked = {
        event: asked_of_fleet({**TIMER, "user_event": json.dumps({"fleet": event})})
        for event in re.findall(r'jsonencode\(\{ fleet = "(\w+)" \}\)', "".join(TEXTS.values()))
    }

    assert {*asked} == {"start", "roll_up"}
    assert all(asked.values())
    assert schedule_faults(INPUTS["roll_up_schedule"]["default"]) == []
    start, roll_up = (INPUTS[name]["default"].split() for name in ("schedule", "roll_up_schedule"))
    minutes = [int(fields[3]) * 60 + int(fields[2]) for fields in (start, roll_up)]
    assert minutes[1] - minutes[0] > FleetLimits().minutes


def test_the_trigger_hears_of_everything_that_takes_backups_or_protection_away() -> None:
    (watched,) = (block["watched"] for block in PARSED["watch.tf"]["locals"])
    heard = {
        resource: {deed_of(service, operation) for operation in operations.split(";")}
        for line in watched["backups"]
        for service, resource, operations in [line.split(":")]
    }

    assert Deed.OTHER not in set().union(*heard.values())
    inferred = {Deed.TAKE_AWAY, Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH}
    assert set().union(*heard.values()) >= DESTRUCTIVE - inferred - {Deed.UNLOCK_VAULT}
    assert Deed.CHANGE_VAULT in heard["vault"], "which may switch a lock off"


def test_the_trigger_also_hears_of_what_blinds_it() -> None:
    lines = [line.split(":") for line in INPUTS["watched_trail"]["default"]]
    deeds = {deed_of(service, name) for service, _, operations in lines for name in operations.split(";")}

    assert deeds == {Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH}


def test_the_documents_list_what_the_triggers_hear_of() -> None:
    (watched,) = (block["watched"] for block in PARSED["watch.tf"]["locals"])
    rows = re.findall(r"^ +\| (CBR|CTS|FunctionGraph) \| (\w+) \| (.+) \|$", DEPLOY, re.MULTILINE)

    assert [f"{service}:{resource}:{';'.join(re.findall('`(.+?)`', names))}" for service, resource, names in rows] == [
        *watched["backups"],
        *INPUTS["watched_trail"]["default"],
    ]


def test_alarms_search_no_more_than_lts_can_and_are_those_of_the_documents() -> None:
    (alarms,) = (block["alarms"] for block in PARSED["alarms.tf"]["locals"])
    rows = re.findall(r"^\| [a-z][a-z ]+ \| `(.+?)` \| (at least|fewer than) 1 in (\d+) hours?", DEPLOY, re.MULTILINE)
    text = TEXTS["alarms.tf"]

    told = {keywords.replace('"', '\\"'): (int(hours), how) for keywords, how, hours in rows}
    assert told == {
        alarm["keywords"]: (alarm["hours"], "fewer than" if name == "missing" else "at least")
        for name, alarm in alarms.items()
    }
    assert max(alarm["hours"] for alarm in alarms.values()) == MOST_HOURS_OF_LTS
    assert 'each.key == "missing" ? "<" : ">="' in text
    assert 'each.key == "missing" ? "DAILY" : "HOURLY"' in text
    assert 0 <= INPUTS["alarm_hour"]["default"] <= 23


def test_terraform_and_the_template_deploy_the_same_function() -> None:
    function, trigger = resource("huaweicloud_fgs_function"), PROPS["trigger"]["eventData"]
    same = {"runtime": "runtime", "handler": "handler", "initializer_handler": "initializerHandler"}

    assert {name: function[name] for name in same} == {name: FUNCTION[other] for name, other in same.items()}
    assert function["initializer_timeout"] == FUNCTION["initializerTimeout"]
    assert INPUTS["memory_mb"]["default"] == FUNCTION["memorySize"]
    assert INPUTS["timeout_seconds"]["default"] == FUNCTION["timeout"]
    assert INPUTS["name"]["default"] == FUNCTION["functionName"]
    assert INPUTS["schedule"]["default"] == trigger["schedule"]
    assert INPUTS["user_event"]["default"] == trigger["userEvent"]
    assert schedule_faults(INPUTS["schedule"]["default"]) == []
    assert (FOLDER / INPUTS["zip"]["default"]).resolve() == ZIP


def test_only_settings_that_exist_are_set_and_secrets_go_where_they_are_encrypted() -> None:
    assert named("".join(TEXTS.values())) <= {*VARIABLES}
    assert named(INPUTS["secret_settings"]["description"]) == SECRETS
    assert not named(TEXTS["main.tf"]) & SECRETS
    assert INPUTS["secret_settings"]["sensitive"] is True


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on this machine; the other tests read the files")
def test_terraform_itself_finds_the_files_well_formed() -> None:
    done = subprocess.run(
        [str(TERRAFORM), f"-chdir={FOLDER}", "fmt", "-check", "-diff"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
