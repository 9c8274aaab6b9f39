"""How fast a study is rehearsed, folded, asked, stored and verified, and how much memory that takes.

Figures are medians of several runs, after one that does not count. CPU for an entry is that of a rehearsal
in one process, checks and hashes included. Memory is the highest resident set of each process, added up.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from entact.cohort import Trial, rehearse
from entact.course import fold, instant, may, read
from entact.course.setting import fold_setting
from entact.protocol import Study, load_study

STUDY = "mapp1"
LARGEST = "mapp2"  # of the files that ship
KILO = 1 if sys.platform != "darwin" else 1024  # units of ru_maxrss in a kilobyte


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure with its limit (none where it is only reported) and how it was obtained."""

    name: str
    value: float
    unit: str
    limit: float | None
    how: str

    @property
    def within(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


def main() -> int:
    """Prints all figures and names those beyond their limits; times move with the machine, so none fails."""
    measured = [*_starting(), *_rehearsing(), *_many(), *_deriving(), *_storing()]
    table = Table(
        box=SIMPLE_HEAD, title=f"rehearsal of {STUDY} · {_machine()}", title_justify="left", expand=False
    )
    for heading in ("", "measured", "limit", "how"):
        table.add_column(heading, justify="right" if heading in ("measured", "limit") else "left")
    for one in measured:
        limit = "" if one.limit is None else f"{one.limit:g} {one.unit}"
        colour = "" if one.within else "[red]"
        table.add_row(one.name, f"{colour}{one.value:.3g} {one.unit}", limit, one.how)
    Console(width=150).print(table)
    for one in measured:
        if not one.within:
            print(f"beyond its limit: {one.name}, {one.value:.3g} {one.unit} where {one.limit:g} is wanted")
    return 0


def _starting() -> Iterator[Measured]:
    entact = str(Path(sys.executable).with_name("entact"))
    help_seconds = _median(lambda: subprocess.run([entact, "--help"], capture_output=True, check=True), 7)
    yield Measured("entact --help", help_seconds, "s", 0.4, "median of 7, new process each")
    script = (
        "import time; a = time.perf_counter(); from entact.protocol import load_study;"
        f"b = time.perf_counter(); load_study('{LARGEST}').newest.gates; print(time.perf_counter() - b)"
    )
    runs = [float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(5)]
    yield Measured(
        "load and check the largest study",
        median(runs),
        "s",
        0.5,
        f"{LARGEST}, median of 5, new process each",
    )


def _rehearsing() -> Iterator[Measured]:
    """90 participants into nothing: checks, hashes and folds included, the store not."""
    study = load_study(STUDY)
    _drop(study, 12)
    alone = [_timed(lambda seed=seed: _drop(study, 90, seed)) for seed in (1, 2, 3)]
    entries = median([trial.entries for trial, _, _ in alone])
    cpu = median([1000 * cpu / trial.entries for trial, _, cpu in alone])
    wall = median([wall for _, wall, _ in alone])
    yield Measured("entries of 90 participants", entries, "", None, "median of 3 seeds")
    yield Measured("90 participants, one process", wall, "s", 20.0, "median of 3 seeds")
    yield Measured("CPU for an entry", cpu, "ms", 0.1, "median of 3 seeds, 90 participants, one process")
    with _pool() as executor:
        _drop(study, 12, executor=executor)
        shared = [_timed(lambda seed=seed: _drop(study, 90, seed, executor)) for seed in (1, 2, 3)]
    wall = median([wall for _, wall, _ in shared])
    yield Measured(f"90 participants, {os.cpu_count()} processes", wall, "s", 20.0, "median of 3 seeds")


def _many() -> Iterator[Measured]:
    """1,000 participants in as many processes as there are cores, beside 250."""
    small, large = (_elsewhere(participants) for participants in (250, 1000))
    workers = f"once, {os.cpu_count()} processes"
    yield Measured("1,000 participants", large.seconds, "s", None, workers)
    yield Measured("CPU for an entry, all processes", 1000 * large.cpu / large.entries, "ms", None, workers)
    ratio = (large.cpu / large.entries) / (small.cpu / small.entries)
    how = "once; CPU for an entry of 1,000 participants over that of 250: 1 or less where time is linear"
    yield Measured("growth with size", ratio, "", 1.15, how)
    memory = "highest resident sets of all processes, added up"
    yield Measured("memory, 1,000 participants", large.memory, "GB", 1.0, memory)
    yield Measured("memory, 250 participants", small.memory, "GB", None, memory)


def _deriving() -> Iterator[Measured]:
    study = load_study(STUDY)
    trial = rehearse(study, 12, seed=3)
    _, lines = max(trial.ledgers.items(), key=lambda one: len(one[1]) if one[0].startswith("p") else 0)
    entries = [read(line.text) for line in lines]
    seconds = _median(lambda: fold(study, entries).status, 15)
    how = f"median of 15, {len(entries)} typed entries, the longest of 12 participants"
    yield Measured("fold of one participant", 1000 * seconds, "ms", 10.0, how)
    course = fold(study, entries)
    site = [read(line.text) for line in trial.ledgers[f"site:{course.site}"]]
    setting = fold_setting(study, [read(line.text) for line in trial.ledgers[f"study:{STUDY}"]], site)
    act = next(entry for entry in entries if entry.basis and entry.basis["act"] == "initial_dose")
    before = fold(study, entries, known_to=act.seq - 1)
    detail = {"kit": act.data["kit"], "level": act.data["level"]}
    at = instant(act.occurred_at)
    seconds = _median(lambda: may("initial_dose", study, setting, before, act.by, at, **detail), 200)
    yield Measured("asking the gate of a dose", 1000 * seconds, "ms", None, "median of 200")
    yield Measured("verify a chain in memory", _verified(trial), "entries/s", None, "median of 5")


def _storing() -> Iterator[Measured]:
    with tempfile.TemporaryDirectory(prefix="entact-bench-") as folder:
        Path(folder).chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
        os.environ["ENTACT_DATA"] = folder
        os.environ.pop("DATABASE_URL", None)
        from entact import store
        from entact.store import postgres

        trial = rehearse(load_study(STUDY), 60, seed=3)
        lines = [(name, line) for name, own in trial.ledgers.items() for line in own]
        copied, verified = [], []
        try:
            for _ in range(3):
                store.create_database("entact_bench", "rehearsal", STUDY, replace=True)
                copied.append(len(lines) / _seconds(lambda: store.append_many(lines)))
                verified.append(len(lines) / _seconds(store.verify))
        finally:
            postgres.stop(Path(folder) / "postgres")
    how = f"median of 3, {len(lines)} entries of 60 participants"
    yield Measured("COPY into the store", median(copied), "entries/s", None, how)
    yield Measured("verify the store", median(verified), "entries/s", None, how)


def _drop(
    study: Study, participants: int, seed: int = 7, executor: ProcessPoolExecutor | None = None
) -> Trial:
    return rehearse(study, participants, seed=seed, executor=executor, sink=lambda name, lines: None)


def _verified(trial: Trial) -> float:
    from entact.course import verify

    count = sum(map(len, trial.ledgers.values()))
    return count / _median(lambda: [verify(name, lines) for name, lines in trial.ledgers.items()], 5)


def _timed(work: Callable[[], Trial]) -> tuple[Trial, float, float]:
    """What a piece of work returned, its seconds, and its seconds of CPU in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    trial = work()
    return trial, time.perf_counter() - wall, time.process_time() - cpu


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _median(work: Callable[[], object], times: int) -> float:
    work()
    return median(_seconds(work) for _ in range(times))


@contextmanager
def _pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as executor:
        yield executor


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rehearsal in all processes: its entries, seconds, seconds of CPU, and memory in GB."""

    entries: int
    seconds: float
    cpu: float
    memory: float


def _elsewhere(participants: int) -> Weighed:
    """One rehearsal in a new process with its own workers."""
    command = [sys.executable, "-c", f"from benchmarks.rehearsal import weigh; weigh({participants})"]
    entries, *others = subprocess.check_output(command, text=True).split()
    return Weighed(int(entries), *map(float, others))


def weigh(participants: int) -> None:
    """Rehearses; prints entries, seconds, CPU of this process and its workers, and their memory in GB."""
    study = load_study(STUDY)
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as executor:
        begun = time.perf_counter()
        trial = _drop(study, participants, executor=executor)
        seconds = time.perf_counter() - begun
        peaks = set(executor.map(_peak, [0.2] * (2 * workers)))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    print(trial.entries, seconds, cpu, (_highest() + sum(peak for _, peak in peaks)) / 1e6)


def _peak(pause: float) -> tuple[int, int]:
    time.sleep(pause)  # so that every worker gets a turn
    return os.getpid(), _highest()


def _highest() -> int:
    """The highest resident set of this process, in kB. On Linux getrusage would count the parent's too."""
    status = Path("/proc/self/status")
    if status.is_file():
        return next(
            int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KILO


def _machine() -> str:
    model = platform.processor() or platform.machine()
    names = Path("/proc/cpuinfo")
    if names.is_file():
        lines = (line for line in names.read_text().splitlines() if line.startswith("model name"))
        model = next(lines, f": {model}").partition(":")[2].strip()
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"
