"""Numbers for what many tasks have in common, so that each task needs four bytes for it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

Common = tuple[Any, ...]

_MOST_READ: Final = 1 << 14


class Commons:
    """Values by number, from 0.

    Attributes:
        values: all of them.
    """

    __slots__ = ("_numbers", "values")

    def __init__(self) -> None:
        self.values: list[Common] = []
        self._numbers: dict[Common, int] = {}  # also of values as they were read, where these are others

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
        known = self._numbers
        found = list(map(known.get, read))
        if None in found:
            for place, number in enumerate(found):
                if number is None:
                    found[place] = self._number_of(read[place], plain)
        return found  # type: ignore[return-value]  # none is left

    def _number_of(self, read: Common, plain: Callable[[Common], Common]) -> int:
        number = self._numbers.get(read)  # it may have come earlier among the same values
        if number is None:
            number = self.number(plain(read))
            if len(self._numbers) < len(self.values) + _MOST_READ:
                self._numbers[read] = number
        return number
