"""Chains of runs in a store that lies in memory: quick to make, and easy to tamper with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

import orjson
from msgspec import structs

from audit.answers.intake import Intake
from audit.app.run import assess
from audit.collection import ALL_GRANTED, Kind, Page, Window
from audit.errors import StoreError
from audit.evidence.chain import Head, Signer, Unsigned, find_head
from audit.evidence.publish import Publication, as_stored
from audit.evidence.run_before import is_judged_already
from audit.evidence.store import Store
from audit.evidence.store.buffered_object import Data
from audit.evidence.store.keys import Oddity
from audit.evidence.stored_runs import going_back, prefix_of
from audit.profile import Profile
from audit.profile.applied import lists_of
from audit.report.contents import Report
from audit.report.facts import Origin, RunFacts
from audit.report.formats import findings_report, json_report
from audit.timestamps import shown
from tests.builders import a_reading
from tests.pretend import AS_OF

SCOPE = "p1"
HOUR = timedelta(hours=1)


@dataclass
class Shelf:
    """A store in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)
    url: str = "shelf:"

    def create(self, key: str, data: Data) -> None:
        if self.objects.get(key, data) != data:
            raise StoreError(f"{key} exists already with other contents")
        self.objects[key] = bytes(data)

    def replace(self, key: str, data: Data) -> None:
        self.objects[key] = bytes(data)

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def oddities(self, prefix: str) -> tuple[Oddity, ...]:  # noqa: ARG002  # the protocol defines the signature
        return ()

    def beside(self) -> tuple[Oddity, ...]:
        return ()

    def keys(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.objects if key.startswith(prefix)))

    def projects(self) -> tuple[str, ...]:
        return (SCOPE,)

    def copy(self) -> "Shelf":
        return Shelf(dict(self.objects))


def facts(number: int, judged: int | None = None) -> RunFacts:
    """The n-th run, counted from 1; it judges its own hour, or another one."""
    as_of = AS_OF + (number if judged is None else judged) * HOUR
    return RunFacts(
        id=f"{as_of:%Y%m%dT%H%M%SZ}-{number:012x}",
        as_of=as_of,
        window=Window(as_of - timedelta(days=30), as_of),
        read=Window(as_of - timedelta(days=1), as_of),
        project_id=SCOPE,
        region="eu-west-101",
        tool_version="0.1.0",
        profile_sha256=Profile().sha256,
        timezone="UTC",
    )


@cache
def a_report() -> Report:
    """A report of hardly anything: one answer with tasks was read, and nothing to judge was in it."""
    unread = {"pages": 0, "distinct": 0}
    readings = tuple(
        a_reading(pages=1) if kind == Kind.TASKS else a_reading(kind, f"{kind}: not asked", **unread)
        for kind in lists_of(Profile())
    )
    return assess(facts(0), Profile(), Intake(), readings)


def of_run(report: Report, run: RunFacts) -> Report:
    """The same report, of another run."""
    line = structs.replace(report.trend[-1], run=run.id, as_of=run.as_of, complete=report.collection.complete)
    return replace(report, run=run, trend=(line,))


def publish(  # noqa: PLR0913  # what tests change of a run
    shelf: Shelf,
    number: int,
    signer: Signer | None = None,
    *,
    on: str | None = None,
    report: Report | None = None,
    judged: int | None = None,
    more: Mapping[str, bytes] | None = None,
) -> Publication:
    """Publish the n-th run; ``on`` names the digest that it believes to be the newest, ``judged`` another hour."""
    head = find_head(Shelf({on: shelf.objects[on]}) if on else shelf, SCOPE, None)
    run = structs.replace(facts(number, judged), origin=origin_of(shelf, head))
    run = structs.replace(run, is_backfill=is_judged_already(shelf, head, run.as_of, ALL_GRANTED))
    publication = Publication(shelf, run, head=head, signer=signer or Unsigned())
    publication.keep(a_page(number, judged))
    told = of_run(report or a_report(), run)
    publication.put_report("report.json", json_report.pieces(told))
    name, findings = as_stored("findings.ndjson", findings_report.pieces(told))
    for key, data in {name: b"".join(findings), **(more or {})}.items():
        publication.put(key, data)
    publication.finish(told)
    return publication


def origin_of(shelf: Store, head: Head | None) -> Origin | None:
    """What a run notes of the one that it follows, as `prepare` does."""
    _, digest = next(going_back(shelf, (head.link,))) if head else (None, None)
    if digest is None:
        return None
    return Origin(run=digest.run, prefix=prefix_of(digest), manifest_sha256=digest.manifest.sha256)


def a_page(number: int, judged: int | None = None) -> Page:
    read = facts(number, judged).read
    body = orjson.dumps({"operation_logs": [{}, {}, {}], "count": 3, "page": number})
    return Page(
        kind=Kind.TASKS,
        path="/v3/p1/operation-logs",
        params=(("start_time", shown(read.since)), ("end_time", shown(read.until)), ("limit", "1000"), ("offset", "0")),
        body=body,
        request_id="r-1",
        received_at=AS_OF,
        rows=[{}, {}, {}],
        envelope={"count": 3},
    )


def a_chain(length: int, signer: Signer | None = None) -> Shelf:
    """Publish so many runs, one after the other."""
    shelf = Shelf()
    for number in range(1, length + 1):
        publish(shelf, number, signer)
    return shelf


MANIFEST = orjson.loads(next(data for key, data in a_chain(1).objects.items() if key.endswith("manifest.json")))
"""The manifest of a run."""
