"""Runs whose time ends before every list is read: what was read is judged, and what was not says why."""

from collections import Counter
from pathlib import Path

from msgspec.structs import replace

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.collection import Kind
from audit.evidence.store import open_store
from audit.simulator import Request, Response, Simulator, serve
from audit.timestamps import shown
from tests.pretend import AS_OF, a_simulator, audit, variables, without_waiting

ALL_THE_TIME = 3_600
USED_UP = "was not asked: the time for it is used up"


def audit_until(path: str, simulator: Simulator, folder: Path) -> Done:
    """Audit, while the answer from one path takes all the time that there is."""
    with serve(simulator) as served, without_waiting() as clock:

        def take(request: Request, _number: int) -> Response | None:
            clock.now += ALL_THE_TIME if request.split().path.endswith(path) else 0
            return None

        simulator.intercept = take
        made = request_from_settings(variables(simulator, served.url, folder), as_of=shown(AS_OF))
        return execute(replace(made, nonce="always the same"), lambda _progress: None)


def outcomes(done: Done, control: str) -> Counter[str]:
    return Counter(finding.outcome.value for finding in done.report.findings if finding.control == control)


def test_short_lists_are_judged_where_there_is_no_time_for_the_long_ones(tmp_path: Path) -> None:
    simulator = a_simulator("healthy", days=30, resources=40)

    done = audit_until("/vaults", simulator, tmp_path)

    found = done.report.collection
    assert done.report.conclusion == "incomplete"
    assert {reading.kind for reading in found.readings if not reading.complete} == {Kind.TASKS, Kind.BACKUPS}
    assert [*dict.fromkeys(reading.kind for reading in found.readings)] == [*Kind][:4]
    assert all(USED_UP in gap or "different rows came" in gap for gap in found.gaps), found.gaps
    assert outcomes(done, "CBR-302").keys() == {"pass"}
    assert outcomes(done, "CBR-101").keys() == {"unknown"}
    assert replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id).differing == ()


def test_a_short_list_that_is_refused_does_not_keep_the_long_ones_from_being_read(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    simulator.deny("cbr:policies:list", "cbr:vaults:list")

    found = audit(simulator, tmp_path).report.collection

    assert found.reading(Kind.POLICIES).refused
    assert found.reading(Kind.TASKS).complete
    assert found.reading(Kind.BACKUPS).complete
