"""A parser from YAML text to plain values, with the line of each.

It reads what people's files need, as in YAML 1.2: true, false, null and whole numbers. Everything else is text,
including dates and 22:00. It refuses anchors and aliases (which can make a small text expand without limit), tags, and
text that is nested too deeply or is too large.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from audit.errors import ProfileError, WrittenError
from audit.profile.written import LARGEST, KeyPath

_DEEPEST: Final = 20
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}


class _RefusedError(Exception):
    """The text is YAML, but uses a feature that such files may not use."""

    def __init__(self, reason: str, event: yaml.Event) -> None:
        super().__init__(reason)
        self.line = _line(event)


@dataclass(frozen=True, slots=True)
class Text:
    """A parsed text.

    Attributes:
        values: the parsed values.
        lines: the line of each key and list item, counted from 1.
    """

    values: Any
    lines: Mapping[KeyPath, int]


def read_yaml(text: str | bytes, name: str, invalid: type[WrittenError] = ProfileError) -> Text:
    """Parse a text.

    Raises:
        WrittenError: ``invalid``: the text is not YAML, or uses a feature that such files may not use. The message does
            not quote it.
    """
    if len(text) > LARGEST:
        raise invalid(f"{name} is larger than {LARGEST // 1024} KiB, too large for {invalid.called}")
    try:
        return _Reader(text, invalid.called).read()
    except _RefusedError as error:
        raise invalid(f"{name}: line {error.line}: {error}") from None
    except yaml.YAMLError as error:
        raise invalid(f"{name} is not YAML: {_place(error)}") from None  # the error quotes the text


@dataclass(slots=True)
class _Reader:
    """A reader of the parser events of one text."""

    text: str | bytes
    called: str
    events: Iterator[yaml.Event] = field(init=False)
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def read(self) -> Text:
        """Read the only document."""
        self.events = iter(yaml.parse(self.text, Loader=yaml.SafeLoader))
        values: Any = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.lines:
                    raise _RefusedError(f"a second document starts here; {self.called} has one", event)
                self.lines[()] = _line(event)
                values = self._value(next(self.events), ())
        return Text(values, self.lines)

    def _value(self, event: yaml.Event, place: KeyPath) -> Any:
        if isinstance(_checked(event, place), yaml.MappingStartEvent):
            return self._mapping(place)
        return _scalar(event) if isinstance(event, yaml.ScalarEvent) else self._sequence(place)

    def _mapping(self, place: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            _checked(event, place)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError("a key must be a single word", event)
            inner = (*place, event.value)
            if event.value in found:
                raise _RefusedError(f"duplicate key {event.value}, first on line {self.lines[inner]}", event)
            self.lines[inner] = _line(event)
            found[event.value] = self._value(next(self.events), inner)
        return found

    def _sequence(self, place: KeyPath) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inner = (*place, len(found))
            self.lines[inner] = _line(event)
            found.append(self._value(event, inner))
        return found


def _checked(event: Any, place: KeyPath) -> Any:
    """Return an event that starts a value, if such files may contain it."""
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise _RefusedError(
            "anchors (&) and aliases (*) are not supported; quote text that starts with these characters", event
        )
    if event.tag:
        raise _RefusedError("tags (!) are not supported; quote text that starts with this character", event)
    if len(place) > _DEEPEST:
        raise _RefusedError("nested too deeply", event)
    return event


def _scalar(event: yaml.ScalarEvent) -> str | int | bool | None:
    text: str = event.value
    if not event.implicit[0]:
        return text  # quoted
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _place(error: yaml.YAMLError) -> str:
    """Say where the YAML is invalid, without quoting it."""
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{getattr(error, 'problem', None) or 'it cannot be read'}"
