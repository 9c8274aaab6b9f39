"""Bytes in which one reader sees another entry than the next, under hashes that fit: each reader names it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from tests.store.living import ANNA, consent, enter_study

from entact import store
from entact.store import StoreError, archive_folder, archive_reader, archive_verifier
from entact.store.archive_folder import checksums, read_archive, verify_archive

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def archive(database: str, tmp_path: Path) -> Path:
    """An archive that ends with the last entry of a participant."""
    consent(enter_study())
    return store.write_archive(tmp_path / "archive", made_at=AT).folder


def forge(folder: Path, change: Callable[[bytes], bytes]) -> None:
    """Changes the bytes of the last entry, and makes everything else fit."""
    *texts, last = (folder / "entries.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    *hashes, _ = (folder / "entries.sha256").read_bytes().split()
    assert f'"ledger":"{ANNA}"'.encode() in last
    changed = change(last)
    assert changed != last
    value = sha256(changed).hexdigest()
    (folder / "entries.jsonl").write_bytes(b"".join(one + b"\n" for one in (*texts, changed)))
    (folder / "entries.sha256").write_bytes(b"".join(one + b"\n" for one in (*hashes, value.encode())))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["ledgers"][-1]["hash"] = value
    write(folder, manifest)


def write(folder: Path, manifest: dict[str, object]) -> None:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del paths["manifest.json"]
    manifest["files"] = {name: sha256(path.read_bytes()).hexdigest() for name, path in sorted(paths.items())}
    manifest["checksums"] = checksums(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False))


def answers(folder: Path) -> list[str]:
    """What each of the three readers says; nothing where it holds for them."""
    said = []
    try:
        verify_archive(read_archive(folder))
    except StoreError as error:
        said.append(str(error))
    try:
        for _ in archive_reader.entries(folder):
            pass
    except (archive_reader.Damaged, ValueError) as error:
        said.append(str(error))
    try:
        archive_verifier.verify(folder, [], [])
    except archive_verifier.Wrong as error:
        said.append(str(error))
    return said


def put(more: bytes) -> Callable[[bytes], bytes]:
    return lambda text: text[:-1] + more + b"}"


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(old, new, 1)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a name twice": put(b',"by":"t-2"'),
    "a name twice, escaped": put(b',"b\\u0079":"t-2"'),
    "a name twice, within": swap(b'"data":{', b'"data":{"version":"9.9",'),
    "no number": swap(b'"version":"1.0"', b'"version":NaN'),
    "endless": swap(b'"version":"1.0"', b'"version":-Infinity'),
    "binary": swap(b'"version":"1.0"', b'"version":1.5'),
    "binary whole": swap(b'"version":"1.0"', b'"version":1e3'),
    "five thousand digits": swap(b'"version":"1.0"', b'"version":' + b"9" * 5000),
    "negative nothing": swap(b'"version":"1.0"', b'"version":-0'),
    "half a pair": swap(b'"version":"1.0"', b'"version":"\\ud800"'),
    "half a pair, raw": swap(b'"version":"1.0"', b'"version":"\xed\xa0\x80"'),
    "no UTF-8": swap(b'"version":"1.0"', b'"version":"\xff"'),
    "escaped": swap(b'"version":"1.0"', b'"version":"\\u0031.0"'),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "carriage return": lambda text: text + b"\r",
    "space": lambda text: text.replace(b":", b": ", 1),
    "space behind": lambda text: text + b" ",
    "another order": lambda text: b'{"role":"therapist",' + text[1:].replace(b',"role":"therapist"', b""),
    "very deep": swap(b'"version":"1.0"', b'"version":' + b"[" * 90_000 + b"]" * 90_000),
    "UTF-16": lambda text: text.decode().encode("utf-16").replace(b"\n", b""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_reader_names_bytes_that_are_not_the_one_text_of_an_entry(archive: Path, change: str) -> None:
    assert answers(archive) == []
    forge(archive, CHANGES[change])
    said = answers(archive)
    assert len(said) == 3, said
    assert not any("says something else than" in one for one in said)  # columns can be forged too


NEVER_KEPT: dict[str, Callable[[bytes], bytes]] = {
    "beyond 2^53": swap(b'"version":"1.0"', b'"version":9007199254740992'),
    "deep": swap(b'"version":"1.0"', b'"version":' + b"[" * 100 + b"]" * 100),
    "a name in other letters": swap(b'"version":"1.0"', '"versiön":"1.0"'.encode()),
    "no time of arrival": swap(b'"received_at":"2', b'"received_at":"x'),
    "no offset": lambda text: re.sub(rb'("received_at":"[^"+]*)[^"]*"', rb'\1"', text),
    "another field": put(b',"zz":"x"'),
    "data that are none": lambda text: re.sub(rb'"data":\{.*?"version":"1.0"\}', b'"data":[]', text),
}


@pytest.mark.parametrize("change", NEVER_KEPT)
def test_what_no_door_ever_took_is_named_in_words(archive: Path, change: str) -> None:
    forge(archive, NEVER_KEPT[change])
    with pytest.raises(StoreError, match=f"of {ANNA} (cannot have been kept|is not an entry)"):
        verify_archive(read_archive(archive))


@pytest.mark.parametrize("name", ["entries.jsonl", "entries.sha256", "manifest.json"])
def test_a_file_that_claims_to_be_longer_than_any_memory_is_not_read_into_it(
    archive: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sparse file does, which takes no room on the disk."""
    for module in (archive_reader, archive_verifier):
        monkeypatch.setattr(module, "LONGEST", 2**16)
    monkeypatch.setattr("entact.store.archive_folder.LONGEST", 2**16)
    with (archive / name).open("r+b") as file:
        file.truncate(2**26)
    if name != "manifest.json":
        write(archive, json.loads((archive / "manifest.json").read_bytes()))
    said = answers(archive)
    assert len(said) >= 2, said
    assert not any("Error" in one for one in said)


@pytest.mark.parametrize("field", ["study", "made_at", "ledgers"])
def test_a_field_that_stands_in_the_manifest_twice_is_named(archive: Path, field: str) -> None:
    path = archive / "manifest.json"
    manifest = json.loads(path.read_bytes())
    more = json.dumps({field: manifest[field]})[1:-1]
    path.write_bytes(path.read_bytes().rstrip()[:-1] + f",{more}}}".encode())
    with pytest.raises(StoreError, match="twice"):
        read_archive(archive)
    with pytest.raises(ValueError, match="twice"):
        list(archive_reader.entries(archive))
    with pytest.raises(archive_verifier.Wrong, match="twice"):
        archive_verifier.verify(archive, [], [])


def test_a_manifest_as_long_as_any_may_be_is_read_and_no_longer_one(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = (archive / "manifest.json").stat().st_size
    monkeypatch.setattr(archive_folder, "LONGEST", length)
    assert read_archive(archive).entries > 0
    monkeypatch.setattr(archive_folder, "LONGEST", length - 1)
    with pytest.raises(StoreError, match="is longer than that of any archive: it is damaged"):
        read_archive(archive)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_is_whole_and_one_that_every_reader_holds(sign: str) -> None:
    for text in ("0", "7", "9007199254740991"):
        assert archive_verifier.num(sign + text) == int(sign + text)
    for text in ("9007199254740992", "12345678901234567", "1.0", "1e3", "NaN", ""):
        with pytest.raises(archive_verifier.Wrong, match="is no number"):
            archive_verifier.num(sign + text)


def test_an_archive_of_a_record_in_which_nothing_was_entered_yet_holds_nothing(
    database: str, tmp_path: Path
) -> None:
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    assert read_archive(folder).entries == verify_archive(read_archive(folder)) == 0
    assert list(archive_reader.entries(folder)) == []
    assert archive_verifier.verify(folder, [], []) == (0, 0, [])
