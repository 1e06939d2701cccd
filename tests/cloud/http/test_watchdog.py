"""What is not done in time is ended once, what is done in time never, and the thread ends when nothing is watched."""

import threading

from audit.cloud.http.watchdog import Watchdog

LONG = 3600.0


def dogs(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in set(threading.enumerate()) - before if thread.name == "watchdog"]


def test_what_takes_too_long_is_ended_and_what_is_watched_beside_it_is_not() -> None:
    watchdog, ended, other = Watchdog(), threading.Event(), threading.Event()

    with watchdog.watching(LONG, other.set), watchdog.watching(0.01, ended.set):
        assert ended.wait(30)

    assert not other.is_set()


def test_what_is_late_already_is_ended_at_once() -> None:
    watchdog, ended = Watchdog(), threading.Event()

    with watchdog.watching(-1.0, ended.set):
        assert ended.wait(30)


def test_what_was_done_in_time_is_never_ended_and_what_comes_after_it_is_watched() -> None:
    watchdog, early, late = Watchdog(), threading.Event(), threading.Event()

    with watchdog.watching(0.02, early.set):
        pass
    with watchdog.watching(0.04, late.set):
        assert late.wait(30)

    assert not early.is_set()


def test_one_thread_watches_over_everything_and_ends_when_it_is_closed() -> None:
    watchdog, before = Watchdog(), set(threading.enumerate())
    with watchdog.watching(LONG, lambda: None):
        with watchdog.watching(LONG, lambda: None):
            threads = dogs(before)
        watchdog.close()
        assert dogs(before) == threads  # somebody is watched
    assert len(threads) == 1

    watchdog.close()
    threads[0].join(timeout=30)

    assert not threads[0].is_alive()


def test_a_watchdog_that_has_gone_to_sleep_wakes_up_again() -> None:
    watchdog, before, ended = Watchdog(), set(threading.enumerate()), threading.Event()
    with watchdog.watching(0.0, ended.set):
        assert ended.wait(30)
    watchdog.close()
    for thread in dogs(before):
        thread.join(timeout=30)

    again = threading.Event()
    with watchdog.watching(0.0, again.set):
        assert again.wait(30)
