"""Whatever field of manifest or pointer is of another form: an error that names the object, and never another one."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from audit.errors import ChainError
from audit.evidence.read_forms import Manifest, Pointer, read_form
from tests.evidence.chains import SCOPE, Shelf, a_chain

ODD: tuple[Any, ...] = (
    None,
    5,
    -1,
    10**19,
    1.5,
    True,
    "",
    "x",
    "../../etc/passwd",
    "0001-01-01T00:00:00Z",
    [],
    [{}],
    {},
)
CHAIN: Shelf = a_chain(2)
STORED = {
    Manifest: orjson.loads(next(data for key, data in sorted(CHAIN.objects.items())[::-1] if "manifest" in key)),
    Pointer: orjson.loads(CHAIN.objects[f"{SCOPE}/latest.json"]),
}


def changed(value: Any) -> Iterator[Any]:
    """The value with one part replaced, left out or repeated, for each part at any depth."""
    yield from ODD
    if isinstance(value, dict):
        for name, part in value.items():
            yield {each: inner for each, inner in value.items() if each != name}
            yield from ({**value, name: odd} for odd in changed(part))
    elif isinstance(value, list):
        yield value * 2
        yield from ([*value[:at], odd, *value[at + 1 :]] for at, part in enumerate(value[:2]) for odd in changed(part))


@pytest.mark.parametrize("form", STORED, ids=lambda form: form.__name__)
def test_every_part_of_a_form_is_either_usable_or_an_error_that_names_the_object(form: Any) -> None:
    told = [refusal(orjson.dumps(value), form) for value in changed(STORED[form])]
    refusals = [words for words in told if words]

    assert refusals
    assert [words for words in refusals if not words.startswith("p1/the-object is damaged")] == []


def refusal(data: bytes, form: Any) -> str:
    """What is said of bytes that cannot be used, empty if they can."""
    try:
        read_form(data, "p1/the-object", form)
    except ChainError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 200_000, b'{"x":' * 200_000])
def test_what_is_no_json_is_an_error_that_names_the_object(data: bytes) -> None:
    with pytest.raises(ChainError, match=r"^p1/the-object is damaged"):
        read_form(data, "p1/the-object", Manifest)
