import json
from random import Random

import jsonschema_rs
import pytest
from msgspec.structs import replace

from audit.answers.kinds import ANSWERS
from audit.collection import Kind
from tests.fuzz.mutator import MUTATIONS, good_rows, mutate
from tests.fuzz.verdicts import DRIFTED, REFUSED, USED, compare, the_expected, the_verdict
from tests.fuzz.ways import compare_ways

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test


@pytest.mark.parametrize("seed", range(4))
def test_both_validators_agree_on_a_thousand_mutated_rows_and_every_row_is_counted(seed: int) -> None:
    counts, wrong = compare(seed, 1000)

    assert wrong == []
    assert counts[USED] + counts[DRIFTED] + counts[REFUSED] == counts["rows"] == 1000
    assert min(counts[USED], counts[DRIFTED], counts[REFUSED]) > 100


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", [Kind.TASKS, Kind.BACKUPS])
def test_pages_read_in_one_step_come_to_the_same_as_those_read_with_care(kind: Kind, seed: int) -> None:
    counts, wrong = compare_ways(seed, 3000, kind)

    assert wrong == []
    assert counts["records"] > counts["rows"] / 8
    assert min(counts["odd rows beside records"], counts["errors"], counts["pages"] - counts["pages in one step"]) > 20


@pytest.mark.parametrize("kind", [Kind.TASKS, Kind.BACKUPS])
def test_a_reader_that_loses_keys_is_found(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.answers.quick.decoder.Reader._is_whole", lambda _reader, _page, _body: True)
    _, wrong = compare_ways(1, 3000, kind)

    assert wrong


@pytest.mark.parametrize("kind", good_rows())
def test_a_row_that_nobody_changed_is_used(kind: str) -> None:
    for row in map(json.dumps, good_rows()[kind]):
        assert the_verdict(kind, row) == the_expected(kind, row) == USED


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
def test_every_mutation_changes_rows(mutation: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.mutator.MUTATIONS", (mutation,))
    chance = Random(1)  # noqa: S311  # repeatable
    row = good_rows()["backups"][0]

    assert len({mutate(chance, row) for _ in range(50)} - {json.dumps(row)}) > 20


def test_a_validator_that_errs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    everything_fits = jsonschema_rs.Draft202012Validator(True)  # noqa: FBT003  # the schema that everything fits
    broken = replace(ANSWERS["error"])
    vars(broken)["documented"] = everything_fits
    monkeypatch.setitem(ANSWERS, "error", broken)
    _, wrong = compare(1, 1000)

    assert len(wrong) > 20
    assert {told.partition(":")[0] for told in wrong} == {"error"}
