"""The pages that a walk needs, as far as its first response shows."""

from typing import Final, NamedTuple

OVERLAP: Final = 1  # rows; a row that moves by one place between two pages is not lost


class PagePlan(NamedTuple):
    """The planned pages of a pass.

    Attributes:
        size: the rows of the first page; ``most``: the rows that it could have had.
        expected: the total that the cloud stated.
    """

    size: int
    most: int
    expected: int

    @property
    def overlap(self) -> int:
        """The number of rows that a page shares with the next one."""
        return min(OVERLAP, self.size - 1)

    @property
    def stride(self) -> int:
        """The distance between the starts of two pages."""
        return self.size - self.overlap

    @property
    def offsets(self) -> range:
        """The offsets of the pages after the first."""
        return range(self.stride, self.expected - self.overlap, self.stride) if self.size else range(0)

    @property
    def shows_the_end(self) -> bool:
        """Whether there are several pages and the last one is not full."""
        return bool(self.offsets) and self.expected - self.offsets[-1] < self.size
