"""What stands in more than one place is the same in each; a test that fails names the files to open."""

import re
from datetime import timedelta
from pathlib import Path

from audit.answers.kinds import ANSWERS
from audit.cloud.functiongraph import GATEWAY
from audit.clouds import CLOUDS, HUAWEI
from audit.control_limits import FIELDS, LIMITS
from audit.evidence.store import OPENERS
from audit.history import History
from audit.judging.control_catalogue import OPT_IN
from audit.profile import PRESETS, Profile
from audit.profile.limit_fields import UNITS
from audit.records import Task
from audit.records.operations import PUBLISHED
from audit.report import PAGE
from audit.report.formats import FORMATS
from audit.report.languages import LANGUAGES
from audit.report.page.words import words_of
from audit.settings import MOST_WORKERS, STORES, VARIABLES, WORKERS, Settings
from audit.simulator.truth import STRICT_ONLY
from tests.builders import a_task_row
from tests.evidence.store.test_contract import MADE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONSUME = (ROOT / "docs/consume.md").read_text()
DEPLOY = (ROOT / "docs/deploy.md").read_text()
TEMPLATE = (ROOT / "template.yaml").read_text()
INVOKE = (ROOT / "docs/invoke.md").read_text()


def test_every_language_has_words_and_every_table_of_words_a_language() -> None:
    tables = {path.stem for path in (ROOT / "audit/report/page").glob("*.json")}

    assert {"en", *tables} == set(LANGUAGES), "audit/report/languages.py, audit/report/page/*.json"
    for language in LANGUAGES:
        assert words_of(language).tag.partition("-")[0] == language, f"audit/report/page/{language}.json (tag)"


def test_what_people_write_a_profile_by_names_every_language_format_and_preset() -> None:
    first = (ROOT / "audit/profile/starter.yaml").read_text()

    for word in (*LANGUAGES, *PRESETS, *(set(FORMATS) - {"report.json"})):
        assert re.search(rf"\b{re.escape(word)}\b", first), f"audit/profile/starter.yaml does not name {word}"
    for name in set(FORMATS) - {PAGE}:
        assert f"`{name}`" in CONSUME, f"docs/consume.md does not name {name}"


def test_every_kind_of_store_can_be_opened_and_is_held_to_the_contract() -> None:
    assert set(OPENERS) == set(STORES), "audit/settings.py (STORES), audit/evidence/store/__init__.py (OPENERS)"
    assert set(MADE) == set(STORES), "tests/evidence/store/test_contract.py (MADE)"
    for kind in STORES.values():
        scheme = kind.example.partition("//")[0]
        assert f"{scheme}//" in str(Settings.model_fields["store"].description), "audit/settings.py (store)"
        assert f"`{scheme}//" in README, f"README.md, the setting CBR_AUDIT_STORE: {scheme}//"
        assert kind.endpoint in {"", *VARIABLES}, f"audit/settings.py ({kind.endpoint})"


def test_every_cloud_is_named_where_people_look_for_it_with_its_regions_and_what_it_lacks() -> None:
    assert HUAWEI == next(iter(CLOUDS)) == Settings.model_fields["cloud"].default, "audit/clouds.py (HUAWEI)"
    for name, cloud in CLOUDS.items():
        (setting,) = re.findall(r"^\| `CBR_AUDIT_CLOUD` .*$", README, re.MULTILINE)
        assert f"`{name}`" in setting, f"README.md, the setting CBR_AUDIT_CLOUD: {name}"
        if name != HUAWEI:
            assert re.search(rf"# CBR_AUDIT_CLOUD: .*\b{re.escape(name)}\b", TEMPLATE), f"template.yaml: {name}"
        (row,) = re.findall(rf"^\| `{re.escape(name)}`.* \| {cloud.title}.* \|.*\|$", DEPLOY, re.MULTILINE)
        lacking = row.split("|")[-2].strip()
        assert lacking == "; ".join(cloud.lacks), f"docs/deploy.md, other clouds: what {name} lacks"
        named = set(re.findall(r"`([a-z0-9-]+)`", row.split("|")[-3]))
        known = cloud.regions & named if name == HUAWEI else cloud.regions  # it has too many to list
        assert named == known, f"docs/deploy.md, other clouds: the regions of {name}"


def test_the_truth_of_the_simulator_knows_which_controls_have_to_be_asked_for() -> None:
    assert STRICT_ONLY == OPT_IN, "audit/simulator/truth.py (STRICT_ONLY), audit/judging/control_catalogue.py (OPT_IN)"


def test_the_readme_says_how_many_controls_have_to_be_asked_for() -> None:
    numbers = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen")

    assert f"{numbers[len(OPT_IN) - 10]} controls that not everyone needs" in README, "README.md"


def test_the_documents_say_the_figures_of_the_code() -> None:
    hours = {6: "six", 12: "twelve", 24: "24"}[Profile().limits.grace_hours]

    assert f"1 to {MOST_WORKERS} (default {WORKERS})" in README, "README.md (CBR_AUDIT_WORKERS)"
    assert f"`look_back` ({Profile().remembered.days} days)" in README, "README.md (look_back)"
    assert f"plus {hours} hours" in README, "README.md (grace_hours)"
    assert f"longest audit | {GATEWAY.seconds} seconds" in INVOKE, "docs/invoke.md"


def test_a_limit_that_is_a_time_says_its_unit_and_every_limit_its_meaning_and_source() -> None:
    for kind, limit in FIELDS.values():
        is_time = limit.key.rpartition("_")[2] in UNITS
        assert (kind in {timedelta, timedelta | None}) == is_time, (
            f"audit/control_limits.py ({limit.key}, and its type)"
        )
        assert limit.meaning.endswith("."), f"audit/control_limits.py ({limit.key})"
        assert limit.source.endswith("."), f"audit/control_limits.py ({limit.key})"
        assert (limit.bounds is None) == isinstance(limit.default, tuple), f"audit/control_limits.py ({limit.key})"


def test_a_limit_whose_order_nobody_can_say_is_one_of_these() -> None:
    assert {key for key, limit in LIMITS.items() if limit.stricter is None} == {"success_rate_days"}, (
        "audit/control_limits.py"
    )


def test_every_limit_is_read() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "audit").rglob("*.py"))
    for name in FIELDS:
        assert f"limits.{name}" in code, f"no control reads {name}: audit/control_limits.py, audit/controls/"


def test_every_documented_operation_is_known() -> None:
    definitions = ANSWERS["operation_logs"].schema_of_row("")["$defs"]
    documented = definitions["OperationLog"]["properties"]["operation_type"]["enum"]

    assert {*documented} == PUBLISHED, "audit/records/operations.py"


def test_every_field_of_a_task_is_read_and_stored() -> None:
    own = {"backup_id": "backup-1", "incremental": True, "target_resource_id": "server-2", "sync_backup_num": 2}
    own |= {
        "app_consistency_status": "0",
        "app_consistency_error_code": "1",
        "fail_count": 3,
        "resources": [{"id": "a"}],
    }
    extra = {"resource": {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"}, "remove_resources": own}
    row = a_task_row(operation_type="remove_resource", extra_info=extra, error_info={"code": "E.1", "message": "full"})
    task = Task.from_row(row)

    assert not [name for name in Task.__struct_fields__ if not getattr(task, name)], "audit/records/task.py (from_row)"
    assert History.load(History([task]).dump()).get("task-1") == task, "audit/history/segment.py"
