"""Which pages a walk over a list needs, as far as its first answer tells."""

from typing import Final, NamedTuple

OVERLAP: Final = 1  # rows; what moves by one place between two pages is not lost


class PagePlan(NamedTuple):
    """Where the pages of a pass begin, as its first answer lets expect.

    Attributes:
        size: rows of the first page; ``most``: rows that it could have had.
        expected: the total that the cloud stated.
    """

    size: int
    most: int
    expected: int

    @property
    def overlap(self) -> int:
        """Rows that a page shares with the next one."""
        return min(OVERLAP, self.size - 1)

    @property
    def stride(self) -> int:
        """From the beginning of a page to that of the next one."""
        return self.size - self.overlap

    @property
    def offsets(self) -> range:
        """Where the pages after the first one begin."""
        return range(self.stride, self.expected - self.overlap, self.stride) if self.size else range(0)

    @property
    def shows_the_end(self) -> bool:
        """Whether there are several pages, the last of which is not full."""
        return bool(self.offsets) and self.expected - self.offsets[-1] < self.size
