"""What prune removes, and that everything that is kept is verified and judged again as before."""

import gzip
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from audit.app.replay import replay
from audit.cli.commands import main
from audit.errors import ChainError, StoreError
from audit.evidence.prune import Removal, plan_removal
from audit.evidence.publish import sha256_of
from audit.evidence.store.folder import Folder
from audit.evidence.verify import Verification, verify
from audit.reports import open_reports
from audit.simulator import Simulator
from tests.builders import DAY
from tests.evidence.chains import Shelf, a_chain, publish
from tests.evidence.forging import forge, put_back, shelf_of
from tests.pretend import AS_OF, a_simulator, audit
from tests.watch.stored import judged

RETENTION = "retention: {evidence_days: 2, reports_days: 4}"
LATER = max(AS_OF, datetime.now(UTC)) + 62 * DAY  # no run that began this month goes on


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulator, Path, list[str]]:
    """A store of seven runs, one a day; the last one sets a retention, and one of them was a what-if."""
    folder = tmp_path_factory.mktemp("store")
    simulator = a_simulator("mixed", resources=4, days=12)
    runs = []
    for days in range(-6, 1):
        texts = {"CBR_AUDIT_PROFILE": RETENTION} if days > -2 else {}
        runs.append(audit(simulator, folder, as_of=AS_OF + days * DAY, **texts).report.run.id)
    return simulator, folder, runs


def test_changes_stay_whatever_the_retention_says(place: Path) -> None:
    judged(Folder(place), "t-1", project_id=project(place), judged_at=AS_OF - 400 * DAY)
    keys = [key for removal in plan(place) for key in removal.keys]

    assert keys
    assert not [key for key in keys if "/changes/" in key]


@pytest.fixture
def place(audited: tuple[Simulator, Path, list[str]], tmp_path: Path) -> Path:
    shutil.copytree(audited[1], tmp_path / "copy")
    return tmp_path / "copy"


def project(place: Path) -> str:
    (found,) = Folder(place).projects()
    return found


def plan(place: Path, now: datetime = LATER) -> tuple[Removal, ...]:
    return plan_removal(Folder(place), project(place), now)


def carry_out(place: Path, most: int | None = None) -> None:
    """Remove what can be removed, or only so many objects of it."""
    for key in [key for removal in plan(place) for key in removal.keys][:most]:
        Folder(place).remove(key)


def files(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def checked(place: Path) -> Verification:
    return verify(Folder(place), project(place))


def pruned(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["prune", *map(str, args)])


def test_what_is_old_and_not_needed_is_removed_and_everything_else_stays_whole(
    audited: tuple[Simulator, Path, list[str]], place: Path
) -> None:
    _, _, runs = audited
    assert [removal.what for removal in plan(place)] == [f"run {run}" for run in runs[:3]]
    carry_out(place)
    left = {run: {name.rpartition("/")[2] for name in files(place) if f"/{run}/" in name} for run in runs}

    assert left[runs[0]] == left[runs[1]] == set()
    assert left[runs[2]] == {"profile.json", "report.json", "findings.ndjson.gz", "report.html", "manifest.json"}
    segments = (segment for run in open_reports(str(place)) if run.id == runs[3] for segment in run.manifest.history)
    assert all((place / project(place) / segment).is_file() for segment in segments), "a kept run continues it"
    assert len(list(place.rglob("digest/*.json"))) == len(runs)
    assert plan(place) == ()
    result = checked(place)
    assert (result.faults, result.pruned) == ([], {*runs[:3]})
    assert [
        note for note in result.notes if "3 runs were pruned: they are older than the retention that a profile" in note
    ]
    for run in runs[4:]:
        assert replay(Folder(place), project(place), run).differing == ()


@pytest.mark.parametrize("number", [0, 2])
def test_a_run_that_was_pruned_or_continues_one_says_so_when_it_is_judged_again(
    audited: tuple[Simulator, Path, list[str]], place: Path, number: int
) -> None:
    carry_out(place)

    with pytest.raises(ChainError, match=r"older than the .*pruned"):
        replay(Folder(place), project(place), audited[2][number])
    told = CliRunner().invoke(main, ["verify", str(place), "--replay"])
    assert (told.exit_code, "to the same bytes: 4 runs." in told.stdout) == (0, True)


@pytest.mark.parametrize(("most", "code"), [(1, 10), (30, 0)])
def test_a_run_that_cannot_be_judged_again_is_a_fault_where_nothing_that_it_needs_was_pruned(
    place: Path, monkeypatch: pytest.MonkeyPatch, most: int, code: int
) -> None:
    carry_out(place)
    shelf, body = shelf_of(place), b"no answer"
    packed = gzip.compress(body)

    def spoil(manifest: dict[str, Any]) -> None:
        name = manifest["pages"][0]["name"]
        other = f"{name.rpartition('/')[0]}/{sha256_of((packed,))}.json.gz"
        shelf.objects[f"{project(place)}/{other}"] = packed
        for page in (page for page in manifest["pages"] if page["name"] == name):
            page.update(name=other, size=len(body), sha256=sha256_of((body,)))
        listed = next(each for each in manifest["objects"] if each["name"] == name)
        listed.update(name=other, size=len(packed), sha256=sha256_of((packed,)))

    put_back(forge(shelf, 7, manifest=spoil), place)
    monkeypatch.setattr("audit.app.replay_runs.MOST_LOOKED_BACK", most)

    assert CliRunner().invoke(main, ["verify", str(place), "--replay"]).exit_code == code


def test_who_is_interrupted_anywhere_begins_again_and_comes_to_the_same(place: Path, tmp_path: Path) -> None:
    number = sum(len(removal.keys) for removal in plan(place))
    whole = tmp_path / "whole"
    shutil.copytree(place, whole)
    carry_out(whole)

    for most in range(0, number, 5):
        part = tmp_path / f"part-{most}"
        shutil.copytree(place, part)
        carry_out(part, most)
        assert checked(part).faults == []
        carry_out(part)
        assert files(part) == files(whole)


def test_what_is_missing_and_younger_is_a_fault(audited: tuple[Simulator, Path, list[str]], place: Path) -> None:
    carry_out(place)
    next(place.rglob(f"{audited[2][5]}/report.html")).unlink()
    next(place.rglob(f"{audited[2][2]}/report.json")).unlink()
    next(place.rglob(f"{audited[2][4]}/profile.json")).unlink()

    assert sorted(fault.object.split("/", 4)[4] for fault in checked(place).faults) == [
        f"{audited[2][2]}/report.json",
        f"{audited[2][4]}/profile.json",
        f"{audited[2][5]}/report.html",
    ]


def test_what_interrupted_runs_left_and_nobody_needs_is_removed_with_age(place: Path) -> None:
    root = place / project(place)
    for left in ("2026/11/10/broken/x", "2026/11/22/broken/x", "shared/2026-09/left.json.gz", "shared/2026-11/l.json"):
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).write_bytes(b"x")

    told = {removal.what: removal.keys for removal in plan(place) if not removal.what.startswith("run ")}

    assert told == {
        "interrupted run 2026/11/10/broken/": (f"{project(place)}/2026/11/10/broken/x",),
        "shared objects that no run needs": (f"{project(place)}/shared/2026-09/left.json.gz",),
    }


def test_what_a_run_that_has_not_ended_may_refer_to_stays(place: Path) -> None:
    def shared(now: datetime) -> list[str]:
        return [key for removal in plan(place, now) for key in removal.keys if "/shared/" in key]

    assert shared(LATER)
    assert shared(max(AS_OF, datetime.now(UTC))) == []


def test_what_the_next_run_of_an_enterprise_project_continues_stays(
    audited: tuple[Simulator, Path, list[str]], place: Path
) -> None:
    shelf = shelf_of(place)
    forge(shelf, 1, manifest=lambda manifest: manifest["run"].update(enterprise_project_id="another"),
          report=lambda report: report["run"].update(enterprise_project_id="another"))  # fmt: skip
    put_back(shelf, place)

    assert [removal.what for removal in plan(place)] == [f"run {run}" for run in audited[2][1:3]]


def test_a_run_that_is_not_in_its_own_folder_removes_no_digest(place: Path) -> None:
    shelf, moved = shelf_of(place), f"{project(place)}/manifest.json"
    victim = shelf.keys(f"{project(place)}/digest/")[3].partition("/")[2]
    listed = [{"name": victim, "size": 1, "sha256": "0" * 64}]
    forge(shelf, 1, manifest=lambda manifest: manifest.update(objects=listed, pages=[], history=[]))
    shelf.objects[moved] = next(shelf.objects[key] for key in sorted(shelf.objects) if key.endswith("/manifest.json"))
    forge(shelf, 1, digest=lambda digest: digest["manifest"].update(object=moved))
    put_back(shelf, place)

    with pytest.raises(ChainError, match=f"place: digest says {moved}"):
        plan(place)


@pytest.mark.parametrize("longer", ["", "retention: {evidence_days: 90}"])
def test_a_longer_retention_or_none_brings_nothing_back_and_is_no_fault(
    audited: tuple[Simulator, Path, list[str]], place: Path, longer: str
) -> None:
    carry_out(place)
    audit(audited[0], place, as_of=AS_OF + timedelta(minutes=1), CBR_AUDIT_PROFILE=longer)

    result = checked(place)
    assert (result.faults, result.pruned) == ([], {*audited[2][:3]})
    assert plan(place) == ()
    next(place.rglob(f"{audited[2][5]}/report.html")).unlink()
    assert len(checked(place).faults) == 1


def test_the_command_only_says_what_it_would_do_until_told(place: Path) -> None:
    before = files(place)
    dry = pruned(place)
    assert (dry.exit_code, files(place)) == (0, before)
    assert dry.stdout.endswith(" objects would be removed. Nothing was: add --yes.\n")

    done = pruned(place, "--yes")
    assert (done.exit_code, len(before) - len(files(place))) == (0, int(done.stdout.splitlines()[-1].split()[0]))
    assert pruned(place).stdout.startswith("Nothing to remove: ")


def test_what_is_locked_stays_with_the_rest_of_its_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, first = files(place), plan(place, datetime.now(UTC))[0]

    def refuse(_folder: Folder, key: str) -> None:
        if key in first.keys:
            raise StoreError(f"{key} is locked")
        (place / key).unlink()

    monkeypatch.setattr(Folder, "remove", refuse)
    result = pruned(place, "--yes")

    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Not removed: {first.what}: {first.keys[0]} is locked\nObjects that are locked (WORM)"
    )
    assert {*first.keys} <= files(place) < before


def test_nothing_is_removed_from_a_damaged_chain(place: Path) -> None:
    next(place.rglob("digest/0000000002-*.json")).unlink()

    with pytest.raises(ChainError, match="nothing is removed from a damaged chain"):
        plan(place)


def test_nothing_is_removed_while_the_manifest_of_a_kept_run_is_missing(
    audited: tuple[Simulator, Path, list[str]], place: Path
) -> None:
    next(place.rglob(f"{audited[2][5]}/manifest.json")).unlink()

    with pytest.raises(ChainError, match=r"manifest\.json is missing"):
        plan(place)


def test_what_is_young_by_the_clock_is_kept_whatever_time_runs_judged(place: Path) -> None:
    assert plan_removal(Folder(place), project(place), AS_OF - 30 * DAY) == ()


def without_retention() -> Shelf:
    return a_chain(3)


def with_a_profile_of_no_known_form() -> Shelf:
    shelf = a_chain(2)
    publish(shelf, 3, more={"profile.json": b'{"retention": 5}'})
    return shelf


def with_a_profile_of_more_days_than_there_are() -> Shelf:
    shelf = a_chain(2)
    publish(shelf, 3, more={"profile.json": b'{"retention": {"evidence_days": 1000000000000}}'})
    return shelf


def with_what_ifs_only() -> Shelf:
    return forge(a_chain(1), 1, digest=lambda digest: digest.update(kind="what_if"))


@pytest.mark.parametrize(
    "made",
    [
        Shelf,
        without_retention,
        with_a_profile_of_no_known_form,
        with_a_profile_of_more_days_than_there_are,
        with_what_ifs_only,
    ],
)
def test_without_a_retention_that_can_be_read_everything_is_kept(made: Any) -> None:
    assert plan_removal(made(), "p1", AS_OF + timedelta(days=4_000)) == ()


def test_a_run_that_read_a_part_keeps_those_before_it(place: Path) -> None:
    shelf = shelf_of(place)
    forge(
        shelf,
        4,
        report=lambda report: report["collection"].update(complete=False),
        manifest=lambda manifest: manifest.update(complete=False),
        digest=lambda digest: digest.update(complete=False),
    )
    put_back(shelf, place)

    assert plan(place) == ()
