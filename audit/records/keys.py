"""Ids as they are kept: a UUID, as the API writes it, is its sixteen bytes, and any other id is the text itself.

Text and bytes belong to each other one to one, so that keys are equal where ids are. Writing a UUID as text takes as
long as making the rest of a task, and few ids are ever asked for.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

Key: TypeAlias = bytes | str

WIDTH: Final = 16
_LENGTH: Final = 36
_DASHES: Final = slice(8, 24, 5)
_FORM: Final = b"00000000-0000-0000-0000-000000000000\n"
_AS_ZEROS: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)


def key_of(text: str) -> Key:
    """Pack a UUID in lower case, with dashes; another id stays as it is."""
    if len(text) != _LENGTH or text[_DASHES] != "----" or text != text.lower():
        return text
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return raw if len(raw) == WIDTH else text


def text_of(key: Key) -> str:
    """Write an id as it was read."""
    if isinstance(key, str):
        return key
    pairs = key.hex("-", 2)  # faster than putting five pieces together
    return f"{pairs[:4]}{pairs[5:29]}{pairs[30:34]}{pairs[35:]}"


def keys_of(texts: Sequence[str]) -> bytes:
    """Pack many UUIDs at once, one after the other.

    Raises:
        ValueError: one of the texts is no UUID as key_of packs it.
    """
    lines = "\n".join([*texts, ""]).encode()  # a line break inside a text moves what comes after
    if lines.translate(_AS_ZEROS) != _FORM * len(texts):
        raise ValueError("an id of another form")
    return bytes.fromhex(lines.translate(None, b"-\n").decode())
