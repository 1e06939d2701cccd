"""Fetching pages ahead: several threads at work, answers in order, never more than two for each thread.

A thread hands an answer over only when its next request is on its way, or when there is none. Parsing holds Python's
one lock for milliseconds: whoever waits for an answer would keep the next request from being sent.
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
        """Take what fetches the page at an offset; no thread is started yet."""
        self._fetch = fetch
        self._workers = workers
        self._held = threading.local()

    def in_order(self, offsets: Iterable[int]) -> Iterator[tuple[int, Page]]:
        """Hand out pages in the order of the offsets, and the error of one in its place."""
        jobs: SimpleQueue[Job | None] = SimpleQueue()
        waiting: deque[Job] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="page") as pool:
            try:
                for number, offset in enumerate(offsets):
                    if number < self._workers:
                        pool.submit(self._work, jobs)
                    waiting.append((offset, Future()))
                    jobs.put(waiting[-1])
                    if len(waiting) >= 2 * self._workers:
                        yield _next(waiting)
                while waiting:
                    yield _next(waiting)
            finally:
                _clear(jobs)
                for _ in range(self._workers):
                    jobs.put(None)

    def sent(self) -> None:
        """Hand over the last answer of this thread: its next request is on its way, or there is none."""
        hand_over = self._held.__dict__.pop("hand_over", None)
        if hand_over:
            hand_over()

    def _work(self, jobs: "SimpleQueue[Job | None]") -> None:
        while job := self._next_job(jobs):
            offset, future = job
            try:
                page = self._fetch(offset)
            except BaseException as error:  # noqa: BLE001  # it is raised where the page is waited for
                self.sent()
                future.set_exception(error)
            else:
                self.sent()
                self._held.hand_over = partial(future.set_result, page)
        self.sent()

    def _next_job(self, jobs: "SimpleQueue[Job | None]") -> Job | None:
        with suppress(Empty):
            return jobs.get_nowait()
        self.sent()
        return jobs.get()


def _next(waiting: deque[Job]) -> tuple[int, Page]:
    offset, future = waiting.popleft()
    return offset, future.result()


def _clear(jobs: "SimpleQueue[Job | None]") -> None:
    """Drop what nobody waits for any more; the threads that fetch may take some of it at the same time."""
    with suppress(Empty):
        while True:
            jobs.get_nowait()
