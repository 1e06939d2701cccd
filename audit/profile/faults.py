"""The errors in a file that people write, in words: each with its key and the nearest valid one."""

import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from audit.profile.written import KeyPath, hint

_WORDS: Final[Mapping[str, str]] = {
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "model_type": "write keys below it",
    "string_pattern_mismatch": "write one line of text that is not blank",
    "string_type": "write a text; one that looks like a number belongs in quotes",
    "too_short": "write at least one item",
    "tuple_type": "write a list",
}


def named(faults: Iterable[Mapping[str, Any]], form: type[BaseModel], called: str) -> Iterator[tuple[KeyPath, str]]:
    """Yield the place and the message of each error that pydantic found in a file of a form."""
    every = [(tuple(fault["loc"]), fault["type"], fault["msg"]) for fault in faults]
    around = {place[:size] for place, _, _ in every for size in range(len(place))}
    for place, kind, message in every:
        if kind != "too_short" or place not in around:  # a list whose items are all invalid is not empty
            is_unknown = kind == "extra_forbidden"
            yield place, _unknown(place, form, called) if is_unknown else _words(place, kind, message)


def _words(place: KeyPath, kind: str, message: str) -> str:
    path = ".".join(str(part) for part in place)
    if kind == "missing":
        return f"{path} is missing"
    return f"{path}: {_WORDS.get(kind) or message.removeprefix('Value error, ')}"


def _unknown(place: KeyPath, form: type[BaseModel], called: str) -> str:
    path = ".".join(str(part) for part in place)
    return f"{path} is not a key of {called}{hint(str(place[-1]), _keys(place[:-1], form))}"


def _keys(place: KeyPath, model: type[BaseModel]) -> Iterable[str]:
    """Return the valid keys at a place in a form."""
    for part in place:
        if isinstance(part, str):
            (model,) = _models(model.model_fields[part].annotation)
    return tuple(model.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type annotation contains."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]
