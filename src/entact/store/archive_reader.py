"""Reads and verifies this archive with Python 3.11 or newer alone: python3 read.py [LEDGER ...]."""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path


class Damaged(SystemExit): ...  # says what is wrong first: the file, the line, the entry that belongs there


def require(holds: object, place: str, problem: str) -> None:
    if not holds:
        raise Damaged(f"{place} {problem}")


def entries(folder: Path) -> Iterator[tuple[str, str, dict]]:
    """Yields (hash, text, entry) of every entry in order; raises Damaged at the first that is not as kept."""
    manifest, line, born = json.loads((folder / "manifest.json").read_bytes()), 0, set()
    with open(folder / "entries.jsonl", "rb") as texts, open(folder / "entries.sha256", "rb") as hashes:
        for name, length, head, digest in ((*one.values(), "0" * 64) for one in manifest["ledgers"]):
            for seq in range(1, length + 1):
                line, text = line + 1, texts.readline().rstrip(b"\n")
                place = f"entries.jsonl, line {line}: entry {seq} of {name}"
                try:
                    here = [(entry := json.loads(text))["ledger"], entry["seq"]]
                except (ValueError, LookupError, TypeError):
                    raise Damaged(f"{place} {'cannot be read' if text else 'is missing'}") from None
                require(here == [name, seq], place, f"is missing or out of order: {here} stands here")
                require(entry.get("previous") == digest, place, "does not follow the entry before it")
                digest = hashlib.sha256(text).hexdigest()
                require(hashes.readline() == digest.encode() + b"\n", place, "does not match entries.sha256")
                born.add(entry["data"].get("ledger", name) if entry["kind"] == "ledger_opened" else name)
                yield digest, text.decode(), entry
            require(digest == head, place, "is not the last entry that manifest.json knows")
        require(not texts.readline(), f"entries.jsonl, line {line + 1}:", "manifest.json knows no such line")
    lost = born - {one["ledger"] for one in manifest["ledgers"]}
    require(not lost, "manifest.json", f"lacks ledgers whose birth was recorded: {lost}")
    there = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in sorted({*there, *manifest["files"]} - {"manifest.json"}):
        with open(folder / name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        require(digest == manifest["files"].get(name), name, "is not as it was archived")


if __name__ == "__main__":
    sys.excepthook = lambda _, error, trace: print(f"this archive cannot be read: {error}", file=sys.stderr)
    asked = [text for _, text, entry in entries(Path(__file__).parent) if entry["ledger"] in sys.argv[1:]]
    print(*asked, "every entry and every file is as it was archived", sep="\n")
