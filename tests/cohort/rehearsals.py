"""A finished rehearsal as tests read it: entries and courses by ledger; and studies wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from entact.cohort import Trial
from entact.cohort.trial import shipped_cohort
from entact.course import Course, Kept, fold, read
from entact.protocol import Study, load_study
from entact.protocol.template import new_study_file


@dataclass
class Rehearsed:
    study: Study
    trial: Trial

    @cached_property
    def entries(self) -> dict[str, list[Kept]]:
        """Ledger -> entries in order of arrival."""
        return {name: [read(line.text) for line in lines] for name, lines in self.trial.ledgers.items()}

    @cached_property
    def courses(self) -> dict[str, Course]:
        """Participant's ledger -> course."""
        return {
            name: fold(self.study, entries)
            for name, entries in self.entries.items()
            if name.startswith("participant:")
        }

    @property
    def randomised(self) -> dict[str, Course]:
        return {name: course for name, course in self.courses.items() if course.randomisation is not None}

    def index(self, course: Course) -> int:
        """The candidate's number, from 0."""
        assert course.screening is not None
        return int(course.screening.number.removeprefix("S-")) - 1

    def end(self, course: Course):
        return course.effective[-1].at


def edited(folder: Path, **changes: tuple[str, str]) -> Study:
    """The shipped phase 3 study with text replaced, and what its people are made of beside it.

    Each change is (what stands there, what shall).
    """
    shipped = shipped_cohort("mapp1")
    text = (shipped.parent / "study.yaml").read_text(encoding="utf-8")
    for name, (old, new) in changes.items():
        assert old in text, name
        text = text.replace(old, new)
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    (folder / shipped.name).write_bytes(shipped.read_bytes())
    return load_study(path)


# What the template's alert on blood pressure says beside its limits: taken out where a test moves them.
CALM = {
    "rearm: vitals.systolic < 170.0 && vitals.diastolic < 100.0, ": "",
    "{when: vitals.systolic >= 200.0 || vitals.diastolic >= 120.0, tell: [medical_monitor]}": "",
}


def template(changes: dict[str, str]) -> Study:
    """The study that `entact new` begins with, with text replaced."""
    text = new_study_file("own")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with TemporaryDirectory() as folder:
        path = Path(folder, "study.yaml")
        path.write_text(text, encoding="utf-8")
        return replace(load_study(path), folder=None)
