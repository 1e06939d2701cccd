import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from audit.app.unused import absent, idle

NAME = "a_module_of_this_test"


@pytest.fixture(autouse=True)
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Put a module where it is found, and count how often it was loaded."""
    (tmp_path / f"{NAME}.py").write_text(
        "with open(__file__ + '.loads', 'a') as file:\n    file.write('x')\nVALUE = 7\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    loaded = tmp_path / f"{NAME}.py.loads"
    yield lambda: len(loaded.read_text()) if loaded.exists() else 0
    sys.modules.pop(NAME, None)


def imported() -> ModuleType:
    return import_module(NAME)


def test_an_idle_module_is_loaded_when_something_of_it_is_used(loads: Callable[[], int]) -> None:
    with idle(NAME):
        module = imported()
    assert loads() == 0

    assert module.VALUE == 7
    assert loads() == 1
    assert module.VALUE == 7
    assert loads() == 1


def test_others_get_the_module_itself_afterwards(loads: Callable[[], int]) -> None:
    with idle(NAME):
        module = imported()

    assert vars(imported())["VALUE"] == 7
    assert module.VALUE == 7
    assert loads() == 1


def test_an_idle_module_can_be_used_at_once(loads: Callable[[], int]) -> None:
    with idle(NAME):
        module = imported()
        assert module.VALUE == 7
        assert vars(imported())["VALUE"] == 7

    assert vars(imported())["VALUE"] == 7
    assert loads() == 1


def test_what_an_idle_module_lacks_is_told() -> None:
    with idle(NAME):
        module = imported()

    with pytest.raises(AttributeError, match=f"{NAME}.* has no attribute 'OTHER'"):
        module.OTHER  # noqa: B018  # asking is what is tried


def test_an_absent_module_is_not_found_meanwhile(loads: Callable[[], int]) -> None:
    with absent(NAME), pytest.raises(ImportError, match=NAME):
        imported()
    assert loads() == 0

    assert imported().VALUE == 7


@pytest.mark.parametrize("without", [idle, absent])
def test_a_module_that_is_loaded_stays(
    without: Callable[[str], AbstractContextManager[None]], loads: Callable[[], int]
) -> None:
    module = imported()
    with without(NAME):
        assert imported() is module

    assert imported() is module
    assert loads() == 1


@pytest.mark.parametrize("without", [idle, absent])
def test_a_name_is_free_again_after_an_error(without: Callable[[str], AbstractContextManager[None]]) -> None:
    def step() -> None:
        with without(NAME):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        step()
    assert vars(imported())["VALUE"] == 7
