"""A record and its twin: a copy in which the sealed list and the map of kits have their arms swapped.

The entries are the same: what people wrote down is what happened, and a blood pressure that follows the drug
is no doing of the system's. What differs is what the system holds in secret, and what is computed from it:
the files, and the two roots in the study's ledger with the hashes that follow from them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from entact import store
from entact.cohort.trial import Trial
from entact.course import Entry, Ledger, Line, read
from entact.course.allocation.allocation import Allocation, seal
from entact.course.allocation.chance import Rehearsed

ALLOCATION = "allocation.json"


@dataclass(frozen=True)
class Twin:
    """What one of the two databases is filled with.

    Attributes:
        allocation: who gets what. ledgers: name -> lines.
    """

    allocation: Allocation
    ledgers: Mapping[str, Sequence[Line]]
    keys: Mapping[str, bytes]

    def fill(self, folder: Path) -> None:
        """Fills the database in use, and puts the secret where a rehearsal puts it; and into a folder that
        no other process of the tests writes to."""
        store.append_many([(name, line) for name, lines in self.ledgers.items() for line in lines])
        store.keep_keys(dict(self.keys))
        for place in (Path(os.environ["ENTACT_DATA"]), folder):
            (place / ALLOCATION).write_bytes(msgspec.json.encode(self.allocation))

    @property
    def roots(self) -> list[str]:
        """The roots to which list and kits are committed."""
        return [self.allocation.sealed_list.root, self.allocation.sealed_kits.root]


def twins(trial: Trial) -> tuple[Twin, Twin]:
    """A rehearsed study, and the same with the arms swapped."""
    allocation = trial.allocation
    arms = sorted({one.arm for one in (*allocation.rows, *allocation.kits)})
    swap = dict(zip(arms, [*arms[1:], *arms[:1]], strict=True))
    plain = {arm: arm for arm in arms}
    return _twin(trial, plain), _twin(trial, swap)


def _twin(trial: Trial, arm: Mapping[str, str]) -> Twin:
    old = trial.allocation
    rows = [msgspec.structs.replace(one, arm=arm[one.arm]) for one in old.rows]
    kits = [msgspec.structs.replace(one, arm=arm[one.arm]) for one in old.kits]
    chance = Rehearsed(np.random.default_rng(3))
    allocation = seal(old.study, rows, kits, old.block_sizes, chance, method=old.method)
    roots = {"list_root": allocation.sealed_list.root, "kits_root": allocation.sealed_kits.root}
    ledgers = dict(trial.ledgers)
    for name, lines in trial.ledgers.items():
        if name.startswith("study:"):
            ledgers[name] = _committed(name, lines, roots)
    return Twin(allocation, ledgers, trial.keys)


def _committed(name: str, lines: Sequence[Line], roots: Mapping[str, str]) -> list[Line]:
    """The study's ledger with other roots, wherever it says one, and the chain that follows."""
    ledger = Ledger(name)
    for line in lines:
        kept = read(line.text)
        entry = Entry(**{field: getattr(kept, field) for field in Entry.__struct_fields__})
        if entry.kind == "commitment":
            entry = msgspec.structs.replace(entry, data={**entry.data, **roots})
        elif "root" in entry.data:
            entry = msgspec.structs.replace(entry, data={**entry.data, "root": roots["list_root"]})
        ledger.append(entry, received_at=kept.received_at, authenticated=kept.authenticated)
    return list(ledger.lines)


def same_hashes(mine: Sequence[str], other: Sequence[str]) -> dict[str, str]:
    """Each hash of a secret of one twin, and each beginning of it, with that of the other.

    A hash hides what it is of (its rows are salted), so that it may differ; that anything is sorted or
    counted by it may not.
    """
    return {
        a[:length]: b[:length]
        for a, b in zip(mine, other, strict=True)
        if a != b
        for length in range(8, len(a) + 1)
    }


def alike(text: str, known: Mapping[str, str]) -> str:
    """A text of one twin with the other's hashes of its secret in it, and nothing else changed."""
    return re.sub(r"[0-9a-f]{8,64}", lambda found: known.get(found[0], found[0]), text) if known else text
