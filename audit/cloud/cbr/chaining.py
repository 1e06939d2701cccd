"""Several lists of one kind, such as one per type of resource, read as one list."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from audit.cloud.cbr.paging import Walk
from audit.collection import Kind, Page, Reading
from audit.errors import SourceRefusedError

_NOT_KNOWN: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
_NONE: Final[Mapping[str, Walk]] = MappingProxyType({})


class Chain:
    """Several lists of one kind, read one after the other as one list."""

    def __init__(self, walks: Sequence[Walk], optional: Mapping[str, Walk] = _NONE) -> None:
        """Store the walks; there must be at least one.

        Args:
            walks: the walks, in reading order.
            optional: the walks, by name, whose list the cloud may not have; such a list counts as empty.
        """
        self._walks = list(walks)
        self._names = {walk: name for name, walk in optional.items()}
        self._not_offered: list[str] = []
        self._present = walks[0]

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages of each walk.

        Raises:
            SourceError: a walk could not read a single page; the remaining walks are not read.
        """
        for walk in tuple(self._walks):
            self._present = walk
            try:
                yield from walk
            except SourceRefusedError as refusal:
                if not (walk in self._names and is_not_known(refusal)):
                    raise
                self._not_offered.append(self._names[walk])
                self._walks.remove(walk)

    @property
    def passes(self) -> int:
        """The number of passes over the current list so far."""
        return self._present.passes

    @property
    def expected(self) -> int:
        """The total that the cloud last stated for the current list."""
        return self._present.expected

    def reading(self) -> Reading:
        """Return how completely the lists were read, combined."""
        parts = [walk.reading() for walk in self._walks]
        firsts = [part.count_first for part in parts if part.count_first is not None]
        lasts = [part.count_last for part in parts if part.count_last is not None]
        return Reading(
            kind=parts[0].kind,
            pages=sum(part.pages for part in parts),
            passes=max(part.passes for part in parts),
            count_first=sum(firsts) if firsts else None,
            count_last=sum(lasts) if lasts else None,
            distinct=sum(part.distinct for part in parts),
            duplicates=sum(part.duplicates for part in parts),
            gaps=tuple(dict.fromkeys(gap for part in parts for gap in part.gaps)),
            refused=any(part.refused for part in parts),
            not_offered=tuple(self._not_offered),
        )


class OfEach:
    """The lists of several things, one each, read as one list.

    If a thing is gone when its list is requested, the list is skipped: nothing is known about that thing.
    """

    def __init__(self, kind: Kind, walks: Sequence[Walk]) -> None:
        """Store the walks; if there are none, nothing is read."""
        self._kind = kind
        self._found: list[Walk] = []
        self._lost: list[Walk] = []
        self._walks = walks

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages of each walk.

        Raises:
            SourceError: a walk could not read a single page; the remaining walks are not read.
        """
        for walk in self._walks:
            self._found.append(walk)
            try:
                yield from walk
            except SourceRefusedError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                self._lost.append(self._found.pop())

    @property
    def passes(self) -> int:
        """The number of passes over the current list so far."""
        return self._found[-1].passes if self._found else 0

    @property
    def expected(self) -> int:
        """The total that the cloud last stated for the current list."""
        return self._found[-1].expected if self._found else 0

    def reading(self) -> Reading:
        """Return how completely the lists were read, combined; lists that were not found are left out."""
        walks = self._found or self._lost[:1]
        if not walks:
            return Reading(self._kind, 0, 0, None, None, 0, 0, ())
        return Chain(walks).reading()


def is_not_known(refusal: SourceRefusedError) -> bool:
    """Whether the response was a refusal that means that the cloud does not have this list."""
    return refusal.status in _NOT_KNOWN
