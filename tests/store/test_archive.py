"""A study in open formats: all of it, as it was, readable and verifiable without entact."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entact import store
from entact.course import read
from entact.course.entry.ledger import Ledger
from entact.store.archive_folder import checksums
from entact.store.archive_reader import Damaged, entries

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ["site:01", "participant:b", "participant:a"]
RELEASE = '{"study":"mini"}'
ODD = {
    "note": "„groß“ \u0000\u2028 \U0001f9e0",
    "sealed": "sealed:1:AAAA",
    "deep": {"of": ["1 mg", None, True]},
}

Change = Callable[[list[bytes]], None]


@pytest.fixture
def ledgers(database: str, make_chain: Any, make_entry: Any, study: Any, stream: Any) -> dict[str, Ledger]:
    """A study with a release, a site and two participants, stored; one text is odd."""
    others = [make_chain(name, 6) for name in NAMES]
    others[2].append(
        make_entry("participant:a", 7, data=ODD, occurred_at="no time"), received_at=AT.isoformat()
    )
    own = study(others)
    entered = {"id": "mini@sha256:" + sha256(RELEASE.encode()).hexdigest(), "text": RELEASE}
    own.append(make_entry(own.name, 9, kind="release", data=entered), received_at=AT.isoformat())
    found = [own, *others]
    for ledger in found:
        store.append_many(stream(ledger))  # opened in this order
    return {ledger.name: ledger for ledger in found}


@pytest.fixture
def folder(ledgers: dict[str, Ledger], tmp_path: Path) -> Path:
    """An archive of it."""
    return store.write_archive(tmp_path / "archive", made_at=AT).folder


def run_reader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The archive's own script in a Python without site packages, environment or entact."""
    command = [sys.executable, "-I", "-S", str(folder / "read.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env={}, check=False)


def test_the_lines_are_those_of_the_record_byte_for_byte(ledgers: dict[str, Ledger], folder: Path) -> None:
    kept = [line for ledger in ledgers.values() for line in ledger.lines]
    texts = (folder / "entries.jsonl").read_bytes()
    assert texts == b"".join(line.text.encode() + b"\n" for line in kept)
    assert (folder / "entries.sha256").read_text().split() == [line.hash for line in kept]


def test_the_manifest_knows_every_head_and_every_file(ledgers: dict[str, Ledger], folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert [tuple(one.values()) for one in manifest["ledgers"]] == [
        (name, len(ledger.lines), ledger.head) for name, ledger in ledgers.items()
    ]
    assert (manifest["study"], manifest["environment"], manifest["simulated"]) == ("mini", "rehearsal", True)
    assert manifest["entries"] == sum(len(ledger.lines) for ledger in ledgers.values())
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    digests = {name: sha256(path.read_bytes()).hexdigest() for name, path in found.items()}
    assert manifest["files"] == {name: digests[name] for name in sorted(digests) if name != "manifest.json"}


def test_a_release_is_there_as_it_was_entered(folder: Path) -> None:
    (path,) = (folder / "releases").iterdir()
    assert (path.stem, path.read_text()) == (sha256(RELEASE.encode()).hexdigest(), RELEASE)


def test_the_same_record_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = store.write_archive(tmp_path / "again", made_at=AT)
    assert again.digest == sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_it_is_whole_or_not_there(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(store.StoreError, match="is there already"):
        store.write_archive(folder, made_at=AT)

    def fill_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fill_disk)
    left, other = tmp_path / "other.partial-999999999", tmp_path / "other.partial-1"
    left.mkdir()
    (left / "entries.jsonl").touch()
    other.mkdir()  # of a process that runs
    with pytest.raises(store.StoreError, match=r"cannot be written to .*other: No space left.*nothing of it"):
        store.write_archive(tmp_path / "other", made_at=AT)
    other.rmdir()
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE store_line SET text = replace(text, '148', '128') WHERE kind = 'vital_signs' AND seq = 3",
            "entry 3 of",
        ),
        ("DELETE FROM store_line WHERE seq = 6", "entry 6 of"),
        (
            "DELETE FROM store_line WHERE ledger_id = (SELECT id FROM store_ledger WHERE name = 'site:01')",
            "site:01",
        ),
        ("DELETE FROM store_ledger WHERE name = 'site:01'", "stand in no ledger"),
    ],
)
def test_a_record_that_does_not_verify_is_not_archived(
    ledgers: dict[str, Ledger], owner: Callable[..., None], tmp_path: Path, statement: str, message: str
) -> None:
    owner(statement)
    with pytest.raises(store.StoreError, match=f"{message}.* not archived"):
        store.write_archive(tmp_path / "archive", made_at=AT)
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_number_of_entries(
    ledgers: dict[str, Ledger], make_entry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entact.store.archive.ROWS", 500)
    monkeypatch.setattr("entact.store.archive.CHUNK", 500)

    def peak(name: str, more: int) -> int:
        store.append_many(long_ledger(make_entry, f"participant:{name}", more))
        tracemalloc.start()
        archived = store.write_archive(tmp_path / name, made_at=AT)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert archived.entries > more
        return highest

    small, large = peak("small", 2000), peak("large", 8000)
    assert large < small * 1.1


def long_ledger(make_entry: Any, name: str, length: int) -> Any:
    ledger = Ledger(name)
    for number in range(1, length + 1):
        yield name, ledger.append(make_entry(name, number), received_at=AT.isoformat()).line


@pytest.mark.requirement("R20")
def test_it_is_read_and_verified_by_its_own_script_in_plain_python(
    ledgers: dict[str, Ledger], folder: Path
) -> None:
    source = (folder / "read.py").read_text()
    assert len(source.splitlines()) <= 105
    assert "entact" not in source
    done = run_reader(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "every entry and every file is as it was archived\n"
    told = run_reader(folder, "participant:a").stdout.split("\n")[:-2]
    assert told == [line.text for line in ledgers["participant:a"].lines]


@pytest.mark.requirement("R14")
def test_who_reads_it_without_entact_is_told_of_broken_signatures(
    database: str, make_chain: Any, make_entry: Any, study: Any, stream: Any, tmp_path: Path
) -> None:
    signed = make_chain("participant:a", 3)
    names = [read(line.text).id for line in signed.lines]
    data = {"meaning": "approval", "entries": names[:2], "versions": ["0" * 64] * 2}

    def add(number: int, **fields: Any) -> str:
        entry = make_entry("participant:a", number, **fields)
        signed.append(entry, received_at=AT.isoformat())
        return str(entry.id)

    add(4, kind="signature", data=data)
    fix = add(5, replaces=names[0], reason="source_document")
    again = add(6, replaces=fix, reason="source_document")
    add(7, replaces=names[2], reason="source_document")
    for ledger in (study([signed]), signed):
        store.append_many(stream(ledger))
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    *broken, last = run_reader(folder).stdout.splitlines()
    assert [line.startswith("signature broken: therapist-12, ") for line in broken] == [True, True]
    assert [line.rpartition(" ")[2] for line in broken] == [fix, again]
    assert all(f"of {names[0]}," in line for line in broken)
    assert last == "every entry and every file is as it was archived"


def flip(place: int) -> Change:
    def change(lines: list[bytes]) -> None:
        raw = bytearray(lines[place])
        raw[len(raw) // 2] ^= 1
        lines[place] = bytes(raw)

    return change


def drop(place: int) -> Change:
    return lambda lines: lines.__delitem__(place)


def swap(one: int, other: int) -> Change:
    def change(lines: list[bytes]) -> None:
        lines[one], lines[other] = lines[other], lines[one]

    return change


def rename(before: bytes, after: bytes, place: int) -> Change:
    def change(lines: list[bytes]) -> None:
        assert before in lines[place]
        lines[place] = lines[place].replace(before, after)

    return change


# The study's ledger has lines 1 to 5, site:01 lines 6 to 11, participant:b 12 to 17, participant:a 18 to 24.
DAMAGES: dict[str, tuple[Change, str]] = {
    "a bit flipped": (flip(8), "line 9: entry 4 of site:01 "),
    "a bit flipped in the first": (flip(0), "line 1: entry 1 of study:mini "),
    "a bit flipped in the last": (flip(-1), "line 24: entry 7 of participant:a "),
    "a value changed": (rename(b"148", b"128", 13), "line 14: entry 3 of participant:b does not match"),
    "a number changed": (
        rename(b'"seq":3', b'"seq":4', 13),
        "line 14: entry 3 of participant:b is missing or out",
    ),
    "a line dropped": (drop(13), "line 14: entry 3 of participant:b is missing or out of order"),
    "the first line dropped": (drop(0), "line 1: entry 1 of study:mini is missing"),
    "the last line dropped": (drop(-1), "line 24: entry 7 of participant:a is missing"),
    "two lines swapped": (swap(6, 9), "line 7: entry 2 of site:01 is missing or out of order"),
    "two ledgers' lines swapped": (
        swap(11, 17),
        "line 12: entry 1 of participant:b is missing or out of order",
    ),
    "a line doubled": (
        lambda lines: lines.insert(8, lines[7]),
        "line 9: entry 4 of site:01 is missing or out",
    ),
    "a line added": (lambda lines: lines.append(lines[-1]), "line 25: manifest.json knows no such line"),
    "an empty line added": (lambda lines: lines.insert(8, b"\n"), "line 9: entry 4 of site:01 is missing"),
}


@pytest.mark.requirement("R20")
@pytest.mark.requirement("R03")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_at_the_first_bad_entry(folder: Path, damage: str) -> None:
    change, message = DAMAGES[damage]
    path = folder / "entries.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    done = run_reader(folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    with pytest.raises(store.StoreError, match=r"entries\.jsonl, line"):
        store.verify_archive(store.read_archive(folder))


@pytest.mark.requirement("R20")
@given(
    place=st.integers(0, 10**9),
    bit=st.integers(0, 7),
    file=st.sampled_from(["entries.jsonl", "entries.sha256"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_flipped_bit_is_named_at_its_line(folder: Path, place: int, bit: int, file: str) -> None:
    path = folder / file
    before = path.read_bytes()
    place %= len(before)
    raw = bytearray(before)
    raw[place] ^= 1 << bit
    path.write_bytes(raw)
    try:
        with pytest.raises(Damaged) as damage:
            list(entries(folder))
    finally:
        path.write_bytes(before)
    line = before[:place].count(b"\n") + 1
    assert str(damage.value).startswith(f"entries.jsonl, line {line}: entry ")


def test_it_is_one_moment_of_the_record_though_others_go_on_writing(
    ledgers: dict[str, Ledger], make_entry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.store import archive  # a database is set up by now

    monkeypatch.setattr(archive, "ROWS", 4)
    number, read_lines = iter(range(20, 100)), archive._lines

    def write(_: int = 0) -> None:
        for name in (*NAMES, "participant:new"):
            other = threading.Thread(target=append_and_leave, args=(make_entry(name, next(number)),))
            other.start()
            other.join()

    def read_late() -> Any:
        write()  # between the heads and the lines
        return read_lines()

    monkeypatch.setattr(archive, "_lines", read_late)
    archived = store.write_archive(tmp_path / "archive", made_at=AT, progress=write)
    assert next(number) > 25
    assert archived.entries == sum(len(ledger.lines) for ledger in ledgers.values()) == 24
    assert run_reader(archived.folder).returncode == 0


def append_and_leave(entry: Any) -> None:
    store.append(entry, received_at=AT.isoformat())
    connection.close()


def rewritten(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The archive with another manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    manifest["checksums"] = checksums(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.requirement("R20")
def test_a_ledger_left_out_with_its_line_in_the_manifest_is_missed(folder: Path) -> None:
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    hashes = (folder / "entries.sha256").read_bytes().splitlines(keepends=True)
    (folder / "entries.jsonl").write_bytes(b"".join(lines[:17]))
    (folder / "entries.sha256").write_bytes(b"".join(hashes[:17]))
    rewritten(folder, lambda manifest: manifest["ledgers"].pop())
    done = run_reader(folder)
    assert done.returncode == 1
    assert "manifest.json lacks ledgers whose birth was recorded: {'participant:a'}" in done.stderr


@pytest.mark.requirement("R20")
def test_an_entry_rewritten_with_its_hash_breaks_the_chain(folder: Path) -> None:
    lines = (folder / "entries.jsonl").read_bytes().splitlines()
    lines[13] = lines[13].replace(b"148", b"128")
    (folder / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    hashes = [sha256(line).hexdigest() + "\n" for line in lines]
    (folder / "entries.sha256").write_text("".join(hashes))
    assert "line 15: entry 4 of participant:b does not follow" in run_reader(folder).stderr


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("name", ["README.md", "columns/entries-00001.parquet", "entries.sha256"])
def test_damage_to_any_other_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("r+b") as file:
        file.seek(-3, 2)
        file.write(b"??")
    done = run_reader(folder)
    assert done.returncode == 1
    assert name in done.stderr


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("name", ["columns/entries-00002.parquet", "releases/other.json", "note.txt"])
def test_a_file_that_was_put_beside_the_others_is_named(folder: Path, name: str) -> None:
    """Who reads all files of `columns` would take it for a part of the record."""
    (folder / name).write_bytes((folder / "columns" / "entries-00001.parquet").read_bytes())
    done = run_reader(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{name} is not as it was archived\n"
    with pytest.raises(store.StoreError):
        store.verify_archive(store.read_archive(folder))


@pytest.mark.parametrize("name", ["README.md", "entries.jsonl", "entries.sha256", "manifest.json"])
def test_a_file_that_is_missing_is_named_in_words(folder: Path, name: str) -> None:
    archive = store.read_archive(folder)
    (folder / name).unlink()
    done = run_reader(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    with pytest.raises(store.StoreError, match=name):
        store.verify_archive(archive)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "7", '{"ledgers": [7], "files": {}}'])
def test_a_manifest_that_is_none_gives_no_trace_of_code(folder: Path, content: str) -> None:
    archive = store.read_archive(folder)
    (folder / "manifest.json").write_text(content)
    done = run_reader(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    with pytest.raises(store.StoreError, match=r"manifest\.json"):
        store.verify_archive(archive)


def test_a_folder_that_is_no_archive_is_refused_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(store.StoreError, match="is no archive: it has no manifest"):
        store.read_archive(tmp_path)
    rewritten(folder, lambda manifest: manifest.update(archive=3))
    with pytest.raises(store.StoreError, match="of format 3; this entact reads formats 1 to 2"):
        store.read_archive(folder)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(store.StoreError, match="the archive is damaged"):
        store.read_archive(folder)


def at(folder: Path, name: str, make: Callable[[Path], object]) -> None:
    path = folder / name
    if path.is_file():
        path.unlink()
    make(path)


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "an endless last number": (lambda folder: seq(folder, "1e999"), "ledgers|Infinity|range"),
    "infinity": (lambda folder: seq(folder, "Infinity"), "ledgers"),
    "not a number": (lambda folder: seq(folder, "NaN"), "ledgers"),
    "a negative last number": (lambda folder: seq(folder, "-6"), "ledgers"),
    "none at all": (lambda folder: seq(folder, "0"), "ledgers"),
    "a half": (lambda folder: seq(folder, "6.5"), "ledgers"),
    "a long one": (lambda folder: seq(folder, "9" * 5000), "ledgers|manifest"),
    "a manifest nested deeply": (
        lambda folder: at(folder, "manifest.json", lambda path: path.write_text("[" * 100_000)),
        "manifest.json",
    ),
    "an entry nested deeply": (
        lambda folder: nested(folder, '{"a":' * 100_000),
        "entries.jsonl, line 1: entry 1 of study:mini",
    ),
    "a pipe for the manifest": (
        lambda folder: at(folder, "manifest.json", os.mkfifo),
        "manifest.json is neither",
    ),
    "a pipe for the entries": (
        lambda folder: at(folder, "entries.jsonl", os.mkfifo),
        "entries.jsonl is neither",
    ),
    "a pipe beside": (lambda folder: at(folder, "columns/more", os.mkfifo), "columns/more is neither"),
    "an endless device": (
        lambda folder: at(folder, "entries.sha256", lambda path: path.symlink_to("/dev/zero")),
        "entries.sha256 is neither",
    ),
    "a folder elsewhere": (
        lambda folder: at(folder, "more", lambda path: path.symlink_to("/etc")),
        "more is neither",
    ),
    "a name outside": (
        lambda folder: rewritten(folder, lambda manifest: manifest["files"].update({"../x": "0" * 64})),
        r"\.\./x",
    ),
    "an absolute name": (
        lambda folder: rewritten(
            folder, lambda manifest: manifest["files"].update({"/etc/passwd": "0" * 64})
        ),
        "/etc/passwd",
    ),
}


def seq(folder: Path, number: str) -> None:
    path = folder / "manifest.json"
    path.write_text(re.sub(r'"seq": \d+', f'"seq": {number}', path.read_text(), count=1))


def nested(folder: Path, text: str) -> None:
    path = folder / "entries.jsonl"
    path.write_text("\n".join([text, *path.read_text().splitlines()[1:], ""]))


@pytest.mark.parametrize("how", HOSTILE)
def test_what_somebody_made_to_do_harm_is_named_and_followed_nowhere(folder: Path, how: str) -> None:
    damage, said = HOSTILE[how]
    damage(folder)
    with pytest.raises(store.StoreError, match=said):
        store.verify_archive(store.read_archive(folder))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "read.py")], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_keys_stay_out_of_it(ledgers: dict[str, Ledger], tmp_path: Path) -> None:
    key = bytes(range(100, 132))
    store.keep_keys({"participant:a": key})
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert key not in content
    assert key.hex().encode() not in content
