"""Private files: nobody else reads them, none is overwritten, and none is there by half."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from entact.store.error import StoreError
from entact.store.private import private_file, private_folder, write_new


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_folder_and_a_file_are_their_owners_alone_also_where_they_were_there(tmp_path: Path) -> None:
    folder, file = tmp_path / "a" / "keys", tmp_path / "list"
    private_folder(folder)
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    private_folder(folder)
    assert mode(folder) == 0o700
    file.touch(0o644)
    private_file(file)
    assert mode(file) == 0o600
    private_file(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    for folder in (tmp_path / "keys", tmp_path / "keys" / "more"):
        with pytest.raises(StoreError, match="is no folder, or lies in something that is none"):
            private_folder(folder)


def test_a_new_file_is_whole_private_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    write_new(path, b"one", "the list")
    assert (path.read_bytes(), mode(path)) == (b"one", 0o600)
    with pytest.raises(StoreError, match=r"list\.json exists already: the list is never overwritten"):
        write_new(path, b"two", "the list")
    assert path.read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["list.json"]


@pytest.mark.parametrize("why", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_on_a_stick_that_knows_no_links_it_is_written_all_the_same_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    path = tmp_path / "list.json"

    def no_link(*names: object) -> None:
        raise OSError(why, os.strerror(why))

    monkeypatch.setattr(os, "link", no_link)
    write_new(path, b"one", "the list")
    assert path.read_bytes() == b"one"
    with pytest.raises(StoreError, match="is never overwritten"):
        write_new(path, b"two", "the list")
    assert path.read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["list.json"]


def test_where_a_name_cannot_be_given_nothing_is_written_and_it_is_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*names: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(StoreError, match=r"list\.json cannot be written: No space left on device"):
        write_new(tmp_path / "list.json", b"one", "the list")
    assert list(tmp_path.iterdir()) == []
