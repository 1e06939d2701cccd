"""A verification that begins where the last good one ended."""

from collections.abc import Callable

import pytest
from msgspec import structs

from audit.errors import ChainError
from audit.evidence.verify import LastGood, Verification, last_good, read_last_good, verify
from tests.evidence.chains import SCOPE, Shelf, a_chain, facts, publish
from tests.evidence.forging import point_to
from tests.tamper.signers import PAIRS

PAIR = PAIRS["Ed25519"]


def checked(shelf: Shelf, last: LastGood | None = None) -> Verification:
    return verify(shelf, SCOPE, key=PAIR.public, last=last)


def noted(shelf: Shelf) -> LastGood:
    result = checked(shelf)
    assert result.head is not None
    written = last_good(result, result.head, PAIR.public).dump()
    return read_last_good(written, "the file")


def a_longer_chain(old: int, new: int) -> tuple[Shelf, LastGood]:
    """A chain, and its verification at a time when it was shorter."""
    shelf = a_chain(old, PAIR.signer)
    last = noted(shelf)
    for number in range(old + 1, old + new + 1):
        publish(shelf, number, PAIR.signer)
    return shelf, last


@pytest.mark.parametrize(("old", "new"), [(1, 0), (1, 2), (3, 0), (3, 2)])
def test_only_what_is_new_is_read(old: int, new: int) -> None:
    shelf, last = a_longer_chain(old, new)
    before = set(shelf.objects)
    for key in [key for key in before if "/2026/" in key and int(key.split("/")[4][-12:], 16) <= old]:
        shelf.objects[key] = b"is not read"
    result = checked(shelf, last)

    assert (result.faults, result.notes, result.digests) == ([], [], new + 1)
    assert (len(result.passed_over), result.older, result.objects) == (old, old + new - 1, 4 * new)
    whole = noted(a_longer_chain(old, new)[0])
    assert result.head is not None
    assert last_good(result, result.head, PAIR.public) == whole


def remove_the_last(shelf: Shelf) -> None:
    del shelf.objects[shelf.keys(f"{SCOPE}/digest/")[2]]


def change_the_last(shelf: Shelf) -> None:
    shelf.objects[shelf.keys(f"{SCOPE}/digest/")[2]] += b" "


def remove_an_older_one(shelf: Shelf) -> None:
    del shelf.objects[shelf.keys(f"{SCOPE}/digest/")[0]]


def add_an_older_one(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/digest/0000000002-more.json"] = b"{}"


def remove_a_newer_one(shelf: Shelf) -> None:
    del shelf.objects[shelf.keys(f"{SCOPE}/digest/")[3]]


def change_a_newer_object(shelf: Shelf) -> None:
    shelf.objects[next(key for key in shelf.objects if facts(4).id in key and key.endswith("report.json"))] = b"{}"


def add_an_object(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/2026/11/23/{facts(4).id}/more.json"] = b"{}"


def put_the_pointer_back(shelf: Shelf) -> None:
    point_to(shelf, shelf.keys(f"{SCOPE}/digest/")[2])


def put_the_pointer_far_back(shelf: Shelf) -> None:
    point_to(shelf, shelf.keys(f"{SCOPE}/digest/")[0])


@pytest.mark.parametrize(
    "tamper",
    [
        remove_the_last,
        change_the_last,
        remove_an_older_one,
        add_an_older_one,
        remove_a_newer_one,
        change_a_newer_object,
        add_an_object,
        put_the_pointer_back,
        put_the_pointer_far_back,
    ],
    ids=lambda each: each.__name__,
)
def test_what_does_not_go_on_from_there_is_found(tamper: Callable[[Shelf], None]) -> None:
    shelf, last = a_longer_chain(3, 3)
    tamper(shelf)

    assert checked(shelf, last).faults


def test_a_pointer_to_an_older_run_is_right_where_later_ones_judged_earlier_times() -> None:
    shelf = a_chain(2, PAIR.signer)
    publish(shelf, 3, PAIR.signer, judged=1)
    last = noted(shelf)
    publish(shelf, 4, PAIR.signer, judged=1)

    assert checked(shelf, last).faults == []


def test_more_than_was_checked_then_is_checked_from_the_beginning() -> None:
    last = noted(a_chain(1, PAIR.signer))
    other = PAIRS["ECDSA_SHA_256"].public

    assert [last.covers(key, is_replayed=False) for key in (None, PAIR.public, other)] == [True, True, False]
    assert not last.covers(None, is_replayed=True)


def test_changes_that_were_not_judged_again_then_are_not_covered_by_runs_that_were() -> None:
    runs = structs.replace(noted(a_chain(1, PAIR.signer)), replayed=True)
    both = [structs.replace(runs, changes=structs.replace(runs, replayed=replayed)) for replayed in (True, False)]

    assert [read_last_good(each.dump(), "the file").covers(None, is_replayed=True) for each in both] == [True, False]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema_version": 2}'])
def test_a_note_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(ChainError, match="the file is damaged"):
        read_last_good(data, "the file")
