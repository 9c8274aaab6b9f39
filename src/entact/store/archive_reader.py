"""Reads and verifies this archive with Python 3.11 or newer alone: python3 read.py [LEDGER ...]."""

import hashlib
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 2**28  # bytes of one entry: a file may claim to be longer than any memory


class Damaged(SystemExit): ...  # says what is wrong first: the file, the line, the entry that belongs there


def require(holds: object, place: str, problem: str) -> None:
    if not holds:
        raise Damaged(f"{place} {problem}")


def checksum(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def unique(pairs: list[tuple[str, object]]) -> dict:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands in it twice, and readers would take one or the other")
    return dict(pairs)


def refuse(text: str) -> None:
    raise ValueError(f"{text[:30]} is no number of a record")


def parsed(text: bytes) -> dict:
    """An entry whose text is the one that there is of it: no reader can see another in it."""
    entry = json.loads(text, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    if json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() != text:
        raise ValueError("is not canonical")
    return entry


def opened(folder: Path) -> tuple[dict, set[str]]:
    """The manifest, each field as its checksum says, and the names of all files: plain ones, no others."""
    there = {path.relative_to(folder).as_posix(): path.lstat().st_mode for path in sorted(folder.rglob("*"))}
    for name, mode in there.items():
        require(stat.S_ISREG(mode) or stat.S_ISDIR(mode), name, "is neither a file nor a folder")
    path = folder / "manifest.json"
    require(path.stat().st_size <= LONGEST, "manifest.json", "is longer than that of any archive")
    manifest = json.loads(path.read_bytes(), object_pairs_hook=unique)
    sums = manifest.get("checksums", {})
    for name in sorted({*manifest, *sums} - {"checksums"}) if manifest["archive"] != 1 or sums else ():
        right = name in manifest and sums.get(name) == checksum(manifest[name])
        require(right, f"manifest.json, {name}:", "is not what its checksum says")
    counted = all(type(one["seq"]) is int and one["seq"] > 0 for one in manifest["ledgers"])
    require(counted, "manifest.json, ledgers:", "a last number is none")
    return manifest, {name for name, mode in there.items() if stat.S_ISREG(mode)}


def entries(folder: Path) -> Iterator[tuple[str, str, dict]]:
    """Yields (hash, text, entry) of every entry in order; raises Damaged at the first that is not as kept."""
    (manifest, there), line, born = opened(folder), 0, set()
    with open(folder / "entries.jsonl", "rb") as texts, open(folder / "entries.sha256", "rb") as hashes:
        for name, length, head, digest in ((*one.values(), "0" * 64) for one in manifest["ledgers"]):
            for seq in range(1, length + 1):
                line, text = line + 1, texts.readline(LONGEST).rstrip(b"\n")
                place = f"entries.jsonl, line {line}: entry {seq} of {name}"
                try:
                    here = [(entry := parsed(text))["ledger"], entry["seq"]]
                except (ValueError, LookupError, TypeError, RecursionError):
                    raise Damaged(f"{place} {'cannot be read' if text else 'is missing'}") from None
                require(here == [name, seq], place, f"is missing or out of order: {here} stands here")
                require(entry.get("previous") == digest, place, "does not follow the entry before it")
                digest = hashlib.sha256(text).hexdigest()
                require(
                    hashes.readline(66) == digest.encode() + b"\n", place, "does not match entries.sha256"
                )
                born.add(entry["data"].get("ledger", name) if entry["kind"] == "ledger_opened" else name)
                yield digest, text.decode(), entry
            require(digest == head, place, "is not the last entry that manifest.json knows")
        for file, name in ((texts, "entries.jsonl"), (hashes, "entries.sha256")):
            require(not file.read(1), f"{name}, line {line + 1}:", "manifest.json knows no such line")
    lost = born - {one["ledger"] for one in manifest["ledgers"]}
    require(not lost, "manifest.json", f"lacks ledgers whose birth was recorded: {lost}")
    for name in sorted({*there, *manifest["files"]} - {"manifest.json"}):
        require(name in there, name, "is missing")
        with open(folder / name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        require(digest == manifest["files"].get(name), name, "is not as it was archived")


if __name__ == "__main__":
    sys.excepthook = lambda _, error, trace: print(f"this archive cannot be read: {error}", file=sys.stderr)
    asked, broken, roots, signed = [], [], dict[str, str](), dict[str, str]()
    for _, text, entry in entries(Path(__file__).parent):
        asked += [text] if entry["ledger"] in sys.argv[1:] else []
        named, about = (
            entry["data"].get("entries", []) if entry["kind"] == "signature" else [],
            entry["replaces"],
        )
        root = roots[entry["id"]] = roots.get(about, about) or entry["id"]
        if about and root in signed:
            broken.append(f"signature broken: {signed[root]}, of {root}, changed by {entry['id']}")
        signed |= {one: f"{entry['by']}, {entry['occurred_at']}" for one in named if isinstance(one, str)}
    print(*asked, *broken, "every entry and every file is as it was archived", sep="\n")
