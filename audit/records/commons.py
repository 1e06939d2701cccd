"""Numbers for what many tasks have in common, so that each task needs four bytes for it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

Common = tuple[Any, ...]

_MOST_READ: Final = 1 << 12


class Commons:
    """Values by number, from 0.

    Attributes:
        values: all of them.
    """

    __slots__ = ("_numbers", "_read", "values")

    def __init__(self) -> None:
        self.values: list[Common] = []
        self._numbers: dict[Common, int] = {}
        self._read: dict[Common, int] = {}

    def copy(self) -> "Commons":
        """Return one that changes by itself."""
        other = Commons()
        other.values, other._numbers = self.values.copy(), self._numbers.copy()
        return other

    def number(self, value: Common) -> int:
        """Return the number of a value."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def numbers(self, read: Sequence[Common], plain: Callable[[Common], Common]) -> list[int]:
        """Return the numbers of what is made of values as they were read; the same are made plain once."""
        known, again = self._numbers, self._read
        found = list(map(known.get, read))
        if None not in found:
            return found  # type: ignore[return-value]  # that is what was asked
        for place, number in enumerate(found):
            if number is None:
                each = read[place]
                if each not in again:
                    if len(again) >= _MOST_READ:
                        again.clear()
                    again[each] = self.number(plain(each))
                found[place] = again[each]
        return found  # type: ignore[return-value]  # none is left
