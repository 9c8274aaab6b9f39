"""How fast the record takes entries from 200 ledgers, verifies, and answers lists.

Everything goes through `entact.store` into an embedded PostgreSQL with fsync on. Entries are those of a
rehearsal, sealed as they arrive. An append is measured from the instant at which it was due to the receipt,
so that waiting counts; CPU is that of writers and server together, which other work on the machine changes
less. `python -m benchmarks.store large` makes a database of 10,000 participants and 10 million lines, once.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from threading import Barrier, Thread

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.rehearsal import Measured, _machine
from entact.cohort import rehearse
from entact.course import Ledger, Line, Receipt
from entact.course.entry import Entry, as_sent, canonical, parse, read, uuid7
from entact.course.state.numbers import NUMBERED
from entact.protocol import load_study

STUDY = "mapp1"
LEDGERS, EACH, PROCESSES, THREADS, RATE = 200, 60, 2, 12, 1500.0
WARMING = 10  # one of so many entries is appended before anything is measured, by connections just made
SITES = 15


def main() -> int:
    """Prints all figures and names those beyond their limits; times move with the machine, so none fails."""
    with _server():
        return _print([*_acting(), *_appending(), *_verifying(100_000)])


def large() -> int:
    """Verification of a million entries, and lists over 10,000 participants and 10 million lines."""
    with _server():
        return _print([*_verifying(1_000_000), *_listing(10_000, 10_000_000)])


def _print(measured: list[Measured]) -> int:
    table = Table(box=SIMPLE_HEAD, title=f"the record · {_machine()}", title_justify="left", expand=False)
    for heading in ("", "measured", "limit", "how"):
        table.add_column(heading, justify="right" if heading in ("measured", "limit") else "left")
    for one in measured:
        limit = "" if one.limit is None else f"{one.limit:g} {one.unit}"
        table.add_row(one.name, f"{'' if one.within else '[red]'}{one.value:.4g} {one.unit}", limit, one.how)
    Console(width=170).print(table)
    for one in measured:
        if not one.within:
            print(f"beyond its limit: {one.name}, {one.value:.4g} {one.unit} where {one.limit:g} is wanted")
    return 0


@contextmanager
def _server() -> Iterator[None]:
    folder = tempfile.mkdtemp(prefix="entact-bench-")
    Path(folder).chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
    os.environ["ENTACT_DATA"] = folder
    os.environ.pop("DATABASE_URL", None)
    from entact.store import postgres

    try:
        yield
    finally:
        postgres.stop(Path(folder) / "postgres")
        shutil.rmtree(folder)


def _appending() -> Iterator[Measured]:
    trial = rehearse(load_study(STUDY), LEDGERS * 2 // 3, seed=3)
    chains = {name: own for name, own in trial.ledgers.items() if name.startswith("participant:")}
    chosen = sorted(chains, key=lambda name: -len(chains[name]))[:LEDGERS]
    study = [
        (name, line) for name, own in trial.ledgers.items() if name.startswith("study:") for line in own[:1]
    ]
    with tempfile.TemporaryDirectory() as folder:
        for process in range(PROCESSES):
            mine = chosen[process::PROCESSES]
            texts = [canonical(as_sent(read(line.text))).decode() for line in _mixed(chains, mine)]
            (Path(folder) / str(process)).write_text("\n".join(texts))
        free = _crowd(folder, study, 0.0)
        paced = _crowd(folder, study, RATE)
    how = (
        f"{LEDGERS} ledgers, {PROCESSES} processes with {THREADS} threads each, lists kept up, fsync on; "
        f"after the first of {WARMING} entries"
    )
    yield Measured("appends, as fast as they go", free.rate, "a second", None, f"{free.count} entries, {how}")
    yield Measured("seconds for 1,500 of them", 1500 / free.rate, "s", 1.0, "the same run")
    yield Measured("slowest of 20 appends", free.p95, "ms", None, "the same run")
    cores = os.cpu_count() or 1
    how = f"the same run, writers and server: {1000 * cores / free.cpu:.0f} a second for {cores} free cores"
    yield Measured("CPU for an append", free.cpu, "ms", 2000 / RATE, how)
    at = f"{RATE:g} a second are due, at random; {paced.rate:.0f} a second were kept"
    yield Measured("slowest of 20 appends at that rate", paced.p95, "ms", 60.0, at)
    yield Measured("half of the appends at that rate", paced.p50, "ms", None, at)


def _mixed(chains: dict[str, list[Line]], names: list[str]) -> list[Line]:
    """The first lines of some ledgers, each ledger's in order and else at random: people come one by one."""
    turns = [name for name in names for _ in chains[name][:EACH]]
    random.Random(len(turns)).shuffle(turns)
    follow = {name: iter(chains[name]) for name in names}
    return [next(follow[name]) for name in turns]


class Crowd:
    """What all writers together did: how many appends, how many a second, how long one took in ms.

    Args:
        told: by each process. server: its seconds of CPU.
    """

    def __init__(self, told: list[dict], server: float) -> None:
        begun = min(one for process in told for one in process["begun"])
        ended = max(one for process in told for one in process["ended"])
        waits = sorted(one for process in told for one in process["waits"])
        self.count = len(waits)
        self.rate = self.count / (ended - begun)
        self.cpu = 1000 * (server + sum(process["cpu"] for process in told)) / self.count
        self.p50, self.p95 = (1000 * waits[int(share * len(waits))] for share in (0.5, 0.95))


def _crowd(folder: str, study: list[tuple[str, Line]], rate: float) -> Crowd:
    from entact import store

    store.create_database("entact_bench", "rehearsal", STUDY, replace=True)
    store.append_many(study)
    command = "from benchmarks.store import write; import sys; write(sys.argv[1], float(sys.argv[2]))"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", command, str(Path(folder) / str(process)), str(rate / PROCESSES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for process in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()  # it is ready
    begin, used = time.time() + 0.5, _server_cpu()
    told = []
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(f"{begin}\n")
        writer.stdin.flush()
    for writer in writers:
        told.append(json.loads(writer.communicate()[0]))
    spent = _server_cpu() - used
    assert store.stale() == []
    return Crowd(told, spent)


def _server_cpu() -> float:
    """Seconds of CPU of the server and of its children that have ended."""
    from entact.store import postgres, server

    server.parameters()
    number = int((server.embedded_folder() / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert postgres.status(server.embedded_folder()) is not None
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def write(path: str, rate: float) -> None:
    """One process of writers: appends the entries in a file, `rate` a second where it is not 0."""
    from django.db import connection

    from entact import store
    from entact.conduct.serve import pause_seldom

    pause_seldom()
    store.setup(database="entact_bench")
    store.ledgers("study:")
    entries = [parse(text) for text in Path(path).read_text().splitlines()]
    work: SimpleQueue[tuple[float, Entry] | None] = SimpleQueue()
    begun: list[float] = []
    ended: list[float] = []
    waits: list[float] = []
    done = Barrier(THREADS + 1)

    def take() -> None:
        for is_measured in (False, True):
            while (one := work.get()) is not None:
                due, entry = one
                started = time.time()
                store.append(entry, received_at=entry.recorded_at)
                if is_measured:
                    begun.append(started)
                    ended.append(time.time())
                    waits.append(ended[-1] - (due or started))
            done.wait()
        connection.close()

    def end() -> None:
        for _ in range(THREADS):
            work.put(None)
        done.wait()

    threads = [Thread(target=take) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for entry in entries[: len(entries) // WARMING]:
        work.put((0.0, entry))
    end()
    print("ready", flush=True)
    at, used = float(sys.stdin.readline()), time.process_time()
    chance = random.Random(path)
    time.sleep(max(0.0, at - time.time()))
    for entry in entries[len(entries) // WARMING :]:
        if rate:
            at += chance.expovariate(rate)
            time.sleep(max(0.0, at - time.time()))
        work.put((at if rate else 0.0, entry))
    end()
    print(json.dumps({"begun": begun, "ended": ended, "waits": waits, "cpu": time.process_time() - used}))


def _chains(count: int, each: int = 1000) -> Iterator[tuple[str, Line]]:
    """Ledgers of some thousand entries, each of the size that entries have."""
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(count // each):
        ledger = Ledger(f"site:{number:05d}")
        for place in range(each):
            at = (begin + timedelta(minutes=place)).isoformat()
            entry = Entry(
                id=uuid7(begin + timedelta(minutes=place), number), ledger=ledger.name, kind="kit",
                release=f"{STUDY}@sha256:{'6' * 64}", environment="rehearsal", occurred_at=at, recorded_at=at,
                by="pharmacist-1", role="pharmacist", data={"number": f"K-{place}", "note": "x" * 250},
            )  # fmt: skip
            ledger.append(entry, received_at=at)
        yield from ((ledger.name, line) for line in ledger.lines)


COPIES = 100


def _acting() -> Iterator[Measured]:
    """A gated act late in a long ledger: asked, kept and listed in one transaction."""
    from entact import store

    trial = rehearse(load_study(STUDY), 8, seed=3)
    kept = [read(line.text) for lines in trial.ledgers.values() for line in lines]
    last = max(
        (one for one in kept if one.basis is not None and one.basis["act"] == "discharge"),
        key=lambda one: one.seq,
    )
    assert last.basis is not None
    until = datetime.fromisoformat(last.received_at)
    before = [one for one in kept if datetime.fromisoformat(one.received_at) < until]
    mine = [one for one in before if one.ledger == last.ledger]
    names = [f"participant:{number:032x}" for number in range(COPIES)]
    chains = []
    for name in names:
        chain = Ledger(name)
        for one in mine:
            copy = msgspec.structs.replace(as_sent(one), ledger=name)
            chain.append(_of_its_own(copy), received_at=one.received_at)
        chains.append(chain)
    store.create_database("entact_bench", "rehearsal", STUDY, replace=True)
    from entact.store.custody import keep_keys
    from entact.store.door import act

    ours = {one.ledger: one.seq for one in before if not one.ledger.startswith("participant:")}
    store.append_many((name, line) for name, length in ours.items() for line in trial.ledgers[name][:length])
    store.append_many((chain.name, line) for chain in chains for line in chain.lines)
    keep_keys(dict.fromkeys(names, trial.keys[last.ledger]))
    taken: dict[str, list[float]] = {"cold": [], "warm": []}
    for name in names:
        asked = msgspec.structs.replace(as_sent(last), ledger=name, by=last.basis["by"], basis=None)
        for state in taken:
            # The first comes an hour late, is refused for that, and folds the course.
            at = datetime.fromisoformat(asked.occurred_at) + timedelta(hours=state == "cold")
            begun = time.perf_counter()
            answer = act(asked, received_at=at.isoformat())
            taken[state].append(time.perf_counter() - begun)
            assert isinstance(answer, Receipt) is (state == "warm"), answer
    ms = {state: [1000 * one for one in sorted(found)] for state, found in taken.items()}
    how = f"{COPIES} participants of {len(mine)} entries each; median {median(ms['warm']):.1f} ms"
    yield Measured("slowest of 20 gated acts", ms["warm"][int(0.95 * COPIES)], "ms", 12.0, how)
    yield Measured("one that is asked first, and folds", median(ms["cold"]), "ms", None, "median, refused")


def _of_its_own(entry: Entry) -> Entry:
    """An entry of a copied ledger under numbers that nobody else has."""
    _, item = NUMBERED.get(entry.kind, ("", ""))
    if item not in entry.data:
        return entry
    return msgspec.structs.replace(
        entry, data={**entry.data, item: f"{entry.data[item]}-{entry.ledger[-3:]}"}
    )


def _verifying(count: int) -> Iterator[Measured]:
    from entact import store

    store.create_database("entact_bench", "rehearsal", STUDY, replace=True)
    copied = _seconds(lambda: store.append_many(_chains(count)))
    seconds = [_seconds(store.verify) for _ in range(3 if count < 500_000 else 1)]
    how = (
        f"{'median of 3' if len(seconds) > 1 else 'once'}, {count:,} entries of 900 bytes in ledgers of 1,000"
    )
    yield Measured("verify a million entries", median(seconds) * 1e6 / count, "s", 20.0, how)
    yield Measured("COPY", count / copied, "entries/s", None, "their making included")


def _listing(people: int, lines: int) -> Iterator[Measured]:
    from entact.store import lists

    at = _fill(people, lines)
    sites = [f"{number:02d}" for number in range(1, SITES + 1)]
    chance = random.Random(1)
    names = {one.ledger for one in lists.participants(limit=25)}
    places = [one.key for one in lists.participants(limit=people)]
    questions: dict[str, Callable[[], object]] = {
        "a page of participants": lambda: lists.participants(after=chance.choice(places)),
        "a page of one site and status": lambda: lists.participants(
            site=chance.choice(sites), status="in_treatment"
        ),
        "how many by site and status": lists.counts,
        "what is due this week at a site": lambda: lists.due(
            at, until=at + timedelta(days=7), site=chance.choice(sites)
        ),
        "what is due this week anywhere": lambda: lists.due(at, until=at + timedelta(days=7)),
        "what was missed at a site": lambda: lists.missed(at, site=chance.choice(sites)),
        "open findings of a page": lambda: lists.open_findings(
            at, hidden=(), ledgers=sorted(names), limit=500
        ),
        "open findings of a rule at a site": lambda: lists.open_findings(
            at, hidden=(), site=chance.choice(sites), rule="out_of_window"
        ),
        "open findings anywhere": lambda: lists.open_findings(at, hidden=()),
    }
    for name, ask in questions.items():
        ask()
        taken = sorted(_seconds(ask) for _ in range(100))
        how = f"slowest of 20 (median {1000 * taken[50]:.1f} ms), {people:,} participants, {lines:,} lines"
        yield Measured(name, 1000 * taken[95], "ms", 20.0, how)


def _fill(people: int, lines: int) -> datetime:
    """A database with the derived rows of rehearsed participants at random moments; their lines are noise."""
    from django.db import connection

    from entact import store
    from entact.course import fold
    from entact.course.disclosure import Disclosure
    from entact.store.derived import rows_of
    from entact.store.known import raw_cursor
    from entact.store.tables import write_rows

    study = load_study(STUDY)
    trial = rehearse(study, 60, seed=3)
    chance = random.Random(5)
    made = []
    for name, own in trial.ledgers.items():
        if name.startswith("participant:"):
            for _ in range(4):
                entries = [read(line.text) for line in own[: chance.randint(5, len(own))]]
                disclosure = Disclosure(study.releases)
                for entry in entries:
                    disclosure.add(entry)
                made.append(rows_of(fold(study, entries), name, disclosure))
    store.create_database("entact_bench", "rehearsal", STUDY, replace=True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_line DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE store_line DROP CONSTRAINT store_line_pkey")
        cursor.execute("DROP INDEX line_by_entry")
        cursor.execute(
            "INSERT INTO store_ledger (name, seq, hash)"
            " SELECT 'participant:' || md5(i::text), %s, repeat('a', 64) FROM generate_series(1, %s) AS i",
            [lines // people, people],
        )
        for part in range(10):
            cursor.execute(
                "INSERT INTO store_line"
                " (ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at)"
                " SELECT id, place, md5(place::text) || md5(id::text), repeat(md5(place::text || id), 12),"
                " md5(id || '-' || place), 'vital_signs', now(), now()"
                " FROM store_ledger AS ledger, generate_series(%s::int, %s::int) AS place",
                [part * lines // people // 10 + 1, (part + 1) * lines // people // 10],
            )
        cursor.execute("ALTER TABLE store_line ADD PRIMARY KEY (ledger_id, seq)")
        cursor.execute("CREATE INDEX line_by_entry ON store_line (ledger_id, entry_id)")
        cursor.execute("SELECT id FROM store_ledger ORDER BY id")
        numbers = [number for (number,) in cursor.fetchall()]
    rows = []
    for place, number in enumerate(numbers):
        one = made[place % len(made)]
        site, own = f"{place % SITES + 1:02d}", f"{place:05d}"
        rows.append(
            (
                number,
                lines // people,
                replace(one, standing=one.standing._replace(site=site, number=own)),
            )
        )
    write_rows(raw_cursor(), "", rows, afresh=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY last_at) FROM store_standing")
        return cursor.fetchone()[0]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(large() if sys.argv[1:] == ["large"] else main())
