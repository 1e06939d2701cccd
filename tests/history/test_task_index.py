from hypothesis import given
from hypothesis import strategies as st

from audit.history.task_index import Index

START = bytes([7, 7])
IDS = st.lists(
    st.binary(min_size=16, max_size=16) | st.binary(min_size=14, max_size=14).map(START.__add__), unique=True
)


@given(IDS, st.binary(min_size=16, max_size=16))
def test_each_id_has_its_number(ids: list[bytes], other: bytes) -> None:
    index = Index()
    for _ in range(2):
        assert [index.place(each, row, ids.__getitem__) for row, each in enumerate(ids)] == list(range(len(ids)))

    assert [index.find(each, ids.__getitem__) for each in ids] == list(range(len(ids)))
    assert index.find(other, ids.__getitem__) == (ids.index(other) if other in ids else None)
    assert sorted(row for part in index.in_parts() for row in part) == list(range(len(ids)))


def test_ids_that_are_alike_in_what_is_kept_of_them_are_told_apart() -> None:
    ids = [START + bytes(8) + bytes([last] * 6) for last in (1, 2)]
    index = Index()

    assert [index.place(each, row, ids.__getitem__) for row, each in enumerate(ids)] == [0, 1]
    assert [index.find(each, ids.__getitem__) for each in ids] == [0, 1]
    assert index.find(START + bytes(8) + bytes(6), ids.__getitem__) is None


def test_what_begins_within_an_entry_is_no_entry() -> None:
    first, other = START + bytes([1, 2, 3, 4]) + bytes(10), START + bytes([5] * 14)
    within = START + bytes([3, 4, 0, 0]) + bytes(10)  # the end of what is kept, and the beginning of the number
    known = {258: first, 1: other, 2: within}
    index = Index()
    for row in (258, 1):
        index.place(known[row], row, known.__getitem__)

    assert index.find(within, known.__getitem__) is None
    assert index.place(within, 2, known.__getitem__) == 2
