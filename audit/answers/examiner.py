"""Which rows are as documented, how others differ, and which are unusable.

Explaining a row costs ten times as much as checking it, and whole logs differ in the same few ways. A schema without
conditions judges each place of a row by itself. So if undoing the known deviations makes a row valid, those are all of
its deviations, and it need not be explained again.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson
from msgspec import Struct

from audit.answers.kinds import AnswerKind, Deviation, compiled, deviations
from audit.answers.strict_json import is_exact

_MOST_KNOWN: Final = 64  # each is looked for in every row that differs
_MOST_LEVELS: Final = 5
_ANY: Final = object()  # the mark of an unknown field, whatever its value
_MISSING: Final = object()
_LOST: Final = object()  # replaces a missing field
_TYPES: Final = (str, int, bool, dict, list)
_SCALARS: Final = (str, int, bool, float, type(None))
_CANDIDATES: Final[tuple[Any, ...]] = ("", "2000-01-01T00:00:00", 0, False, {}, [], None, "x")

_CONDITIONS: Final = (
    *("anyOf", "allOf", "oneOf", "if", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    *("patternProperties", "propertyNames", "minProperties", "maxProperties"),
)

Parts = tuple[str | int, ...]


class _Fault(Struct, frozen=True):
    """What is wrong with a value at a place, a correct value, and whether the audit uses the place."""

    problems: tuple[str, ...]
    right: Any
    is_needed: bool


class Examiner:
    """Checks the rows of one kind of response against the documents."""

    def __init__(self, answer: AnswerKind) -> None:
        """Start without any known deviation."""
        self._answer = answer
        self._faults: dict[Parts, dict[str, dict[Any, _Fault]]] = {}
        self._number = _MOST_KNOWN if _has_conditions(answer) else 0
        self._expects_drift = False

    def examine(self, row: Any) -> Sequence[Deviation] | None:
        """Return the deviations of a row, none if it is as documented; None if it is unusable.

        Raises:
            ValueError, RecursionError: it is nested too deeply.
        """
        documented = self._answer.documented
        if self._expects_drift:  # rows that differ come together
            seen = self._known(row)
            if seen or documented.is_valid(row):
                self._expects_drift = bool(seen)
                return seen
        elif documented.is_valid(row):
            return ()
        else:
            self._expects_drift = True
            if seen := self._known(row):
                return seen
        if not self._answer.required.is_valid(row):
            return None
        seen = list(deviations(documented.iter_errors(row)))
        self._learn(row, seen)
        return seen

    def _learn(self, row: Any, seen: Sequence[Deviation]) -> None:
        """Remember deviations as they were explained."""
        problems: dict[Parts, list[str]] = {}
        for parts, problem, _ in seen:
            problems.setdefault(parts, []).append(problem)
        for parts, found in problems.items():
            if parts:  # the row itself is not a field of anything
                self._remember(row, parts, tuple(found))

    def _known(self, row: Any) -> Sequence[Deviation]:
        """Return the deviations of a usable row with none but known ones; None for any other row."""
        seen: list[Deviation] = []
        is_needed = False
        right = row
        for parent, fields in self._faults.items():
            held = _at(right, parent)
            if held is None:
                continue
            faults = [(name, fault) for name, known in fields.items() if (fault := _fault(known, held, name))]
            for name, fault in faults:
                is_needed |= fault.is_needed
                seen += [((*parent, name), problem, held.get(name)) for problem in fault.problems]
            if faults:
                right = _put(right, parent, _mended(held, faults))
        if not seen:
            return ()
        is_plain = all(_is_plain(value, _MOST_LEVELS) for _, _, value in seen)
        if not is_plain or not self._answer.documented.is_valid(right):
            return ()
        return seen if not is_needed or self._answer.required.is_valid(row) else ()

    def _remember(self, row: Any, parts: Parts, problems: tuple[str, ...]) -> None:
        *parent, name = parts
        held = _at(row, parent)
        if self._number >= _MOST_KNOWN or not isinstance(name, str) or held is None:
            return  # places in a list have no names
        place = _place(self._answer.schema_of_row(""), parts)
        mark = _mark(problems, held, name, place)
        known = self._faults.get(tuple(parent), {}).get(name, {})
        if mark is None or mark in known:
            return
        right = (_LOST,) if mark is _ANY else _right_value(self._answer.schema_of_row(""), place)
        if right is not None:
            is_needed = bool(_place(self._answer.schema_of_row(".required"), parts))
            fields = self._faults.setdefault(tuple(parent), {})
            fields.setdefault(name, {})[mark] = _Fault(problems, right[0], is_needed)
            self._number += 1


@cache
def _has_conditions(answer: AnswerKind) -> bool:
    """Whether the schema makes one place depend on another, so that deviations cannot be learnt."""
    text = orjson.dumps([answer.schema_of_row(variant) for variant in ("", ".required")])
    return any(f'"{word}":'.encode() in text for word in _CONDITIONS)


def _at(row: Any, parent: Sequence[str | int]) -> Mapping[str, Any] | None:
    """Return an object in a row, or None if there is none."""
    for name in parent:
        row = row.get(name) if isinstance(row, dict) else None
    return row if isinstance(row, dict) else None


def _put(row: Any, parent: Parts, held: Mapping[str, Any]) -> Any:
    """Return a row with another object at a place; the row itself is not changed."""
    if not parent:
        return held
    first, *rest = parent
    return {**row, first: _put(row[first], tuple(rest), held)}


def _mended(held: Mapping[str, Any], faults: list[tuple[str, _Fault]]) -> Mapping[str, Any]:
    copy = dict(held)
    for name, fault in faults:
        if fault.right is _LOST:
            del copy[name]
        else:
            copy[name] = fault.right
    return copy


def _fault(known: Mapping[Any, _Fault], held: Mapping[str, Any], name: str) -> _Fault | None:
    """Return what is known to be wrong with a field."""
    if name not in held:
        return known.get(_MISSING)
    value = held[name]
    fault = known.get(_ANY) or known.get(type(value))
    return fault or (known.get((type(value), value)) if isinstance(value, _SCALARS) else None)


def _mark(problems: tuple[str, ...], held: Mapping[str, Any], name: str, place: Sequence[Mapping[str, Any]]) -> Any:
    """Return the values of a field with the same problems as this one: all, those of its type, or this one alone."""
    if problems == ("unknown field",):
        return _ANY
    if problems == ("missing field",):
        return _MISSING
    value = held.get(name)
    if problems == ("wrong type",) and type(value) in _TYPES and not any("enum" in schema for schema in place):
        return type(value)
    return (type(value), value) if isinstance(value, _SCALARS) else None


def _is_plain(value: Any, levels: int) -> bool:
    """Whether a value is not nested deeply and contains no number that may have been rounded."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_is_plain(each, levels - 1) for each in inner)
    return is_exact(value)


def _place(schema: Mapping[str, Any], parts: Parts) -> list[Mapping[str, Any]]:
    """Return what a schema says about a place, with the definitions it refers to; empty if it says nothing."""
    found = _with_references(schema, schema)
    for name in parts:
        inner = [part["properties"][name] for part in found if name in part.get("properties", ())]
        found = [each for part in inner for each in _with_references(schema, part)]
    return found


def _with_references(schema: Mapping[str, Any], part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [part]
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        found.append(part)
    return found


def _right_value(schema: Mapping[str, Any], place: Sequence[Mapping[str, Any]]) -> tuple[Any] | None:
    """Return a correct value for a place in a tuple, since it may be null; None if none is found."""
    fits = compiled({"$defs": schema["$defs"]} | (dict(place[0]) if place else {})).is_valid
    named = [value for part in place for value in part.get("enum", ())]
    return next(((value,) for value in (*named, *_CANDIDATES) if fits(value)), None)
