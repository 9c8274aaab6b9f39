"""From the stored lines of a rehearsal to its frames and lists: each participant is folded once."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from entact import store
from entact.cli.consents import Consents
from entact.course import Line, fold, read
from entact.course.disclosure import Disclosure
from entact.course.releases import committed_plan
from entact.datasets import Accumulator, Part
from entact.protocol import Study
from entact.store.derived import Rows, rows_of

PIECE = 6  # participants that a worker folds at a time
AHEAD = 6  # pieces that wait, so that memory does not grow with the study

Chain = tuple[str, list[Line]]


@dataclass
class Derived:
    """What follows from the lines of some participants.

    Attributes:
        lists: ledger -> its last line, and its rows for lists.
    """

    part: Part
    consents: Consents
    lists: dict[str, tuple[Line, Rows]] = field(default_factory=dict)


def derive(study: Study, executor: Executor | None) -> tuple[Accumulator, Consents]:
    """Frames and lists of all participants of the database in use, from the lines that it keeps.

    Args:
        study: whose database it is. executor: workers; without them this process does it all.
    """
    stamp, recorded = store.study_of_record()
    study = recorded or study
    own = (read(line.text) for _, lines in store.chains(f"study:{study.name}") for line in lines)
    accumulator, consents = Accumulator(study, committed=committed_plan(own)), Consents(study)
    chains = store.chains("participant:")
    pieces = iter(lambda: list(islice(chains, PIECE)), [])
    for found in _each(pickle.dumps(study), pieces, executor):
        accumulator.join(found.part)
        consents.join(found.consents)
        store.keep_lists(stamp, found.lists)
    store.refresh()
    return accumulator, consents


def _each(packed: bytes, pieces: Iterable[list[Chain]], executor: Executor | None) -> Iterator[Derived]:
    """Each piece, in order; some of them are under way before they are asked for."""
    if executor is None:
        yield from (derive_piece(packed, piece) for piece in pieces)
        return
    waiting: deque[Future[Derived]] = deque()
    for piece in pieces:
        waiting.append(executor.submit(derive_piece, packed, piece))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def derive_piece(packed: bytes, piece: Iterable[Chain]) -> Derived:
    """What follows from some participants' lines.

    Args:
        packed: the study, pickled once however many pieces there are.
    """
    study = _unpacked(packed)
    accumulator, consents = Accumulator(study), Consents(study)
    lists: dict[str, tuple[Line, Rows]] = {}
    for name, lines in piece:
        entries = [read(line.text) for line in lines]
        course = fold(study, entries)
        accumulator.add(course)
        consents.add(course)
        disclosure = Disclosure(study.releases)
        for entry in entries:
            disclosure.add(entry)
        lists[name] = Line(lines[-1].seq, lines[-1].hash, ""), rows_of(course, name, disclosure)
    return Derived(accumulator.part(), consents, lists)


@lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Study:
    study: Study = pickle.loads(packed)
    return study
