"""What every test starts from: a quick disk, no settings in the environment, and a log that knows no secret."""

import tomllib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest
import responses
import structlog
from coverage import Coverage
from hypothesis import settings

from audit.log import REDACTOR, Redactor
from audit.settings import VARIABLES
from tests.evidence.store.s3_server import S3Server, s3_server
from tests.pretend import Clock

_HERE = Path(__file__).parent
_TRACER = pytest.StashKey[Coverage]()
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

# A machine that is busy elsewhere must not fail a test: nothing here is about time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop what pytest-cov starts before it knows who runs tests: workers start anew, the controller runs none."""
    started = Coverage.current()
    if started and (hasattr(session.config, "workerinput") or session.config.getoption("numprocesses", None)):
        started.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Let a bare ``--cov`` trace the core by the tests of its rooms: traced, the others would take twice as long."""
    if started := Coverage.current():
        started.stop()
        config.stash[_TRACER] = started
    if config.getoption("cov_source", None) != [True]:
        return
    written = tomllib.loads(config.rootpath.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    rooms = {module.split(".")[1] for module in written["tool"]["coverage"]["run"]["source"]}
    for item in items:
        if item.path.relative_to(_HERE).parts[0].removeprefix("test_").removesuffix(".py") not in rooms:
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def _traced(item: pytest.Item) -> Generator[None, object, object]:
    """Trace each test with its fixtures, but not what pytest does before it and after it."""
    tracer = item.config.stash.get(_TRACER, None)
    if tracer is None:
        return (yield)
    if not item.get_closest_marker("no_cover"):
        tracer.start()
    try:
        return (yield)
    finally:
        tracer.stop()  # for no_cover as well: pytest-cov goes on after it


pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = _traced


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    """Nothing waits until it lies on a disk, since no test pulls the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _descriptor: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _bare_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*VARIABLES, *_PROXIES, *(name.upper() for name in _PROXIES)):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    vars(REDACTOR).update(vars(Redactor()))  # each report is searched for every secret that it knows
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud() -> Iterator[responses.RequestsMock]:
    """Strict: every answer that a test prepares must be asked for."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all tests; each test uses a prefix of its own."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
