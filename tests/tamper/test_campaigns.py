"""A small part of ``make tamper``, and that each campaign notices a verifier that errs."""

from collections import Counter
from functools import partial

import pytest

from audit.evidence.verify import Fault, Verification
from audit.simulator import SCENARIOS
from tests.evidence.chains import SCOPE
from tests.tamper.changes import KINDS as KINDS_OF_CHANGES
from tests.tamper.changes import try_changes
from tests.tamper.clean import LONGEST, make, try_clean
from tests.tamper.flips import WAYS, Way, a_shelf, bits, flip_bits
from tests.tamper.forms import OBJECTS, Case, cases, try_form
from tests.tamper.kinds import HARMLESS, KINDS, try_kind
from tests.tamper.replays import PROJECTS, try_replays
from tests.tamper.signers import PAIRS

SAMPLE = 997  # a prime: each share has bits of every place


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_flipped_bits_of_digests_and_manifests_are_found(way: Way) -> None:
    counts = flip_bits(way, 3, 1, SAMPLE)

    assert counts["found"] == counts["tried"] > 50


def test_the_shares_of_a_chain_are_all_its_bits() -> None:
    shelf = a_shelf(WAYS[0], 2)
    shares = [bits(shelf)[share::7] for share in range(7)]
    size = sum(len(data) for key, data in shelf.objects.items() if "/digest/" in key or key.endswith("manifest.json"))

    assert len({bit for share in shares for bit in share}) == 8 * size


def test_there_are_eighteen_kinds() -> None:
    assert len({kind.__name__ for kind in KINDS}) == 18


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.__name__ for kind in KINDS])
def test_each_kind_of_tampering_is_found_wherever_it_is_tried(number: int) -> None:
    counts = try_kind(number, 0)

    assert counts["tried"] >= 4
    assert counts["found"] == (0 if KINDS[number].__name__ in HARMLESS else counts["tried"])


@pytest.mark.parametrize("number", range(len(KINDS_OF_CHANGES)), ids=[kind.__name__ for kind in KINDS_OF_CHANGES])
def test_each_kind_of_tampering_with_changes_is_found_wherever_it_is_tried(number: int) -> None:
    counts = try_changes(number, 0)

    assert counts["found"] == counts["tried"] > 9


@pytest.mark.parametrize("seed", range(30))
def test_a_clean_chain_of_any_shape_has_no_fault(seed: int) -> None:
    counts, told = try_clean(seed)

    assert told == []
    assert counts["chains"] == 1 <= counts["digests"] <= LONGEST + 5


def test_clean_chains_have_every_shape() -> None:
    chains = [make(seed) for seed in range(60)]
    sorts = sum((chain.sorts for chain in chains), Counter[str]())

    assert {*sorts} == {"normal", "empty", "backfill", "overlapping", "broken off", "no pointer"}
    assert {chain.signed for chain in chains} == {*PAIRS}


@pytest.mark.parametrize(("scenario", "seed"), [PROJECTS[5], PROJECTS[14]])
def test_recomputed_runs_have_the_same_bytes(scenario: str, seed: int) -> None:
    counts, told = try_replays(scenario, seed)

    assert (told, counts["runs"], counts["identical"], counts["faults"]) == ([], 3, 3, 0)
    assert {each for each, _ in PROJECTS} == {*SCENARIOS}


def test_no_part_of_another_form_breaks_a_command() -> None:
    every = cases()
    chosen = [next(case for case in every if case.object == name and case.way) for name in OBJECTS]
    told = [words for case in chosen for words in try_form(case)[1]]

    assert told == []
    assert len(every) > 5000


def test_a_command_that_breaks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("tests.tamper.forms.audit", breaks)
    counts, told = try_form(Case("latest.json", ("run",), 5))

    assert [words.rpartition(": ")[0].partition(":")[0] for words in told] == ["run"]
    assert (counts["tried"], counts["broken"]) == (1, 1)


def test_a_verifier_that_sees_nothing_or_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def says(*_: object, faults: list[Fault], **__: object) -> Verification:
        return Verification(SCOPE, faults=faults)

    for module in ("flips", "kinds"):
        monkeypatch.setattr(f"tests.tamper.{module}.verify", partial(says, faults=[]))
    monkeypatch.setattr("tests.tamper.clean.verify", partial(says, faults=[Fault("o", "p")]))

    assert flip_bits(WAYS[0], 1, 0, SAMPLE)["found"] == 0
    assert try_kind(0, 0)["found"] == 0
    assert try_clean(0)[1] == ["seed 0: o: p", "seed 0: o: p"]


@pytest.mark.parametrize(
    ("name", "way", "odd"),
    [
        ("report.json", ("collection", "rejected_rows"), "no list"),
        ("report.json", ("policies", 0, "plans", 0, "patterns", 0), None),
        ("report.json", ("findings", 0, "subject", "id"), 1.5),
        ("report.json", ("resources", 0, "follows"), [{}]),
        ("report.json", ("policies", 0, "plans", 0, "start_window_minutes"), 10**19),
        ("report.json", ("run", "profile_changes"), 5),
        ("answer", ("limit",), 1),
    ],
)
def test_a_part_of_another_form_ends_no_command(name: str, way: tuple[str | int, ...], odd: object) -> None:
    _, trouble = try_form(Case(name, way, odd))

    assert not trouble
