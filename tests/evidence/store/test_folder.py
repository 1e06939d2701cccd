"""What is special about a folder; what every store must do stands in test_contract.py."""

import os
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.errors import ChainError, SettingsError, StoreError
from audit.evidence.store import open_store
from audit.evidence.store.folder import Folder
from audit.evidence.store.keys import UNFINISHED, Oddity, largest


def names(folder: Path) -> list[str]:
    """What is in a folder, besides that of unfinished files."""
    return sorted(path.name for path in folder.iterdir() if path.name != UNFINISHED)


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_a_folder_is_opened_by_path_or_url(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "with space"
    text = str(folder) if form == "{}" else folder.as_uri().removeprefix("file://")
    open_store(form.format(text)).create("a", b"1")

    assert (folder / "a").read_bytes() == b"1"


def test_a_relative_path_is_a_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("reports?#1")
    store.create("a", b"1")

    assert (tmp_path / "reports?#1" / "a").read_bytes() == b"1"
    assert store.url == (tmp_path / "reports?#1").as_uri()


@pytest.mark.parametrize(
    "url", ["", "s3://bucket", "https://example.com/x", "file://other-host/x", "file://", "//[", "a\0b", "file:///a%00"]
)
def test_what_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not a store; give a folder"):
        open_store(url)


def test_nothing_is_made_before_the_first_object(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new")

    assert folder.read("a") is None
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("write", [Folder.create, Folder.replace])
def test_a_file_in_the_way_is_named(tmp_path: Path, write: Callable[[Folder, str, bytes], None]) -> None:
    (tmp_path / "p1").write_bytes(b"a file")

    with pytest.raises(StoreError, match=str(tmp_path / "p1" / "latest.json")):
        write(Folder(tmp_path), "p1/latest.json", b"{}")

    assert (tmp_path / "p1").read_bytes() == b"a file"


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "latest.json").mkdir()

    with pytest.raises(ChainError, match=r"latest.json is a link, lies below one, or is no file"):
        Folder(tmp_path).read("latest.json")
    with pytest.raises(StoreError, match=r"cannot write .*latest.json: .*check that the folder"):
        Folder(tmp_path).replace("latest.json", b"{}")

    assert names(tmp_path) == ["latest.json"]


def test_a_name_that_is_too_long_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="File name too long"):
        Folder(tmp_path).create("a" * 300, b"")


def failing(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("write", [Folder.create, Folder.replace])
@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "os.rename", "os.fdopen"])
def test_a_failure_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Folder, str, bytes], None], step: str
) -> None:
    used_by_create_only, used_by_replace_only = step.endswith("rename"), step.endswith("replace")
    monkeypatch.setattr(step, failing)
    if write is Folder.create:
        monkeypatch.setattr("os.link", failing)
    if (write is Folder.create and used_by_replace_only) or (write is Folder.replace and used_by_create_only):
        write(Folder(tmp_path), "p1/a", b"1")
    else:
        with pytest.raises(StoreError, match=r"cannot (read|write) .*p1/a: No space left on device"):
            write(Folder(tmp_path), "p1/a", b"1")
        assert not (tmp_path / "p1" / "a").exists()

    assert not list((tmp_path / UNFINISHED).glob("*"))


def test_a_failed_replacement_keeps_the_old_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    folder.replace("latest.json", b"old")
    monkeypatch.setattr("os.replace", failing)

    with pytest.raises(StoreError):
        folder.replace("latest.json", b"new")

    assert folder.read("latest.json") == b"old"
    assert names(tmp_path) == ["latest.json"]


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    folder = Folder(tmp_path)
    folder.create("a", b"1")

    with pytest.raises(StoreError, match="other contents"):
        folder.create("a", b"2")

    assert folder.read("a") == b"1"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_may_not_be_looked_into_is_an_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)

    with pytest.raises(StoreError, match=r"cannot read .*: Permission denied"):
        Folder(tmp_path).create("a", b"1")
    with pytest.raises(StoreError, match=r"cannot read .*: Permission denied"):
        Folder(tmp_path).read("a")


@pytest.mark.parametrize(
    "other", [b"", b"1" * 2**20, b"1" * 2**20 + b"2", b"1" * (2**21 - 1) + b"2", b"1" * (2**21 + 1)]
)
def test_large_objects_are_compared_to_their_ends(other: bytes, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.create("a", b"1" * 2**21)
    folder.create("a", b"1" * 2**21)

    with pytest.raises(StoreError, match="other contents"):
        folder.create("a", other)


def test_objects_are_on_the_disk_before_they_have_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append((tmp_path / "a").exists())
        sync(descriptor)

    folder = Folder(tmp_path)
    folder.replace("b", b"1")
    monkeypatch.setattr("os.fsync", watch)
    folder.create("a", b"1")

    assert synced == [False, True], "the file before it is named, its folder afterwards"


@pytest.mark.parametrize("hidden", ["", "digest"])
def test_a_folder_that_may_not_be_listed_is_an_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    def refuse(path: str | Path) -> Any:
        if Path(path) == tmp_path / "p1" / hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    Folder(tmp_path).create("p1/digest/1", b"1")
    monkeypatch.setattr("os.scandir", refuse)

    with pytest.raises(StoreError, match=r"cannot read .*: Permission denied"):
        Folder(tmp_path).keys("p1/")


def test_a_folder_that_is_not_there_or_is_a_file_holds_nothing(tmp_path: Path) -> None:
    Folder(tmp_path).create("file", b"1")

    assert (Folder(tmp_path).keys("gone/"), Folder(tmp_path).keys("file/")) == ((), ())


def test_what_was_made_for_a_probe_is_removed_with_it_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Folder(tmp_path / "mine").replace("probe", b"1")
    folder = Folder(tmp_path / "new" / "store")
    folder.replace("probe", b"1")
    folder.remove("probe")
    Folder(tmp_path / "mine").remove("probe")

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "probe").mkdir()

    with pytest.raises(StoreError, match=r"cannot remove .*probe: "):
        Folder(tmp_path).remove("probe")


def link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


PLANTED: list[Callable[[Path], None]] = [link, dangling, pipe, unix_socket, Path.mkdir]


@pytest.mark.parametrize("plant", PLANTED)
def test_what_is_no_regular_file_is_neither_opened_nor_written_into(
    tmp_path: Path, plant: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket has a short name
    (tmp_path / "p1").mkdir()
    plant(Path("p1/a"))
    folder = Folder(tmp_path)

    for use in (folder.read, lambda key: folder.create(key, b"1")):
        with pytest.raises(ChainError, match="p1/a is a link, lies below one, or is no file"):
            use("p1/a")
    assert folder.keys("p1/") == ()


def test_nothing_is_read_or_written_behind_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "digest").mkdir(parents=True)
    (other / "digest" / "a").write_bytes(b"1")
    (tmp_path / "store" / "p2").mkdir(parents=True)
    (tmp_path / "store" / "p1").symlink_to(other)
    (tmp_path / "store" / "p2" / "digest").symlink_to(other / "digest")
    folder = Folder(tmp_path / "store")

    for key in ("p1/digest/a", "p2/digest/a"):
        with pytest.raises(ChainError, match="lies below one"):
            folder.read(key)
        with pytest.raises(StoreError, match="cannot write"):
            folder.replace(key, b"2")
    assert (folder.keys(""), [odd.what for odd in folder.oddities("")]) == ((), ["a link", "a link"])
    assert (other / "digest" / "a").read_bytes() == b"1"


@pytest.mark.parametrize("key", ["../secret", "/etc/hostname", "a/../../secret", ".hidden", "a//b", "a\0b", "", "é"])
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"1")
    folder = Folder(tmp_path / "store")

    for use in (folder.read, folder.remove, lambda key: folder.replace(key, b"2")):
        with pytest.raises(StoreError, match="cannot be the name of an object"):
            use(key)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("key", ["p1/latest.json", "p1/digest/a.json", "p1/manifest.json", "p1/raw/a.json.gz", "p1/x"])
def test_an_object_larger_than_any_of_its_kind_is_not_read(tmp_path: Path, key: str) -> None:
    folder = Folder(tmp_path)
    folder.create(key, b"1")
    with (tmp_path / key).open("r+b") as file:
        file.truncate(largest(key) + 1)

    with pytest.raises(ChainError, match=r"has [0-9,]+ bytes, and an object of its kind [0-9,]+ at most"):
        folder.read(key)


def test_what_killed_runs_left_is_removed_when_no_run_can_still_be_writing_it(tmp_path: Path) -> None:
    desk = tmp_path / UNFINISHED
    (desk / f"{3:016x}").mkdir(parents=True)
    for number, days in ((1, 2), (2, 0)):
        left = desk / f"{number:016x}"
        left.write_bytes(b"half")
        os.utime(left, (time.time() - days * 86_400,) * 2)
    (desk / "mine").write_bytes(b"another program's")
    os.utime(desk / f"{3:016x}", (0, 0))
    folder = Folder(tmp_path)
    before = [odd.place.rpartition("/")[2] for odd in folder.oddities("") if odd.is_leftover]
    folder.create("a", b"1")

    assert before == [f"{number:016x}" for number in (1, 2)]
    assert sorted(path.name for path in desk.iterdir()) == [f"{2:016x}", f"{3:016x}", "mine"]


def test_what_is_no_object_is_listed_with_what_it_is(tmp_path: Path) -> None:
    run = tmp_path / "p1" / "run"
    run.mkdir(parents=True)
    pipe(run / "pipe")
    dangling(run / "link")
    (run / ".hidden").write_bytes(b"")
    (run / f".{1:016x}").write_bytes(b"")
    Path(os.fsdecode(bytes(run) + b"/\xff")).write_bytes(b"")
    found = {odd.place.removeprefix("p1/run/"): odd.what for odd in Folder(tmp_path).oddities("p1/")}

    assert found == {
        "pipe": "neither a file nor a folder",
        "link": "a link",
        ".hidden": "a file with a name that no object has",
        "\\xff": "a file with a name that no object has",
        f".{1:016x}": "the rest of an interrupted write, 0.0 days old",
    }


def test_what_a_run_finishes_in_the_meantime_is_not_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / UNFINISHED / f"{1:016x}"
    left.parent.mkdir()
    left.write_bytes(b"half")
    monkeypatch.setattr("time.time", left.unlink)

    assert Folder(tmp_path).oddities("") == ()


@pytest.mark.parametrize(("is_private", "modes"), [(True, (0o700, 0o600)), (False, (0o755, 0o644))])
def test_what_is_made_is_private_unless_told_and_what_is_there_keeps_its_mode(
    tmp_path: Path, *, is_private: bool, modes: tuple[int, int]
) -> None:
    (tmp_path / "there").mkdir(mode=0o750)
    umask = os.umask(0o022)
    try:
        folder = Folder(tmp_path / "there" / "new", is_private=is_private)
        folder.create("p1/a", b"1")
        folder.replace("p1/b", b"1")
    finally:
        os.umask(umask)
    made = [tmp_path / "there" / "new" / name for name in ("", "p1", "p1/a", "p1/b")]

    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [modes[0], modes[0], modes[1], modes[1]]
    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o750


def test_a_link_to_a_folder_with_runs_is_no_project(tmp_path: Path) -> None:
    for name in ("store/p1", "elsewhere"):
        Folder(tmp_path).replace(f"{name}/latest.json", b"{}")
    (tmp_path / "store/p2").symlink_to(tmp_path / "elsewhere")
    store = Folder(tmp_path / "store")

    assert store.projects() == ("p1",)
    assert store.beside() == (Oddity("p2", "a link that belongs to no project"),)
