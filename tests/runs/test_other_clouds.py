"""Whole audits of clouds that select by time in another way than the one that no document describes, or that lie.

Each comes to the findings of a plain cloud, or to fewer, with a word about why.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.app.replay import replay
from audit.app.run import Done
from audit.evidence.store import open_store
from audit.judging.findings import Outcome
from audit.simulator import Simulator, build_estate
from tests.pretend import AS_OF, audit

SIZE = 20
FIT: dict[str, dict[str, Any]] = {
    "ends are left out": {"ends_are_within": False},
    "pages are shorter": {"most_rows": 12},
}
UNFIT: dict[str, dict[str, Any]] = {
    "by the time of a change": {"selects_by": "updated_at"},
    "by the time of the end": {"selects_by": "ended_at"},
    "not by time": {"selects_by": ""},
    "everything is counted": {"counts": "everything"},
    "pages are shorter and do not say so": {"most_rows": 7, "tells_most_rows": False},
}
LYING: dict[str, dict[str, Any]] = {
    "the page is counted": {"counts": "the page"},
    "the page is counted and cut": {"counts": "the page", "most_rows": 7, "tells_most_rows": False},
    "times hide the newest rows": {"hours_ahead": 8},
}


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", SIZE)


def a_cloud(scenario: str = "mixed", **quirks: Any) -> Simulator:
    simulator = Simulator(build_estate(scenario, seed=2, resources=6, days=6, as_of=AS_OF))
    for name, value in quirks.items():
        setattr(simulator.quirks, name, value)
    return simulator


def outcomes(done: Done) -> dict[tuple[str, str, str], Outcome]:
    return {(finding.control, finding.kind, finding.id): finding.outcome for finding in done.report.findings}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.cloud.cbr.client.PAGE_SIZE", SIZE)
        yield audit(a_cloud(), tmp_path_factory.mktemp("plain"))


def test_a_plain_cloud_is_read_in_slices(plain: Done) -> None:
    assert plain.report.collection.complete
    assert not plain.report.collection.notes


@pytest.mark.parametrize("quirks", FIT.values(), ids=FIT)
def test_a_cloud_that_is_fit_for_slices_comes_to_the_same(quirks: dict[str, Any], plain: Done, tmp_path: Path) -> None:
    done = audit(a_cloud(**quirks), tmp_path)

    assert not done.report.collection.notes
    assert outcomes(done) == outcomes(plain)


@pytest.mark.parametrize("quirks", UNFIT.values(), ids=UNFIT)
def test_a_cloud_that_is_not_fit_for_slices_is_walked_through_and_the_report_says_so(
    quirks: dict[str, Any], plain: Done, tmp_path: Path
) -> None:
    done = audit(a_cloud(**quirks), tmp_path)

    assert any("read page by page, because slices by time" in note for note in done.report.collection.notes)
    assert_no_better(done, plain)


@pytest.mark.parametrize("quirks", LYING.values(), ids=LYING)
def test_a_cloud_that_lies_about_how_much_it_has_leaves_a_gap(
    quirks: dict[str, Any], plain: Done, tmp_path: Path
) -> None:
    done = audit(a_cloud(**quirks), tmp_path)

    assert done.report.collection.gaps
    assert_no_better(done, plain)


@pytest.mark.parametrize(
    "quirks",
    [{}, {"scenario": "unusable"}, UNFIT["by the time of a change"]],
    ids=["plain", "unusable", "by the time of a change"],
)
def test_a_later_run_asks_for_the_same_slices_and_both_are_judged_anew_from_what_they_stored(
    quirks: dict[str, Any], tmp_path: Path
) -> None:
    simulator = a_cloud(**quirks)
    runs = [audit(simulator, tmp_path, as_of=as_of) for as_of in (AS_OF - timedelta(hours=1), AS_OF)]
    store = open_store(str(tmp_path))

    first, second = (
        {page["sha256"] for page in orjson.loads((tmp_path / done.prefix / "manifest.json").read_bytes())["pages"]}
        for done in runs
    )
    assert "selects_by" in quirks or len(second & first) > len(second) / 2
    assert not any(replay(store, simulator.project_id, done.report.run.id).differing for done in runs)


def assert_no_better(done: Done, plain: Done) -> None:
    """What passes, passes on a plain cloud, too; and where nothing is missing, all is as there."""
    found, known = outcomes(done), outcomes(plain)
    if done.report.collection.complete:
        assert found == known
    assert {each for each, outcome in found.items() if outcome is Outcome.PASS} <= {
        each for each, outcome in known.items() if outcome is Outcome.PASS
    }
    assert len(done.report.collection.readings) == len(plain.report.collection.readings)
