"""What a rehearsal has come to: its ledgers, what was counted, and what it says of the study file."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from entact.cohort.parameters import Parameters
from entact.cohort.physiology import SUBSTANCE
from entact.cohort.study_finding import StudyFinding, find_in_study
from entact.cohort.tally import Tally
from entact.course import Course, Line, fold, read
from entact.course.allocation.allocation import Allocation
from entact.protocol import Study

COHORT = "cohort.yaml"  # beside a study's file: what its virtual participants are made of


@dataclass
class Trial:
    """A rehearsed study: what there is to know of it besides its ledgers.

    Attributes:
        study, parameters, seed: what it was made from. allocation: the secret list and kit map.
        ledgers: name -> lines, when they were not sent elsewhere. keys: participant's ledger -> key of its
            personal items. wanted: who were to be taken in. holds: that came into force, in words. screened:
            candidates with a ledger. randomised: of these, who were taken in; where nobody is randomised,
            enrolled. entries: in all ledgers.
        tally: what was counted. findings: what was found about the study itself.
    """

    study: Study
    parameters: Parameters
    seed: int
    allocation: Allocation = field(repr=False)
    ledgers: dict[str, list[Line]] = field(default_factory=dict, repr=False)
    keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    wanted: int = 0
    holds: list[str] = field(default_factory=list)
    screened: int = 0
    randomised: int = 0
    entries: int = 0
    tally: Tally = field(default_factory=Tally)

    def course(self, subject: str) -> Course:
        """The course of one virtual participant.

        Args:
            subject: their number, such as `P-0041`.
        Raises:
            KeyError: when nobody was enrolled under it, or the ledgers were sent elsewhere.
        """
        for name, lines in self.ledgers.items():
            # The text is looked at first, because to fold every ledger would take a hundred times as long.
            if name.startswith("participant:") and any(f'"{subject}"' in line.text for line in lines):
                course = fold(self.study, [read(line.text) for line in lines])
                if course.enrolment is not None and course.enrolment.subject == subject:
                    return course
        raise KeyError(f"nobody was enrolled as {subject}")

    @property
    def remarks(self) -> list[str]:
        """What a reader of its results has to know of the virtual participants."""
        return [*self._about_people(), *self._at_rest(), *self._held_alone(), *self.holds]

    def _at_rest(self) -> list[str]:
        release = self.study.newest
        unknown = {one.substance for one in release.file.products.values() if one.substance != SUBSTANCE}
        if not unknown or self.parameters.vital_signs.drug or "vital_signs" not in self.parameters.neutral:
            return []
        return [
            f"the model of the drug does not know {', '.join(sorted(unknown))}: signs after a dose are those "
            "at rest, and no gate or alert was tried on what it does."
        ]

    def _held_alone(self) -> list[str]:
        visits = [one.visit for one in self.study.newest.file.schedule if one.together is not None]
        if not visits:
            return []
        return [
            f"{', '.join(visits)}: held by several in one room, and rehearsed by each alone, on a day of "
            "their own; the others are entered as present and are nobody. Whether groups meet is not tried."
        ]

    def _about_people(self) -> list[str]:
        parts = self.parameters.neutral
        if not parts:
            return []
        whole = "answers" in parts and "efficacy" in parts
        said = "no effect assumed, answers drawn from the items' ranges"
        if whole:
            return [f"neutral cohort: {said}."]
        named = [part.replace("_", " ") for part in parts if not part.startswith("answers.")]
        if forms := len(parts) - len(named):
            named.append("answers to one form" if forms == 1 else f"answers to {forms} forms")
        return [f"cohort.yaml says nothing of {', '.join(named)}; there it is neutral: {said}."]

    @property
    def findings(self) -> list[StudyFinding]:
        """What the rehearsal found about the study itself."""
        return find_in_study(
            self.study.newest,
            self.tally,
            wanted=self.wanted,
            entered=self.randomised,
            expected=self.parameters.rehearsal.randomised_per_consented,
        )


def cohort_beside(study: Study) -> Path | None:
    """The `cohort.yaml` in the folder that a study was loaded from; None where there is none."""
    path = study.folder / COHORT if study.folder is not None else None
    return path if path is not None and path.is_file() else None


def shipped_cohort(name: str) -> Path:
    """Where the parameters of a shipped study are."""
    return Path(str(files("entact").joinpath("studies", name, COHORT)))


def shipped_scenario(study: str, name: str) -> Path:
    """The file of a scenario that ships with a study, by its name; else the name as a path."""
    shipped = Path(str(files("entact").joinpath("studies", study, "scenarios", f"{name}.yaml")))
    return shipped if shipped.is_file() else Path(name)
