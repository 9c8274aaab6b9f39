"""The second implementation: it holds for what holds, and names every attack, without a line of entact's."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.living import ANNA, BERT, consent, enter_study, fact, keep

from entact import store
from entact.cli.archive import check_offline
from entact.store import archive_verifier
from entact.store.anchor import append_to_file
from entact.store.anchoring import take_anchor

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = Path(archive_verifier.__file__)


@pytest.fixture
def archive(database: str, tmp_path: Path) -> Path:
    """An archive of a small study, with an anchor beside it that was taken a while before."""
    study = enter_study()
    consent(study)
    consent(study, BERT)
    anchor, heads = take_anchor()
    append_to_file(tmp_path / "anchors", anchor, heads)
    odd = {"note": '„groß“ \u0000\u2028 \U0001f9e0 \\ " \t', "deep": {"of": ["1 mg", None, True, -3]}}
    keep(study, fact(study, 9, "note", odd))
    return store.write_archive(tmp_path / "archive", made_at=AT).folder


def check(*words: object) -> tuple[int, str]:
    """As somebody runs it who has nothing but Python."""
    command = [sys.executable, "-I", "-S", str(SOURCE), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    assert (done.returncode == 0) is done.stdout.startswith(("holds", "look at"))
    return done.returncode, done.stdout + done.stderr


def test_it_is_short_and_shares_nothing() -> None:
    text = SOURCE.read_text()
    assert len(text.splitlines()) <= 150
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    assert names <= sys.stdlib_module_names


def test_what_holds_holds_and_its_copy_is_in_the_archive(archive: Path) -> None:
    digest = sha256((archive / "manifest.json").read_bytes()).hexdigest()
    assert check(archive, archive.parent / "anchors", f"sha256:{digest}") == (
        0, "holds: 9 entries in 3 ledgers, and every file\n"
    )  # fmt: skip
    assert (archive / "verify.py").read_bytes() == SOURCE.read_bytes()
    assert "its digest is" in check(archive, f"sha256:{digest[::-1]}")[1]


def test_the_command_runs_it(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_offline(archive, [archive.parent / "anchors"]) == 0
    assert capsys.readouterr().out == "holds: 9 entries in 3 ledgers, and every file\n"
    (archive / "README.md").write_text("x")
    assert check_offline(archive, []) == 1
    assert capsys.readouterr().out == "broken README.md: is not as it was archived\n"


class Forger:
    """Rewrites an archive as one would who can do everything but change what was said elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = [json.loads(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]
        self.manifest = json.loads((folder / "manifest.json").read_bytes())

    def chain(self) -> None:
        """Makes all hashes, heads and digests fit again."""
        ledgers: dict[str, tuple[int, str]] = {}
        texts, hashes = [], []
        for entry in self.entries:
            seq, previous = ledgers.get(entry["ledger"], (0, "0" * 64))
            entry |= {"seq": seq + 1, "previous": previous}
            text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            value = sha256(text.encode()).hexdigest()
            ledgers[entry["ledger"]] = seq + 1, value
            texts.append(text)
            hashes.append(value)
        self.write(texts, hashes)
        self.manifest["ledgers"] = [
            {"ledger": name, "seq": seq, "hash": value} for name, (seq, value) in ledgers.items()
        ]
        self.manifest["entries"] = len(texts)
        self.seal()

    def write(self, texts: list[str], hashes: list[str]) -> None:
        (self.folder / "entries.jsonl").write_bytes("".join(f"{one}\n" for one in texts).encode())
        (self.folder / "entries.sha256").write_bytes("".join(f"{one}\n" for one in hashes).encode())

    def seal(self) -> None:
        files = {name: self.folder / name for name in self.manifest["files"]}
        self.manifest["files"] = {
            name: sha256(path.read_bytes()).hexdigest() for name, path in files.items() if path.is_file()
        }
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest, ensure_ascii=False))

    def of(self, ledger: str) -> list[dict[str, Any]]:
        return [one for one in self.entries if one["ledger"] == ledger]


def edit(forger: Forger) -> None:
    forger.of(ANNA)[0]["data"]["number"] = "S-99"


def drop_last(forger: Forger) -> None:
    forger.entries.remove(forger.of(BERT)[-1])


def drop_ledger(forger: Forger) -> None:
    forger.entries = [one for one in forger.entries if one["ledger"] != BERT]


def drop_ledger_and_birth(forger: Forger) -> None:
    drop_ledger(forger)
    forger.entries = [one for one in forger.entries if one["data"].get("ledger") != BERT]


def swap(forger: Forger) -> None:
    first, second = (forger.entries.index(one) for one in forger.of(BERT)[:2])
    forger.entries[first], forger.entries[second] = forger.entries[second], forger.entries[first]


def insert(forger: Forger) -> None:
    forger.entries.insert(forger.entries.index(forger.of(BERT)[0]), forger.of(BERT)[0] | {"id": "new"})


def move(forger: Forger) -> None:
    forger.of(BERT)[1]["ledger"] = ANNA


def unborn(forger: Forger) -> None:
    forger.entries.append(forger.of(BERT)[0] | {"ledger": "participant:new"})


def other_environment(forger: Forger) -> None:
    forger.of(BERT)[0]["environment"] = "production"


def take_back(forger: Forger) -> None:
    """The digest of heads in the study's ledger is left out, with all that it said."""
    drop_last(forger)
    forger.entries = [one for one in forger.entries if one["kind"] != "heads"]


FORGED: list[Callable[[Forger], None]] = [
    edit, drop_last, drop_ledger, drop_ledger_and_birth, swap, insert, move, unborn, other_environment,
    take_back,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGED)
def test_a_record_rewritten_as_a_whole_is_named_by_what_was_noted_before(
    archive: Path, forge: Callable[[Forger], None]
) -> None:
    forger = Forger(archive)
    forge(forger)
    forger.chain()
    code, said = check(archive, archive.parent / "anchors")
    assert code == 1, said
    if forge not in (drop_ledger_and_birth, take_back):  # which only an anchor knows
        code, said = check(archive)
        assert code == 1, said


HOSTILE: dict[str, Callable[[Path], object]] = {
    "infinite seq": lambda at: replace(at, b'"seq":1}', b'"seq":Infinity}'),
    "negative seq": lambda at: replace(at, b'"seq":1}', b'"seq":-1}'),
    "seq as float": lambda at: replace(at, b'"seq":1}', b'"seq":1.0}'),
    "seq as truth": lambda at: replace(at, b'"seq":1}', b'"seq":true}'),
    "huge seq": lambda at: replace(at, b'"seq":1}', b'"seq":' + b"9" * 5000 + b"}"),
    "deep": lambda at: replace(at, b'"data":{', b'"data":{"a":' + b"[" * 90_000 + b"]" * 90_000 + b",", 1),
    "deep unclosed": lambda at: replace(at, b'"data":{', b"[" * 90_000, 1),
    "twice": lambda at: replace(at, b'"by":"t-1"', b'"by":"t-1","by":"t-1"', 1),
    "spaces": lambda at: replace(at, b'"by":"t-1"', b'"by": "t-1"', 1),
    "escaped": lambda at: replace(at, b'"by":"t-1"', b'"by":"\\u0074-1"', 1),
    "no utf-8": lambda at: replace(at, b'"by":"t-1"', b'"by":"\xff"', 1),
    "surrogate": lambda at: replace(at, b'"by":"t-1"', b'"by":"\\ud800"', 1),
    "data no object": lambda at: replace(at, b'"kind":"note"', b'"kind":["note"]'),
    "fifo": lambda at: os.mkfifo(at / "columns" / "pipe"),
    "link out": lambda at: (at / "etc").symlink_to("/etc"),
    "link": lambda at: (at / "copy.json").symlink_to(at / "manifest.json"),
    "file beside": lambda at: (at / "more.txt").write_text("x"),
    "no entries": lambda at: (at / "entries.jsonl").unlink(),
    "no manifest": lambda at: (at / "manifest.json").unlink(),
    "manifest a list": lambda at: (at / "manifest.json").write_text("[]"),
    "manifest empty": lambda at: (at / "manifest.json").write_text("{}"),
    "cut short": lambda at: (at / "entries.jsonl").write_bytes((at / "entries.jsonl").read_bytes()[:-30]),
    "one more line": lambda at: (at / "entries.jsonl").write_bytes(
        (at / "entries.jsonl").read_bytes() + b"{}\n"
    ),
}


def replace(folder: Path, old: bytes, new: bytes, count: int = -1) -> None:
    path = folder / "entries.jsonl"
    text = path.read_bytes()
    assert old in text or b'"seq"' in old
    path.write_bytes(
        text.replace(old, new, count) if old in text else text.replace(b'"seq":1', new[:-1], count)
    )


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_files_are_named_and_give_no_traceback(archive: Path, how: str) -> None:
    HOSTILE[how](archive)
    assert check(archive)[0] == 1
    # and also where the digests of files were made to fit
    if (archive / "manifest.json").is_file() and not how.startswith("manifest") and how != "no entries":
        forger_files = json.loads((archive / "manifest.json").read_bytes())
        for name in forger_files["files"]:
            forger_files["files"][name] = sha256((archive / name).read_bytes()).hexdigest()
        (archive / "manifest.json").write_text(json.dumps(forger_files, ensure_ascii=False))
        assert check(archive)[0] == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "entries.jsonl/../manifest.json"])
def test_a_manifest_leads_nowhere_else(archive: Path, name: str) -> None:
    manifest = json.loads((archive / "manifest.json").read_bytes())
    manifest["files"][name] = "0" * 64
    (archive / "manifest.json").write_text(json.dumps(manifest))
    code, said = check(archive)
    assert (code, "is missing" in said) == (1, True)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_named(archive: Path, data: st.DataObject) -> None:
    names = sorted(path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file())
    path = archive / data.draw(st.sampled_from(names), label="file")
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) * 8 - 1), label="bit")
    spoilt = bytearray(before)
    spoilt[place // 8] ^= 1 << place % 8
    path.write_bytes(bytes(spoilt))
    kept = sha256(archive.joinpath("manifest.json").read_bytes() if path.name != "manifest.json" else before)
    try:
        with pytest.raises(Exception, match=r"."):
            archive_verifier.verify(archive, [], [f"sha256:{kept.hexdigest()}"])
    finally:
        path.write_bytes(before)


def test_an_anchor_of_another_record_is_refused(archive: Path) -> None:
    anchors = archive.parent / "anchors"
    other = archive.parent / "other"
    shutil.copy(anchors, other)
    line = json.loads(other.read_text())
    for name, value in (("study", "another"), ("environment", "training"), ("installation", "0" * 32)):
        other.write_text(json.dumps(line | {name: value}, separators=(",", ":"), sort_keys=True))
        assert f"is of another {name}" in check(archive, other)[1]
