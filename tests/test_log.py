import io
import json
import re
from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from audit import log
from audit.log import Redactor


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    redactor = Redactor()
    monkeypatch.setattr(log, "REDACTOR", redactor)
    redactor.learn(["open-sesame", "open-sesame-long", "short"])
    stream = io.StringIO()
    log.set_up(stream)
    return stream


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    structlog.get_logger().info("page.fetched", rows=3, text="two\nlines")
    structlog.get_logger().debug("page.ignored")

    (line,) = logged(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "page.fetched", "rows": 3, "text": "two\nlines", "level": "info"}


def test_what_is_bound_is_on_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(run_id="r-1"):
        structlog.get_logger().info("run.started")
    structlog.get_logger().info("run.forgotten")

    assert [line.get("run_id") for line in logged(stream)] == ["r-1", None]


@pytest.mark.parametrize(
    "key", ["X-Auth-Token", "password", "secret_key", "Authorization", "signature", "security_token"]
)
def test_a_secret_is_blotted_out_by_the_name_of_its_key(stream: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "anything"}, inner={key: ["anything"]})

    assert "anything" not in stream.getvalue()


def test_a_secret_is_blotted_out_by_its_value_wherever_it_is(stream: io.StringIO) -> None:
    structlog.get_logger().info(
        "got open-sesame",
        text="a open-sesame-long b",
        gaps=["tasks: open-sesame", ("open-sesame",), 5],
        inner={"deep": {"deeper": "open-sesame"}},
        none=None,
    )

    (line,) = logged(stream)
    assert "sesame" not in stream.getvalue()
    assert line["text"] == "a *** b", "a secret that begins with another one is blotted out as a whole"
    assert line["gaps"] == ["tasks: ***", ["***"], 5]
    assert line["none"] is None


def test_a_traceback_shows_no_secret(stream: io.StringIO) -> None:
    try:
        try:
            int("b'open-sesame'")
        except ValueError as error:
            raise RuntimeError("failed") from error
    except RuntimeError:
        structlog.get_logger().exception("run.failed")

    assert "sesame" not in stream.getvalue()
    assert "b'***'" in logged(stream)[0]["exception"]


def test_very_short_secrets_leave_ordinary_text_alone(stream: io.StringIO) -> None:
    structlog.get_logger().info("x", text="in short")

    assert logged(stream)[0]["text"] == "in short"


def test_the_log_can_be_silenced(capsys: pytest.CaptureFixture[str]) -> None:
    log.silence()
    structlog.get_logger().info("x")
    structlog.get_logger().error("y")

    assert capsys.readouterr().out == ""


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up()
    structlog.get_logger().info("x")

    assert json.loads(capsys.readouterr().out)["event"] == "x"


def test_published_bytes_hold_no_key_and_keep_their_words() -> None:
    redactor = Redactor()
    redactor.learn(["resource", "MIIaTokenThatIsLongEnough"])

    assert redactor.data(b'{"resources": "MIIaTokenThatIsLongEnough"}') == b'{"resources": "***"}'


@given(st.text("ab", max_size=90).map(str.encode), st.lists(st.integers(0, 90)))
def test_a_secret_is_found_wherever_the_pieces_are_cut(data: bytes, cuts: list[int]) -> None:
    redactor = Redactor()
    redactor.learn(["ab" * 10, "a" * 20, "b" + "a" * 21])  # they overlap with themselves and with each other
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]

    assert b"".join(redactor.pieces(pieces)) == redactor.data(data)


ODD = 'p"a\\ss/wörd+ &%20'


@pytest.mark.parametrize(
    "spelt",
    [
        ODD,
        json.dumps(ODD),
        json.dumps(ODD, ensure_ascii=False),
        json.dumps(ODD).replace("/", "\\/"),
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        quote(ODD, safe="").lower(),
        *(b64encode(b"x" * before + ODD.encode() + b"y" * 4).decode() for before in range(6)),
        *(urlsafe_b64encode(b"x" * before + ODD.encode()).decode() for before in range(6)),
        f"Basic {b64encode(f'user:{ODD}'.encode()).decode()}",
    ],
)
def test_a_secret_is_blotted_out_however_it_is_spelt(spelt: str) -> None:
    redactor = Redactor()
    redactor.learn([ODD])
    shown = redactor.text(f"<{spelt}>")

    assert "***" in shown
    assert not set(re.findall(r"\w{4,}", spelt)) & set(re.findall(r"\w{4,}", shown.replace("Basic", "")))


def test_a_key_is_blotted_out_of_published_bytes_however_it_is_spelt() -> None:
    redactor, key = Redactor(), "MIIa/Token+That=Is~Long Enough"
    redactor.learn([key])
    spelt = (quote(key, safe=""), json.dumps(key), b64encode(b"u:" + key.encode()).decode())

    assert [redactor.data(f"a {text} b".encode()).count(b"***") for text in spelt] == [1, 1, 1]
    assert b"".join(redactor.pieces([part.encode() for part in spelt[2]])).count(b"***") == 1


def test_what_was_learnt_long_ago_is_forgotten() -> None:
    redactor = Redactor()
    redactor.learn(["the-setting", *(f"temporary-key-{number}" for number in range(200)), "the-setting"])

    assert redactor.text("the-setting temporary-key-199") == "*** ***"
    assert redactor.text("temporary-key-0 ") == "temporary-key-0 "


def test_a_secret_between_two_pieces_is_blotted_out() -> None:
    redactor = Redactor()
    redactor.learn(["a-secret-of-twenty-and-more", "another-secret-of-this-size"])

    found = list(redactor.pieces([b"before a-secret-of-", b"twenty-and", b"-more after ", b"another-secret-", b"none"]))
    assert b"".join(found) == b"before *** after another-secret-none"


def test_without_a_secret_pieces_are_passed_on_as_they_are() -> None:
    pieces = [b"a" * 100, b"b"]

    assert [id(piece) for piece in Redactor().pieces(pieces)] == [id(piece) for piece in pieces]


def test_secrets_of_other_accounts_never_displace_the_own_ones() -> None:
    redactor = Redactor()
    redactor.learn(["the-own-secret-key-of-40-characters"])
    redactor.learn([f"key-of-account-{number:04}-of-many" for number in range(300)], lent=True)

    assert redactor.text("the-own-secret-key-of-40-characters key-of-account-0299-of-many") == "*** ***"


def test_secrets_are_learnt_by_several_threads_at_once() -> None:
    redactor = Redactor()
    with ThreadPoolExecutor(8) as threads:
        learnt = [
            threads.submit(redactor.learn, [f"secret-{number}-{part}" for part in range(40)]) for number in range(40)
        ]

    assert not [each for each in learnt if each.exception()]
