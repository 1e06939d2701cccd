"""Whole runs, one after the other, without a server and without a disk: some rows, a store in memory, and a clock."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson

from audit.answers.intake import read_envelope
from audit.app.prepare import prepare
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done, audit
from audit.collection import ALL_GRANTED, EXPLAINING, Kind, Page, Reading, Window
from audit.evidence.store import LATEST
from audit.profile import parse_profile
from audit.timestamps import shown
from tests.builders import a_backup_row, a_policy_row, a_task_row, a_vault_row
from tests.evidence.chains import Shelf

Row = dict[str, Any]
HOUR = timedelta(hours=1)
START = datetime(2026, 1, 6, 12, tzinfo=UTC)
PROJECT = "0123456789abcdef0123456789abcdef"
_SETTINGS = {
    "CBR_AUDIT_ENDPOINT": "https://cbr.example.com",
    "CBR_AUDIT_TRUSTED_DOMAINS": "example.com",
    "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.example.com",
    "HUAWEICLOUD_SDK_PROJECT_ID": PROJECT,
    "CBR_AUDIT_USER": "auditor",
    "CBR_AUDIT_PASSWORD": "Correct-Horse-1",
    "CBR_AUDIT_DOMAIN": "example",
    "CBR_AUDIT_STORE": "/nowhere",
}


def _rows() -> dict[Kind, list[Any]]:
    return {
        Kind.TASKS: [a_task_row()],
        Kind.POLICIES: [a_policy_row()],
        Kind.VAULTS: [a_vault_row()],
        Kind.BACKUPS: [a_backup_row()],
    }


@dataclass
class _List:
    """One list, in one answer; without its rows where it cannot be read."""

    kind: Kind
    rows: Sequence[Any]
    gaps: tuple[str, ...]
    scope: str | None
    at: datetime
    window: Window
    passes: int = 1

    @property
    def expected(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Page]:
        if self.gaps:
            return
        body = orjson.dumps({self.kind.key: self.rows, self.kind.total: len(self.rows)})
        rows, envelope = read_envelope(self.kind, body)
        times = (("start_time", shown(self.window.since)), ("end_time", shown(self.window.until)))
        scope = (("enterprise_project_id", self.scope),) if self.scope else ()
        params = (*(times if self.kind == Kind.TASKS else ()), *scope)
        path = f"/v3/{PROJECT}/{self.kind.replace('_logs', '-logs')}"
        yield Page(self.kind, path, params, body, "r-1", self.at, rows, envelope)

    def reading(self) -> Reading:
        number = len(self.rows)
        return Reading(self.kind, 1, 1, number, number, number, 0, self.gaps, enterprise_project_id=self.scope)


@dataclass
class Project:
    """A project over time.

    Attributes:
        rows: what each list answers.
        unread: lists that cannot be read.
        asked: the enterprise project that the lists are asked for in the end, where the API knows the parameter.
        shelf: the store.
        now: when the last run was.
    """

    rows: dict[Kind, list[Any]] = field(default_factory=_rows)
    unread: set[Kind] = field(default_factory=set)
    asked: str | None = ALL_GRANTED
    shelf: Shelf = field(default_factory=Shelf)
    now: datetime = START

    def lists(self, kind: Kind, window: Window, _about: Sequence[str] = ()) -> Iterator[_List]:
        if kind in EXPLAINING:
            return
        gaps = (f"{kind}: refused",) if kind in self.unread else ()
        scope = self.asked if kind != Kind.POLICIES else None
        yield _List(kind, self.rows.get(kind, []), gaps, scope, self.now, window)

    def run(
        self,
        after: timedelta = HOUR,
        *,
        at: datetime | None = None,
        since: str | None = None,
        by_hand: str | None = None,
        **settings: Any,
    ) -> Done:
        """Audit a while later, or at a given time; by the configured profile, or one that is given by hand."""
        self.now = max(self.now + after, at or self.now)
        connections: Any = SimpleNamespace(store=self.shelf, kms=None, signed_in_with="hand")
        profile = parse_profile(by_hand, "by hand") if by_hand else None
        made = request_from_settings(
            {**_SETTINGS, **settings}, since=since, as_of=shown(at or self.now), profile=profile
        )
        pointer = self.shelf.read(f"{PROJECT}/{LATEST}")
        facts, before, publication = prepare(made, connections, pointer)
        return audit(facts, made.profile, self, publication, lambda _progress: None, before)

    def audit(self, after: timedelta = HOUR, **given: Any) -> Any:  # no client requests its lists
        """Audit a while later, judge again to the same bytes, and return the report."""
        done = self.run(after, **given)
        assert replay(self.shelf, PROJECT, done.report.run.id, reads_again=False).differing == ()
        return self.report(done)

    def report(self, done: Done) -> Any:
        """The report of a run, with every finding in place of those that somebody must look at."""
        lines = gzip.decompress(self.shelf.objects[f"{done.prefix}/findings.ndjson.gz"]).splitlines()
        report = orjson.loads(self.shelf.objects[f"{done.prefix}/report.json"])
        return {**report, "findings": [*map(orjson.loads, lines)]}

    def forget(self, done: Done, *names: str) -> None:
        """Lose some objects of a run."""
        for name in names:
            del self.shelf.objects[f"{done.prefix}/{name}"]


def failing(report: Any, *controls: str) -> set[tuple[str, str]]:
    """The control and the subject of each failure, of some controls or of all."""
    return {
        (each["control"], each["subject"]["id"])
        for each in report["findings"]
        if each["outcome"] == "fail" and (not controls or each["control"] in controls)
    }


def outcome(report: Any, control: str, subject: str) -> str:
    (found,) = (
        each["outcome"] for each in report["findings"] if (each["control"], each["subject"]["id"]) == (control, subject)
    )
    return str(found)
