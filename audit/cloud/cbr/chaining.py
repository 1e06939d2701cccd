"""Several lists of one kind, such as those of each type of resource, read as if they were one."""

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
    """Several lists of one kind, read one after the other as if they were one."""

    def __init__(self, walks: Sequence[Walk], optional: Mapping[str, Walk] = _NONE) -> None:
        """Take the walks; there must be at least one.

        Args:
            walks: in the order in which they are read.
            optional: by name, those of them whose list the cloud need not know; it has no rows then.
        """
        self._walks = list(walks)
        self._names = {walk: name for name, walk in optional.items()}
        self._not_offered: list[str] = []
        self._present = walks[0]

    def __iter__(self) -> Iterator[Page]:
        """Hand out the pages of each walk.

        Raises:
            SourceError: a walk could not read a single page; the others are not read then.
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
        """Walks over the present list so far."""
        return self._present.passes

    @property
    def expected(self) -> int:
        """The total that the cloud stated last for the present list."""
        return self._present.expected

    def reading(self) -> Reading:
        """Say how completely the lists were read, all taken together."""
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
    """The lists of several things, one each, read as if they were one.

    A thing that is gone when its list is asked for is left out, so that nothing is known of it.
    """

    def __init__(self, kind: Kind, walks: Sequence[Walk]) -> None:
        """Take the walks; where there is none, nothing has to be read."""
        self._kind = kind
        self._found: list[Walk] = []
        self._lost: list[Walk] = []
        self._walks = walks

    def __iter__(self) -> Iterator[Page]:
        """Hand out the pages of each walk.

        Raises:
            SourceError: a walk could not read a single page; the others are not read then.
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
        """Walks over the present list so far."""
        return self._found[-1].passes if self._found else 0

    @property
    def expected(self) -> int:
        """The total that the cloud stated last for the present list."""
        return self._found[-1].expected if self._found else 0

    def reading(self) -> Reading:
        """Say how completely the lists were read, all taken together; where none was found, none is there."""
        walks = self._found or self._lost[:1]
        if not walks:
            return Reading(self._kind, 0, 0, None, None, 0, 0, ())
        return Chain(walks).reading()


def is_not_known(refusal: SourceRefusedError) -> bool:
    """Whether a list was refused in the way in which one is that the cloud does not know."""
    return refusal.status in _NOT_KNOWN
