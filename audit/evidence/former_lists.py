"""The policies, vaults and backups that the previous run saw, from stored responses.

If the previous run could not read a list to its end, the newest earlier run that could is used. The same applies to
each row that the run could not use, and to each row that such an unusable row may have been. All changes since then are
compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import orjson
from msgspec import structs

from audit.answers.intake import Intake
from audit.collection import Kind, Page, Reading, Rejected
from audit.evidence.chain import Digest
from audit.evidence.publish import REPORT
from audit.evidence.read_forms import Manifest
from audit.evidence.store import Readable
from audit.evidence.stored_runs import (
    MOST_LOOKED_BACK,
    different_answers,
    lost_answers,
    prefix_of,
    read_manifest,
    read_object,
    runs_before,
    stored_page,
)
from audit.records import Backup, Policy, Protected, Vault
from audit.report.passed_on import accepted_rows, complete_lists, hidden_vaults
from audit.subjects import Former, Sight, Unseen, places_in

_INVENTORY: Final = (Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS)
_RELYING: Final = (Kind.POLICIES, Kind.VAULTS)
_LOST: Final = (
    "{}, a response about {} that the run {} received, is missing or was changed; what it said is compared as an "
    "earlier run saw it, or unknown"
)
_Record = Policy | Vault | Backup
_Applied = Mapping[str, tuple[Policy, ...]]
_Places = Mapping[str, list[tuple[Vault, Protected]]]


class Told(NamedTuple):
    """What the report of a run says about its lists."""

    complete: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()  # marks of rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """A list as one run stored it, or combined from several; for vaults, also what they hold or held.

    Attributes:
        doubtful: unusable rows without a waiver.
        applied: the policies applied to a vault when a run last saw all of them.
    """

    kind: Kind
    records: Mapping[str, _Record]
    places: "_Places"
    unseen: Unseen
    is_complete: bool
    asked: str | None
    doubtful: tuple[Rejected, ...] = ()
    sight: Sight
    carried: Mapping[str, Sight] = field(default_factory=dict)
    left_at: Mapping[str, datetime] = field(default_factory=dict)
    applied: "_Applied" = field(default_factory=dict)

    @property
    def may_hide_anything(self) -> bool:
        """Whether it may hide more than the named rows: a vault may hold anything, a policy apply to any vault."""
        return self.may_hide_rows or bool(self.unseen.vault_ids)

    @property
    def may_hide_rows(self) -> bool:
        """Whether any row of an older list may be needed."""
        return bool(self.unseen.nameless) or (self.kind != Kind.BACKUPS and not self.is_complete)

    def may_hide(self, row_id: str, vault_id: str) -> bool:
        """Whether this list may hide a row of an older list; a row that names no vault may belong to any."""
        is_within = vault_id in self.unseen.vault_ids or (self.unseen.vault_ids and not vault_id)
        return self.may_hide_rows or row_id in self.unseen.ids or bool(is_within)

    def may_miss_policies_of(self, vault_id: str) -> bool:
        """Whether an unusable policy may be applied to a vault."""
        return any(row.about.vaults is None or vault_id in row.about.vaults for row in self.doubtful)


def read_former(store: Readable, digest: Digest, told: Told, readings: Iterable[Reading], now: Intake) -> Former:
    """Read what a run saw of the inventory.

    Args:
        store: the store of the runs.
        digest: the digest of the run.
        told: what the report of the run says about its lists.
        readings: how the lists to compare with were read; lists with another request show something else.
        now: what came; responses that came before, too, are neither read nor parsed again.
    """
    asked = {reading.kind: reading.enterprise_project_id for reading in readings}
    lost: list[str] = []
    lists = _Shelf(store, digest, told, now, lost).lists(_INVENTORY, asked)
    former = _former(digest, lists)
    return replace(former, together=_together(store, digest, lists, asked, lost), notes=tuple(dict.fromkeys(lost)))


def _together(
    store: Readable, digest: Digest, lists: Mapping[Kind, _List], asked: Mapping[Kind, str | None], lost: list[str]
) -> Former | None:
    """Find policies and vaults of one time where those lists are not; nothing is in them where no run read both."""
    if _are_of_one_time(lists):
        return None
    for run in islice(runs_before(store, digest), MOST_LOOKED_BACK):
        if run.until <= min(lists[kind].sight.at for kind in _RELYING):
            lists = _Shelf(store, run, _told_by(store, run), Intake(), lost).lists(_RELYING, asked)
            if _are_of_one_time(lists):
                return _former(run, lists)
    return Former(run=digest.run, until=digest.until)


def _are_of_one_time(lists: Mapping[Kind, _List]) -> bool:
    return len({lists[kind].sight.at for kind in _RELYING}) == 1


def _former(digest: Digest, lists: Mapping[Kind, _List]) -> Former:
    policies, vaults, backups = (lists[kind].records if kind in lists else {} for kind in _INVENTORY)
    return Former(
        run=digest.run,
        until=digest.until,
        policies={each: record for each, record in policies.items() if isinstance(record, Policy)},
        vaults={each: record for each, record in vaults.items() if isinstance(record, Vault)},
        backups={each: record for each, record in backups.items() if isinstance(record, Backup)},
        complete=frozenset(kind for kind, found in lists.items() if found.is_complete),
        asked={kind: found.asked for kind, found in lists.items()},
        lists={kind: found.sight for kind, found in lists.items()},
        left=lists[Kind.VAULTS].places,
        left_at=lists[Kind.VAULTS].left_at,
        applied_earlier=lists[Kind.POLICIES].applied,
        carried={(kind, each): sight for kind, found in lists.items() for each, sight in found.carried.items()},
    )


class _Shelf:
    """The lists of a run and of the runs before it, newest first."""

    def __init__(self, store: Readable, digest: Digest, told: Told, now: Intake, lost: list[str]) -> None:
        self._store = store
        self._now = now
        self._digest = digest
        self._own = told
        self._lost = lost
        self._told_by = cache(partial(_told_by, store))

    def lists(self, kinds: Iterable[Kind], asked: Mapping[Kind, str | None]) -> Mapping[Kind, _List]:
        """Return several lists, each from the newest run that read it."""
        return {kind: self.put_together(kind, asked) for kind in kinds}

    def put_together(self, kind: Kind, asked: Mapping[Kind, str | None]) -> _List:
        """Return a list from the newest run that read it, completed from the runs before."""
        together = _Together()
        for run in islice(chain((self._digest,), runs_before(self._store, self._digest)), MOST_LOOKED_BACK):
            if not together.may_lack_something:
                break
            read = self._read(run, kind, asked, together)
            if read is not None:
                together.add(read)
        return together.whole() or self._in_part(kind)

    def _read(self, run: Digest, kind: Kind, asked: Mapping[Kind, str | None], together: "_Together") -> _List | None:
        """Read from the list of a run what newer lists may lack, or None if the list is incomplete."""
        manifest = read_manifest(self._store, run)
        reading = next((each for each in manifest.readings if each.kind == kind), None) if manifest else None
        if not manifest or not reading or not reading.complete:
            return None
        project = reading.enterprise_project_id
        if asked.get(kind, project) != project:
            return None
        intake = self._taken(run, manifest, kind, together)
        if intake.pages != len(different_answers(manifest, kind)):
            objects = lost_answers(self._store, manifest, prefix_of(run), kind)
            self._lost += [_LOST.format(each, kind.words, run.run) for each in objects]
            return None
        told = self._own if run == self._digest else self._told_by(run)
        return _list_of(kind, intake, told, project, run.until)

    def _in_part(self, kind: Kind) -> _List:
        """Read the part of a list that a run has, if no run read it to its end."""
        manifest = read_manifest(self._store, self._digest)
        readings = manifest.readings if manifest else ()
        project = next((reading.enterprise_project_id for reading in readings if reading.kind == kind), None)
        intake = self._taken(self._digest, manifest, kind, _Together())
        return replace(_list_of(kind, intake, self._own, project, self._digest.until), is_complete=False)

    def _taken(self, run: Digest, manifest: Manifest | None, kind: Kind, together: "_Together") -> Intake:
        """Take in what newer lists may lack, page by page: all of them together would fill the memory."""
        intake = Intake(now=self._now)
        for listed in different_answers(manifest, kind) if manifest else ():
            if together.lacks_everything and intake.accept_again(listed.sha256):
                continue
            page = stored_page(self._store, prefix_of(run), listed)
            if page is not None:
                intake.accept(together.what_it_may_lack(page))
        return intake


class _Together:
    """A list combined from several runs, the newest of which was added first."""

    def __init__(self) -> None:
        self._newest: _List | None = None
        self._passed: list[_List] = []
        self._records: dict[str, _Record] = {}
        self._carried: dict[str, Sight] = {}
        self._left: _Places = {}
        self._left_at: dict[str, datetime] = {}
        self._applied: dict[str, dict[str, Policy]] = defaultdict(dict)

    @property
    def may_lack_something(self) -> bool:
        """Whether all lists so far may hide something."""
        named = [each.unseen.ids for each in self._passed if not each.may_hide_anything]
        return not named or bool(frozenset.intersection(*named) - self._records.keys())

    @property
    def lacks_everything(self) -> bool:
        """Whether all rows of an older list matter, because it is the first one."""
        return not self._passed

    def what_it_may_lack(self, page: Page) -> Page:
        """Return the rows of an older list that may matter: all for the first one, whose records are made already."""
        return page if self.lacks_everything else structs.replace(page, rows=[*filter(self._may_lack, page.rows)])

    def _may_lack(self, row: Any) -> bool:
        values = row if isinstance(row, dict) else {}
        row_id, vault_id = values.get("id"), str(values.get("vault_id") or "")
        is_named = isinstance(row_id, str) and row_id
        return not is_named or all(each.may_hide(str(row_id), vault_id) for each in self._passed)

    def add(self, read: _List) -> None:
        """Add an older list."""
        nameless = read.sight.nameless
        missed = {each: record for each, record in read.records.items() if self._is_missed(record, nameless)}
        self._records |= missed
        if self._newest is None:
            self._newest = read
        else:
            self._carried |= dict.fromkeys(missed, read.sight)
            if not any(each.is_complete for each in self._passed):
                self._left = {**read.places, **self._left}
                self._left_at = {**dict.fromkeys(read.places, read.sight.at), **self._left_at}
            self._join(read)
        self._passed.append(replace(read, records={}, places={}))

    def _is_missed(self, record: _Record, nameless: frozenset[str]) -> bool:
        """Whether every newer list may hide a row of this one; never true for the newest."""
        vault_id = record.vault_id if isinstance(record, Backup) else ""
        is_hidden = all(each.unseen.may_hide(record.id, nameless, vault_id) for each in self._passed)
        return is_hidden and record.id not in self._records

    def _join(self, read: _List) -> None:
        """Record the policies of those vaults for which no newer list surely shows all policies."""
        for policy in (record for record in read.records.values() if isinstance(record, Policy)):
            for vault_id in policy.vault_ids:
                if all(each.may_miss_policies_of(vault_id) for each in self._passed):
                    self._applied[vault_id].setdefault(policy.id, policy)

    def whole(self) -> _List | None:
        """Return the combined list, or None if no run read the list to its end."""
        newest = self._newest
        if newest is None:
            return None
        held = {held.id for vault in self._records.values() if isinstance(vault, Vault) for held in vault.resources}
        is_whole = not newest.unseen.may_be_anything and newest.unseen.ids <= self._records.keys()
        return replace(
            newest,
            records=self._records,
            is_complete=newest.is_complete or is_whole,
            carried=self._carried,
            places={each: places for each, places in self._left.items() if each not in held},
            left_at={each: at for each, at in self._left_at.items() if each not in held},
            applied={vault_id: tuple(policies.values()) for vault_id, policies in self._applied.items()},
        )


def _list_of(kind: Kind, intake: Intake, told: Told, project: str | None, at: datetime) -> _List:
    contested = {row.id for row in intake.rejected if row.is_contested}
    kept: Mapping[Kind, Mapping[str, _Record]] = {
        Kind.POLICIES: intake.policies,
        Kind.VAULTS: intake.vaults,
        Kind.BACKUPS: intake.backups,
    }
    records = {each: record for each, record in kept[kind].items() if each not in contested}
    unseen = Unseen.of(kind, intake.rejected, told.hidden)
    return _List(
        kind=kind,
        records=records,
        sight=Sight(at, unseen.nameless),
        places=places_in(record for record in records.values() if isinstance(record, Vault)),
        unseen=unseen,
        is_complete=kind in told.complete,
        asked=project,
        doubtful=tuple(row for row in intake.rejected if row.mark not in told.accepted),
    )


def told_of_lists(report: Any) -> Told:
    """Say of which lists a report missed nothing, and which vaults were hidden; nothing where it cannot be used."""
    try:
        return Told(complete_lists(report), hidden_vaults(report), accepted_rows(report))
    except (AttributeError, LookupError, TypeError):
        return Told()


def _told_by(store: Readable, digest: Digest) -> Told:
    """Read what the report of a run says; nothing if it is missing or was changed."""
    try:
        return told_of_lists(orjson.loads(read_object(store, digest, REPORT) or b""))
    except orjson.JSONDecodeError:
        return Told()
