"""Modules that libraries import at once and never use here: a function starts sooner without them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, cast


class _Idle(ModuleType):
    """Stands for a module, and knows no more of it than the name."""

    def __getattr__(self, name: str) -> Any:
        _take_away({self.__name__: self})
        return getattr(import_module(self.__name__), name)


@contextmanager
def idle(*names: str) -> Iterator[None]:
    """Let what is imported within have modules that are loaded as soon as something of them is used."""
    with _held({name: _Idle(name) for name in names}):
        yield


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let what is imported within find that modules are not installed."""
    with _held(cast("dict[str, ModuleType]", dict.fromkeys(names))):  # None is what Python takes for this
        yield


@contextmanager
def _held(stand_ins: dict[str, ModuleType]) -> Iterator[None]:
    """Hold the places of modules that are not loaded yet; whoever imports them afterwards gets them."""
    for name, stand_in in stand_ins.items():
        sys.modules.setdefault(name, stand_in)
    try:
        yield
    finally:
        _take_away(stand_ins)


def _take_away(stand_ins: dict[str, ModuleType]) -> None:
    for name, stand_in in stand_ins.items():
        if name in sys.modules and sys.modules[name] is stand_in:
            del sys.modules[name]
