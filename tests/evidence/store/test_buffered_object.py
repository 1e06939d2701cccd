import gc
from pathlib import Path

import pytest

from audit.errors import StoreError
from audit.evidence.store.buffered_object import held, in_parts

MEGABYTE = b"0123456789abcdef" * 65536


@pytest.mark.parametrize(("number", "kind"), [(0, bytes), (8, bytes), (9, memoryview), (20, memoryview)])
def test_what_is_large_is_held_in_a_file_and_not_in_memory(number: int, kind: type) -> None:
    found = held([MEGABYTE] * number)

    assert type(found) is kind
    assert bytes(found) == MEGABYTE * number


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (9 << 20) + 7])
def test_parts_are_the_whole_as_often_as_it_is_looked_at(size: int) -> None:
    data = (MEGABYTE * 10)[:size]
    found = held([data])

    assert [b"".join(in_parts(found)) for _ in range(2)] == [data, data]
    assert max(map(len, in_parts(found)), default=0) <= len(MEGABYTE)


def test_parts_that_were_looked_at_leave_memory() -> None:
    found = held([MEGABYTE] * 64)
    for _ in in_parts(found):
        pass
    before = _resident()
    for part in in_parts(found):
        bytes(part)

    assert _resident() - before < 16 * len(MEGABYTE)
    assert bytes(found) == MEGABYTE * 64
    assert _resident() - before > 32 * len(MEGABYTE)


def _resident() -> int:
    """The bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_the_file_has_no_name_and_ends_with_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = _mapped()
    found = held([MEGABYTE] * 9)

    assert _mapped() == before + 1
    assert list(tmp_path.iterdir()) == []
    del found
    gc.collect()
    assert _mapped() == before


def _mapped() -> int:
    """Count the files without a name that are mapped into this process."""
    return sum(line.endswith("(deleted)") for line in Path("/proc/self/maps").read_text().splitlines())


def test_a_temporary_folder_without_room_is_an_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))

    with pytest.raises(StoreError, match=r"cannot write a temporary file: No such file or directory; set TMPDIR"):
        held([MEGABYTE] * 9)
