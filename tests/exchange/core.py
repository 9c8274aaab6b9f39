"""What CDISC's checker is run on, and what it found: the golden table of `test_conformance`.

The checker is no dependency. Who has it writes the files, judges each folder with it (`core.json`: by rule
`status` and `detail`, of which each has dataset, status and errors), and takes down what it found:

    python -m tests.exchange.core write FOLDER
    python -m tests.exchange.core take FOLDER
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.datasets.participants import Participant, arms
from tests.datasets.sdtm.test_mapping import EXAMINED, FORMS, HABITS, study_with
from tests.exchange.odd import odd, odd_arms

import entact
from entact.course.course import Course
from entact.course.fold import fold_lines
from entact.datasets.sdtm import Tabulation, tabulate
from entact.exchange import define_xml, described
from entact.exchange.transport import write_transport
from entact.protocol.load import load_study
from entact.protocol.release import Study

STUDIES = Path(__file__).parents[1] / "studies"
GOLDEN = Path(__file__).parents[1] / "golden" / "core.json"
SHIPPED = ("eating-disorders", "expanded-access", "life-threatening-illness", "mapp1", "mapp2", "mapp3")
SHAPES = ("waiting_list", "therapy_alone", "couples_randomised", "sub_studies")
PARTICIPANTS, OF_A_SHAPE = 20, 8
FACTS = {"DCUTDTC": "2028-01-01", "DCUTDESC": "DATA EXPORT"}
AT = datetime(2028, 1, 1, tzinfo=UTC)
_NOT_RUN = ("Outside scope", "Column not found in data", "Domain not found")

Found = dict[str, int]  # rule and dataset -> findings


@cache
def people(name: str) -> tuple[Study, list[Course], dict[str, str] | None]:
    """Study, participants and allocation of a case."""
    if name == "odd":
        study = load_study(str(STUDIES / "mini"))
        return study, [person.course() for person in odd(study)], odd_arms()
    if name == "mapped":
        return (*mapped(), arms())
    study = load_study(name if name in SHIPPED else str(STUDIES / "shapes" / name))
    trial = entact.rehearse(study, participants=PARTICIPANTS if name in SHIPPED else OF_A_SHAPE, seed=1)
    of = {ledger: lines for ledger, lines in trial.ledgers.items() if ledger.startswith("participant:")}
    allocation = None if trial.allocation is None else trial.allocation.arms()
    return study, [fold_lines(study, ledger, lines) for ledger, lines in of.items()], allocation


def mapped() -> tuple[Study, list[Course]]:
    """Two participants of a study with something in each domain, one with a comment of 450 letters."""
    with TemporaryDirectory() as folder:
        study = load_study(str(study_with(Path(folder), FORMS)))
    people = [Participant(study, number).randomised().dosed() for number in (2, 3)]
    for person, length in zip(people, (450, 20), strict=True):
        person.form("habits", HABITS, day=1, encounter="screening#1")
        examined = EXAMINED | {"remark": "a" * length}
        person.form("examination", examined, day=2, encounter="screening#1")
    return study, [person.course() for person in people]


def made(name: str, *, blinded: bool) -> Tabulation:
    """The datasets of a case."""
    study, courses, allocation = people(name)
    return tabulate(study, courses, None if blinded else allocation, facts=FACTS)


def cases() -> Iterator[tuple[str, bool]]:
    """Each case, and whether it is blinded; where nobody is randomised there is one export."""
    for name in (*SHIPPED, *SHAPES, "odd"):
        yield name, False
        place = name if name in SHIPPED else str(STUDIES / ("mini" if name == "odd" else f"shapes/{name}"))
        if load_study(place).newest.file.randomisation is not None:
            yield name, True
    yield "mapped", False


def key(name: str, blinded: bool) -> str:
    """How a case is called in the table."""
    return f"{name}, {'blinded' if blinded else 'opened'}"


def write(folder: Path) -> None:
    """Writes the files of each case."""
    for name, blinded in cases():
        tabulation, place = made(name, blinded=blinded), folder / key(name, blinded)
        place.mkdir(parents=True, exist_ok=True)
        datasets = list(described(tabulation.tables))
        for one in datasets:
            write_transport(one, place / f"{one.name.lower()}.xpt", AT)
        text = define_xml(tabulation, datasets, version="0.1.0", at=AT.isoformat(), ending="xpt")
        (place / "define.xml").write_bytes(text)


def found_in(judged: dict[str, Any]) -> Found:
    """What the checker found. Of a study without EX it says so once for each dataset: here once."""
    found: Counter[str] = Counter()
    for rule, said in judged.items():
        for one in said["detail"] if said["status"] in ("issue", "error") else ():
            if one["executionStatus"] != "skipped":
                real = [error for error in one["errors"] if error.get("error") not in _NOT_RUN]
                found[f"{rule} {one['dataset']}"] += len(real)
    if found.pop("CORE-000739 STUDY", 0):
        found["CORE-000739 EX"] = 1
    return {name: count for name, count in sorted(found.items()) if count}


def take(folder: Path) -> None:
    """Writes down what the checker found in each case."""
    table = {
        key(*case): found_in(json.loads((folder / key(*case) / "core.json").read_bytes())) for case in cases()
    }
    GOLDEN.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"write": write, "take": take}[sys.argv[1]](Path(sys.argv[2]))
