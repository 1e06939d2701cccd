"""Totals that no reader of JSON reads exactly: each list is then incomplete, and the report is written all the same."""

from pathlib import Path

import orjson
import pytest

from audit.collection import GREATEST
from audit.simulator import Request, Response, Simulator
from tests.pretend import a_simulator, audit, json_response, whole_report


def stating(simulator: Simulator, path: str, count: int) -> None:
    """Let every answer of some lists state a total."""
    inside: list[Request] = []

    def intercept(request: Request, _number: int) -> Response | None:
        if path not in request.url or request in inside:
            return None
        inside.append(request)
        answer = orjson.loads(simulator.dispatch(request).body)
        inside.remove(request)
        return json_response({**answer, "count": count})

    simulator.intercept = intercept


@pytest.mark.parametrize("count", [GREATEST + 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("path", ["/operation-logs", "/policies", "/vaults", "/backups", "/protectables"])
def test_a_report_is_written_whatever_total_a_list_states(path: str, count: int, tmp_path: Path) -> None:
    simulator = a_simulator("healthy", resources=2)
    stating(simulator, path, count)

    done = audit(simulator, tmp_path, CBR_AUDIT_PROFILE="strict", CBR_AUDIT_WORKERS="1")

    report = whole_report(tmp_path / done.prefix)
    assert report["conclusion"] != "compliant"
    assert not report["collection"]["complete"]
