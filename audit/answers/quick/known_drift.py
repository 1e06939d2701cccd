"""Types for rows that differ from the documents in ways that were seen before.

Whole logs differ in the same few ways. The schema of a row is changed at exactly those places, so that types made of it
hold such rows too, and of each row its fields then tell which of the differences it shows. Whatever else a row has, the
types refuse, and it is read with care. Learnt is what changes nothing that the audit reads: plain values under names
that it does not know, and nulls or silence where it can do without a value.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from keyword import iskeyword
from operator import attrgetter
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from audit.answers.examiner import has_conditions
from audit.answers.kinds import AnswerKind, Deviation, deviations
from audit.answers.quick.schema_types import Types

_MOST: Final = 16
_PLAIN: Final = {
    "type": ["string", "integer", "boolean", "null"],
    "minimum": 1 - (1 << 63),
    "maximum": (1 << 63) - 1,
}


class RowDifference(NamedTuple):
    """One way in which a row differs: the place of a field, and what is wrong there."""

    parts: tuple[str, ...]
    problem: str

    def shown(self, rows: Sequence[Any]) -> list[bool]:
        """Say of each row, as the types hold it, whether it shows the difference."""
        *parents, name = self.parts
        is_new, odd = self.problem == "unknown field", None if self.problem == "unexpected null" else UNSET
        if not parents:
            values = map(attrgetter(name), rows)
            return [value is not odd for value in values] if is_new else [value is odd for value in values]
        held = [_within(row, parents) for row in rows]
        return [bool(each) and (getattr(each, name) is odd) is not is_new for each in held]

    def deviation(self, row: Any) -> Deviation:
        """Name what a row shows, as somebody who reads it with care does."""
        *parents, name = self.parts
        value = getattr(_within(row, parents), name)
        return self.parts, self.problem, None if value is UNSET else value


class Learnt:
    """The differences that rows of one kind of answer are known to have.

    Attributes:
        differences: in the order learnt.
        given: the types of some fields, as at first, without those that a difference was found inside.
    """

    def __init__(self, answer: AnswerKind, given: Mapping[str, Any], read: frozenset[str]) -> None:
        """Begin without any.

        Args:
            answer: the kind of answer.
            given: the types of some fields, as Types takes them.
            read: names that the audit looks for, wherever they are.
        """
        self.differences: list[RowDifference] = []
        self._answer = answer
        self.given = given
        self._read = read
        self._can_learn = not has_conditions(answer)
        schema = answer.schema_of_row("")
        self._schema = _in_one_piece(schema, schema)

    def type(self, order: Sequence[str]) -> Any:
        """Make a type that holds a row that shows any of them and no other difference, with fields in some order."""
        return Types(self._schema, self.given, order).of(self._schema)

    def learn(self, row: Any) -> bool:
        """Learn how a row differs; False where it shows nothing new, or something that cannot be learnt."""
        found = dict.fromkeys(
            RowDifference(tuple(map(str, parts)), problem)
            for parts, problem, _value in deviations(self._answer.documented.iter_errors(row))
        )
        new = [difference for difference in found if difference not in self.differences]
        can_learn = self._can_learn and len(self.differences) + len(new) <= _MOST
        if not new or not can_learn or not self._answer.required.is_valid(row):
            return False
        changes = [change for difference in new if (change := self._change(difference))]
        if len(changes) < len(new):
            return False
        for owner, name, value in changes:
            owner[name] = value
        self.differences += new
        inside = frozenset(chain.from_iterable(difference.parts[:-1] for difference in new))
        self.given = {name: kind for name, kind in self.given.items() if name not in inside}
        return True

    def _change(self, difference: RowDifference) -> tuple[dict[str, Any], str, Any] | None:
        """Say what has to stand where in the schema of a row, so that the difference is none any more."""
        *parents, name = difference.parts or ("",)
        held: Any = self._schema
        for parent in parents:
            held = held.get("properties", {}).get(parent, {})
        fields = held.get("properties", {})
        if difference.problem == "unknown field":
            is_name = name.isidentifier() and not name.startswith("_") and not iskeyword(name)
            return (fields, name, _PLAIN) if fields and is_name and name not in self._read else None
        if name not in fields:
            return None
        if difference.problem == "missing field":
            return held, "required", [each for each in held["required"] if each != name]
        if difference.problem == "unexpected null" and isinstance(kind := fields[name].get("type"), str):
            is_simple = fields[name].keys().isdisjoint({"enum", "properties", "items"})
            return (fields, name, {**fields[name], "type": [kind, "null"]}) if is_simple else None
        return None


def _within(row: Any, parents: Sequence[str]) -> Any:
    """Return an object inside a row; something false where there is none."""
    for parent in parents:
        row = row and getattr(row, parent)
    return row


def _in_one_piece(schema: Mapping[str, Any], part: Any) -> Any:
    """Copy a schema with what it refers to in its place, so that each place can be changed by itself."""
    if isinstance(part, dict):
        if "$ref" in part:
            return _in_one_piece(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
        return {name: _in_one_piece(schema, inner) for name, inner in part.items() if name != "$defs"}
    return [_in_one_piece(schema, inner) for inner in part] if isinstance(part, list) else part
