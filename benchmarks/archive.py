"""How long an archive takes to write, read and restore, and that its memory does not grow with the record.

Each step runs in a process of its own, on a record of made-up entries in 200 ledgers; memory is the highest
resident set of that process. `ENTACT_DATA` is a temporary folder.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

SIZES = (100_000, 1_000_000)
LEDGERS = 200
GROWTH = 1.25  # of memory, from the smaller record to the larger: flat but for the allocator's noise
KILO = 1 if sys.platform != "darwin" else 1024  # units of ru_maxrss in a kilobyte


def main() -> int:
    """Prints the figures; 1 when memory grows with the number of entries."""
    peaks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="entact-bench-") as place:
        Path(place).chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
        os.environ["ENTACT_DATA"] = place
        os.environ.pop("DATABASE_URL", None)
        try:
            for size in SIZES:
                for step in ("fill", "archive", "read", "restore"):
                    seconds, megabytes = _measure(step, size)
                    peaks.setdefault(step, []).append(megabytes)
                    rate = f"{size / seconds:,.0f} entries/s"
                    print(f"{step:<8} {size:>9,} entries  {seconds:6.1f} s  {rate:>18}  {megabytes:5.0f} MB")
        finally:
            from entact.store import postgres

            postgres.stop(Path(place) / "postgres")
    grown = {step: high[-1] / high[0] for step, high in peaks.items() if step != "fill"}
    for step, growth in grown.items():
        print(f"{step:<8} memory of the larger over the smaller: {growth:.2f} (limit {GROWTH})")
    return int(any(growth > GROWTH for growth in grown.values()))


def _measure(step: str, size: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.archive", step, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def run_step(step: str, size: int) -> None:
    """One step in this process; prints its seconds and megabytes."""
    from entact import store

    name, folder = f"archive_{size}", Path(os.environ["ENTACT_DATA"]) / f"archive_{size}"
    begun = time.perf_counter()
    if step == "fill":
        store.create_database(name, "rehearsal", "made_up", replace=True)
        store.append_many(_lines(size))
    elif step == "archive":
        store.setup(database=name)
        store.write_archive(folder, made_at=datetime.now(UTC))
    elif step == "read":
        subprocess.run([sys.executable, "-I", "-S", str(folder / "read.py")], check=True, capture_output=True)
    else:
        store.restore(folder, f"{name}_again")
    seconds = time.perf_counter() - begun
    who = resource.RUSAGE_CHILDREN if step == "read" else resource.RUSAGE_SELF
    print(json.dumps([seconds, resource.getrusage(who).ru_maxrss / 1024 / KILO]))


def _lines(size: int) -> Iterator[tuple[str, Any]]:
    """So many chained lines: the study's ledger with the births, and vital signs in the others."""
    from entact.course.entry import GENESIS, Entry, keep, uuid7

    begin = datetime(2026, 3, 2, 10, tzinfo=UTC)
    names = [f"participant:{number:032x}" for number in range(LEDGERS)]
    births = [("study:made_up", "ledger_opened", {"ledger": name}) for name in names]
    readings = {"systolic": "148 mm[Hg]", "diastolic": "92 mm[Hg]", "heart_rate": "96 /min"}
    left = size - LEDGERS
    rest = ((names[number * LEDGERS // left], "vital_signs", readings) for number in range(left))
    seq: dict[str, int] = {}
    previous: dict[str, str] = {}
    for number, (ledger, kind, data) in enumerate(chain(births, rest)):
        at = (begin + timedelta(seconds=number)).isoformat()
        entry = Entry(
            id=uuid7(begin + timedelta(seconds=number), number << 40),
            ledger=ledger,
            kind=kind,
            release="made_up@sha256:" + "6" * 64,
            environment="rehearsal",
            occurred_at=at,
            recorded_at=at,
            by="therapist-1",
            role="therapist",
            data=data,
        )
        seq[ledger] = seq.get(ledger, 0) + 1
        line = keep(entry, received_at=at, seq=seq[ledger], previous=previous.get(ledger, GENESIS))
        previous[ledger] = line.hash
        yield ledger, line


if __name__ == "__main__":
    run_step(sys.argv[1], int(sys.argv[2]))
