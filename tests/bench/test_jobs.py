"""That every job does what it says; how long it takes is for ``make bench``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.profile.applied import lists_of
from bench.collecting import collect
from bench.folder import WINDOW, Walked, profile_for
from bench.jobs import JOBS
from bench.pages import write, write_estate
from bench.steps import STEPS, judging

TASKS = 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bench") / "clean"
    write(made, TASKS)
    return made


@pytest.fixture(autouse=True)
def _leaves_nothing(folder: Path) -> Iterator[None]:
    yield
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("job", ["pipeline", "jsonschema", "pydantic"])
def test_peers_do_the_same_job(folder: Path, job: str) -> None:
    told = JOBS[job]()(folder)

    assert (told["tasks"], told["rejected"], told["drift"]) == (TASKS, 0, 0)
    assert told["findings"] == JOBS["pipeline"]()(folder)["findings"] > 100
    assert told["rendered"] > 100_000


@pytest.mark.parametrize("job", ["orjson", "json", "sdk"])
@pytest.mark.filterwarnings("ignore")  # the vendor's
def test_every_page_is_read(folder: Path, job: str) -> None:
    rows = JOBS[job]()(folder)["rows"]

    assert rows >= TASKS


def test_a_whole_run_is_published(folder: Path) -> None:
    told = JOBS["run"]()(folder)

    assert (told["complete"], told["objects"] > 8) == (True, True)


def test_a_log_whose_last_page_is_full_is_read_to_its_end(tmp_path: Path) -> None:
    write(tmp_path / "full", 1000 + 999)

    walk = Walked(tmp_path / "full").read(Kind.TASKS, WINDOW)
    assert sum(len(page.rows) for page in walk) == 2 * 2000
    assert (walk.reading().complete, walk.reading().pages) == (True, 2 * 3)


def test_every_step_is_measured(folder: Path) -> None:
    steps = JOBS["steps"]()(folder)["steps"]

    assert steps.keys() >= set(STEPS)
    assert JOBS["evidence"]()(folder)["parts"].keys() == {"compress", "hash", "write"}


def test_judging_applies_every_control(tmp_path: Path) -> None:
    write_estate(tmp_path / "estate", 100)
    told = judging(tmp_path / "estate")

    assert told["controls"] == len(CONTROLS)
    assert told["findings"] > 100 * 20
    assert told["evaluated"] > 0
    assert {*lists_of(profile_for(tmp_path / "estate"))} == {*Kind}


def test_a_walk_over_the_simulator_is_measured() -> None:
    (cell,) = collect([(20, 2)], tasks_a_worker=1000)

    assert (cell.latency, cell.workers, cell.pages) == (20, 2, 9)
    assert cell.over_ideal > 1
