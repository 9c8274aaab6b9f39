"""Verifies an archive without trust in its maker: python3 -I verify.py FOLDER [ANCHORS ...] [sha256:DIGEST].

Standard library alone (Python 3.11 or newer), nothing of entact's. Take this file from where you trust it.
ANCHORS are files or saved messages, DIGEST is manifest.json's: what was said elsewhere at the time.
"""

import hashlib
import json
import os
import re
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = re.compile(r"(?!.*\.\.)(participant|site|study):[A-Za-z0-9_][A-Za-z0-9_.-]*|system(:[a-z]+)?")
LONGEST = 2**28  # bytes of one entry: a file may claim to be longer than any memory
TEXTS = ("id", "ledger", "kind", "release", "environment", "occurred_at", "by", "role", "received_at")


class Wrong(Exception): ...  # says what does not hold, and where


def require(holds: object, place: str, problem: str) -> None:
    if not holds:
        raise Wrong(f"{place}: {problem}")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    require(len(dict(pairs)) == len(pairs), ", ".join(dict(pairs))[:200], "one of these stands there twice")
    return dict(pairs)


def num(text: str) -> int:
    require(re.fullmatch(r"-?\d{1,16}", text) and abs(int(text)) < 2**53, text[:30], "is no number")
    return int(text)


def parse(data: bytes, place: str, canonical: bool = True) -> dict[str, Any]:
    """The object in a text that, written again by RFC 8785, gives the same bytes."""
    try:
        value = json.loads(data, object_pairs_hook=once, parse_int=num, parse_float=num, parse_constant=num)
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (Wrong, ValueError, RecursionError) as error:
        raise Wrong(f"{place}: cannot be read ({error})") from None
    require(isinstance(value, dict) and (again == data or not canonical), place, "is not canonical")
    return dict(value)


def files_of(folder: Path) -> dict[str, Path]:
    """Every file by name; what is neither a file nor a folder is wrong, and is not opened."""
    found: dict[str, Path] = {}
    for where, folders, names in os.walk(folder):
        for path in (Path(where, name) for name in (*folders, *names)):
            kind, name = path.lstat().st_mode, path.relative_to(folder).as_posix()
            require(stat.S_ISREG(kind) or stat.S_ISDIR(kind), name, "is neither a file nor a folder")
            found |= {name: path} if stat.S_ISREG(kind) else {}
    return found


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Noted:  # what was said of each entry: here, in the study's ledger, in anchors; and of births and ids
    def __init__(self, study: str) -> None:
        self.study, self.births, self.notices = study, set[str](), list[str]()
        self.hashes, self.ids = dict[tuple[str, int], set[str]](), dict[str, tuple[str, int]]()

    def note(self, ledger: str, seq: Any, value: Any) -> None:
        require(type(seq) is int and isinstance(value, str), ledger, "a head of it that was noted is none")
        self.hashes.setdefault((ledger, seq), set()).add(value)

    def learn(self, entry: dict[str, Any], place: str) -> None:
        first = self.ids.setdefault(entry["id"], (entry["ledger"], entry["seq"]))
        if first != (entry["ledger"], entry["seq"]):
            self.notices.append(f"{place}: has the id of entry {first[1]} of {first[0]}")
        said = dict(entry.get("data", {})) if entry["ledger"] == self.study else {}
        born = said.get("ledger", self.study) if entry["kind"] == "ledger_opened" else self.study
        self.births |= {self.study, str(born)}  # where anything was entered, the study was
        for name, head in said.get("heads", {}).items() if entry["kind"] == "heads" else ():
            self.note(name, head.get("seq"), head.get("hash"))

    def read_anchors(self, path: str, manifest: dict[str, Any]) -> None:
        for line, text in enumerate(Path(path).read_text(errors="replace").splitlines(), start=1):
            if (text := text.strip().lstrip("> ")).startswith('{"anchor":'):
                place, one = f"{path}, line {line}", parse(text.encode(), f"{path}, line {line}")
                for name in ("study", "environment", "installation"):
                    require(one.get(name, manifest[name]) == manifest[name], place, f"is of another {name}")
                for name, head in {self.study: (one["seq"], one["hash"]), **(one.get("heads") or {})}.items():
                    self.note(name, *head)


def verify(folder: Path, anchors: list[str], digests: list[str]) -> tuple[int, int, list[str]]:
    """Everything; returns how many entries, of how many ledgers, and what somebody should look at."""
    files, place = files_of(folder), "manifest.json"
    require(all(map(os.path.isfile, anchors)), ", ".join(anchors), "no file with anchors is there")
    require(place in files and files[place].stat().st_size < LONGEST, str(folder), f"there is no {place}")
    own = f"sha256:{digest_of(files[place])}"
    require({*digests} <= {own}, place, f"its digest is {own}, not the one given")
    manifest = parse(files[place].read_bytes(), place, canonical=False)
    for name in sorted(files.keys() ^ manifest["files"].keys() ^ {place}):
        raise Wrong(f"{name}: {'is in no manifest' if name in files else 'is missing'}")
    for name, expected in manifest["files"].items():
        require(digest_of(files[name]) == expected, name, "is not as it was archived")
    require(manifest["simulated"] is (manifest["environment"] == "rehearsal"), place, "is it simulated?")
    noted, known, entries = Noted(f"study:{manifest['study']}"), dict[str, int](), 0
    with files["entries.jsonl"].open("rb") as texts, files["entries.sha256"].open("rb") as hashes:
        for ledger, length, head in ((one["ledger"], one["seq"], one["hash"]) for one in manifest["ledgers"]):
            noted.notices += [] if NAME.fullmatch(ledger) else [f"{ledger}: cannot be the name of a ledger"]
            require(type(length) is int and length > 0 and ledger not in known, ledger, "is empty or twice")
            known[ledger], previous, arrived = length, "0" * 64, datetime.min.replace(tzinfo=UTC)
            for seq in range(1, length + 1):
                entries, place, text = entries + 1, f"{ledger}, entry {seq}", texts.readline(LONGEST)
                require(text.endswith(b"\n"), place, "is missing")
                entry = parse(text[:-1], place)
                require(all(isinstance(entry.get(name), str) for name in TEXTS), place, "is no entry")
                require((entry["ledger"], entry.get("seq")) == (ledger, seq), place, "another stands here")
                require(entry["environment"] == manifest["environment"], place, "is of another environment")
                require(entry.get("previous") == previous, place, "does not follow the entry before it")
                previous, before = hashlib.sha256(text[:-1]).hexdigest(), arrived
                require(hashes.readline(66) == previous.encode() + b"\n", place, "does not match its hash")
                if (arrived := datetime.fromisoformat(entry["received_at"])) < before:
                    noted.notices.append(f"{place}: arrived before the entry before it")
                noted.note(ledger, seq, previous)
                noted.learn(entry, place)
            require(previous == head, ledger, "does not end as the manifest says")
        require(not texts.readline(1) + hashes.readline(1), "entries.jsonl", "has more than its ledgers")
    require(entries == manifest["entries"], "manifest.json", "its number of entries is another")
    for name in sorted(noted.births ^ known.keys()):
        raise Wrong(f"{name}: {'has no birth' if name in known else 'was opened, and is missing'}")
    for path in anchors:
        noted.read_anchors(path, manifest)
    for (name, seq), values in noted.hashes.items():
        require(0 < seq <= known.get(name, 0), f"{name}, entry {seq}", "was noted before, and is missing")
        require(len(values) == 1, f"{name}, entry {seq}", "was noted otherwise before: it was rewritten")
    return entries, len(known), noted.notices


if __name__ == "__main__":
    folder, *rest = [one for one in sys.argv[1:] if not one.startswith("sha256:")] or ["."]
    try:
        told = verify(Path(folder), rest, [one for one in sys.argv[1:] if one.startswith("sha256:")])
    except Exception as error:  # noqa: BLE001 - whatever somebody made of an archive, it is said in words
        said = str(error) if isinstance(error, (Wrong, OSError)) else f"the archive is damaged: {error!r}"
        sys.exit(ascii(said)[1:-1])
    print(*(f"look at {ascii(notice)[1:-1]}" for notice in told[2]), end="\n" if told[2] else "", sep="\n")
    print(f"holds: {told[0]} entries in {told[1]} ledgers, and every file")
