"""Fetching pages ahead: several threads work, responses stay in order, and at most two are held per thread.

A thread hands over a response only when its next request is on its way, or when there is none. Parsing holds the GIL
for milliseconds; handing over earlier would delay the next request by that much.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from audit.collection import Page

Fetch = Callable[[int], Page]
Job = tuple[int, "Future[Page]"]


class Prefetch:
    """Fetches the pages of one list in several threads."""

    def __init__(self, fetch: Fetch, workers: int) -> None:
        """Store the function that fetches the page at an offset; no thread is started yet."""
        self.fetch = fetch
        self.workers = workers
        self._held = threading.local()

    def in_order(self, offsets: Iterable[int], then: Iterable[int] = ()) -> "Ahead":
        """Start fetching pages; they are handed out in the order of their offsets, errors in their places.

        Args:
            offsets: the offsets of the pages.
            then: the offsets to request once every earlier response has arrived, handed out or not.
        """
        return Ahead(self, offsets, then)

    def sent(self) -> None:
        """Hand over the last response of this thread: its next request is on its way, or there is none."""
        hand_over = self._held.__dict__.pop("hand_over", None)
        if hand_over:
            hand_over()

    def hold(self, hand_over: Callable[[], None]) -> None:
        """Keep a response of this thread until its next request is on its way."""
        self._held.hand_over = hand_over


class Ahead(Iterator[tuple[int, Page]]):
    """Pages that are on their way; threads work on them until the end, an error, or ``close``."""

    def __init__(self, prefetch: Prefetch, offsets: Iterable[int], then: Iterable[int]) -> None:
        """Request the first pages."""
        self._prefetch = prefetch
        self._most = 2 * prefetch.workers
        self._offsets = [iter(then), iter(offsets)]
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._waiting: deque[Job] = deque()
        self._threads = 0
        self._pool = ThreadPoolExecutor(prefetch.workers, thread_name_prefix="page")
        self._ask(self._most)

    def __next__(self) -> tuple[int, Page]:
        """Wait for the next page.

        Raises:
            SourceError: the page could not be fetched.
        """
        self._ask(self._most)
        if not self._waiting:
            self.close()
            raise StopIteration
        offset, future = self._waiting.popleft()
        try:
            page = future.result()
        except BaseException:
            self.close()
            raise
        self._ask(self._most - 1)  # it may have been the last one that others waited for
        return offset, page

    def close(self) -> None:
        """Stop requesting and end the threads; wait for what is on its way, and drop it."""
        _clear(self._jobs)
        for _ in range(self._threads):
            self._jobs.put(None)
        self._pool.shutdown()

    def _ask(self, most: int) -> None:
        while len(self._waiting) < most and (offset := self._next_offset()) is not None:
            job: Job = (offset, Future())
            self._waiting.append(job)
            self._jobs.put(job)
        while self._threads < min(self._prefetch.workers, len(self._waiting)):
            self._threads += 1
            self._pool.submit(self._work)

    def _next_offset(self) -> int | None:
        """Return the next offset to fetch."""
        while self._offsets:
            offset = next(self._offsets[-1], None)
            if offset is not None:
                return offset
            if not all(future.done() for _, future in self._waiting):
                return None
            self._offsets.pop()
        return None

    def _work(self) -> None:
        prefetch = self._prefetch
        while job := self._next_job():
            offset, future = job
            try:
                page = prefetch.fetch(offset)
            except BaseException as error:  # noqa: BLE001  # raised where the page is waited for
                prefetch.sent()
                future.set_exception(error)
            else:
                prefetch.sent()
                prefetch.hold(partial(future.set_result, page))
        prefetch.sent()

    def _next_job(self) -> Job | None:
        with suppress(Empty):
            return self._jobs.get_nowait()
        self._prefetch.sent()
        return self._jobs.get()


def _clear(jobs: "SimpleQueue[Job | None]") -> None:
    """Drop the pages that are no longer needed; fetching threads may take some of them at the same time."""
    with suppress(Empty):
        while True:
            jobs.get_nowait()
