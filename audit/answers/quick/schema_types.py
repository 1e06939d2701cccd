"""Types made of a schema, which msgspec fills while it parses: whatever it takes is as the schema demands.

One step does the work of parser and validator in less time than the parser alone. It only ever accepts: it refuses some
values that JSON Schema allows (1.0 for an integer), and what it refuses is for the validator to decide. A field with
words that are not understood here is left out of its type, so that a row that has one is refused.
"""

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Annotated, Any, Final, Literal, Union

from msgspec import UNSET, DecodeError, Meta, UnsetType, defstruct

REFUSALS: Final = (DecodeError, UnicodeDecodeError, RecursionError)
"""What may be raised where something does not fit a type."""
_TIMES: Final = frozenset({"Timestamp", "DayOrTimestamp"})
_DEEPEST: Final = 2  # a backup has those of its disks inside, and these have none
_REMARKS: Final = frozenset({"$schema", "$id", "$comment", "$defs", "title", "default"})
_OBJECT: Final = frozenset({"properties", "required", "additionalProperties"})
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "null": frozenset(),
    "boolean": frozenset({"enum"}),
    "string": frozenset({"enum", "minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum"}),
    "array": frozenset({"items"}),
    "object": _OBJECT,
}


Path = tuple[str, ...]


class NotUnderstoodError(ValueError):
    """A schema has words that no type is made of."""


class Types:
    """Makes types of a schema and its definitions.

    Attributes:
        times: the names of the fields that lead to each time. To its type it is a text, and somebody else has to prove
            that it is a time.
    """

    def __init__(self, schema: Mapping[str, Any], given: Mapping[str, Any], order: Sequence[str] = ()) -> None:
        """Prepare the types of one schema.

        Args:
            schema: with the definitions that it refers to.
            given: the types of some fields, by name, wherever they are.
            order: names as they follow each other in most objects, which are found the faster for it.
        """
        self.times: set[Path] = set()
        self._schema = schema
        self._given = given
        self._places = {name: place for place, name in enumerate(order)}
        self._inside: list[str] = []  # definitions

    def of(self, part: Mapping[str, Any], path: Path = ()) -> Any:
        """Make the type of a part of the schema, to which these fields lead.

        Raises:
            NotUnderstoodError: it cannot be said as a type, and no field can be left out for it.
        """
        if "$ref" in part:
            return self._referred(part, path)
        words = part.keys() - _REMARKS
        kinds = part.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not kinds or words - {"type"} - frozenset[str]().union(*(_WORDS.get(kind, ()) for kind in kinds)):
            raise NotUnderstoodError(f"words that are not understood: {', '.join(sorted(words))}")
        return Union[tuple(self._kind(kind, part, path) for kind in kinds)]  # noqa: UP007  # made while it runs

    def _referred(self, part: Mapping[str, Any], path: Path) -> Any:
        """Make the type of a definition, together with what is said beside the reference."""
        name = part["$ref"].rpartition("/")[2]
        beside = {word: said for word, said in part.items() if word not in {"$ref", *_REMARKS}}
        if name in _TIMES:
            self.times.add(path)
            return self.of(beside)
        definition = self._schema["$defs"][name]
        if beside.keys() & definition.keys() or self._inside.count(name) == _DEEPEST:
            raise NotUnderstoodError(f"{name} is not understood here")
        self._inside.append(name)
        try:
            return self.of({**definition, **beside}, path)
        finally:
            self._inside.pop()

    def _kind(self, kind: str, part: Mapping[str, Any], path: Path) -> Any:
        named = part.get("enum")
        if kind == "string":
            size = Meta(min_length=part.get("minLength"), max_length=part.get("maxLength"))
            return Annotated[str, size] if named is None else Literal[_texts(named)]
        if kind == "integer" and "minimum" in part and "maximum" in part:  # others might be beyond 64 bits
            return Annotated[int, Meta(ge=part["minimum"], le=part["maximum"])]
        if kind == "array":
            return self._array(part["items"], path)
        if kind == "object":
            return self._object(part, path)
        if kind == "boolean" and (named is None or {True, False} <= {x for x in named if isinstance(x, bool)}):
            return bool
        if kind == "null" and (named is None or None in named):
            return None
        raise NotUnderstoodError(f"{kind} is not understood here")

    def _array(self, items: Mapping[str, Any], path: Path) -> Any:
        """Make the type of a list, which has to be empty if its items are not understood."""
        try:
            return list[self.of(items, path)]  # type: ignore[misc]  # as above
        except NotUnderstoodError:
            return Annotated[list[Any], Meta(max_length=0)]

    def _object(self, part: Mapping[str, Any], path: Path) -> Any:
        required = part.get("required", ())
        if part.get("additionalProperties") is not False:
            raise NotUnderstoodError("an object that may have other fields")
        fields: list[Any] = []
        last = len(self._places)
        for name, inner in sorted(part["properties"].items(), key=lambda field: self._places.get(field[0], last)):
            try:
                kind = self._given[name] if name in self._given else self.of(inner, (*path, name))
            except NotUnderstoodError:
                if name in required:
                    raise
                self.times = {time for time in self.times if time[: len(path) + 1] != (*path, name)}
                continue
            fields.append((name, kind) if name in required else (name, Union[kind, UnsetType], UNSET))  # noqa: UP007
        return defstruct("Object", fields, kw_only=True, forbid_unknown_fields=True, gc=False)


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(intern(value) for value in values if isinstance(value, str))
