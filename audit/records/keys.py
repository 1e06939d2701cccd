"""Ids as they are stored: a UUID, as the API writes it, as its sixteen bytes, any other id as text.

The conversion is one to one, so keys are equal if and only if ids are. Few ids are ever needed as text.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from struct import Struct
from typing import Final, TypeAlias

Key: TypeAlias = bytes | str

WIDTH: Final = 16
_FORM: Final = b"00000000-0000-0000-0000-000000000000"
_LINE: Final = _FORM + b"\n"
_KEY: Final = Struct(f"{WIDTH}s")
_AS_ZEROS: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)


def key_of(text: str) -> Key:
    """Pack a UUID in lower case with dashes; any other id stays as it is."""
    is_usual = text.encode(errors="replace").translate(_AS_ZEROS) == _FORM
    return bytes.fromhex(text.replace("-", "")) if is_usual else text


def text_of(key: Key) -> str:
    """Return an id as it was read."""
    if isinstance(key, str):
        return key
    pairs = key.hex("-", 2)
    return f"{pairs[:4]}{pairs[5:29]}{pairs[30:34]}{pairs[35:]}"


def keys_of(texts: Sequence[str]) -> bytes:
    """Pack many UUIDs at once, concatenated.

    Raises:
        ValueError: one of the texts is not a UUID that key_of packs.
    """
    lines = "\n".join([*texts, ""]).encode()  # a line break in a text moves what comes after it
    if lines.translate(_AS_ZEROS) != _LINE * len(texts):
        raise ValueError("an id of another form")
    return bytes.fromhex(lines.translate(None, b"-\n").decode())


def each_key(texts: Sequence[str | None]) -> list[Key | None]:
    """Pack many ids as key_of does; None stays None."""
    given = [text for text in texts if text is not None]
    try:
        keys: Iterator[Key] = chain.from_iterable(_KEY.iter_unpack(keys_of(given)))
    except ValueError:
        keys = map(key_of, given)
    return list(keys) if len(given) == len(texts) else [None if text is None else next(keys) for text in texts]
