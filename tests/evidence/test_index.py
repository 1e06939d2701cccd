"""The page at a project's prefix that leads to its last runs."""

import re
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from audit import __version__
from audit.app.run import Done
from audit.evidence.chain import Unsigned
from audit.evidence.publish import Publication
from audit.evidence.store import open_store
from audit.evidence.verify import Verification, verify
from audit.simulator import Simulator
from tests.builders import DAY, HOUR
from tests.evidence.chains import SCOPE, Shelf, a_report, facts
from tests.pretend import AS_OF
from tests.runs.test_history_across_runs import a_long_log, audit_at


def index_in(folder: Path, simulator: Simulator) -> Path:
    return folder / simulator.project_id / "index.html"


def checked(folder: Path, simulator: Simulator) -> Verification:
    return verify(open_store(str(folder)), simulator.project_id)


def links(page: Path) -> list[str]:
    return re.findall(r'<th scope="row"><a href="([^"]*)">', page.read_text(encoding="utf-8"))


@pytest.fixture
def audited(tmp_path: Path) -> tuple[Simulator, Path, list[Done]]:
    simulator = a_long_log()
    return simulator, tmp_path, audit_at(simulator, tmp_path, AS_OF - 3 * DAY, AS_OF - HOUR, AS_OF)


def test_it_leads_to_the_report_of_every_run(audited: tuple[Simulator, Path, list[Done]]) -> None:
    simulator, folder, runs = audited
    page = index_in(folder, simulator)

    assert links(page) == [f"{run.prefix.partition('/')[2]}/report.html" for run in reversed(runs)]
    assert all((page.parent / link).is_file() for link in links(page))
    assert (checked(folder, simulator).faults, checked(folder, simulator).notes) == ([], [])


def test_a_run_over_an_earlier_time_leaves_it(audited: tuple[Simulator, Path, list[Done]]) -> None:
    simulator, folder, _ = audited
    before = index_in(folder, simulator).read_bytes()
    audit_at(simulator, folder, AS_OF - 2 * DAY)

    assert index_in(folder, simulator).read_bytes() == before


def test_a_page_that_tells_something_else_is_noted(audited: tuple[Simulator, Path, list[Done]]) -> None:
    simulator, folder, _ = audited
    page = index_in(folder, simulator)
    page.write_bytes(page.read_bytes().replace(b"Not compliant", b"Compliant"))

    result = checked(folder, simulator)

    assert result.faults == []
    (note,) = result.notes
    assert note.startswith(f"{simulator.project_id}/index.html: differs from the latest report")


def test_beside_a_report_that_was_changed_it_is_held_against_nothing(
    audited: tuple[Simulator, Path, list[Done]],
) -> None:
    simulator, folder, runs = audited
    (folder / runs[-1].prefix / "report.json").write_bytes(b"{}")

    result = checked(folder, simulator)

    assert [fault.problem for fault in result.faults] == ["the object was changed"]
    assert result.notes == []


@pytest.mark.parametrize("report", [b"[]", b"{}", b"no", b'{"run": {"tool_version": "%s"}}' % __version__.encode()])
def test_beside_a_report_of_an_unknown_form_it_is_noted(report: bytes) -> None:
    shelf = published(report, b"a page")
    shelf.objects[f"{SCOPE}/index.html"] = b"anything"

    assert [note.partition(":")[0] for note in verify(shelf, SCOPE).notes] == [f"{SCOPE}/index.html"]


@pytest.mark.parametrize(
    ("report", "page"),
    [(b'{"run": {"tool_version": "0.0.1"}}', b"a page"), (b"{}", None)],
    ids=["another version", "no page"],
)
def test_what_another_version_or_an_earlier_run_wrote_is_not_compared(report: bytes, page: bytes | None) -> None:
    shelf = published(report, page)
    shelf.objects[f"{SCOPE}/index.html"] = b"anything"

    assert verify(shelf, SCOPE).notes == []


def published(report: bytes, page: bytes | None) -> Shelf:
    """One run with such a report, and with a page of it or without."""
    shelf = Shelf()
    publication = Publication(shelf, facts(1), head=None, signer=Unsigned())
    publication.put("report.json", report)
    if page is not None:
        publication.put("report.html", page)
    publication.finish(replace(a_report(), run=facts(1)))
    return shelf


def test_who_wants_no_pages_gets_none(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_bytes(orjson.dumps({"formats": ["report.json"]}))
    simulator = a_long_log()
    audit_at(simulator, tmp_path / "store", AS_OF, CBR_AUDIT_PROFILE=str(profile))

    assert not index_in(tmp_path / "store", simulator).exists()


def test_a_pointer_that_was_put_back_is_told_by_the_page_that_is_newer(
    audited: tuple[Simulator, Path, list[Done]],
) -> None:
    simulator, folder, _ = audited
    pointer = index_in(folder, simulator).with_name("latest.json")
    older = pointer.read_bytes()
    audit_at(simulator, folder, AS_OF + HOUR)
    page = index_in(folder, simulator).read_bytes()
    pointer.write_bytes(older)

    assert [fault.problem[-15:] for fault in checked(folder, simulator).faults] == ["it was put back"]
    index_in(folder, simulator).write_bytes(page.replace(b"<", b" <", 1))
    assert checked(folder, simulator).faults == []
    assert "interrupted before it moved the pointer" in checked(folder, simulator).notes[-1]
