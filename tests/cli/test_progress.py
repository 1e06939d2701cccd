import io
import os
import pty
import threading
from collections.abc import Callable

import pytest

from audit.app.collect import Progress
from audit.cli.progress import watching
from audit.collection import Kind


def test_elsewhere_there_is_a_line_now_and_again() -> None:
    stream = io.StringIO()
    with watching(stream) as watch:
        for page in range(1, 101):
            watch(Progress(Kind.TASKS, 1, page, page * 1000, 100_000))
        watch(Progress(Kind.TASKS, 2, 1, 1000, 100_000))
        watch(Progress(Kind.POLICIES, 1, 1, 0, 0))

    assert stream.getvalue().splitlines() == [
        "Reading tasks: page 1 of 100, 1,000 of 100,000",
        "Reading tasks: page 50 of 100, 50,000 of 100,000",
        "Reading tasks: page 100 of 100, 100,000 of 100,000",
        "Reading tasks: page 1 of 100, 1,000 of 100,000 (pass 2)",
        "Reading policies: page 1 of 1, 0 of 0",
    ]


def test_after_a_second_the_rate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 2.0])
    monkeypatch.setattr("audit.cli.progress.time.monotonic", lambda: next(times))
    stream = io.StringIO()
    with watching(stream) as watch:
        watch(Progress(Kind.VAULTS, 1, 1, 1000, 5000))

    assert stream.getvalue() == "Reading vaults: page 1 of 5, 1,000 of 5,000, 500 a second\n"


def on_a_terminal(show: Callable[[io.TextIOBase], None]) -> str:
    """Give a function a pseudo-terminal to write to, and return what a person would have received."""
    master, slave = pty.openpty()
    received: list[bytes] = []

    def listen() -> None:
        try:
            while piece := os.read(master, 65536):
                received.append(piece)
        except OSError:  # the other end is closed
            return

    listener = threading.Thread(target=listen)
    listener.start()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        show(terminal)
    listener.join()
    os.close(master)
    return b"".join(received).decode()


def test_on_a_terminal_there_is_one_live_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    def show(terminal: io.TextIOBase) -> None:
        with watching(terminal) as watch:  # type: ignore[arg-type]  # it is the text file that os.fdopen gives
            watch(Progress(Kind.TASKS, 1, 1, 10, 25))
            watch(Progress(Kind.TASKS, 1, 3, 30, 25))
            watch(Progress(Kind.VAULTS, 1, 1, 0, 10**12))

    text = on_a_terminal(show)
    assert "Reading tasks" in text
    assert "page 3 of 3, 25 of 25" in text
    assert "page 1 of 1, 0 of 1,000,000,000,000" in text
    assert text.endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A\x1b[2K")), "the line is wiped and the cursor is back"
