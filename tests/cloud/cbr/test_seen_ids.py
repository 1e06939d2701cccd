from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from audit.cloud.cbr.seen_ids import Seen, ids_of
from audit.records.keys import key_of

ALIKE = "0b3f9a52-7c1d-4e8b-9f0a-"
SHIFTED = [  # within what is kept of the first two, one after the other, the third one can be found
    "01010101-0101-0101-0101-010101010101",
    "01010101-0101-0101-0101-010101010102",
    "01010101-0101-0101-0101-010101010201",
]
IDS = st.one_of(
    st.integers(0, 5).map(lambda number: f"{ALIKE}{number:012x}"),
    st.sampled_from(SHIFTED),
    st.sampled_from(["", "task-1", "TASK-1", str(UUID(int=0)), "0B3F9A52-7C1D-4E8B-9F0A-000000000001"]),
    st.uuids().map(str),
)
PAGES = st.lists(st.lists(IDS, max_size=6), max_size=12)


@given(PAGES, st.lists(IDS))
def test_what_came_is_known_as_a_set_of_ids_knows_it(pages: list[list[str]], others: list[str]) -> None:
    seen, known = Seen(), set[str]()
    for page in pages:
        seen.note(ids_of(page))
        known |= set(page)

        assert len(seen) == len(known)
    for row_id in [*known, *others]:
        assert (key_of(row_id) in seen) is (row_id in known)
    seen.forget()
    assert len(seen) == len(known)


@given(st.lists(IDS))
def test_the_ids_of_a_page_are_all_kept(texts: list[str]) -> None:
    ids = ids_of(texts)

    assert (ids.number, list(ids.first)) == (len(texts), [key_of(text) for text in texts[:1]])
    assert len(ids.usual) // 16 + len(ids.others) == len(texts)
