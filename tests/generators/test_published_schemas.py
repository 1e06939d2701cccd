"""The published schemas are those of the models, and what a run writes conforms to them."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import orjson
import pytest

from audit.app.execute import execute
from audit.app.request import request_from_settings
from audit.generators.published_schemas import PUBLISHED, schema, write
from audit.report.models import ManifestFile, ReportFile
from audit.simulator import SCENARIOS, mock_cbr
from deploy.wheels import ROOT

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_schema_in_the_repository_is_generated_from_the_model(name: str) -> None:
    assert (ROOT / "schemas" / name).read_bytes() == schema(name), "make schemas writes it anew"


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(orjson.loads(schema(name)))


def test_schemas_are_written_below_a_folder(tmp_path: Path) -> None:
    write(tmp_path)

    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")} == set(PUBLISHED)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_a_run_writes_conforms(scenario: str, tmp_path: Path) -> None:
    folder = _run(scenario, tmp_path)
    for form, model in (("report/v2.json", ReportFile), ("manifest/v2.json", ManifestFile)):
        written = folder.joinpath(f"{form.partition('/')[0]}.json").read_bytes()

        jsonschema.Draft202012Validator(orjson.loads(schema(form))).validate(orjson.loads(written))
        assert orjson.loads(model.model_validate_json(written).model_dump_json()) == orjson.loads(written)


def _run(scenario: str, folder: Path) -> Path:
    with mock_cbr(scenario, resources=12, days=7, as_of=AS_OF) as simulator:
        variables = {
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_TOKEN": simulator.token,
            "CBR_AUDIT_STORE": str(folder),
        }
        done = execute(
            request_from_settings(variables, as_of="2026-11-23T12:00:00Z", since="7d"), lambda _progress: None
        )
    return folder / done.prefix
