from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from audit.answers.intake import Intake
from audit.app.collect import collect
from audit.profile.applied import lists_of
from bench.folder import WINDOW, Folder, profile_for
from bench.pages import Variant, write, write_estate
from bench.pipeline import KeepsNothing
from bench.spoiling import WAYS, spoil

TASKS = 3500


@pytest.fixture(scope="module", params=list(Variant))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Variant, Path]:
    folder = tmp_path_factory.mktemp("bench") / request.param
    write(folder, TASKS, request.param)
    return request.param, folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read(folder: Path) -> Intake:
    intake = Intake()
    lists = lists_of(profile_for(folder))
    collect(Folder(folder), lists, WINDOW, KeepsNothing(), lambda _progress: None, intake)  # type: ignore[arg-type]  # keeps nothing
    return intake


def test_the_same_seed_makes_the_same_bytes(made: tuple[Variant, Path], tmp_path: Path) -> None:
    variant, folder = made
    write(tmp_path / "again", TASKS, variant)
    write(tmp_path / "other", TASKS, variant, seed=8)

    assert contents(tmp_path / "again") == contents(folder)
    assert contents(tmp_path / "other").keys() == contents(folder).keys()
    assert contents(tmp_path / "other") != contents(folder)


@pytest.mark.parametrize("variant", [Variant.CLEAN, Variant.DRIFTING])
def test_pages_are_as_the_cloud_sends_them(variant: Variant, tmp_path: Path) -> None:
    write(tmp_path / "pages", TASKS, variant)
    pages = [orjson.loads(path.read_bytes()) for path in sorted((tmp_path / "pages").glob("operation_logs-*.json"))]
    rows = [row for page in pages for row in page["operation_logs"]]

    assert [len(page["operation_logs"]) for page in pages] == [1000, 1000, 1000, 503]
    assert [(page["count"], page["limit"], page["offset"]) for page in pages][1] == (TASKS, 1000, 999)
    assert all(one["operation_logs"][-1] == other["operation_logs"][0] for one, other in pairwise(pages))
    assert len({row["id"] for row in rows}) == TASKS
    assert [row["created_at"][:19] for row in rows] == sorted((row["created_at"][:19] for row in rows), reverse=True)
    assert all(row["created_at"] <= row["updated_at"] for row in rows)
    assert 900 < len(orjson.dumps(rows)) / TASKS < 1300


def test_clean_is_clean_bad_is_rejected_and_drifting_is_used(made: tuple[Variant, Path]) -> None:
    variant, folder = made
    intake = read(folder)

    bad = 4 if variant is Variant.BAD else 0
    assert (len(intake.tasks), len(intake.rejected)) == (TASKS - bad, bad)
    drift = {(each.path, each.count) for each in intake.drift}
    assert drift == ({("colour", TASKS), ("provider_id", TASKS)} if variant is Variant.DRIFTING else set())


def test_every_way_to_spoil_a_row_makes_it_useless(tmp_path: Path) -> None:
    write(tmp_path / "clean", 1000)
    page = orjson.loads((tmp_path / "clean" / "operation_logs-00000.json").read_bytes())
    row = orjson.dumps(page["operation_logs"][0])
    for number in range(len(WAYS)):
        spoilt = b'{"operation_logs":[' + spoil(row, number) + b'],"count":1}'
        (tmp_path / "clean" / "operation_logs-00000.json").write_bytes(spoilt)
        intake = read(tmp_path / "clean")
        assert (len(intake.tasks), len(intake.rejected)) == (0, 1), number


def test_an_estate_has_every_list_and_what_belongs_together_still_does(tmp_path: Path) -> None:
    write_estate(tmp_path / "estate", 200)
    intake = read(tmp_path / "estate")

    assert (intake.rejected, intake.drift) == ((), ())
    assert {vault for policy in intake.policies.values() for vault in policy.vault_ids} <= intake.vaults.keys()
    assert len(intake.protectables) >= 200
    made = {task.backup_id for task in intake.tasks if task.operation == "backup"}
    assert len(intake.backups.keys() & made) > len(intake.backups) / 2
