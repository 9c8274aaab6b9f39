"""How long an export takes, and that its memory does not grow with the number of participants.

One rehearsal of `mapp1` is exported as SDTM, ADaM and Define-XML, then the same ledgers under other names, so
often that there are 300 and 1,000 of them; each in a process of its own, with as many workers as cores. Then
ledgers of 1,000 entries each: forms and readings are repeated at visits outside the schedule. From two sizes
follows what 10,000 participants would take: growth is a straight line, of which the smaller size is the
beginning. Memory is that of this process and of as many workers as the largest of them.

`python -m benchmarks.export 10000` exports as many long ledgers in fact; of 10,000 some 40 GB are
written into the folder of `TMPDIR`.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import md5
from itertools import count
from pathlib import Path

KILO = 1 if sys.platform != "darwin" else 1024  # units of ru_maxrss in a kilobyte
STUDY, REHEARSED, SIZES, WHOLE = "mapp1", 24, (300, 1_000), 10_000
LONG, LONG_SIZES, LONG_FROM = 1_000, (40, 80), 100  # entries of a long ledger, and of those that become one
MINUTES, MEGABYTES, SMALL, SECONDS = 10, 2_000, 90, 3.0


def main() -> int:
    """Prints the figures; 1 when time or memory of the whole would leave its limit."""
    people = _rehearsed()
    with tempfile.TemporaryDirectory(prefix="entact-bench-") as place:
        kept = Path(place) / "ledgers"
        kept.write_bytes(pickle.dumps(people))
        found = [_measure(kept, size) for size in (SMALL, *SIZES)]
        kept.write_bytes(pickle.dumps(_long(people)))
        found += [_measure(kept, size) for size in LONG_SIZES]
    for one in found:
        _show(one)
    small = found[0]
    print(f"{SMALL} participants: {small['seconds']:.1f} s (limit {SECONDS})")
    wrong = small["seconds"] > SECONDS
    for less, more in (found[1:3], found[3:]):
        names = ("seconds", "processor", "megabytes", "entries")
        whole = {name: _extended(less, more, name) for name in names}
        print(
            f"{WHOLE:,} participants ({whole['entries']:,.0f} entries) would take "
            f"{whole['seconds'] / 60:.1f} min, {whole['processor'] / 60:.0f} of processor, and "
            f"{whole['megabytes']:,.0f} MB; limits {MINUTES} min, {MEGABYTES:,} MB; {os.cpu_count()} cores"
        )
        wrong |= whole["seconds"] > 60 * MINUTES or whole["megabytes"] > MEGABYTES
    return int(wrong)


def export_whole(size: int) -> int:
    """Exports so many ledgers of 1,000 entries; 1 when time or memory leaves its limit."""
    with tempfile.TemporaryDirectory(prefix="entact-bench-") as place:
        kept = Path(place) / "ledgers"
        kept.write_bytes(pickle.dumps(_long(_rehearsed())))
        found = _measure(kept, size)
    _show(found)
    return int(found["seconds"] > 60 * MINUTES or found["megabytes"] > MEGABYTES)


def _show(one: dict[str, float]) -> None:
    print(
        f"{one['participants']:>6,} participants  {one['entries']:>10,} entries  {one['rows']:>10,} rows  "
        f"{one['seconds']:6.1f} s ({one['processor']:.1f} of processor)  {one['megabytes']:5.0f} MB  "
        f"{one['written'] / 1e9:.1f} GB written"
    )


def _rehearsed() -> list[list[tuple[int, str, str]]]:
    """The ledgers of a rehearsal's participants."""
    import entact

    trial = entact.rehearse(entact.load_study(STUDY), participants=REHEARSED, seed=7)
    return [[*_told(lines)] for name, lines in trial.ledgers.items() if name.startswith("participant:")]


def _long(people: list[list[tuple[int, str, str]]]) -> list[list[tuple[int, str, str]]]:
    """Those of them that have many entries, each with 1,000."""
    return [_lengthened(lines) for lines in people if len(lines) > LONG_FROM]


def _lengthened(lines: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """A ledger of `LONG` entries: its forms and readings again, at visits outside the schedule."""
    read = [(digest, text, json.loads(text)) for _, digest, text in lines]
    repeated = [
        one
        for one in read
        if one[2]["kind"] in ("form", "vital_signs")
        and one[2].get("encounter")
        and not one[2].get("replaces")
    ]
    found = list(lines)
    for again in count(1):
        for digest, text, entry in repeated:
            if len(found) >= LONG:
                return found
            tail = md5(f"{entry['id']}{again}".encode(), usedforsecurity=False).hexdigest()
            own = f"{entry['id'][:14]}7{tail[:3]}-8{tail[3:6]}-{tail[6:18]}"
            moved = text.replace(f'"encounter":"{entry["encounter"]}"', f'"encounter":"unscheduled#{again}"')
            found.append((len(found) + 1, digest, moved.replace(entry["id"], own)))
    raise AssertionError


def _told(lines: list[object]) -> Iterator[tuple[int, str, str]]:
    for line in lines:
        yield line.seq, line.hash, line.text  # type: ignore[attr-defined]


def _extended(less: dict[str, float], more: dict[str, float], name: str) -> float:
    slope = (more[name] - less[name]) / (more["participants"] - less["participants"])
    return more[name] + max(slope, 0.0) * (WHOLE - more["participants"])


def _measure(kept: Path, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.export", str(kept), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_one(kept: Path, size: int, workers: int | None = None) -> None:
    """One export in this process; prints its figures."""
    from entact.cli.export import export_source
    from entact.cli.source import Asked, Source
    from entact.cli.spool import Spooled
    from entact.cli.work import use_workers
    from entact.course.entry import Line
    from entact.protocol import load_study

    people = pickle.loads(kept.read_bytes())

    def ledgers() -> Iterator[tuple[str, list[Line]]]:
        for number in range(size):
            lines = people[number % len(people)]
            old = json.loads(lines[0][2])["ledger"].partition(":")[2]
            new = md5(str(number).encode(), usedforsecurity=False).hexdigest()
            yield f"participant:{new}", [Line(seq, own, text.replace(old, new)) for seq, own, text in lines]

    asked = Asked(("sdtm", "adam", "define"), ("xpt",), True, None, None)
    out = kept.parent / f"export-{size}"
    began = time.perf_counter()
    with Spooled(out) as spool, use_workers(workers) as executor:
        source = Source(load_study(STUDY), "rehearsal", None, ledgers(), "made up")
        found = export_source(source, asked, None, out, spool, executor)
    used, helped = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    beside = (workers or os.cpu_count() or 1) * helped.ru_maxrss
    figures = {
        "participants": size,
        "entries": found["cut"]["entries"],
        "rows": sum(one["rows"] for one in found["datasets"].values()),
        "seconds": time.perf_counter() - began,
        "processor": used.ru_utime + used.ru_stime + helped.ru_utime + helped.ru_stime,
        "megabytes": (used.ru_maxrss + beside) * KILO / 1024,
        "written": sum(path.stat().st_size for path in out.rglob("*.*") if path.is_file()),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run_one(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        sys.exit(export_whole(int(sys.argv[1])) if len(sys.argv) == 2 else main())
