"""Backups of an answer that came in the same bytes before are not read again, and nobody has to believe them."""

import gzip
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import orjson
import pytest

from audit.answers.intake import read_envelope
from audit.app.replay_runs import replay_runs
from audit.app.run import Done
from audit.collection import Kind, Page
from audit.errors import StoreError
from audit.evidence.chain import Unsigned
from audit.evidence.layout import shared_folder
from audit.evidence.publish import Publication, sha256_of
from audit.evidence.read_forms import ListedObject
from audit.evidence.verify import verify
from audit.simulator import Simulator
from tests.builders import HOUR
from tests.evidence.chains import Shelf, a_page, facts
from tests.evidence.forging import forge, put_back, scope_of, shelf_of
from tests.pretend import AS_OF, a_simulator, audit

PACKED = ".backups.gz"


@pytest.fixture(autouse=True)
def _few_are_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.answers.quick.packed_backups.FEWEST", 10)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Reads answers with many backups, and is watched."""
    watched = Mock(side_effect=read_envelope)
    monkeypatch.setattr("audit.cloud.cbr.client.read_envelope", watched)
    return watched


def times_read(read: Mock) -> int:
    """How often an answer with backups was read that could have been packed."""
    asked = [call.args for call in read.call_args_list if call.args[0] == Kind.BACKUPS]
    read.reset_mock()
    return sum(len(orjson.loads(body)["backups"]) >= 10 for _, body in asked)


class Audited:
    """A project that was audited an hour ago."""

    def __init__(self, folder: Path) -> None:
        self.simulator: Simulator = a_simulator("failing", resources=5, days=5)
        self.folder = folder
        self.first = self.run(HOUR)

    def run(self, ago: timedelta = timedelta()) -> Done:
        return audit(self.simulator, self.folder, as_of=AS_OF - ago)

    def packed(self) -> list[Path]:
        return sorted(self.folder.rglob(f"*{PACKED}"))

    def faults(self) -> dict[str, str]:
        """What verifying and judging again finds, by the end of the object's name."""
        shelf = shelf_of(self.folder)
        result = verify(shelf, scope_of(shelf))
        assert len([*replay_runs(shelf, result)]) == len(result.runs)
        return {fault.object.rpartition("/")[2]: fault.problem for fault in result.faults}


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    return Audited(tmp_path / "store")


def report(folder: Path, done: Done) -> bytes:
    return (folder / done.prefix / "report.json").read_bytes().replace(done.report.run.id.encode(), b"")


def test_they_are_read_once_and_the_report_is_the_same(
    audited: Audited, read: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(audited.folder, tmp_path / "other")
    done = audited.run()
    assert times_read(read) == 0
    monkeypatch.setattr(Publication, "recall", lambda *_: None)
    again = audit(audited.simulator, tmp_path / "other")

    assert times_read(read) > 0
    assert report(audited.folder, done) == report(tmp_path / "other", again)
    assert not [key for key in done.keys if key.endswith(PACKED)]
    assert audited.faults() == {}


def test_those_that_another_version_packed_are_read_anew(
    audited: Audited, read: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.evidence.stored_runs.__version__", "9.9")
    audited.run()

    assert times_read(read) > 0


def test_damaged_ones_are_read_anew_and_packed_beside(audited: Audited, read: Mock) -> None:
    (damaged,) = audited.packed()
    damaged.write_bytes(b"damaged")
    done = audited.run()

    assert times_read(read) > 0
    assert [key.rpartition("/")[2] for key in done.keys if key.endswith(PACKED)] == [
        damaged.name.replace(PACKED, f".again{PACKED}")
    ]
    assert {*audited.faults()} == {damaged.name}


def forged(audited: Audited, change: Callable[[Any], Any] | None) -> None:
    """Change what was packed, and hash everything anew so that all links fit again."""
    (path,) = audited.packed()
    values = orjson.loads(gzip.decompress(path.read_bytes()))
    data = b"no gzip" if change is None else gzip.compress(orjson.dumps({**values, **change(values)}))
    path.unlink()
    path.with_name(f"{sha256_of([data])}{PACKED}").write_bytes(data)
    name = f"{path.parent.relative_to(path.parents[2])}/{sha256_of([data])}{PACKED}"

    def list_it(manifest: Any) -> None:
        for item in manifest["objects"]:
            if item["name"].endswith(PACKED):
                item.update(name=name, size=len(data), sha256=sha256_of([data]))
        for page in manifest["pages"]:
            page.update({"backups": name} if "backups" in page else {})

    put_back(forge(shelf_of(audited.folder), 1, manifest=list_it), audited.folder)


def break_all(packed: Any) -> Any:
    return {"backups": {**packed["backups"], "status": ["error"] * len(packed["backups"]["id"])}}


def test_forged_ones_are_found_by_judging_again_in_whatever_rests_on_them(audited: Audited, read: Mock) -> None:
    forged(audited, break_all)
    (path,) = audited.packed()
    shelf = shelf_of(audited.folder)
    assert verify(shelf, scope_of(shelf)).faults == []
    done = audited.run()
    assert times_read(read) == 0

    faults = audited.faults()
    assert {path.name, "report.json"} <= faults.keys()
    assert "judged again, the run comes to other bytes" in faults[path.name]
    assert {"CBR-401"} <= {each.control for each in done.report.findings if each.outcome == "fail"}


@pytest.mark.parametrize("change", [None, lambda _: {"answer": "0" * 64}], ids=["no gzip", "of another answer"])
def test_those_that_are_none_of_this_answer_are_of_no_use(audited: Audited, read: Mock, change: Any) -> None:
    forged(audited, change)
    audited.run()

    assert times_read(read) > 0
    assert [*audited.faults()] != []


class Unreadable(Shelf):
    """A store that cannot be read just now."""

    def read(self, key: str) -> bytes | None:
        raise StoreError(f"cannot read {key}")


@pytest.mark.parametrize(
    "month", [datetime.now(UTC), datetime(2020, 1, 5, tzinfo=UTC)], ids=["not readable", "an earlier month"]
)
def test_nothing_is_recalled_of_an_earlier_month_or_where_the_store_cannot_be_read(month: datetime) -> None:
    page: Page = a_page(1)
    listed = ListedObject(name=f"{shared_folder(month)}{'0' * 64}{PACKED}", size=1, sha256="0" * 64)
    shelf = Unreadable({f"p1/{listed.name}": b"1"})
    publication = Publication(shelf, facts(1), head=None, signer=Unsigned(), packed={page.sha256: listed})

    assert publication.recall(page) is None
