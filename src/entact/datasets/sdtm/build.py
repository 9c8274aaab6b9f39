"""Courses to SDTM: one participant after another, numbered, with the entries that each row came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, Protocol

from entact.course.course import Course
from entact.course.entry.arrival import arrival
from entact.course.entry.effective import hold
from entact.course.fold import fold
from entact.course.state.numbers import arm_of
from entact.datasets.codebook import Codebook, codebook
from entact.datasets.left_open import leave_open
from entact.datasets.person import Person
from entact.datasets.sdtm import events, findings, interventions, special, trial
from entact.datasets.sdtm.findings import Found
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.related import related
from entact.datasets.sdtm.results import Results
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject
from entact.datasets.sdtm.substances import substances
from entact.datasets.sdtm.table import Spool, Table
from entact.protocol.release import Release, Study

TRIAL = ("TA", "TE", "TI", "TS", "TV")
SPECIAL = ("DM", "SE", "SV")
ORDER = (
    *TRIAL, *SPECIAL,
    "AE", "CM", "CO", "DA", "DS", "DV", "EC", "EG", "EX", "FA", "IE", "LB", "MH", "PE", "PR", "QS",
    "RS", "SC", "SU", "VS", "RELREC", "RELSUB",
)  # fmt: skip

# How the rows of a participant are ordered in a domain; SEQ counts them so.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "SE": ("SESTDTC", "TAETORD"),
    "SV": ("VISITNUM",),
    "AE": ("AESTDTC", "AETERM", "AESPID"),
    "CM": ("CMTRT", "CMSTDTC", "CMSPID"),
    "CO": ("CODTC", "COREF"),
    "DA": ("DADTC", "DATESTCD", "DASPID"),
    "DS": ("DSSTDTC", "DSCAT", "DSDECOD"),
    "DV": ("DVSTDTC", "DVTERM"),
    "EC": ("ECSTDTC", "ECMOOD", "ECCAT", "ECSPID"),
    "EX": ("EXSTDTC", "EXCAT", "EXSPID"),
    "IE": ("IETESTCD",),
    "MH": ("MHTERM", "MHDTC", "MHSPID"),
    "PR": ("PRSTDTC", "PRSPID"),
    "SU": ("SUTRT", "SUDTC", "SUSPID"),
}
NATURAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "TA": ("STUDYID", "ARMCD", "TAETORD"),
    "TE": ("STUDYID", "ETCD"),
    "TI": ("STUDYID", "IETESTCD"),
    "TS": ("STUDYID", "TSPARMCD", "TSSEQ"),
    "TV": ("STUDYID", "VISITNUM"),
    "DM": ("STUDYID", "USUBJID"),
    "SV": ("STUDYID", "USUBJID", "VISITNUM"),
    "RELREC": ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELID"),
    "RELSUB": ("STUDYID", "USUBJID", "RSUBJID"),
}


@dataclass(frozen=True)
class Tabulation:
    """The SDTM datasets of a study.

    Attributes:
        tables: by domain, SUPP-- after the one they qualify; only those with rows.
        own: form.item -> the sponsor's own code, name and category. left_out: form.item -> why it is nowhere.
        withheld: what a blinded export leaves out. assumed: variable -> value that no study file says.
    """

    release: Release
    book: Codebook
    blinded: bool
    environment: str
    tables: Mapping[str, Table]
    own: Mapping[str, tuple[str, str, str]]
    left_out: Mapping[str, str]
    withheld: Mapping[str, str]
    assumed: Mapping[str, str]


@dataclass
class Told:
    """What is known of participants beside their rows: their environments, when any began and was last seen,
    whether what followed is withheld of anybody, and how many entered."""

    environments: set[str] = field(default_factory=set)
    began: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    is_cut: bool = False
    entered: int = 0

    def add(self, other: Told) -> None:
        """Adds what is known of others."""
        self.environments |= other.environments
        self.began += other.began
        self.seen += other.seen
        self.is_cut |= other.is_cut
        self.entered += other.entered


@dataclass(frozen=True, slots=True)
class Visible:
    """What of a course is exported, and whether that is its beginning alone: what follows is withheld."""

    course: Course
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of a participant: rows in the order of domains, and by domain their findings."""

    rows: list[Row]
    found: Mapping[str, Found]


class Analysing(Protocol):
    """Takes a participant with the rows that were made of them: `entact.datasets.adam.Analyser` does."""

    def add(self, subject: Subject, made: Made) -> None:
        """Adds one participant."""
        ...


class Tabulator:
    """Takes participants one at a time.

    Args:
        study: all releases. allocation: randomisation number -> arm; without it the export is blinded, and
            no row depends on the arm. analyser: is given each participant with the rows made of them.
        spool: where rows wait; without one in memory.
    """

    def __init__(
        self,
        study: Study,
        allocation: Mapping[str, str] | None = None,
        analyser: Analysing | None = None,
        spool: Spool | None = None,
    ) -> None:
        self.study, self.allocation, self.analyser, self.spool = study, allocation, analyser, spool
        self.release = study.newest
        self.book = codebook(self.release)
        self.blinded = allocation is None and self.book.randomised
        self.tables = {name: Table(name, spool=None if name in TRIAL else spool) for name in ORDER}
        self.told = Told()
        self._results = Results()

    def add(self, course: Course) -> None:
        """Adds the rows of one participant. A ledger without entries has none.

        Raises:
            ValueError: when the allocation lacks the participant's number, or names an unknown arm.
        """
        self.add_visible(self.visible(course))

    def add_visible(self, visible: Visible) -> None:
        """Adds the rows of one participant of whom it was decided what is shown; see `add`."""
        course = visible.course
        if not course.effective:
            return
        subject = Subject(Person(self.book, course, visible.is_cut), self._arm(course), self.blinded)
        made = rows_of(subject, self._results)
        if self.analyser is not None:
            self.analyser.add(subject, made)
        self.told.environments.add(course.effective[0].entry.environment)
        for name, found in made.found.items():
            self.tables[name].add_block(found.block)
        for row in made.rows:
            self.tables[row.domain].add(row.values, row.entries)
            if row.qualifiers:
                for values in _qualifiers(row):
                    self.table(f"SUPP{row.domain}").add(values, row.entries)
        for values, entry in related(subject):
            self.tables["RELSUB"].add(values, (entry,))
        for dates, at in ((self.told.began, subject.began), (self.told.seen, subject.last_seen)):
            if at is not None:
                dates.append(subject.local(at) or "")
        self.told.is_cut |= visible.is_cut
        self.told.entered += subject.person.entered

    def table(self, name: str) -> Table:
        """The table of a domain, or of qualifiers as `SUPPAE`; one more where there was none."""
        if name not in self.tables:
            self.tables[name] = Table(name, spool=self.spool)
        return self.tables[name]

    def visible(self, course: Course) -> Visible:
        """What of a course is exported: all of it, or in a blinded export what cannot tell the arm."""
        shown = before_told(self.study, course) if self.blinded else course
        return Visible(shown, is_cut=shown is not course)

    def finish(self, facts: Mapping[str, str | None] | None = None) -> Tabulation:
        """All datasets.

        Args:
            facts: of TS that only the caller knows, as `DCUTDTC`.
        Raises:
            ValueError: when participants of different environments were added.
        """
        environments = self.told.environments
        if len(environments) > 1:
            raise ValueError(
                f"these ledgers are of different environments: {', '.join(sorted(environments))}"
            )
        known: dict[str, str | None] = {
            "ACTSUB": str(self.told.entered),
            "SSTDTC": min((one[:10] for one in self.told.began), default=None),
            "SENDTC": None if self.told.is_cut else max((one[:10] for one in self.told.seen), default=None),
            **{f"country:{two}": three for two, three in special.COUNTRIES.items()},
            **(facts or {}),
        }
        for row in trial.trial(self.release, blinded=self.blinded, facts=known):
            self.tables[row.domain].add(row.values, ())
        if self.tables["EC"].height and self.tables["EX"].height:
            for one in ("EC", "EX"):  # a dose as it was taken, and what was in it: one row of each
                said = {"STUDYID": self.book.study.upper(), "RDOMAIN": one, "IDVAR": f"{one}LNKID"}
                self.tables["RELREC"].add({**said, "RELTYPE": "ONE", "RELID": "ECEX"}, ())
        order = [one for name in ORDER for one in (name, f"SUPP{name}") if one in self.tables]
        homes = homes_of(self.release)
        return Tabulation(
            release=self.release,
            book=self.book,
            blinded=self.blinded,
            environment=next(iter(environments), "production"),
            tables={name: self.tables[name] for name in order if self.tables[name].height},
            own={name: (home.code, home.name, home.category) for name, home in homes.sponsors()},
            left_out=dict(homes.left_out),
            withheld={**(_WITHHELD if self.blinded else {}), **(_LEFT_OPEN if self.told.is_cut else {})},
            assumed=self._assumed(),
        )

    def _assumed(self) -> dict[str, str]:
        """Values that stand in the datasets, and that nobody said."""
        found = {
            f"TS.{row['TSPARMCD']}.{row['TSSEQ']}": str(row["TSVAL"])
            for row in self.tables["TS"].rows
            if row["TSPARMCD"] in trial.ASSUMED
        }
        routes = {f"{one}.{one}ROUTE": interventions.ROUTE for one in ("EC", "EX") if self.tables[one].height}
        return found | routes

    def _arm(self, course: Course) -> str | None:
        if self.allocation is None or not self.book.randomised:
            return None if self.book.randomised else next(iter(self.release.file.arms))
        if course.randomisation is None:
            return None
        number = course.randomisation.number
        arm = arm_of(number, self.allocation)
        if arm is None:
            raise ValueError(f"the allocation has no arm for the randomisation number {number}")
        if arm not in self.release.file.arms:
            arms = ", ".join(self.release.file.arms)
            raise ValueError(f"the allocation names {arm}; the study's arms are {arms}")
        return arm


_WITHHELD: Mapping[str, str] = {
    "EX": "what a dose held is known with the arm; EC has what was taken, in units",
    "guesses": "guesses of the treatment are shown to nobody who is blinded",
    "after being told": "what follows on being told one's arm, or on arms whose visits differ, can tell it",
}
OF_THE_WHOLE: Final = "of the whole"
_LEFT_OPEN: Mapping[str, str] = {
    OF_THE_WHOLE: "of whom what follows is withheld, all that it could change is null: sets, sums, ends"
}


def tabulate(
    study: Study,
    courses: Iterable[Course],
    allocation: Mapping[str, str] | None = None,
    *,
    facts: Mapping[str, str | None] | None = None,
) -> Tabulation:
    """The SDTM datasets of a study from the courses of its participants, taken one at a time.

    Args:
        study, allocation, facts: see `Tabulator`.
    """
    tabulator = Tabulator(study, allocation)
    for course in courses:
        tabulator.add(course)
    return tabulator.finish(facts)


def rows_of(subject: Subject, results: Results) -> Made:
    """Every row of a participant, numbered within its domain.

    Args:
        results: what was answered by those before, and is added to.
    """
    rows = [
        *special.demographics(subject),
        *special.elements(subject),
        *special.visits(subject),
        *special.comments(subject),
        *events.adverse_events(subject),
        *events.history(subject),
        *events.disposition(subject),
        *events.deviations(subject),
        *events.criteria(subject),
        *interventions.collected(subject),
        *interventions.exposure(subject),
        *interventions.accountability(subject),
        *interventions.medicines(subject),
        *interventions.sessions(subject),
        *substances(subject),
    ]
    by_domain: dict[str, list[Row]] = {}
    for row in rows:
        if subject.person.is_cut:
            leave_open(row.domain, row.values)
        by_domain.setdefault(row.domain, []).append(row)
    numbered = []
    for name in ORDER:
        ordered = _ordered(by_domain.get(name, []), _KEYS.get(name, ()))
        sequence = f"{name}SEQ"
        if sequence in domain(name).variables:
            for number, row in enumerate(ordered, start=1):
                row.values[sequence] = number
        numbered += ordered
    return Made(numbered, findings.findings(subject, results))


def before_told(study: Study, course: Course) -> Course:
    """The course as it was known before anything of it could tell the arm; else the same.

    That is when the participant is told their arm as planned, or of which arms their visits are. Where arms
    differ in visits, or one has no drug, it is the randomisation: what follows tells them apart.
    """
    marks = [one.entry for one in (course.told, course.assignment) if one is not None]
    randomised = course.randomisation.entry if course.randomisation is not None else ""
    if randomised and course.release.file.told_apart:
        marks.append(randomised)
    standing = [one for one in course.effective if one.id in marks]
    if not standing:
        return course
    first = min(standing, key=lambda one: one.key)
    known = course.arrival_of(first.id)
    kept = [
        entry
        for entry in course.entries
        if entry.id == randomised or (hold(entry).key < first.key and arrival(entry) <= known)
    ]
    return fold(study, kept)


def _ordered(rows: list[Row], keys: tuple[str, ...]) -> list[Row]:
    """The rows of a domain by its keys."""
    if not keys:
        return rows
    said = itemgetter(*keys)
    try:
        return sorted(rows, key=lambda row: said(row.values))
    except (KeyError, TypeError):  # something is missing of one that is compared
        return sorted(rows, key=lambda row: _order(row, keys))


def _order(row: Row, keys: tuple[str, ...]) -> tuple[Any, ...]:
    """What a row is ordered by; what is missing comes first."""
    values = row.values
    return tuple((False, "") if (one := values.get(key)) is None else (True, one) for key in keys)


def _qualifiers(row: Row) -> Iterable[dict[str, Any]]:
    sequence = row[f"{row.domain}SEQ"]
    for one in row.qualifiers:
        yield {
            "STUDYID": row["STUDYID"],
            "RDOMAIN": row.domain,
            "USUBJID": row["USUBJID"],
            "IDVAR": None if sequence is None else f"{row.domain}SEQ",
            "IDVARVAL": None if sequence is None else str(sequence),
            "QNAM": one.name,
            "QLABEL": one.label,
            "QVAL": one.value,
            "QORIG": "Derived" if one.origin == "DERIVED" else "Collected",
            "QEVAL": one.evaluator,
        }
