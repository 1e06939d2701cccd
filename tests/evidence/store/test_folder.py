"""What is special about a folder; what every store must do stands in test_contract.py."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.errors import SettingsError, StoreError
from audit.evidence.store import open_store
from audit.evidence.store.folder import Folder


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

    with pytest.raises(StoreError, match=r"cannot read .*latest.json: Is a directory"):
        Folder(tmp_path).read("latest.json")
    with pytest.raises(StoreError, match=r"cannot write .*latest.json: .*check that the folder"):
        Folder(tmp_path).replace("latest.json", b"{}")

    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]


def test_a_name_that_is_too_long_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="File name too long"):
        Folder(tmp_path).create("a" * 300, b"")


def failing(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("write", [Folder.create, Folder.replace])
@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.rename", "pathlib.Path.open"])
def test_a_failure_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Folder, str, bytes], None], step: str
) -> None:
    used_by_create_only, used_by_replace_only = step.endswith("rename"), step.endswith("replace")
    monkeypatch.setattr(step, failing)
    if write is Folder.create:
        monkeypatch.setattr("pathlib.Path.hardlink_to", failing)
    if (write is Folder.create and used_by_replace_only) or (write is Folder.replace and used_by_create_only):
        write(Folder(tmp_path), "p1/a", b"1")
    else:
        with pytest.raises(StoreError, match=r"cannot (read|write) .*p1/a: No space left on device"):
            write(Folder(tmp_path), "p1/a", b"1")
        assert not (tmp_path / "p1" / "a").exists()

    assert not list(tmp_path.rglob(".*"))


def test_a_failed_replacement_keeps_the_old_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    folder.replace("latest.json", b"old")
    monkeypatch.setattr("pathlib.Path.replace", failing)

    with pytest.raises(StoreError):
        folder.replace("latest.json", b"new")

    assert folder.read("latest.json") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    folder = Folder(tmp_path)
    folder.create("a", b"1")

    with pytest.raises(StoreError, match="other contents"):
        folder.create("a", b"2")

    assert folder.read("a") == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_may_not_be_looked_into_is_an_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, *_mode: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)

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

    monkeypatch.setattr("os.fsync", watch)
    Folder(tmp_path).create("a", b"1")

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
