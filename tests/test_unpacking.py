import gzip
import zlib

import pytest

from audit.unpacking import unpacked

WHOLE = gzip.compress(b"a response", mtime=0)


def test_a_gzip_file_is_unpacked_up_to_the_limit() -> None:
    assert unpacked(WHOLE, 10) == b"a response"
    assert unpacked(gzip.compress(b""), 0) == b""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(bytes(50_000_000), mtime=0), "unpacks to more than 10 bytes"),
        (b"", "broke off"),
        (WHOLE[:-1], "broke off"),
        (WHOLE + b"\0", "something follows"),
        (WHOLE + WHOLE, "something follows"),
        (b"plain and long enough", "not a gzip file"),
        (zlib.compress(b"a response"), "not a gzip file"),
        (WHOLE[:-8] + b"12345678", "not a gzip file"),
    ],
)
def test_what_is_no_whole_gzip_file_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpacked(data, 10)
