from collections.abc import Mapping
from typing import Any

import pytest

from audit.app import itself
from tests.fleet.test_function import FunctionContext

ABROAD = {"HUAWEICLOUD_SDK_REGION": "sim-2", "HUAWEICLOUD_SDK_PROJECT_ID": "audited"}


@pytest.mark.parametrize(
    ("environment", "variables", "place"),
    [
        ({}, {"HUAWEICLOUD_SDK_REGION": "sim-1", "HUAWEICLOUD_SDK_PROJECT_ID": "p1"}, ("sim-1", "p1")),
        ({"RUNTIME_PROJECT_ID": "own"}, {**ABROAD, "CBR_AUDIT_HOME_REGION": "sim-1"}, ("sim-1", "own")),
    ],
)
def test_the_function_starts_itself_where_it_is_whatever_it_audits(
    environment: dict[str, str],
    variables: dict[str, str],
    place: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def invoke(urn: str, there: Mapping[str, str], event: object, **options: Any) -> None:
        asked.append((urn, there["HUAWEICLOUD_SDK_REGION"], there["HUAWEICLOUD_SDK_PROJECT_ID"], event, options))

    monkeypatch.setattr(itself, "invoke", invoke)
    itself.start_itself(FunctionContext(), environment, variables, {"since": "7d"})

    region, project = place
    urn = f"urn:fss:{region}:{project}:function:default:cbr-audit:latest"
    assert asked == [(urn, region, project, {"since": "7d"}, {"endpoint": None, "wait": False})]
