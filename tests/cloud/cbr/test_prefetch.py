import threading
from collections.abc import Callable
from contextlib import closing
from queue import SimpleQueue
from typing import Any

import pytest

from audit.cloud.cbr import prefetch as prefetching
from audit.cloud.cbr.prefetch import Prefetch
from audit.collection import Page
from audit.errors import SourceUnreachableError
from tests.cloud.cbr.test_paging import page


def a_page(offset: int) -> Page:
    return page([{"id": str(offset)}], 1)


def numbers(prefetch: Prefetch, offsets: range) -> list[int]:
    pages = list(prefetch.in_order(offsets))
    assert [offset for offset, _ in pages] == [int(one.rows[0]["id"]) for _, one in pages]
    return [offset for offset, _ in pages]


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("number", [0, 1, 2, 50])
def test_pages_come_in_order_whether_or_not_anybody_says_what_was_sent(workers: int, number: int) -> None:
    def told(offset: int) -> Page:
        telling.sent()
        return a_page(offset)

    telling = Prefetch(told, workers)

    assert numbers(telling, range(number)) == list(range(number))
    assert numbers(Prefetch(a_page, workers), range(number)) == list(range(number))


def test_an_answer_is_handed_over_when_the_next_request_is_on_its_way() -> None:
    """One worker: the first page can only be there after the second request was sent."""
    order: list[str] = []
    received = threading.Event()

    def fetch(offset: int) -> Page:
        if offset == 1:
            order.append("second request sent")
            prefetch.sent()
            received.wait(10)
            order.append("second answer here")
        return a_page(offset)

    prefetch = Prefetch(fetch, 1)
    with closing(prefetch.in_order(range(2))) as pages:
        assert next(pages)[0] == 0
        order.append("first page handed over")
        received.set()
        assert next(pages)[0] == 1

    assert order == ["second request sent", "first page handed over", "second answer here"]


def breaking(at: int) -> Callable[[int], Page]:
    def fetch(offset: int) -> Page:
        if offset == at:
            raise SourceUnreachableError("no answer")
        return a_page(offset)

    return fetch


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_comes_in_the_place_of_its_page_and_the_pages_before_it_come_too(workers: int) -> None:
    came: list[int] = []
    with pytest.raises(SourceUnreachableError, match="no answer"):
        came.extend(offset for offset, _ in Prefetch(breaking(5), workers).in_order(range(20)))

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("page")]


def test_pages_before_an_error_are_handed_out() -> None:
    pages = Prefetch(breaking(5), 3).in_order(range(20))

    assert [next(pages)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(SourceUnreachableError):
        next(pages)


def test_no_more_is_fetched_after_the_end() -> None:
    fetched: list[int] = []

    def fetch(offset: int) -> Page:
        fetched.append(offset)
        return a_page(offset)

    with closing(Prefetch(fetch, 2).in_order(range(1000))) as pages:
        next(pages)

    assert len(fetched) <= 2 * 2 + 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("page")]


class Emptied(SimpleQueue[Any]):
    """A queue whose last entry is always taken by somebody else, just after it was looked for."""

    def empty(self) -> bool:
        return False


def test_nothing_hangs_where_a_thread_takes_what_is_just_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetching, "SimpleQueue", Emptied)
    raised: list[Exception] = []

    def read() -> None:
        try:
            list(Prefetch(breaking(2), 2).in_order(range(9)))
        except SourceUnreachableError as error:
            raised.append(error)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(timeout=60)

    assert not reading.is_alive()
    assert len(raised) == 1


def test_what_comes_then_is_asked_for_only_when_every_answer_before_it_is_here() -> None:
    order: list[str] = []
    too_early = threading.Event()

    def fetch(offset: int) -> Page:
        order.append(f"asked {offset}")
        if offset == 3:
            too_early.set()
        if offset == 2:
            too_early.wait(0.3)
            order.append("answered 2")
        return a_page(offset)

    with closing(Prefetch(fetch, 4).in_order(range(3), then=range(3, 5))) as pages:
        came = [offset for offset, _ in pages]

    assert came == [0, 1, 2, 3, 4]
    assert order.index("answered 2") < order.index("asked 3")


def test_who_is_closed_hands_out_nothing_more_and_may_be_closed_again() -> None:
    with closing(Prefetch(a_page, 2).in_order(range(2))) as pages:
        assert [offset for offset, _ in pages] == [0, 1]
        pages.close()
        assert list(pages) == []
