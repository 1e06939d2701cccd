"""A file that people write, parsed but not yet validated: its values, and the line of each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct, field
from pydantic import BaseModel, ValidationError

from audit.errors import ProfileError, WrittenError
from audit.profile.faults import named
from audit.profile.written import KeyPath

_KINDS: Final = {list: "a list", int: "a number"}
T = TypeVar("T", bound=BaseModel)


class WrittenSource(Struct, frozen=True):
    """The values that were written, before they are validated.

    Attributes:
        name: the name to use in errors, such as the path of the file.
        values: the parsed values.
        lines: the line of each key and item; empty if the source was not text.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line_of(self, place: KeyPath) -> int:
        """Return the line of a key, or of the nearest enclosing part that was written; 0 if there is no text."""
        return next((self.lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in self.lines), 0)

    def located(self, remarks: Iterable[tuple[KeyPath, str]]) -> tuple[str, ...]:
        """Prefix each remark with its line, in the order of the file."""
        found = sorted(((self.line_of(place), text) for place, text in remarks), key=lambda remark: remark[0])
        return tuple(f"line {line}: {text}" if line else text for line, text in found)


def is_text(given: str) -> bool:
    """Whether this is YAML rather than the path of a file."""
    return "\n" in given or given.rstrip().endswith("}") or ": " in given


def read_source(
    text: str | bytes, name: str, invalid: type[WrittenError] = ProfileError, example: str = "limits:"
) -> WrittenSource:
    """Read YAML.

    Raises:
        WrittenError: ``invalid``: the text is not YAML or has no keys.
    """
    from audit.profile.yaml_text import read_yaml  # noqa: PLC0415  # a run with a preset reads no YAML

    read = read_yaml(text, name, invalid)
    if read.values is None:
        return WrittenSource(name)
    if not isinstance(read.values, dict):
        raise invalid(f"{name} must contain keys such as {example}, not {_KINDS.get(type(read.values), 'text')}")
    return WrittenSource(name, read.values, read.lines)


def validated(
    source: WrittenSource,
    form: type[T],
    values: Mapping[str, Any],
    repeated: Callable[[T], Iterable[tuple[KeyPath, str]]],
    invalid: type[WrittenError],
) -> T:
    """Build what a file says.

    Args:
        source: the values as written, for the lines of errors.
        form: what is built.
        values: the values that it is built from.
        repeated: returns the place and message of each error that only the whole shows.
        invalid: the error that is raised.

    Raises:
        WrittenError: ``invalid``: names every invalid key with its line and the nearest valid key.
    """
    try:
        built = form.model_validate(values)
        faults = list(repeated(built))
    except ValidationError as error:
        faults = list(named(error.errors(include_url=False, include_input=False), form, invalid.called))
    if not faults:
        return built
    texts = source.located(faults)
    raise invalid(f"{source.name}: {'; '.join(texts)}", texts)
