"""Organizations: every account, the units above it, and its tags. Contact data is never asked for.

The accounts are listed at once, and unit by unit: what only one of the two shows has come, gone or moved meanwhile.
Source: the vendor's SDK (organizations, v1) and the API reference of ListAccounts.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Final, NamedTuple, Protocol

from msgspec import Meta, Struct, field

from audit.errors import AuditError, SourceAnswerError
from audit.fleet.found import FoundAccount, FoundOrganization
from audit.fleet.inquiry import Inquiry, Params

_PATH: Final = "/v1/organizations"
_ACCOUNTS: Final = "organizations:accounts:list"
_ROOTS: Final = "organizations:roots:list"
_UNITS: Final = "organizations:ous:list"
_TAGS: Final = "organizations:tags:list"
ACTIONS: Final = (_ACCOUNTS, _ROOTS, _UNITS, _TAGS)
_LIMIT: Final = "200"
_MOST_PAGES: Final = 500
_MOST_UNITS: Final = 5000

_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Name = Annotated[str, Meta(min_length=1, max_length=500)]


class _PageInfo(Struct):
    """Where a list goes on; it ends where there is no marker."""

    current_count: int
    next_marker: str | None = None


class _Row(Struct):
    """An account, a unit or a root."""

    id: _Id
    name: _Name


class _AccountRow(_Row):
    """An account."""

    status: str


class _Accounts(Struct):
    """A page of accounts."""

    page_info: _PageInfo
    rows: list[_AccountRow] = field(name="accounts")


class _Roots(Struct):
    """A page of roots."""

    page_info: _PageInfo
    rows: list[_Row] = field(name="roots")


class _Units(Struct):
    """A page of units."""

    page_info: _PageInfo
    rows: list[_Row] = field(name="organizational_units")


class _Tag(Struct):
    """A tag of an account."""

    key: str
    value: str


class _Tags(Struct):
    """A page of tags."""

    page_info: _PageInfo
    rows: list[_Tag] = field(name="tags")


class _Page(Protocol):
    """A page of a list."""

    @property
    def page_info(self) -> _PageInfo:
        """Where it goes on."""

    @property
    def rows(self) -> Sequence[Any]:
        """What it lists."""


class _Unit(Struct, frozen=True):
    """A unit, or the root: the names and ids from the root to it."""

    names: tuple[str, ...]
    ids: tuple[str, ...]


def read_organization(inquiry: Inquiry, *, with_tags: bool) -> FoundOrganization:
    """Read every account that Organizations lists.

    What breaks off is a trouble; everything else is read nevertheless.

    Args:
        inquiry: asks Organizations.
        with_tags: whether the tags of each account are read.
    """
    return _Reading(inquiry).read(with_tags=with_tags)


class _Reading:
    """One reading of an organisation."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._troubles: list[str] = []
        self._is_whole = True

    def read(self, *, with_tags: bool) -> FoundOrganization:
        everyone = {row.id: row for row in self._accounts("the accounts of the organisation")}
        if not everyone and self._is_whole:
            self._miss("Organizations lists no account, not even its own")
        placed = self._placed()
        self._compare(everyone, placed)
        is_whole = self._is_whole  # tags hide no account
        rows = {**{row.id: row for row, _unit in placed.values()}, **everyone}
        nowhere = _Unit((), ())
        accounts = []
        for name in sorted(rows):
            unit = placed[name][1] if name in placed else nowhere
            tags = self._tags(rows[name]) if with_tags else {}
            accounts.append(_account(rows[name], unit, tags))
        troubles, answers = tuple(self._troubles), tuple(self._inquiry.answers)
        return FoundOrganization(tuple(accounts), is_whole, troubles, answers)

    def _placed(self) -> dict[str, tuple[_AccountRow, _Unit]]:
        """Return the accounts by id, each with its unit."""
        placed: dict[str, tuple[_AccountRow, _Unit]] = {}
        for unit in self._units():
            for row in self._accounts(f"the accounts in {_called(unit)}", ("parent_id", unit.ids[-1])):
                if row.id in placed:
                    self._miss(f"account {row.id} is listed in two units: it may have moved meanwhile")
                placed[row.id] = (row, unit)
        return placed

    def _units(self) -> Iterator[_Unit]:
        """Yield the roots and every unit below them, each once."""
        left = [_Unit((row.name,), (row.id,)) for row in self._rows(_ROOTS_LIST, "the roots of the organisation")]
        seen: set[str] = set()
        while left:
            unit = left.pop()
            if unit.ids[-1] in seen:
                self._miss(f"{_called(unit)} is listed twice: it may have moved meanwhile")
                continue
            seen.add(unit.ids[-1])
            if len(seen) > _MOST_UNITS:
                self._miss(f"there are more than {_MOST_UNITS:,} units; not all of them were read")
                return
            yield unit
            below = self._rows(_UNITS_LIST, f"the units in {_called(unit)}", ("parent_id", unit.ids[-1]))
            left += [_Unit((*unit.names, row.name), (*unit.ids, row.id)) for row in below]

    def _compare(self, everyone: Collection[str], placed: Collection[str]) -> None:
        """Compare both ways of listing, unless one of them broke off."""
        if not self._is_whole:
            return
        for name in sorted({*placed} - {*everyone}):
            self._miss(f"account {name} is listed in a unit, and not in the organisation: it came or left meanwhile")
        for name in sorted({*everyone} - {*placed}):
            self._miss(f"account {name} is listed in the organisation, and in no unit: it moved or left meanwhile")

    def _accounts(self, what: str, *params: tuple[str, str]) -> list[_AccountRow]:
        rows: list[_AccountRow] = self._rows(_ACCOUNTS_LIST, what, *params)
        return rows

    def _tags(self, account: _AccountRow) -> dict[str, str]:
        place = _Listing(f"/organizations:accounts/{account.id}/tags", _Tags, _TAGS)
        tags: list[_Tag] = self._rows(place, f"the tags of account {account.name} ({account.id})")
        return {tag.key: tag.value for tag in tags}

    def _rows(self, place: "_Listing", what: str, *params: tuple[str, str]) -> list[Any]:
        """Read a list to its end; what comes twice is a trouble, and counts once."""
        rows: dict[str, Any] = {}
        try:
            for row in self._pages(place, params):
                name = row.key if isinstance(row, _Tag) else row.id
                if name in rows:
                    self._miss(f"{what} have {name} twice: they may have changed meanwhile")
                rows.setdefault(name, row)
        except AuditError as error:
            self._miss(f"{what} could not be read completely: {error}")
        return [*rows.values()]

    def _pages(self, place: "_Listing", params: Params) -> Iterator[Any]:
        markers: set[str] = set()
        marker: str | None = None
        while len(markers) < _MOST_PAGES:
            asked = (*params, ("limit", _LIMIT), *((("marker", marker),) if marker else ()))
            page: _Page = self._inquiry.get(f"{_PATH}{place.path}", place.form, asked, action=place.action)
            if page.page_info.current_count != len(page.rows):
                said = page.page_info.current_count
                raise SourceAnswerError(f"a page says that it has {said} rows, and has {len(page.rows)}")
            yield from page.rows
            marker = page.page_info.next_marker
            if not marker:
                return
            if marker in markers:
                raise SourceAnswerError("the marker of the next page repeats")
            markers.add(marker)
        raise SourceAnswerError(f"there are more than {_MOST_PAGES} pages")

    def _miss(self, trouble: str) -> None:
        self._is_whole = False
        self._troubles.append(trouble)


class _Listing(NamedTuple):
    """A list of Organizations: its path, the form of a page, and the action that it needs."""

    path: str
    form: type[Any]
    action: str


_ACCOUNTS_LIST: Final = _Listing("/accounts", _Accounts, _ACCOUNTS)
_ROOTS_LIST: Final = _Listing("/roots", _Roots, _ROOTS)
_UNITS_LIST: Final = _Listing("/organizational-units", _Units, _UNITS)


def _account(row: _AccountRow, unit: _Unit, tags: dict[str, str]) -> FoundAccount:
    return FoundAccount(id=row.id, name=row.name, status=row.status, units=unit.names, unit_ids=unit.ids, tags=tags)


def _called(unit: _Unit) -> str:
    return f"the unit {'/'.join(unit.names)} ({unit.ids[-1]})"
