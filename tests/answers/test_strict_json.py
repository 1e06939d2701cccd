import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audit.answers.strict_json import DEEPEST, LONGEST_TEXT, FaultError, Unreadable, is_exact, load, readable

TEXTS = st.text(max_size=6) | st.sampled_from(["id", ":", '":', "\\", 'a"', "a\\", "\\u003a", "NaN", "}", "日本"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def fault(body: bytes) -> str:
    with pytest.raises(FaultError) as caught:
        load(body)
    return str(caught.value)


class TestGoodJSON:
    @given(
        VALUES,
        st.sampled_from([{}, {"ensure_ascii": False}, {"separators": (",", ":")}, {"separators": (" ,\n", "\t:")}]),
    )
    def test_it_means_what_the_standard_parser_says_however_it_is_written(self, value: Any, form: Any) -> None:
        text = json.dumps(value, **form)
        assume("\\ud" not in text)  # it may be half a character

        assert load(text.encode())[0] == json.loads(text) == value

    @pytest.mark.parametrize("body", [b'{"a": 1}', b'{"a":"\\u4e2d:"}', b'{"a\\"":1}', b'[{"a":1},{"a":2}]', b"5"])
    def test_it_is_known_to_be_readable(self, body: bytes) -> None:
        assert load(body) == (orjson.loads(body), True)

    def test_an_escaped_colon_costs_a_second_look(self) -> None:
        assert load(b'{"a":"\\u003a","b":"\\u003A"}') == ({"a": ":", "b": ":"}, False)

    def test_as_many_levels_as_can_be_written_are_read(self) -> None:
        assert load(b"[" * DEEPEST + b"]" * DEEPEST)[1]

    def test_long_texts_are_read(self) -> None:
        text = "a" * (LONGEST_TEXT - 2)

        assert load(orjson.dumps([text, text, text]))[0] == [text] * 3


class TestFaults:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b'{"id":"a","id":"b"}', "has two keys 'id' in one object, the second at byte 10"),
            (b'{"id":"a", "id" : "a"}', "has two keys 'id' in one object, the second at byte 11"),
            (b'{"id":"a","\\u0069d":"b"}', "has two keys 'id' in one object, the second at byte 10"),
            ('{"日":1,"l":[{"b":1},{"b":1,"b":2}]}'.encode(), "has two keys 'b' in one object, the second at byte 29"),
            (b'{"a":"\\u003a","a":"\\u003a:"}', "has two keys 'a' in one object, the second at byte 14"),
            (b'{"a":"\\ud800","b":1,"b":1}', "has two keys 'b' in one object, the second at byte 20"),
            (b'{"a":1,"a":NaN}', "has two keys 'a' in one object, the second at byte 7"),
            (b'{"a":NaN}', "is not JSON, it breaks at byte 5"),
            (b'["\\ud800",-Infinity]', "is not JSON, it breaks at byte 10"),
            (b'{"a":"\xff"}', "is not UTF-8 text, see byte 6"),
            (b'{"a":"\xed\xa0\xbd"}', "is not UTF-8 text, see byte 6"),
            (b"\xff\xfe", "is not UTF-8 text, see byte 0"),
            (b"\xef\xbb\xbf{}", "is not JSON, it breaks at byte 0"),
            (b"", "is not JSON, it breaks at byte 0"),
            (b"{", "is not JSON, it breaks at byte 1"),
            (b"}{", "is not JSON, it breaks at byte 0"),
            (b'{"a":1}]', "is not JSON, it breaks at byte 7"),
            (b'{"a\\x":1}', "is not JSON, it breaks at byte 3"),
            (b'"a', "is not JSON, it breaks at byte 0"),
            (b'"a":1', "is not JSON, it breaks at byte 3"),
            (b" <html>", "is not JSON, it looks like a web page"),
            (b"[" * 10**6, "has more than 254 levels at byte 254"),
            (b'{"a":' * 10**6, "has more than 254 levels at byte 1270"),
            (b"[" * 255 + b"]" * 255, "has more than 254 levels at byte 254"),
            (b"1" * 10**7, "has more than 1,048,576 bytes in one value at byte 0"),
            (b'["' + b'\\"' * 10**7 + b'"]', "has more than 1,048,576 bytes in one value at byte 1"),
            (b" " * 10**7, "has more than 1,048,576 bytes in one value at byte 0"),
        ],
        ids=lambda value: repr(value[:20]),
    )
    def test_a_fault_is_named_with_its_byte(self, body: bytes, words: str) -> None:
        assert fault(body) == words

    def test_a_text_of_100_megabytes_is_refused_at_once(self) -> None:
        body = b'{"id":"' + b"a" * 10**8 + b'"}'

        assert fault(body) == "has more than 1,048,576 bytes in one value at byte 6"

    @given(VALUES, TEXTS, st.randoms(use_true_random=False))
    def test_a_key_that_comes_twice_is_never_overlooked(self, value: Any, key: str, chance: Any) -> None:
        name = json.dumps(key, ensure_ascii=False)
        assume(name.isprintable())  # not half a character
        space = chance.choice(["", " ", "\n"])
        body = f'{{"x":{json.dumps(value)},{name}{space}:1,"y":[],{json.dumps(key)}:{json.dumps(value)}}}'

        assert "has two keys" in fault(body.encode())

    @pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'["' + b'\\"' * 500_000 + b'",NaN]', b"[]" * 10**5])
    def test_a_hostile_text_takes_no_longer_than_its_length(self, body: bytes) -> None:
        assert "breaks at byte" in fault(body)


class TestRowsThatCannotBeRead:
    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            (b'{"id":"a","x":"\\ud800"}', "it has a text with half a character (a lone surrogate)"),
            (b'{"id":"a","\\udc00\\ud800":[]}', "it has a text with half a character (a lone surrogate)"),
            (b'{"id":"a","x":[1e400]}', "it has a number that cannot be read exactly"),
            (b'{"id":"a","x":[-1e400]}', "it has a number that cannot be read exactly"),
            (b'{"id":"a","x":' + b"9" * 5000 + b"}", "it has a number that cannot be read exactly"),
        ],
    )
    def test_one_of_them_does_not_cost_the_others(self, written: bytes, reason: str) -> None:
        (good, bad, other), is_known = load(b'[{"id":"good"},' + written + b',{"n":1.5e3}]')

        assert not is_known
        assert (readable(good), readable(other)) == ({"id": "good"}, {"n": 1500.0})
        found = readable(bad)
        assert isinstance(found, Unreadable)
        assert (found.id, found.reason) == ("a", reason)

    @pytest.mark.parametrize("row", [{"id": "\ud800"}, {"id": 5, "x": "\ud800"}, ["\ud800"], "\ud800"])
    def test_an_id_that_cannot_be_read_is_not_told(self, row: Any) -> None:
        assert readable(row).id == ""

    def test_two_of_them_are_told_apart(self) -> None:
        one, other, again = (readable({"x": text}) for text in ("\ud800", "\ud801", "\ud800"))

        assert one != other
        assert one == again
        assert orjson.dumps(one)


@pytest.mark.parametrize("place", [0, 1, 5])
def test_a_text_of_escaped_quotes_is_refused_wherever_it_stands(place: int) -> None:
    texts = [b"a"] * 6
    texts[place] = b'\\"' * (LONGEST_TEXT // 2)

    assert "bytes in one value" in fault(b'["' + b'","'.join(texts) + b'"]')


@pytest.mark.parametrize(
    "texts", [['"' * 500_000, "\\" * 500_000, '\\"' * 250_000], ['a"', "b"] * 300_000], ids=["long", "short"]
)
def test_texts_of_escaped_quotes_that_are_no_longer_than_others_are_read(texts: list[str]) -> None:
    assert load(orjson.dumps(texts)) == (texts, True)


@pytest.mark.parametrize("value", [0, 1.5, -(2**63) + 1, 2**64 - 1, True, None, "x", [1], {"a": [1e18]}])
def test_a_number_within_64_bits_is_exact(value: Any) -> None:
    assert is_exact(value)


@pytest.mark.parametrize("value", [1.8446744073709552e19, -9.3e18, [[1e300]], {"a": {"b": 2**64}}, math.inf])
def test_a_number_beyond_64_bits_may_have_been_rounded(value: Any) -> None:
    assert not is_exact(value)
